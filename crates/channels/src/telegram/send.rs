//! `POST /bot{token}/{method}`: one method per kind of message.

use super::id::MessageId;
use super::{CAPABILITIES, errors, files, keyboard, people};
use crate::http::{self, Answer};
use crate::json::{self, Fields};
use crate::{Action, Outgoing, SendContext, SendError, Sent, refusal};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::message::{Content, Location, Media, MediaKind, MediaSource};
use serde_json::{Value, json};

/// Sends one message and reads what became of it.
pub(super) async fn send(
    context: &SendContext<'_>,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let token = http::token(context, "bot token")?;
    let (method, mut body) = call(outgoing)?;
    // A chat between two with topics is answered in the topic that was last written in.
    if outgoing.group.is_none()
        && matches!(outgoing.action, Action::Write(_) | Action::Typing { .. })
        && let Some(topic) = context.state.and_then(|state| state.parse::<i64>().ok())
    {
        body["message_thread_id"] = topic.into();
    }
    let base = context.endpoint.trim_end_matches('/');
    let url = format!("{base}/bot{token}/{method}");
    let file = files::carried(outgoing);
    let post = async |body: &Value| {
        let request = context.client.post(&url);
        let request = match &file {
            None => request.json(body),
            Some(file) => file.attach(context, request, body).await?,
        };
        http::call(request, context.now).await
    };
    let mut answer = post(&body).await?;
    if let Some(chat) = moved(&answer) {
        // The group became a supergroup and nothing was sent yet, so the new id is tried at once.
        body["chat_id"] = chat.into();
        answer = post(&body).await?;
    }
    let mut sent = read(&answer)?;
    sent.files.extend(file.and_then(|file| file.kept(&answer)));
    Ok(sent)
}

fn call(outgoing: &Outgoing) -> Result<(&'static str, Value), SendError> {
    match &outgoing.action {
        Action::Write(content) => write(outgoing, content),
        Action::React { target, emoji } => {
            let id = target_id(target)?;
            // The call names a chat of the bot's own, where the number is another message's.
            if id.connection.is_some() {
                let detail = "Telegram takes no reactions of bots in a business account's chats";
                return Err(refusal::unsupported(detail));
            }
            let reaction = match emoji.as_str() {
                "" => json!([]),
                emoji => json!([{ "type": "emoji", "emoji": emoji }]),
            };
            let body =
                json!({ "chat_id": id.chat, "message_id": id.message, "reaction": reaction });
            Ok(("setMessageReaction", body))
        }
        Action::Replace { target, content } => replace(&target_id(target)?, content),
        Action::Delete { target } => Ok(delete(target_id(target)?)),
        Action::Typing { .. } => {
            let mut body = json!({ "action": "typing" });
            Chat::of(outgoing, None)?.address(&mut body);
            Ok(("sendChatAction", body))
        }
        Action::MarkRead { target } => {
            let id = target_id(target)?;
            let connection = id.connection.ok_or_else(|| {
                refusal::unsupported("Telegram shows read marks of business accounts only")
            })?;
            let body = json!({
                "business_connection_id": connection,
                "chat_id": id.chat,
                "message_id": id.message,
            });
            Ok(("readBusinessMessage", body))
        }
    }
}

