//! One update: which kind it is, and what that kind tells.

use super::id::MessageId;
use super::{content, member, people};
use crate::ParseError;
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::message::{
    AccountNews, Address, Author, Condition, Content, HealthState, InboundMessage, Origin,
    Reaction, Told, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Translates a webhook body: one update, or a bare message without its envelope.
pub(super) fn parse(body: &[u8], posts: bool) -> Result<Vec<Update>, ParseError> {
    json::read(body, |raw, root| updates(raw, root, posts))
}

/// `posts` tells whether what is posted in channels is for the desk.
fn updates(raw: &RawValue, root: &Fields<'_>, posts: bool) -> Result<Vec<Update>, ParseError> {
    if root.has("message_id") && root.has("chat") {
        return Ok(messages(raw, "message"));
    }
    let number = root.id("update_id").ok_or_else(|| {
        ParseError::Unreadable("there is neither an update_id nor a message_id".to_owned())
    })?;
    let mut updates = Vec::new();
    for name in root.names().filter(|name| *name != "update_id") {
        let Some(raw) = root.get(name) else { continue };
        match name {
            "message" | "business_message" => updates.extend(messages(raw, name)),
            "channel_post" if posts => updates.extend(messages(raw, name)),
            "edited_message" | "edited_business_message" => updates.push(edit(raw, name)),
            "edited_channel_post" if posts => updates.push(edit(raw, name)),
            "callback_query" => updates.extend(callback(raw)),
            "business_connection" => updates.push(connection(raw)),
            "message_reaction" => updates.push(reaction(raw, &number)),
            "my_chat_member" => updates.push(membership(raw, &number)),
            "chat_member" => updates.push(changed(raw)),
            "deleted_business_messages" => updates.extend(deletions(raw)),
            _ => updates.push(other(name, raw)),
        }
    }
    if updates.is_empty() {
        updates.push(other("empty", raw));
    }
    Ok(updates)
}

/// Who came into a group, left it or is something else in it.
fn changed(raw: &RawValue) -> Update {
    let change = Fields::read(raw).unwrap_or_default();
    member::changed(&change).unwrap_or_else(|| other("chat_member", raw))
}

/// A message that tells of a group's new id tells two things.
fn messages(raw: &RawValue, name: &str) -> Vec<Update> {
    let told = Fields::read(raw).map(|message| member::service(&message, raw));
    if let Some(told) = told.filter(|told| !told.is_empty()) {
        return told;
    }
    let message = self::message(raw, name);
    let moved = moved(raw);
    std::iter::once(message).chain(moved).collect()
}

fn moved(raw: &RawValue) -> Option<Update> {
    let message = Fields::read(raw)?;
    let here = message.object("chat")?.integer("id")?;
    let before = message.integer("migrate_from_chat_id");
    let after = message.integer("migrate_to_chat_id");
    let (from, to) = match (before, after) {
        (_, Some(after)) => (here, after),
        (Some(before), None) => (before, here),
        (None, None) => return None,
    };
    let (from, to) = (from.to_string(), to.to_string());
    Some(at(
        message.seconds("date"),
        UpdateKind::GroupMoved { from, to },
    ))
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
        origin: Origin {
            forwarded: forwards.iter().any(|name| message.has(name)),
            quote: message
                .object("quote")
                .and_then(|quote| quote.words("text")),
            album: message.id("media_group_id"),
            ..Origin::default()
        },
        raw: tells_more.then(|| raw.get().to_owned()),
        state: people::topic(&message),
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

/// The word under which a pressed button is kept until Telegram was told that it was seen.
pub(super) const PRESSED: &str = "callback_query";

fn callback(raw: &RawValue) -> Vec<Update> {
    let callback = Fields::read(raw).unwrap_or_default();
    let message = callback.object("message").unwrap_or_default();
    let data = callback
        .text("data")
        .or_else(|| callback.text("game_short_name"));
    let (Some(id), Some(data)) = (callback.id("id"), data) else {
        return vec![other("callback", raw)];
    };
    let title = button(&message, &data).unwrap_or_else(|| data.clone());
    let author = Author::Customer(people::presser(&callback, &message));
    let content = Content::Answer {
        id: data,
        title,
        description: None,
    };
    // Until the press is answered the customer sees the button wait.
    let answered = serde_json::json!({ "callback_query_id": id }).to_string();
    let asks = UpdateKind::Other {
        kind: PRESSED.to_owned(),
        raw: answered,
    };
    // The date is that of the message with the buttons, not of the press.
    let pressed = at(
        None,
        UpdateKind::Message(Box::new(InboundMessage {
            group: people::group(&message),
            reply_to: MessageId::of(&message).map(|id| id.to_string()),
            state: people::topic(&message),
            ..InboundMessage::new(format!("callback:{id}"), author, content)
        })),
    );
    vec![pressed, at(None, asks)]
}

/// A business account that connects the bot, changes what the bot may do, or leaves.
fn connection(raw: &RawValue) -> Update {
    let connection = Fields::read(raw).unwrap_or_default();
    let moment = connection.seconds("date");
    let Some(id) = connection.id("id") else {
        return other("business_connection", raw);
    };
    let rights = connection.object("rights").unwrap_or_default();
    // Before rights there was one word.
    let may_reply = rights.flag("can_reply") || connection.flag("can_reply");
    let (state, reason, detail) = match (connection.flag("is_enabled"), may_reply) {
        (true, true) => (
            HealthState::Healthy,
            "connected",
            "a business account is connected",
        ),
        (true, false) => (
            HealthState::Degraded,
            "may_not_reply",
            "a business account does not let the bot reply: give it the right in Telegram",
        ),
        (false, _) => (
            HealthState::Degraded,
            "disconnected",
            "a business account disconnected the bot: nothing can be sent to its chats",
        ),
    };
    let subject = format!("business connection {id}");
    let condition = Condition::new(&subject, state, reason, detail);
    let news = AccountNews {
        number: None,
        business_account: None,
        told: Told::Health {
            condition,
            per_second: None,
        },
        raw: raw.get().to_owned(),
    };
    at(moment, UpdateKind::Account(Box::new(news)))
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

/// In a chat between two, `kicked` is how Telegram says that the customer blocked the bot; in a group
/// everybody is told that the bot is out.
fn membership(raw: &RawValue, number: &str) -> Update {
    let change = Fields::read(raw).unwrap_or_default();
    let moment = change.seconds("date");
    match consent(&change) {
        Some((who, allowed, detail)) => at(
            moment,
            UpdateKind::Consent {
                who,
                allowed,
                marketing: false,
                detail,
            },
        ),
        None => match member::own(&change, number, raw) {
            Some(notice) => at(moment, notice),
            None => at(moment, other("my_chat_member", raw).kind),
        },
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

pub(super) fn at(at: Option<DateTime<Utc>>, kind: UpdateKind) -> Update {
    let account = None;
    Update { account, at, kind }
}
