//! The bodies of Telegram's webhooks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    Content, Customer, Draft, Error,
    account::Telegram,
    chaos::lock,
    clock::now,
    customer::{Line, Media},
    json,
    media::File,
    world::World,
};

/// The header that carries the secret of `setWebhook`.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// Writes the body of an update with one private text message.
pub fn text_update(
    customer: &Customer,
    update_id: u64,
    message_id: u64,
    text: &str,
    at: DateTime<Utc>,
) -> Vec<u8> {
    let message = message(customer, message_id, at, json!({ "text": text }));
    json::ascii(&json!({ "update_id": update_id, "message": message }))
}

/// Lets a customer do something; gives the message id as the journal names it.
pub(crate) fn act(
    world: &Arc<World>,
    bot: &Telegram,
    customer: &Customer,
    draft: Draft,
) -> Result<String, Error> {
    let wrong = || Error::CustomerId(customer.id.clone());
    customer.id.parse::<i64>().map_err(|_| wrong())?;
    let key = bot.bot_id.to_string();
    let at = now();
    let message_id = world.ids.telegram();
    let (kind, body) = update(world, bot, customer, &draft, message_id, at)?;
    if !wanted(bot, kind) {
        return Ok(String::new());
    }
    let line = message_id.to_string();
    let id = format!("{}:{line}", customer.id);
    let mark = match draft.content {
        // These bring no message of their own: the journal names what they touch.
        Content::Reaction { ref message_id, .. } | Content::Edit { ref message_id, .. } => {
            let touched = format!("{}:{}", customer.id, local(message_id));
            world.wrote(&key, customer, &line, &touched, &draft.content)
        }
        _ => world.wrote(&key, customer, &line, &id, &draft.content),
    };
    let update_id = world.ids.telegram();
    let body = json::ascii(&json!({ "update_id": update_id, kind: body }));
    let lane = Some(format!("{key}:{}", customer.id));
    world.post(&key, lane, String::new(), body, vec![mark]);
    Ok(id)
}

/// Says whether the bot asked for this kind. An empty list means all but the kinds
/// that must be named.
fn wanted(bot: &Telegram, kind: &str) -> bool {
    match bot.allowed_updates.as_deref() {
        None => true,
        Some([]) => !matches!(
            kind,
            "message_reaction" | "message_reaction_count" | "chat_member"
        ),
        Some(kinds) => kinds.iter().any(|wanted| wanted == kind),
    }
}

/// Strips the chat from a message id as the journal names it.
pub(crate) fn local(message_id: &str) -> &str {
    message_id.rsplit(':').next().unwrap_or(message_id)
}

fn update(
    world: &World,
    bot: &Telegram,
    customer: &Customer,
    draft: &Draft,
    message_id: u64,
    at: DateTime<Utc>,
) -> Result<(&'static str, Value), Error> {
    let refuse = |what| Error::NotOffered {
        channel: "telegram",
        what,
    };
    let line = |id: &str| remembered(world, bot, customer, local(id));
    let content = match &draft.content {
        Content::Text { text } => json!({ "text": text }),
        Content::Media { media, caption } => {
            let file = world
                .sample(&draft.content)
                .ok_or_else(|| refuse("media"))?;
            media_content(*media, &file, caption.as_deref())
        }
        Content::Location {
            latitude,
            longitude,
            name,
        } => {
            let place = json!({ "latitude": latitude, "longitude": longitude });
            match name {
                Some(name) => json!({
                    "location": place,
                    "venue": { "location": place, "title": name, "address": "1 Example Street" },
                }),
                None => json!({ "location": place }),
            }
        }
        Content::Contact { name, phone } => {
            json!({ "contact": { "phone_number": phone, "first_name": name } })
        }
        Content::OwnCard { .. } => json!({ "contact": {
            "phone_number": "+15550100000",
            "first_name": customer.name,
            "user_id": number(customer),
        } }),
        // Bots of the simulator have neither forms nor calls.
        Content::Form { .. } => return Err(refuse("form")),
        Content::CallPermission { .. } => return Err(refuse("call permission")),
        Content::NumberChange { .. } => return Err(refuse("number change")),
        Content::Unknown => json!({ "message_of_tomorrow": { "some": 1 } }),
        Content::Reaction { message_id, emoji } => {
            return Ok((
                "message_reaction",
                reaction(world, bot, customer, message_id, emoji),
            ));
        }
        Content::Button { message_id, id, .. } => {
            let pressed = match line(message_id) {
                Some(line) => quoted(bot, customer, &line),
                None => inaccessible(customer, local(message_id)),
            };
            return Ok((
                "callback_query",
                json!({
                    "id": world.ids.digits(),
                    "from": user(customer),
                    "message": pressed,
                    "chat_instance": bot.bot_id.unsigned_abs().to_string(),
                    "data": id,
                }),
            ));
        }
        Content::Edit { message_id, text } => {
            let number: u64 = local(message_id)
                .parse()
                .map_err(|_| refuse("edit of an unknown message"))?;
            let written = line(message_id).map_or(at, |line| line.at);
            let mut edited = message(customer, number, written, json!({ "text": text }));
            edited["edit_date"] = at.timestamp().into();
            return Ok(("edited_message", edited));
        }
        // Bots are not told when a customer deletes a message.
        Content::Delete { .. } => return Err(refuse("delete")),
        Content::Block => {
            return Ok((
                "my_chat_member",
                member(bot, customer, at, "member", "kicked"),
            ));
        }
        Content::Unblock => {
            return Ok((
                "my_chat_member",
                member(bot, customer, at, "kicked", "member"),
            ));
        }
    };
    let mut message = message(customer, message_id, at, content);
    if let Some(line) = draft.reply_to.as_deref().and_then(line) {
        message["reply_to_message"] = quoted(bot, customer, &line);
    }
    Ok(("message", message))
}

