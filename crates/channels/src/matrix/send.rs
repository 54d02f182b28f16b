//! Events of the bot and of ghosts: one call each, by `PUT` under a key of ours.

use super::id::{EventId, segment};
use super::room::{self, Homeserver, OwnReaction};
use super::{CAPABILITIES, errors, ghost};
use crate::http::Answer;
use crate::{Action, Outgoing, SendContext, SendError, Sent, Writer, refusal};
use interdesk_domain::message::{Composite, Content, Location, Media, MediaKind, MediaSource};
use reqwest::Method;
use serde_json::{Value, json};

/// How long somebody is shown as writing, in milliseconds.
const TYPING: u32 = 30_000;

/// An event on its way.
struct Event {
    kind: &'static str,
    content: Value,
}

/// Sends one message and reads what became of it.
pub(super) async fn send(
    context: &SendContext<'_>,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let homeserver = Homeserver::of(context)?;
    let shown = context.credentials.shows_agents();
    let writer = outgoing.writer.as_ref().filter(|_| shown);
    match &outgoing.action {
        Action::Write(content) => write(&homeserver, outgoing, content, writer).await,
        Action::Replace { target, content } => {
            let target = target_id(target)?;
            let event = replacement(&target, content)?;
            // An edit by anybody but the author is none.
            let author = ghost::author(&homeserver, &target).await?;
            let author = homeserver.acting_as(&author);
            let sent = put(&author, &target.room, &outgoing.attempt, &event).await?;
            Ok(Sent::with(Some(sent)))
        }
        Action::Delete { target } => {
            let target = target_id(target)?;
            let author = ghost::author(&homeserver, &target).await?;
            redact(&homeserver.acting_as(&author), &target, &outgoing.attempt).await
        }
        Action::React { target, emoji } => {
            let target = target_id(target)?;
            react(&homeserver, &target, emoji, &outgoing.attempt, writer).await
        }
        Action::MarkRead { target } => {
            let target = target_id(target)?;
            let path = format!(
                "/_matrix/client/v3/rooms/{}/receipt/m.read/{}",
                segment(&target.room),
                segment(&target.event)
            );
            plain(homeserver.call(Method::POST, &path, &json!({})).await?)
        }
        Action::Typing { last } => {
            let Some(room) = room::known(context, last.as_deref()) else {
                return Ok(Sent::default());
            };
            let path = format!(
                "/_matrix/client/v3/rooms/{}/typing/{}",
                segment(&room),
                segment(homeserver.bot())
            );
            let body = json!({ "typing": true, "timeout": TYPING });
            plain(homeserver.call(Method::PUT, &path, &body).await?)
        }
    }
}

async fn write(
    homeserver: &Homeserver<'_>,
    outgoing: &Outgoing,
    content: &Content,
    writer: Option<&Writer>,
) -> Result<Sent, SendError> {
    refusal::check(content, &CAPABILITIES)?;
    let mut events = events(content)?;
    let room = room::find(homeserver, outgoing).await?;
    let quoted = outgoing.reply_to.as_deref().and_then(EventId::parse);
    if let (Some(quoted), Some(first)) = (
        quoted.filter(|quoted| quoted.room == room),
        events.first_mut(),
    ) {
        first.content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": quoted.event } });
    }
    let mut provider_ids = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        // The same over all tries: the homeserver takes each event once.
        let key = match index {
            0 => outgoing.message.clone(),
            _ => format!("{}-{index}", outgoing.message),
        };
        provider_ids.push(put_by(homeserver, writer, &room, &key, event).await?);
    }
    Ok(Sent {
        provider_ids,
        state: Some(room),
        ..Sent::default()
    })
}

