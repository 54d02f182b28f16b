//! One update: which kind it is, and what that kind tells.

use super::id::MessageId;
use super::{content, people};
use crate::ParseError;
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::message::{
    Address, Author, Content, InboundMessage, Reaction, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Translates a webhook body: one update, or a bare message without its envelope.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Update>, ParseError> {
    json::read(body, updates)
}

fn updates(raw: &RawValue, root: &Fields<'_>) -> Result<Vec<Update>, ParseError> {
    if root.has("message_id") && root.has("chat") {
        return Ok(vec![message(raw, "message")]);
    }
    let number = root.id("update_id").ok_or_else(|| {
        ParseError::Unreadable("there is neither an update_id nor a message_id".to_owned())
    })?;
    let mut updates = Vec::new();
    for name in root.names().filter(|name| *name != "update_id") {
        let Some(raw) = root.get(name) else { continue };
        match name {
            "message" | "business_message" => updates.push(message(raw, name)),
            "edited_message" | "edited_business_message" => updates.push(edit(raw, name)),
            "callback_query" => updates.push(callback(raw)),
            "message_reaction" => updates.push(reaction(raw, &number)),
            "my_chat_member" => updates.push(membership(raw)),
            "deleted_business_messages" => updates.extend(deletions(raw)),
            _ => updates.push(other(name, raw)),
        }
    }
    if updates.is_empty() {
        updates.push(other("empty", raw));
    }
    Ok(updates)
}

fn message(raw: &RawValue, name: &str) -> Update {
    let message = Fields::read(raw).unwrap_or_default();
    if let Some(service) = content::service(&message) {
        return at(message.seconds("date"), other(service, raw).kind);
    }
    let content = content::read(&message);
    let tells_more = matches!(
        content,
        Content::Unsupported { .. } | Content::Form { .. } | Content::Contacts { .. }
    ) || [
        "entities",
        "caption_entities",
        "quote",
        "external_reply",
        "media_group_id",
    ]
    .iter()
    .any(|name| message.has(name));
    let forwards = ["forward_origin", "forward_date", "forward_from"];
    let id = MessageId::of(&message);
    let id = id.map_or_else(|| json::synthetic_id(raw.get()), |id| id.to_string());
    let author = people::author(&message, name == "business_message");
    let kind = UpdateKind::Message(Box::new(InboundMessage {
        group: people::group(&message),
        reply_to: quoted(&message),
        forwarded: forwards.iter().any(|name| message.has(name)),
        raw: tells_more.then(|| raw.get().to_owned()),
        ..InboundMessage::new(id, author, content)
    }));
    at(message.seconds("date"), kind)
}

/// Returns the message that this one answers; in a forum every message "answers" the one that
/// opened its topic, which is not meant.
fn quoted(message: &Fields<'_>) -> Option<String> {
    let target = message.object("reply_to_message")?;
    if target.has("forum_topic_created") {
        return None;
    }
    let id = MessageId {
        connection: message.id("business_connection_id"),
        chat: message.object("chat")?.integer("id")?,
        message: target.integer("message_id")?,
    };
    Some(id.to_string())
}

fn edit(raw: &RawValue, name: &str) -> Update {
    let message = Fields::read(raw).unwrap_or_default();
    let moment = message
        .seconds("edit_date")
        .or_else(|| message.seconds("date"));
    let Some(id) = MessageId::of(&message) else {
        return at(moment, other(name, raw).kind);
    };
    let target = id.to_string();
    let content = content::read(&message);
    at(moment, UpdateKind::Edit { target, content })
}

fn callback(raw: &RawValue) -> Update {
    let callback = Fields::read(raw).unwrap_or_default();
    let message = callback.object("message").unwrap_or_default();
    let data = callback
        .text("data")
        .or_else(|| callback.text("game_short_name"));
    let (Some(id), Some(data)) = (callback.id("id"), data) else {
        return other("callback_query", raw);
    };
    let title = button(&message, &data).unwrap_or_else(|| data.clone());
    let author = Author::Customer(people::presser(&callback, &message));
    let content = Content::Answer {
        id: data,
        title,
        description: None,
    };
    // The date is that of the message with the buttons, not of the press.
    at(
        None,
        UpdateKind::Message(Box::new(InboundMessage {
            group: people::group(&message),
            reply_to: MessageId::of(&message).map(|id| id.to_string()),
            ..InboundMessage::new(format!("callback:{id}"), author, content)
        })),
    )
}

/// Returns the words on the pressed button.
fn button(message: &Fields<'_>, data: &str) -> Option<String> {
    let markup = message.object("reply_markup")?;
    let rows = markup.list("inline_keyboard");
    let buttons = rows
        .into_iter()
        .flat_map(json::items)
        .filter_map(Fields::read);
    let mut pressed =
        buttons.filter(|button| button.text("callback_data").as_deref() == Some(data));
    pressed.next()?.words("text")
}

fn reaction(raw: &RawValue, number: &str) -> Update {
    let reaction = Fields::read(raw).unwrap_or_default();
    let moment = reaction.seconds("date");
    let Some(id) = MessageId::of(&reaction) else {
        return at(moment, other("message_reaction", raw).kind);
    };
    let standing = reaction.objects("new_reaction");
    let emojis = standing.iter().filter_map(|one| {
        let custom = || Some(format!("custom:{}", one.id("custom_emoji_id")?));
        let paid = || (one.text("type").as_deref() == Some("paid")).then(|| "⭐".to_owned());
        one.words("emoji").or_else(custom).or_else(paid)
    });
    let kind = UpdateKind::Reaction(Reaction {
        target: id.to_string(),
        by: people::reactor(&reaction),
        emojis: emojis.collect(),
        provider_id: Some(format!("update:{number}")),
    });
    at(moment, kind)
}

/// In a chat between two, `kicked` is how Telegram says that the customer blocked the bot.
fn membership(raw: &RawValue) -> Update {
    let change = Fields::read(raw).unwrap_or_default();
    let moment = change.seconds("date");
    match consent(&change) {
        Some((who, allowed, detail)) => at(
            moment,
            UpdateKind::Consent {
                who,
                allowed,
                detail,
            },
        ),
        None => at(moment, other("my_chat_member", raw).kind),
    }
}

fn consent(change: &Fields<'_>) -> Option<(Address, bool, String)> {
    let chat = change.object("chat")?;
    let status = change.object("new_chat_member")?.text("status")?;
    let allowed = match status.as_str() {
        "kicked" => false,
        "member" => true,
        _ => return None,
    };
    let private = chat.text("type").as_deref() == Some("private");
    let who = people::user(chat.id("id")).filter(|_| private)?;
    Some((who, allowed, status))
}

fn deletions(raw: &RawValue) -> Vec<Update> {
    let deleted = Fields::read(raw).unwrap_or_default();
    let chat = deleted.object("chat").and_then(|chat| chat.integer("id"));
    let ids = deleted.list("message_ids");
    let targets = ids.into_iter().filter_map(|raw| {
        let id = MessageId {
            connection: deleted.id("business_connection_id"),
            chat: chat?,
            message: json::text(raw)?.parse().ok()?,
        };
        let target = id.to_string();
        Some(at(None, UpdateKind::Delete { target }))
    });
    let updates: Vec<_> = targets.collect();
    if updates.is_empty() {
        return vec![other("deleted_business_messages", raw)];
    }
    updates
}

fn other(kind: &str, raw: &RawValue) -> Update {
    let (kind, raw) = (kind.to_owned(), raw.get().to_owned());
    at(None, UpdateKind::Other { kind, raw })
}

fn at(at: Option<DateTime<Utc>>, kind: UpdateKind) -> Update {
    let account = None;
    Update { account, at, kind }
}