fn write(outgoing: &Outgoing, content: &Content) -> Result<(&'static str, Value), SendError> {
    refusal::check_in(content, &CAPABILITIES, outgoing.group.is_some())?;
    keyboard::judge(content)?;
    let quoted = outgoing.reply_to.as_deref().and_then(MessageId::parse);
    let chat = Chat::of(outgoing, quoted.as_ref())?;
    let (method, mut body) = match content {
        Content::Text { text } => ("sendMessage", json!({ "text": text })),
        Content::Media { media, caption } => file(media, caption.as_deref())?,
        Content::Location(place) => location(place),
        Content::Choices(choices) => ("sendMessage", keyboard::choices(choices)),
        Content::Link(link) => keyboard::link(link)?,
        Content::LocationRequest(request) => (
            "sendMessage",
            keyboard::request(request, "request_location"),
        ),
        Content::ContactRequest(request) => {
            ("sendMessage", keyboard::request(request, "request_contact"))
        }
        other => {
            let detail = format!("Telegram cannot send a message of kind {}", other.kind());
            return Err(refusal::unsupported(detail));
        }
    };
    if chat.connection.is_some() && body["reply_markup"].get("keyboard").is_some() {
        let detail = "Telegram has no such button in a business account's chats: ask in words";
        return Err(refusal::unsupported(detail));
    }
    chat.address(&mut body);
    if let Some(quoted) = quoted.filter(|quoted| quoted.chat == chat.id) {
        body["reply_parameters"] = json!({
            "message_id": quoted.message,
            "allow_sending_without_reply": true,
        });
    }
    Ok((method, body))
}

/// Words take the place of words, a file that of a file.
fn replace(id: &MessageId, content: &Content) -> Result<(&'static str, Value), SendError> {
    refusal::check(content, &CAPABILITIES)?;
    let (method, mut body) = match content {
        Content::Text { text } => ("editMessageText", json!({ "text": text })),
        Content::Media { media, caption } => {
            let (_, name) = method(media.kind);
            if matches!(media.kind, MediaKind::Voice | MediaKind::Sticker) {
                let detail =
                    format!("Telegram cannot put a file of this kind ({name}) in its place");
                return Err(refusal::unsupported(detail));
            }
            let source = match &media.source {
                MediaSource::ProviderId(source) | MediaSource::Url(source) => source.clone(),
                MediaSource::Stored(_) => format!("attach://{name}"),
            };
            let file = json!({ "type": name, "media": source, "caption": caption });
            ("editMessageMedia", json!({ "media": file }))
        }
        other => {
            let detail = format!("Telegram cannot put a {} in its place", other.kind());
            return Err(refusal::unsupported(detail));
        }
    };
    body["chat_id"] = id.chat.into();
    body["message_id"] = id.message.into();
    if let Some(connection) = &id.connection {
        body["business_connection_id"] = connection.as_str().into();
    }
    Ok((method, body))
}

fn delete(id: MessageId) -> (&'static str, Value) {
    match id.connection {
        Some(connection) => (
            "deleteBusinessMessages",
            json!({ "business_connection_id": connection, "message_ids": [id.message] }),
        ),
        None => (
            "deleteMessage",
            json!({ "chat_id": id.chat, "message_id": id.message }),
        ),
    }
}

/// Where a message goes.
struct Chat {
    id: i64,
    topic: Option<Topic>,
    connection: Option<String>,
}

/// Where in a group.
#[derive(Clone, Copy)]
enum Topic {
    /// A topic of a forum.
    Forum(i64),
    /// One person's messages to a channel.
    Direct(i64),
}

impl Topic {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(people::DIRECT) {
            Some(topic) => Some(Self::Direct(topic.parse().ok()?)),
            None => Some(Self::Forum(text.parse().ok()?)),
        }
    }
}

impl Chat {
    fn of(outgoing: &Outgoing, quoted: Option<&MessageId>) -> Result<Self, SendError> {
        let unknown = || {
            let detail = "the customer has no Telegram chat with this bot";
            refusal::permanent(FailureReason::RecipientUnknown, detail)
        };
        let find = |namespace| {
            let mut addresses = outgoing.to.iter();
            let address = addresses.find(|address| address.namespace == namespace);
            address.map(|address| address.value.as_str())
        };
        let quoted = quoted.and_then(|quoted| quoted.connection.clone());
        if let Some(group) = &outgoing.group {
            let (id, topic) = match group.split_once(':') {
                Some((id, topic)) => (id, Some(Topic::parse(topic).ok_or_else(unknown)?)),
                None => (group.as_str(), None),
            };
            let id = id.parse().map_err(|_| unknown())?;
            return Ok(Self {
                id,
                topic,
                connection: quoted,
            });
        }
        let business = find(people::BUSINESS_CHAT).and_then(|value| value.rsplit_once(':'));
        let (connection, id) = match business {
            Some((connection, id)) => (Some(connection.to_owned()), id),
            None => (None, find("user").ok_or_else(unknown)?),
        };
        Ok(Self {
            id: id.parse().map_err(|_| unknown())?,
            topic: None,
            connection: quoted.or(connection),
        })
    }

