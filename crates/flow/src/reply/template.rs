//! Whether a template may leave: it is known, approved and filled as it wants.

use crate::Error;
use interdesk_channels::channel;
use interdesk_domain::id::InboxId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Slot, Template, misfit};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, inbox_health, templates};
use serde::{Deserialize, Serialize};

/// Why a template does not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateRefusal {
    /// The provider has none of this name and language.
    Unknown,
    /// The provider has it and does not let it leave.
    NotApproved,
    /// It is not filled as it wants.
    Variables,
}

/// Tells whether a template is known as an advertisement.
pub(super) async fn is_marketing(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    template: &Template,
) -> Result<bool, Error> {
    let (name, language) = (&template.name, &template.language);
    let known = templates::find(conn, scope, inbox, name, language).await?;
    Ok(known.is_some_and(|known| known.category.as_deref() == Some("marketing")))
}

/// Returns why a template does not leave, with words for the agent.
///
/// Where the templates of an inbox were never listed, the provider decides.
pub(super) async fn judge(
    conn: &Conn,
    scope: TenantScope,
    inbox: (InboxId, ChannelKind),
    template: &Template,
) -> Result<Option<(TemplateRefusal, String)>, Error> {
    let (inbox, kind) = inbox;
    if !channel(kind).capabilities().templates {
        return Ok(None);
    }
    let (name, language) = (&template.name, &template.language);
    let known = templates::find(conn, scope, inbox, name, language).await?;
    let Some(known) = known else {
        let facts = inbox_health::find(conn, scope, inbox).await?;
        let listed = facts.is_some_and(|facts| facts.templates_listed_at.is_some());
        let detail = format!("the provider has no template {name} in {language}");
        return Ok(listed.then_some((TemplateRefusal::Unknown, detail)));
    };
    // News may tell of a template's quality before anybody told whether it is approved.
    if !matches!(known.status.as_str(), "approved" | "unknown" | "flagged") {
        let status = &known.status;
        let why = known
            .reason
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        let detail = format!("the template {name} in {language} is {status}{why}");
        return Ok(Some((TemplateRefusal::NotApproved, detail)));
    }
    let Some(slots) = known.slots else {
        return Ok(None);
    };
    let slots: Vec<Slot> = serde_json::from_value(slots).map_err(|source| Error::Unreadable {
        what: "template",
        source,
    })?;
    Ok(misfit(&slots, template).map(|detail| (TemplateRefusal::Variables, detail)))
}
