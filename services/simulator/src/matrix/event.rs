//! Events and transactions as a homeserver pushes them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::room::of_customer;
use crate::{
    Customer,
    account::Matrix,
    customer::{Content, Media},
    media::File,
};

/// Writes an event that a customer sent.
pub(super) fn event(
    account: &Matrix,
    customer: &Customer,
    kind: &str,
    id: &str,
    at: DateTime<Utc>,
    content: Value,
) -> Value {
    json!({
        "type": kind,
        "event_id": id,
        "room_id": of_customer(account, &customer.id),
        "sender": customer.id,
        "origin_server_ts": at.timestamp_millis(),
        "content": content,
        "unsigned": { "age": 12 },
    })
}

/// Writes the event by which a customer asks the bot in.
pub(super) fn invitation(
    account: &Matrix,
    customer: &Customer,
    id: &str,
    at: DateTime<Utc>,
) -> Value {
    let content = json!({ "membership": "invite", "is_direct": true });
    let mut event = event(account, customer, "m.room.member", id, at, content);
    event["state_key"] = account.user_id.as_str().into();
    event
}

/// Writes the event by which a customer shuts the bot out, or lets it in again.
pub(super) fn block(account: &Matrix, customer: &Customer, id: &str, at: DateTime<Utc>) -> Value {
    let content = json!({ "membership": "ban" });
    let mut event = event(account, customer, "m.room.member", id, at, content);
    event["state_key"] = account.user_id.as_str().into();
    event
}

/// Writes what a customer does; `None` where Matrix has no such thing.
pub(super) fn content(
    content: &Content,
    file: Option<&File>,
    server: &str,
) -> Option<(&'static str, Value)> {
    let message = "m.room.message";
    Some(match content {
        Content::Text { text } => (message, json!({ "msgtype": "m.text", "body": text })),
        Content::Media { media, caption } => {
            let file = file?;
            let msgtype = match media {
                Media::Image => "m.image",
                Media::Video => "m.video",
                Media::Audio | Media::Voice => "m.audio",
                Media::Document => "m.file",
                Media::Sticker => "m.sticker",
            };
            let mut body = json!({
                "body": caption.as_deref().unwrap_or(&file.name),
                "filename": file.name,
                "url": format!("mxc://{server}/{}", file.id),
                "info": { "mimetype": file.mime_type, "size": file.bytes.len() },
            });
            if *media == Media::Sticker {
                return Some(("m.sticker", body));
            }
            if *media == Media::Voice {
                body["org.matrix.msc3245.voice"] = json!({});
            }
            body["msgtype"] = msgtype.into();
            (message, body)
        }
        Content::Location {
            latitude,
            longitude,
            name,
        } => {
            let uri = format!("geo:{latitude},{longitude}");
            let body = name.as_deref().unwrap_or(&uri);
            (
                message,
                json!({ "msgtype": "m.location", "body": body, "geo_uri": uri }),
            )
        }
        Content::Reaction { message_id, emoji } => {
            let relation = json!({
                "rel_type": "m.annotation",
                "event_id": message_id,
                "key": emoji,
            });
            ("m.reaction", json!({ "m.relates_to": relation }))
        }
        Content::Edit { message_id, text } => (
            message,
            json!({
                "msgtype": "m.text",
                "body": format!("* {text}"),
                "m.new_content": { "msgtype": "m.text", "body": text },
                "m.relates_to": { "rel_type": "m.replace", "event_id": message_id },
            }),
        ),
        Content::Delete { message_id } => ("m.room.redaction", json!({ "redacts": message_id })),
        Content::Unknown => (
            message,
            json!({ "msgtype": "org.example.hologram", "body": "a hologram" }),
        ),
        Content::Contact { .. }
        | Content::OwnCard { .. }
        | Content::Form { .. }
        | Content::CallPermission { .. }
        | Content::Button { .. }
        | Content::NumberChange { .. }
        | Content::Block
        | Content::Unblock => {
            return None;
        }
    })
}

/// Writes the receipt of a customer who read a message.
pub(crate) fn receipt(customer: &Customer, provider_id: &str, at: DateTime<Utc>) -> Vec<u8> {
    let (room, event) = provider_id.split_once('/').unwrap_or_default();
    let reader = json!({ (&customer.id): { "ts": at.timestamp_millis(), "thread_id": "main" } });
    let content = json!({ (event): { "m.read": reader } });
    let receipt = json!({ "type": "m.receipt", "room_id": room, "content": content });
    json!({ "events": [], "ephemeral": [receipt] })
        .to_string()
        .into_bytes()
}

/// Writes a transaction of events.
pub(super) fn transaction(events: &[Value]) -> Vec<u8> {
    json!({ "events": events }).to_string().into_bytes()
}
