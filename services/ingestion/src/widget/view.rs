//! A message as a widget shows it: plain texts and numbers, never markup.

use super::Widget;
use chrono::{DateTime, Utc};
use interdesk_domain::id::MessageId;
use interdesk_domain::message::{Content, Media};
use interdesk_domain::scope::TenantScope;
use interdesk_store::widget::{Session, Shown};
use interdesk_store::{Conn, Error, attachments};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Links to the files of some messages, each good for a while.
#[derive(Default)]
pub(super) struct Links(HashMap<MessageId, (String, DateTime<Utc>)>);

impl Links {
    /// Makes links to the files that these messages bring, where their bytes are here.
    pub(super) async fn of(
        conn: &Conn,
        widget: &Widget,
        scope: TenantScope,
        shown: &[Shown],
    ) -> Result<Self, Error> {
        let with_files = shown.iter().filter(|one| one.content["type"] == "media");
        let ids: Vec<MessageId> = with_files.map(|one| one.id).collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let desk = &widget.intake.desk;
        let (now, makes) = (desk.now(), &desk.files.links);
        let found = attachments::list_of_messages(conn, scope, &ids).await?;
        let here = found.into_iter().filter(|one| one.file_id.is_some());
        let links = here.filter_map(|one| Some((one.message_id?, makes.make(scope, one.id, now))));
        Ok(Self(links.collect()))
    }
}

/// Says one message to the visitor of a session.
pub(super) async fn one(
    widget: &Widget,
    scope: TenantScope,
    shown: &Shown,
    session: &Session,
) -> Result<Value, Error> {
    let database = &widget.intake.desk.database;
    let shown = std::slice::from_ref(shown);
    let begun = database.begin_with(scope, async |conn| {
        Links::of(conn, widget, scope, shown).await
    });
    let (transaction, links) = begun.await?;
    transaction.commit().await?;
    Ok(message(&shown[0], session, &links))
}

/// Says a message to the visitor of a session.
pub(super) fn message(shown: &Shown, session: &Session, links: &Links) -> Value {
    let is_own = shown.direction == "in";
    let id = shown.provider_id.clone();
    let id = id.unwrap_or_else(|| shown.id.to_string());
    let visitor = session.visitor_id.to_string();
    // The widget knows its own by the id that it gave.
    let given = id
        .strip_prefix(&visitor)
        .and_then(|rest| rest.strip_prefix(':'));
    let mut message = json!({
        "id": id,
        "seq": shown.version,
        "from": if is_own { "visitor" } else { "agent" },
        "client_id": given,
        "agent": shown.agent,
        "at": shown.sent_at,
        "revision": shown.revision,
        "state": shown.delivery.map(|state| state.as_str()),
        "reply_to": shown.reply_to,
    });
    if shown.deleted_at.is_some() {
        message["deleted"] = true.into();
        return message;
    }
    let content: Option<Content> = serde_json::from_value(shown.content.clone()).ok();
    describe(&mut message, content.as_ref(), links.0.get(&shown.id));
    message
}

fn describe(
    message: &mut Value,
    content: Option<&Content>,
    link: Option<&(String, DateTime<Utc>)>,
) {
    match content {
        Some(Content::Text { text }) => message["text"] = text.as_str().into(),
        Some(Content::Answer { title, .. }) => message["text"] = title.as_str().into(),
        Some(Content::Notice { kind, .. }) => message["notice"] = kind.as_str().into(),
        Some(Content::Media { media, caption }) => {
            message["file"] = file(media, link);
            message["text"] = json!(caption);
        }
        Some(Content::Choices(choices)) => {
            message["text"] = choices.text.as_str().into();
            let all = choices.all();
            let all = all.map(|choice| json!({ "id": choice.id, "title": choice.title }));
            message["choices"] = all.collect::<Vec<_>>().into();
        }
        Some(other) => message["text"] = other.text().into(),
        None => message["text"] = Value::Null,
    }
}

fn file(media: &Media, link: Option<&(String, DateTime<Utc>)>) -> Value {
    json!({
        "kind": media.kind.as_str(),
        "name": media.file_name,
        "type": media.mime_type,
        "size": media.size,
        "url": link.map(|(url, _)| url),
        "until": link.map(|(_, until)| until),
    })
}

/// Says how far a message is, to notice what changed: its edits, its end and its way.
pub(super) fn mark(shown: &Shown) -> (i32, bool, Option<&'static str>) {
    let state = shown.delivery.map(|state| state.as_str());
    (shown.revision, shown.deleted_at.is_some(), state)
}
