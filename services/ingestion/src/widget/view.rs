//! A message as a widget shows it: plain texts and numbers, never markup.

use interdesk_domain::message::{Content, Media, MediaSource};
use interdesk_store::widget::{Session, Shown};
use serde_json::{Value, json};

/// Says a message to the visitor of a session.
pub(super) fn message(shown: &Shown, session: &Session) -> Value {
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
    describe(&mut message, content.as_ref());
    message
}

fn describe(message: &mut Value, content: Option<&Content>) {
    match content {
        Some(Content::Text { text }) => message["text"] = text.as_str().into(),
        Some(Content::Answer { title, .. }) => message["text"] = title.as_str().into(),
        Some(Content::Notice { kind, .. }) => message["notice"] = kind.as_str().into(),
        Some(Content::Media { media, caption }) => {
            message["file"] = file(media);
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

fn file(media: &Media) -> Value {
    let url = match &media.source {
        MediaSource::Url(url) => Some(url),
        _ => None,
    };
    json!({
        "kind": media.kind.as_str(),
        "name": media.file_name,
        "type": media.mime_type,
        "size": media.size,
        "url": url,
    })
}

/// Says how far a message is, to notice what changed: its edits, its end and its way.
pub(super) fn mark(shown: &Shown) -> (i32, bool, Option<&'static str>) {
    let state = shown.delivery.map(|state| state.as_str());
    (shown.revision, shown.deleted_at.is_some(), state)
}