fn remembered(world: &World, bot: &Telegram, customer: &Customer, id: &str) -> Option<Line> {
    let key = bot.bot_id.to_string();
    world.remembered(&key, &customer.id, |memory| memory.line(id).cloned())?
}

/// Makes a private message; `content` is what makes its kind.
pub(crate) fn message(
    customer: &Customer,
    message_id: u64,
    at: DateTime<Utc>,
    content: Value,
) -> Value {
    let mut message = content;
    message["message_id"] = message_id.into();
    message["from"] = user(customer);
    message["chat"] = chat(customer);
    message["date"] = at.timestamp().into();
    message
}

pub(crate) fn chat(customer: &Customer) -> Value {
    json!({ "id": number(customer), "first_name": customer.name, "type": "private" })
}

fn user(customer: &Customer) -> Value {
    json!({
        "id": number(customer),
        "is_bot": false,
        "first_name": customer.name,
        "language_code": "en",
    })
}

/// Makes the bot as a user.
pub(crate) fn bot_user(bot: &Telegram) -> Value {
    json!({
        "id": bot.bot_id,
        "is_bot": true,
        "first_name": "Example bot",
        "username": format!("example_{}_bot", bot.bot_id),
    })
}

fn number(customer: &Customer) -> i64 {
    customer.id.parse().unwrap_or_default()
}

fn quoted(bot: &Telegram, customer: &Customer, line: &Line) -> Value {
    let id = line.id.parse().unwrap_or_default();
    let mut message = message(customer, id, line.at, json!({ "text": line.text }));
    if line.from_desk {
        message["from"] = bot_user(bot);
    }
    message
}

fn inaccessible(customer: &Customer, id: &str) -> Value {
    let id: u64 = id.parse().unwrap_or_default();
    json!({ "message_id": id, "chat": chat(customer), "date": 0 })
}

fn reaction(
    world: &World,
    bot: &Telegram,
    customer: &Customer,
    message_id: &str,
    emoji: &str,
) -> Value {
    let emoji = (!emoji.is_empty()).then(|| emoji.to_owned());
    let mut customers = lock(&world.customers);
    let line = customers
        .find(&bot.bot_id.to_string(), &customer.id)
        .and_then(|memory| memory.line(local(message_id)));
    let before = line.and_then(|line| std::mem::replace(&mut line.reaction, emoji.clone()));
    let list = |emoji: Option<String>| -> Vec<Value> {
        let shape = |emoji| json!({ "type": "emoji", "emoji": emoji });
        emoji.into_iter().map(shape).collect()
    };
    let id: u64 = local(message_id).parse().unwrap_or_default();
    json!({
        "chat": chat(customer),
        "message_id": id,
        "user": user(customer),
        "date": now().timestamp(),
        "old_reaction": list(before),
        "new_reaction": list(emoji),
    })
}

fn member(bot: &Telegram, customer: &Customer, at: DateTime<Utc>, old: &str, new: &str) -> Value {
    let state = |status: &str| {
        let mut member = json!({ "user": bot_user(bot), "status": status });
        if status == "kicked" {
            member["until_date"] = 0.into();
        }
        member
    };
    json!({
        "chat": chat(customer),
        "from": user(customer),
        "date": at.timestamp(),
        "old_chat_member": state(old),
        "new_chat_member": state(new),
    })
}

/// Writes a file as the members of a message.
pub(crate) fn media_content(kind: Media, file: &File, caption: Option<&str>) -> Value {
    let plain = json!({
        "file_id": file.id,
        "file_unique_id": format!("u{}", file.id),
        "file_size": file.bytes.len(),
    });
    let with = |more: Value| {
        let mut object = plain.clone();
        for (key, value) in more.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object
    };
    let mime_type = file.mime_type.split(';').next().unwrap_or_default();
    let object = match kind {
        Media::Image => json!([with(json!({ "width": 1, "height": 1 }))]),
        Media::Video => with(json!({
            "duration": 1, "width": 640, "height": 360,
            "file_name": file.name, "mime_type": mime_type,
        })),
        Media::Audio => {
            with(json!({ "duration": 1, "file_name": file.name, "mime_type": mime_type }))
        }
        Media::Voice => with(json!({ "duration": 1, "mime_type": mime_type })),
        Media::Document => with(json!({ "file_name": file.name, "mime_type": mime_type })),
        Media::Sticker => with(json!({
            "type": "regular", "width": 512, "height": 512, "emoji": "🙂",
            "is_animated": false, "is_video": false,
        })),
    };
    let name = if kind == Media::Image {
        "photo"
    } else {
        kind.name()
    };
    let mut content = json!({ name: object });
    if let Some(caption) = caption
        && kind != Media::Sticker
    {
        content["caption"] = caption.into();
    }
    content
}