/// Sends an event in somebody's name; returns how messages name it.
///
/// A ghost that is not in the room is brought in; where it cannot be, the bot sends the event.
async fn put_by(
    homeserver: &Homeserver<'_>,
    writer: Option<&Writer>,
    room: &str,
    key: &str,
    event: &Event,
) -> Result<String, SendError> {
    let user = writer.and_then(|writer| Some((ghost::of(homeserver.bot(), writer)?, writer)));
    let Some((user, writer)) = user else {
        return put(homeserver, room, key, event).await;
    };
    let ghost = homeserver.acting_as(&user);
    let mut answer = put_once(&ghost, room, key, event).await?;
    if is_forbidden(&answer)
        && ghost::bring(homeserver, &ghost, room, &writer.name)
            .await
            .is_ok()
    {
        answer = put_once(&ghost, room, key, event).await?;
    }
    match is_forbidden(&answer) {
        true => put(homeserver, room, key, event).await,
        false => sent_id(room, &answer),
    }
}

/// Sends an event; returns how messages name it.
///
/// A bot that the homeserver does not know yet, or that was asked in and has not entered, is
/// refused: it is made, or enters, and tries once more.
async fn put(
    homeserver: &Homeserver<'_>,
    room: &str,
    key: &str,
    event: &Event,
) -> Result<String, SendError> {
    let mut answer = put_once(homeserver, room, key, event).await?;
    if is_forbidden(&answer) && homeserver.join(room, None).await.is_ok() {
        answer = put_once(homeserver, room, key, event).await?;
    }
    sent_id(room, &answer)
}

async fn put_once(
    homeserver: &Homeserver<'_>,
    room: &str,
    key: &str,
    event: &Event,
) -> Result<Answer, SendError> {
    let path = format!(
        "/_matrix/client/v3/rooms/{}/send/{}/{}",
        segment(room),
        segment(event.kind),
        segment(key)
    );
    homeserver.call(Method::PUT, &path, &event.content).await
}

fn is_forbidden(answer: &Answer) -> bool {
    errors::code(answer).as_deref() == Some("M_FORBIDDEN")
}

fn sent_id(room: &str, answer: &Answer) -> Result<String, SendError> {
    let root = errors::check(answer)?;
    let event = root.words("event_id");
    let event = event.ok_or_else(|| answer.unreadable("the homeserver"))?;
    let room = room.to_owned();
    Ok(EventId { room, event }.stored())
}

async fn redact(
    homeserver: &Homeserver<'_>,
    target: &EventId,
    key: &str,
) -> Result<Sent, SendError> {
    let path = format!(
        "/_matrix/client/v3/rooms/{}/redact/{}/{}",
        segment(&target.room),
        segment(&target.event),
        segment(key)
    );
    plain(homeserver.call(Method::PUT, &path, &json!({})).await?)
}

/// Reacts in place of what we reacted before; an empty emoji withdraws that alone.
async fn react(
    homeserver: &Homeserver<'_>,
    target: &EventId,
    emoji: &str,
    key: &str,
    writer: Option<&Writer>,
) -> Result<Sent, SendError> {
    let standing = room::own_reactions(homeserver, target).await?;
    let stands = |reaction: &&OwnReaction| reaction.emoji == emoji;
    let earlier = standing.iter().filter(|reaction| !stands(reaction));
    for (index, reaction) in earlier.enumerate() {
        let author = homeserver.acting_as(&reaction.author);
        redact(&author, &reaction.event, &format!("{key}-{index}")).await?;
    }
    if emoji.is_empty() {
        return Ok(Sent::default());
    }
    if let Some(reaction) = standing.iter().find(stands) {
        return Ok(Sent::with(Some(reaction.event.stored())));
    }
    let relation = json!({
        "rel_type": "m.annotation",
        "event_id": target.event,
        "key": emoji,
    });
    let event = Event {
        kind: "m.reaction",
        content: json!({ "m.relates_to": relation }),
    };
    let sent = put_by(homeserver, writer, &target.room, key, &event).await?;
    Ok(Sent::with(Some(sent)))
}

fn plain(answer: Answer) -> Result<Sent, SendError> {
    errors::check(&answer)?;
    Ok(Sent::default())
}

fn target_id(target: &str) -> Result<EventId, SendError> {
    EventId::parse(target)
        .ok_or_else(|| refusal::unsupported("Matrix can do this to events of a room only"))
}

