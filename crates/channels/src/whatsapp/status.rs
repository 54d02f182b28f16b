//! Statuses: how far our messages got.

use super::errors;
use super::parse::Page;
use super::people;
use crate::json::Fields;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::message::{Receipt, UpdateKind};
use serde_json::value::RawValue;

/// The one participant of a group, in both spellings; absent for a chat between two.
const PARTICIPANT: [&str; 4] = [
    "recipient_participant_user_id",
    "participant_recipient_user_id",
    "recipient_participant_id",
    "participant_recipient_id",
];

/// Reads one status into one update.
pub(super) fn read(page: &mut Page<'_, '_>, raw: &RawValue) {
    let status = Fields::read(raw).unwrap_or_default();
    let at = status.seconds("timestamp");
    let Some(receipt) = receipt(&status) else {
        return page.keep(at, "status", raw);
    };
    let one_person = receipt.recipient.is_none();
    let arrived = matches!(
        receipt.state,
        DeliveryState::Delivered | DeliveryState::Read
    );
    page.push(at, UpdateKind::Receipt(receipt));
    // Whom we know by the number alone may write under the user id alone from now on.
    let (known, also) = (
        people::phone(status.id("recipient_id")),
        people::bsuid(status.id("recipient_user_id")),
    );
    if let (Some(known), Some(also), true) = (known, also, one_person && arrived) {
        page.push(at, UpdateKind::AddressAdded { known, also });
    }
}

fn receipt(status: &Fields<'_>) -> Option<Receipt> {
    // The ids of calls are not ids of messages.
    if status.text("type").as_deref() == Some("call") {
        return None;
    }
    let state = match status.text("status")?.as_str() {
        "sent" => DeliveryState::Sent,
        "delivered" => DeliveryState::Delivered,
        "read" | "played" => DeliveryState::Read,
        "failed" => DeliveryState::Failed,
        _ => return None,
    };
    let failure = (state == DeliveryState::Failed).then(|| {
        let errors = status.objects("errors");
        errors::failure(errors.first().unwrap_or(&Fields::default()))
    });
    let receipt = Receipt {
        provider_id: status.id("id"),
        attempt: status.id("biz_opaque_callback_data"),
        state,
        failure,
        recipient: PARTICIPANT.iter().find_map(|name| status.id(name)),
    };
    let names_a_message = receipt.provider_id.is_some() || receipt.attempt.is_some();
    names_a_message.then_some(receipt)
}
