//! The address book of the Business app: how one of us calls a customer.

use super::parse::Page;
use super::people;
use crate::json::Fields;
use interdesk_domain::message::UpdateKind;
use serde_json::value::RawValue;

/// Reads one entry; what nobody understands is kept as it came.
pub(super) fn read(page: &mut Page<'_, '_>, raw: &RawValue) {
    let entry = Fields::read(raw).unwrap_or_default();
    let at = entry.object("metadata");
    let at = at.and_then(|metadata| metadata.seconds("timestamp"));
    let is_contact = entry.text("type").as_deref() == Some("contact");
    let contact = entry.object("contact").filter(|_| is_contact);
    let who = contact.as_ref();
    let who = who.and_then(|it| people::phone(it.id("phone_number")));
    let name = contact.as_ref();
    let name = name.and_then(|it| it.words("full_name").or_else(|| it.words("first_name")));
    let action = entry.text("action");
    let name = match (action.as_deref(), name) {
        (Some("remove"), _) => Some(None),
        (Some("add" | "edit"), Some(name)) => Some(Some(name)),
        _ => None,
    };
    match (who, name) {
        (Some(who), Some(name)) => page.push(at, UpdateKind::Called { who, name }),
        _ => page.keep(at, "smb_app_state_sync", raw),
    }
}