/// Writes a content as events: one, and one more for each file beside words.
fn events(content: &Content) -> Result<Vec<Event>, SendError> {
    Ok(match content {
        Content::Text { text } => vec![message(words(text))],
        Content::Media { media, caption } => vec![file(media, caption.as_deref())?],
        Content::Location(place) => vec![message(location(place))],
        Content::Composite(composite) => several(composite)?,
        other => {
            let detail = format!("Matrix cannot carry a message of kind {}", other.kind());
            return Err(refusal::unsupported(detail));
        }
    })
}

fn message(content: Value) -> Event {
    let kind = "m.room.message";
    Event { kind, content }
}

fn words(text: &str) -> Value {
    json!({ "msgtype": "m.text", "body": text })
}

fn several(composite: &Composite) -> Result<Vec<Event>, SendError> {
    let mut events = Vec::new();
    let text = composite.text().filter(|text| !text.trim().is_empty());
    let text = text.or(composite.subject.as_deref());
    if let Some(text) = text {
        let mut body = words(text);
        if let Some(html) = composite.html() {
            refusal::fits("formatted text", html, CAPABILITIES.max_text)?;
            body["format"] = "org.matrix.custom.html".into();
            body["formatted_body"] = html.into();
        }
        events.push(message(body));
    }
    for media in composite.files() {
        events.push(file(media, None)?);
    }
    match events.is_empty() {
        true => Err(refusal::unsupported("a message needs words or a file")),
        false => Ok(events),
    }
}

/// Names a file. One that is elsewhere is told as a link, since apps show those of homeservers
/// alone.
fn file(media: &Media, caption: Option<&str>) -> Result<Event, SendError> {
    let url = match &media.source {
        MediaSource::ProviderId(id) => id,
        MediaSource::Url(link) => return Ok(message(words(&linked(link, media, caption)))),
        MediaSource::Stored(_) => return Err(refusal::not_uploaded()),
    };
    let name = media.file_name.as_deref().unwrap_or(media.kind.as_str());
    let mut info = json!({});
    if let Some(mime_type) = &media.mime_type {
        info["mimetype"] = mime_type.as_str().into();
    }
    if let Some(size) = media.size {
        info["size"] = size.into();
    }
    let mut content = json!({
        "body": caption.unwrap_or(name),
        "filename": name,
        "url": url,
        "info": info,
    });
    let msgtype = match media.kind {
        MediaKind::Sticker => {
            return Ok(Event {
                kind: "m.sticker",
                content,
            });
        }
        MediaKind::Image | MediaKind::Animation => "m.image",
        MediaKind::Video => "m.video",
        MediaKind::Audio | MediaKind::Voice => "m.audio",
        MediaKind::Document => "m.file",
    };
    if media.kind == MediaKind::Voice {
        content["org.matrix.msc3245.voice"] = json!({});
    }
    content["msgtype"] = msgtype.into();
    Ok(message(content))
}

fn linked(link: &str, media: &Media, caption: Option<&str>) -> String {
    let lines = [caption, media.file_name.as_deref(), Some(link)];
    let lines: Vec<&str> = lines.into_iter().flatten().collect();
    lines.join("\n")
}

fn location(place: &Location) -> Value {
    let uri = format!("geo:{},{}", place.latitude, place.longitude);
    let words: Vec<&str> = [place.name.as_deref(), place.address.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let body = match words.is_empty() {
        true => uri.clone(),
        false => words.join(", "),
    };
    json!({ "msgtype": "m.location", "body": body, "geo_uri": uri })
}

/// Puts words in the place of words; the outer ones are for apps that know no edits.
fn replacement(target: &EventId, content: &Content) -> Result<Event, SendError> {
    refusal::check(content, &CAPABILITIES)?;
    let mut events = events(content)?;
    let first = match (events.pop(), events.is_empty()) {
        (Some(first), true) if first.kind == "m.room.message" => first.content,
        _ => {
            let detail = "Matrix can put one message in the place of another, nothing more";
            return Err(refusal::unsupported(detail));
        }
    };
    let mut outer = first.clone();
    let body = outer["body"].as_str().unwrap_or_default();
    outer["body"] = format!("* {body}").into();
    if let Some(html) = outer["formatted_body"].as_str() {
        outer["formatted_body"] = format!("* {html}").into();
    }
    outer["m.new_content"] = first;
    outer["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": target.event });
    Ok(message(outer))
}