    fn address(&self, body: &mut Value) {
        body["chat_id"] = self.id.into();
        match self.topic {
            Some(Topic::Forum(topic)) => body["message_thread_id"] = topic.into(),
            Some(Topic::Direct(topic)) => body["direct_messages_topic_id"] = topic.into(),
            None => {}
        }
        if let Some(connection) = &self.connection {
            body["business_connection_id"] = connection.as_str().into();
        }
    }
}

/// Returns the method that writes a file of a kind, and what the method calls the file.
pub(super) fn method(kind: MediaKind) -> (&'static str, &'static str) {
    match kind {
        MediaKind::Image => ("sendPhoto", "photo"),
        MediaKind::Video => ("sendVideo", "video"),
        MediaKind::Animation => ("sendAnimation", "animation"),
        MediaKind::Audio => ("sendAudio", "audio"),
        MediaKind::Voice => ("sendVoice", "voice"),
        MediaKind::Sticker => ("sendSticker", "sticker"),
        MediaKind::Document => ("sendDocument", "document"),
    }
}

pub(super) fn file(
    media: &Media,
    caption: Option<&str>,
) -> Result<(&'static str, Value), SendError> {
    let (method, name) = method(media.kind);
    let mut body = json!({});
    // One that the desk keeps goes beside the body.
    if let MediaSource::ProviderId(source) | MediaSource::Url(source) = &media.source {
        body[name] = source.as_str().into();
    }
    if let Some(caption) = caption {
        if media.kind == MediaKind::Sticker {
            return Err(refusal::unsupported(
                "Telegram shows no words with a sticker: send them apart",
            ));
        }
        body["caption"] = caption.into();
    }
    Ok((method, body))
}

fn location(place: &Location) -> (&'static str, Value) {
    let mut body = json!({ "latitude": place.latitude, "longitude": place.longitude });
    match (&place.name, &place.address) {
        (Some(title), Some(address)) => {
            body["title"] = title.as_str().into();
            body["address"] = address.as_str().into();
            ("sendVenue", body)
        }
        _ => ("sendLocation", body),
    }
}

/// Tells Telegram that a pressed button was seen.
pub(super) async fn answer_press(context: &SendContext<'_>, raw: &str) -> Result<(), SendError> {
    let unreadable = |_| refusal::unsupported("the pressed button cannot be read any more");
    let body: Value = serde_json::from_str(raw).map_err(unreadable)?;
    let token = http::token(context, "bot token")?;
    let base = context.endpoint.trim_end_matches('/');
    let url = format!("{base}/bot{token}/answerCallbackQuery");
    let request = context.client.post(&url).json(&body);
    read(&http::call(request, context.now).await?).map(|_| ())
}

fn target_id(target: &str) -> Result<MessageId, SendError> {
    MessageId::parse(target)
        .ok_or_else(|| refusal::unsupported("Telegram can do this to ordinary messages only"))
}

/// Returns the id that a group has from now on.
fn moved(answer: &Answer) -> Option<i64> {
    let (_, root) = json::root(answer.body.as_deref()?).ok()?;
    root.object("parameters")?.integer("migrate_to_chat_id")
}

pub(super) fn read(answer: &Answer) -> Result<Sent, SendError> {
    let root = answer.object("Telegram")?;
    if !root.has("ok") {
        return Err(answer.unreadable("Telegram"));
    }
    if !root.flag("ok") {
        return Err(errors::refused(answer, &root));
    }
    Ok(Sent::with(sent_id(&root)))
}

/// Some methods answer `true` instead of a message.
fn sent_id(root: &Fields<'_>) -> Option<String> {
    let id = MessageId::of(&root.object("result")?)?;
    Some(id.to_string())
}
