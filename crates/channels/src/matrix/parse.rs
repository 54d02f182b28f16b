//! One transaction: events that stay, and ephemeral ones that pass.

use super::content;
use super::id::{self, EventId, Ours};
use super::member;
use crate::json::{self, Fields};
use crate::{Credentials, ParseError};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::message::{
    Author, Content, InboundMessage, Reaction, Receipt, Sender, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Somebody asks one of us into a room.
pub(super) const INVITATION: &str = "m.room.member.invite";

/// A room was replaced by another.
pub(super) const MOVED: &str = "m.room.tombstone";

/// Message-like events that somebody wrote and that a desk cannot show.
const SHOWN_ELSEWHERE: [&str; 8] = [
    "m.room.encrypted",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
    "m.call.invite",
    "m.beacon",
    "org.matrix.msc3672.beacon",
    "m.message",
    "m.voice",
];

/// Translates a transaction, or one event that was kept.
pub(super) fn parse(body: &[u8], credentials: &Credentials) -> Result<Vec<Update>, ParseError> {
    let ours = Ours::of(credentials);
    json::read(body, |raw, root| updates(raw, root, ours.as_ref()))
}

fn updates(
    raw: &RawValue,
    root: &Fields<'_>,
    ours: Option<&Ours<'_>>,
) -> Result<Vec<Update>, ParseError> {
    let mut updates = Vec::new();
    if root.has("type") {
        event(raw, ours, &mut updates);
        return Ok(updates);
    }
    let ephemeral = ["ephemeral", "de.sorunome.msc2409.ephemeral"];
    let known = |name: &&str| root.has(name);
    if root.has(member::STATE) {
        member::state(root, ours, &mut updates);
        return Ok(updates);
    }
    if !root.has("events") && !ephemeral.iter().any(known) {
        let detail = "there are no events".to_owned();
        return Err(ParseError::Unreadable(detail));
    }
    for raw in root.list("events") {
        event(raw, ours, &mut updates);
    }
    // A homeserver may send both names of the same list during an upgrade.
    if let Some(name) = ephemeral.into_iter().find(known) {
        for raw in root.list(name) {
            passing(raw, ours, &mut updates);
        }
    }
    Ok(updates)
}

/// Reads one event that stays.
fn event(raw: &RawValue, ours: Option<&Ours<'_>>, updates: &mut Vec<Update>) {
    let Some(event) = Fields::read(raw) else {
        updates.push(other("malformed", raw, None));
        return;
    };
    let is_ours = |user: Option<&str>| user.zip(ours).is_some_and(|(user, ours)| ours.holds(user));
    let from = event.text("sender");
    // What we wrote ourselves comes back to us.
    if is_ours(from.as_deref()) {
        return;
    }
    let kind = event
        .words("type")
        .unwrap_or_else(|| "malformed".to_owned());
    let at = event.milliseconds("origin_server_ts");
    let told = match (kind.as_str(), event.has("state_key")) {
        ("m.room.member", true) => {
            let about_us = is_ours(event.text("state_key").as_deref());
            membership(&event, raw, about_us, ours, updates);
            return;
        }
        ("m.room.power_levels", true) => {
            updates.extend(member::roles(&event, ours));
            None
        }
        ("m.room.name", true) => member::named(&event, raw),
        (MOVED, true) => {
            updates.extend(moved(&event));
            None
        }
        (_, true) => None,
        ("m.room.message", false) => Some(message(&event, raw)),
        ("m.sticker", false) => {
            let content = content::sticker(&event.object("content").unwrap_or_default());
            Some(written(&event, raw, content))
        }
        ("m.reaction", false) => reaction(&event),
        ("m.room.redaction", false) => redaction(&event),
        ("m.room.member", false) => None,
        (kind, false) if SHOWN_ELSEWHERE.contains(&kind) => {
            Some(written(&event, raw, content::unsupported(kind)))
        }
        _ => None,
    };
    updates.push(match told {
        Some(kind) => update(at, kind),
        None => other(&kind, raw, at),
    });
}

fn message(event: &Fields<'_>, raw: &RawValue) -> UpdateKind {
    let content = event.object("content").unwrap_or_default();
    let relation = content.object("m.relates_to").unwrap_or_default();
    let author = id::sender(event);
    if relation.text("rel_type").as_deref() == Some("m.replace")
        && let Some(edit) = edit(event, &content, &relation, &author)
    {
        return edit;
    }
    let answers = relation.has("m.in_reply_to");
    let content = content::read(&content, author.name.as_deref(), answers);
    written(event, raw, content)
}

/// Reads words that take the place of earlier ones.
fn edit(
    event: &Fields<'_>,
    content: &Fields<'_>,
    relation: &Fields<'_>,
    author: &Sender,
) -> Option<UpdateKind> {
    let now = content.object("m.new_content")?;
    let target = EventId {
        room: event.id("room_id")?,
        event: relation.id("event_id")?,
    };
    let by = author.addresses.first()?;
    // Some clients leave the quotation before an answer in the new words as well.
    let content = content::read(&now, author.name.as_deref(), true);
    let target = target.of_author(&by.value);
    Some(UpdateKind::Edit { target, content })
}

/// Makes a message of an event that somebody wrote.
fn written(event: &Fields<'_>, raw: &RawValue, content: Content) -> UpdateKind {
    let author = id::sender(event);
    let found = event_id(event, "event_id");
    let id = found.as_ref().map(EventId::stored);
    let id = id.unwrap_or_else(|| json::synthetic_id(raw.get()));
    let body = event.object("content").unwrap_or_default();
    let tells_more = matches!(
        content,
        Content::Unsupported { .. } | Content::Notice { .. }
    ) || ["formatted_body", "m.mentions", "m.relates_to", "file"]
        .iter()
        .any(|name| body.has(name))
        || body
            .object("info")
            .is_some_and(|info| info.names().count() > 2);
    let by = author.addresses.first();
    let of_author = found.as_ref().zip(by);
    let other_ids = of_author.map(|(id, by)| id.of_author(&by.value));
    UpdateKind::Message(Box::new(InboundMessage {
        reply_to: quoted(event, &body),
        raw: tells_more.then(|| raw.get().to_owned()),
        other_ids: other_ids.into_iter().collect(),
        // The next answer goes to where the customer wrote last.
        state: room(event),
        // Whether it is a group its members tell, not its messages.
        room: room(event),
        ..InboundMessage::new(id, Author::Customer(author), content)
    }))
}

fn room(event: &Fields<'_>) -> Option<String> {
    event.words("room_id").filter(|room| room.starts_with('!'))
}

/// What is open in a room goes on in the one that replaced it.
fn moved(event: &Fields<'_>) -> Option<Update> {
    let to = event.object("content")?.words("replacement_room")?;
    let from = room(event)?;
    let at = event.milliseconds("origin_server_ts");
    Some(update(at, UpdateKind::GroupMoved { from, to }))
}

/// Returns the message that this one answers. In a thread, where that is only said for clients
/// without threads, it is the message that the thread began with.
fn quoted(event: &Fields<'_>, content: &Fields<'_>) -> Option<String> {
    let relation = content.object("m.relates_to")?;
    let answered = relation.object("m.in_reply_to").unwrap_or_default();
    let thread = relation.text("rel_type").as_deref() == Some("m.thread");
    let answers = !(thread && (relation.flag("is_falling_back") || !answered.has("event_id")));
    let target = match answers {
        true => answered.id("event_id")?,
        false => relation.id("event_id")?,
    };
    let room = event.id("room_id")?;
    let id = EventId {
        room,
        event: target,
    };
    Some(id.stored())
}

fn reaction(event: &Fields<'_>) -> Option<UpdateKind> {
    let relation = event.object("content")?.object("m.relates_to")?;
    if relation.text("rel_type").as_deref() != Some("m.annotation") {
        return None;
    }
    let target = EventId {
        room: event.id("room_id")?,
        event: relation.id("event_id")?,
    };
    Some(UpdateKind::Reaction(Reaction {
        target: target.stored(),
        by: id::sender(event),
        emojis: vec![relation.words("key")?],
        provider_id: Some(event_id(event, "event_id")?.stored()),
    }))
}

/// Reads that something is taken back; rooms of version 11 name it within the content, older ones
/// beside it.
fn redaction(event: &Fields<'_>) -> Option<UpdateKind> {
    let content = event.object("content").unwrap_or_default();
    let target = content.id("redacts").or_else(|| event.id("redacts"))?;
    let target = EventId {
        room: event.id("room_id")?,
        event: target,
    };
    let target = target.stored();
    Some(UpdateKind::Delete { target })
}

/// Reads who came, went, was asked in or shut out.
fn membership(
    event: &Fields<'_>,
    raw: &RawValue,
    about_us: bool,
    ours: Option<&Ours<'_>>,
    updates: &mut Vec<Update>,
) {
    let at = event.milliseconds("origin_server_ts");
    let content = event.object("content").unwrap_or_default();
    let state = content.text("membership").unwrap_or_default();
    let by = event.id("sender");
    let about = event.text("state_key");
    let about_bot = about_us
        && about
            .as_deref()
            .zip(ours)
            .is_some_and(|(user, ours)| ours.is(user));
    let consent = |allowed, detail: &str| {
        let who = id::user(by.clone())?;
        let detail = detail.to_owned();
        Some(update(
            at,
            UpdateKind::Consent {
                who,
                allowed,
                marketing: false,
                detail,
            },
        ))
    };
    match state.as_str() {
        // Whoever asks us in wants to be answered; whoever shuts us out does not.
        "invite" if about_us => {
            updates.extend(consent(true, "invite"));
            updates.push(other(INVITATION, raw, at));
        }
        // Who shuts a ghost out still has the bot to write to.
        "ban" if about_bot => match consent(false, "ban") {
            Some(told) => updates.push(told),
            None => updates.push(other("m.room.member", raw, at)),
        },
        "leave" if rejects_us(event, ours) => {
            updates.extend(consent(false, "invitation refused"));
        }
        _ if about_us => updates.push(other("m.room.member", raw, at)),
        _ => {}
    }
    if !about_us {
        member::told(event, raw, updates);
    }
}

/// Returns whether a customer refuses an invitation of ours.
fn rejects_us(event: &Fields<'_>, ours: Option<&Ours<'_>>) -> bool {
    let unsigned = event.object("unsigned").unwrap_or_default();
    let before = unsigned.object("prev_content").unwrap_or_default();
    let asked = before.text("membership").as_deref() == Some("invite");
    let by_us = unsigned
        .text("prev_sender")
        .zip(ours)
        .is_some_and(|(sender, ours)| ours.holds(&sender));
    asked && by_us && event.text("state_key") == event.text("sender")
}

/// Reads one event that passes: who read what, who is writing. Who is awake is nobody's business.
fn passing(raw: &RawValue, ours: Option<&Ours<'_>>, updates: &mut Vec<Update>) {
    let Some(event) = Fields::read(raw) else {
        return;
    };
    match event.text("type").as_deref() {
        Some("m.receipt") => read(&event, ours, updates),
        Some("m.typing") => updates.extend(writing(&event, ours)),
        _ => {}
    }
}

/// Reads who is writing; the list takes the place of the one before.
fn writing(event: &Fields<'_>, ours: Option<&Ours<'_>>) -> Vec<Update> {
    let content = event.object("content").unwrap_or_default();
    let users = content.list("user_ids").into_iter().filter_map(json::text);
    let others = users.filter(|user| !ours.is_some_and(|ours| ours.holds(user)));
    let typing = others.filter_map(|user| id::user(Some(json::bounded(user))));
    typing
        .map(|who| update(None, UpdateKind::Typing { who }))
        .collect()
}

/// Reads who read what.
fn read(event: &Fields<'_>, ours: Option<&Ours<'_>>, updates: &mut Vec<Update>) {
    let (Some(room), Some(read)) = (event.id("room_id"), event.object("content")) else {
        return;
    };
    for name in read.names() {
        let readers = read.object(name).and_then(|kinds| kinds.object("m.read"));
        let Some(readers) = readers else { continue };
        let target = EventId {
            room: room.clone(),
            event: name.to_owned(),
        };
        for user in readers.names() {
            if ours.is_some_and(|ours| ours.holds(user)) {
                continue;
            }
            let at = readers.object(user);
            let at = at.and_then(|told| told.milliseconds("ts"));
            updates.push(update(
                at,
                UpdateKind::Receipt(Receipt {
                    provider_id: Some(target.stored()),
                    attempt: None,
                    state: DeliveryState::Read,
                    failure: None,
                    recipient: Some(json::bounded(user.to_owned())),
                }),
            ));
        }
    }
}

fn event_id(event: &Fields<'_>, name: &str) -> Option<EventId> {
    Some(EventId {
        room: event.id("room_id")?,
        event: event.id(name)?,
    })
}

pub(super) fn other(kind: &str, raw: &RawValue, at: Option<DateTime<Utc>>) -> Update {
    let kind: String = kind.chars().take(128).collect();
    let raw = raw.get().to_owned();
    update(at, UpdateKind::Other { kind, raw })
}

pub(super) fn update(at: Option<DateTime<Utc>>, kind: UpdateKind) -> Update {
    let account = None;
    Update { account, at, kind }
}
