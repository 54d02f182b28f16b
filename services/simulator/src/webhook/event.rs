//! The events that a third-party app sends to the desk.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{
    Content, Customer, Draft, Error, account::Webhook, arrive::Arrival, clock::now, signature,
    world::World,
};

/// Writes the body of `message.created` with one text.
pub fn text_event(customer: &Customer, id: &str, text: &str, at: DateTime<Utc>) -> Vec<u8> {
    event(
        "message.created",
        at,
        json!({ "message": message(customer, id, text, at) }),
    )
}

/// Computes the `webhook-signature` header: v1, and v1a where the app has a key.
pub fn sign(account: &Webhook, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Error> {
    let mut signatures = signature::v1(&account.secret, id, timestamp, body)?;
    if let Some(key) = &account.signing_key {
        signatures.push(' ');
        signatures.push_str(&signature::v1a(key, id, timestamp, body)?);
    }
    Ok(signatures)
}

/// Lets a customer do something; gives the app's message id.
pub(crate) fn act(
    world: &Arc<World>,
    app: &Webhook,
    customer: &Customer,
    draft: Draft,
) -> Result<String, Error> {
    if matches!(draft.content, Content::NumberChange { .. }) {
        return Err(Error::NotOffered {
            channel: "webhook",
            what: draft.content.kind(),
        });
    }
    let at = now();
    let mut id = world.ids.prefixed("ext-");
    let (kind, data) = match &draft.content {
        Content::Reaction { message_id, emoji } => {
            let kind = if emoji.is_empty() {
                "reaction.removed"
            } else {
                "reaction.added"
            };
            let emoji = if emoji.is_empty() { "👍" } else { emoji };
            let reaction =
                json!({ "message_id": message_id, "emoji": emoji, "sender": sender(customer) });
            (kind, json!({ "reaction": reaction }))
        }
        Content::Edit { message_id, text } => {
            id.clone_from(message_id);
            (
                "message.updated",
                json!({ "message": message(customer, &id, text, at) }),
            )
        }
        Content::Delete { message_id } => {
            id.clone_from(message_id);
            ("message.deleted", json!({ "message": { "id": id } }))
        }
        Content::Unknown => ("thing.happened", json!({ "thing": { "id": id } })),
        content => {
            let mut message = message(customer, &id, content.words(), at);
            if let Some(reply_to) = &draft.reply_to {
                message["reply_to"] = reply_to.as_str().into();
            }
            enrich(&mut message, world, content);
            ("message.created", json!({ "message": message }))
        }
    };
    let provider_id = match &draft.content {
        Content::Reaction { message_id, .. } => message_id.clone(),
        _ => id.clone(),
    };
    let mark = world.wrote(&app.id, customer, &id, &provider_id, &draft.content);
    let event_id = world.ids.prefixed("evt_");
    world.post(&app.id, None, event_id, event(kind, at, data), vec![mark]);
    Ok(id)
}

/// Puts what is more than a text into a message.
fn enrich(message: &mut Value, world: &World, content: &Content) {
    match content {
        Content::Media { .. } => {
            if let Some(file) = world.sample(content) {
                message["attachments"] = json!([{
                    "url": format!("{}/app/files/{}", world.url(), file.id),
                    "mime_type": file.mime_type,
                    "name": file.name,
                    "size": file.bytes.len(),
                }]);
            }
        }
        Content::Location {
            latitude,
            longitude,
            ..
        } => {
            message["text"] = format!("{} {latitude},{longitude}", content.words())
                .trim()
                .into();
            message["metadata"] = json!({ "latitude": latitude, "longitude": longitude });
        }
        Content::Contact { name, phone } => message["text"] = format!("{name} {phone}").into(),
        Content::OwnCard { message_id } | Content::CallPermission { message_id, .. } => {
            message["reply_to"] = message_id.as_str().into();
            message["text"] = content.kind().into();
        }
        Content::Form { message_id, json } => {
            message["reply_to"] = message_id.as_str().into();
            message["content"] = json!({ "type": "form", "name": "form", "json": json });
        }
        Content::Button { message_id, id, .. } => {
            message["reply_to"] = message_id.as_str().into();
            message["metadata"] = json!({ "button": id });
        }
        _ => {}
    }
}

/// Writes the body of `message.delivered`, `message.read` or `message.failed`.
pub(crate) fn status_event(
    arrival: &Arrival,
    status: &str,
    code: Option<u32>,
    at: DateTime<Utc>,
) -> Vec<u8> {
    let mut data = json!({
        "message_id": arrival.attempt_id,
        "external_id": arrival.provider_id,
    });
    if let Some(code) = code {
        data["reason"] = format!("the app could not deliver the message ({code})").into();
    }
    event(&format!("message.{status}"), at, json!({ "status": data }))
}

fn event(kind: &str, at: DateTime<Utc>, data: Value) -> Vec<u8> {
    json!({ "type": kind, "timestamp": time(at), "data": data })
        .to_string()
        .into_bytes()
}

fn message(customer: &Customer, id: &str, text: &str, at: DateTime<Utc>) -> Value {
    json!({
        "id": id,
        "conversation_id": conversation(customer),
        "sender": sender(customer),
        "text": text,
        "reply_to": null,
        "attachments": [],
        "sent_at": time(at),
        "metadata": {},
    })
}

/// Names the app's room of a customer.
fn conversation(customer: &Customer) -> String {
    format!("room-{}", customer.id)
}

fn sender(customer: &Customer) -> Value {
    json!({ "id": customer.id, "name": customer.name, "phone": null, "email": null })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
