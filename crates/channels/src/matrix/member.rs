//! Who is in a room, and as what: told by state events, and read once when the bot enters.

use super::id::{self, Ours};
use super::parse::{other, update};
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::message::{
    GroupRole, Membership, Notice, NoticePlace, Sender, Standing, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Under which name the state of a room is handed to `parse`, which then makes no notes of it: it
/// happened before the desk was there.
pub(super) const STATE: &str = "interdesk.state";

/// How many members of a room are read when the bot enters.
const MOST: usize = 1_000;

/// From which level on somebody looks after a room, and decides about it, as apps show it.
const ADMIN: i64 = 50;
const OWNER: i64 = 100;

/// Reads one event about somebody's membership who is none of us: what it says of them, and a note
/// for the timeline where somebody came or went.
pub(super) fn told(event: &Fields<'_>, raw: &RawValue, updates: &mut Vec<Update>) {
    let at = event.milliseconds("origin_server_ts");
    let Some(member) = Member::read(event) else {
        updates.push(other("m.room.member", raw, at));
        return;
    };
    let note = member.note(event);
    updates.push(member.update(at));
    // Without one it is another name or picture, and what is told of it is kept with the member.
    if let Some(note) = note {
        updates.push(noted(event, raw, "m.room.member", note));
    }
}

/// Reads who may do what; whoever is no longer listed is a member like all others.
pub(super) fn roles(event: &Fields<'_>, ours: Option<&Ours<'_>>) -> Vec<Update> {
    let Some(room) = event.id("room_id") else {
        return Vec::new();
    };
    let content = event.object("content").unwrap_or_default();
    let now = content.object("users").unwrap_or_default();
    let unsigned = event.object("unsigned").unwrap_or_default();
    let before = unsigned.object("prev_content").unwrap_or_default();
    let before = before.object("users").unwrap_or_default();
    let unlisted = before.names().filter(|user| !now.has(user));
    let listed = now.names().map(|user| (user, role(now.integer(user))));
    let all = listed.chain(unlisted.map(|user| (user, GroupRole::Member)));
    let at = event.milliseconds("origin_server_ts");
    all.filter(|(user, _)| !ours.is_some_and(|ours| ours.holds(user)))
        .take(MOST)
        .filter_map(|(user, role)| of(&room, user, None, Some(role), at))
        .collect()
}

fn role(level: Option<i64>) -> GroupRole {
    match level.unwrap_or_default() {
        OWNER.. => GroupRole::Owner,
        ADMIN.. => GroupRole::Admin,
        _ => GroupRole::Member,
    }
}

fn of(
    room: &str,
    user: &str,
    standing: Option<Standing>,
    role: Option<GroupRole>,
    at: Option<DateTime<Utc>>,
) -> Option<Update> {
    let address = id::user(Some(json::bounded(user.to_owned())))?;
    let who = Sender {
        addresses: vec![address],
        ..Sender::default()
    };
    let group = room.to_owned();
    Some(update(
        at,
        UpdateKind::Membership(Box::new(Membership {
            group,
            who,
            standing,
            role,
        })),
    ))
}

/// Notes how a room is called now.
pub(super) fn named(event: &Fields<'_>, raw: &RawValue) -> Option<UpdateKind> {
    let name = event.object("content")?.words("name");
    let text = match name {
        Some(name) => format!("The room is called “{name}” now."),
        None => "The room has no name any more.".to_owned(),
    };
    event.id("room_id")?;
    Some(noted(event, raw, "m.room.name", text).kind)
}

fn noted(event: &Fields<'_>, raw: &RawValue, kind: &str, text: String) -> Update {
    let id = event.id("event_id");
    let note = Notice {
        place: NoticePlace::Group(event.id("room_id").unwrap_or_default()),
        id: id.unwrap_or_else(|| json::synthetic_id(raw.get())),
        kind: kind.to_owned(),
        text,
        raw: raw.get().to_owned(),
    };
    let at = event.milliseconds("origin_server_ts");
    update(at, UpdateKind::Notice(Box::new(note)))
}

/// Reads the state of a room as it was when the bot entered.
pub(super) fn state(root: &Fields<'_>, ours: Option<&Ours<'_>>, updates: &mut Vec<Update>) {
    // Whoever is in there is met under their name, which what they may do does not tell.
    let mut may = Vec::new();
    for raw in root.list(STATE) {
        let Some(event) = Fields::read(raw) else {
            continue;
        };
        if updates.len() >= MOST {
            break;
        }
        let at = event.milliseconds("origin_server_ts");
        match event.text("type").as_deref() {
            Some("m.room.member") => {
                let about = event.text("state_key").unwrap_or_default();
                let ours = ours.is_some_and(|ours| ours.holds(&about));
                let member = Member::read(&event).filter(|member| !ours && member.is_here());
                updates.extend(member.map(|member| member.update(at)));
            }
            Some("m.room.power_levels") => may.extend(roles(&event, ours)),
            // Who made a room of version 12 or later decides about it without being listed.
            Some("m.room.create") => may.extend(creators(&event, ours, at)),
            _ => {}
        }
    }
    updates.extend(may);
}

fn creators(event: &Fields<'_>, ours: Option<&Ours<'_>>, at: Option<DateTime<Utc>>) -> Vec<Update> {
    let (Some(room), Some(sender)) = (event.id("room_id"), event.text("sender")) else {
        return Vec::new();
    };
    let content = event.object("content").unwrap_or_default();
    let version = content.text("room_version").unwrap_or_default();
    if !version.parse::<u32>().is_ok_and(|version| version >= 12) {
        return Vec::new();
    }
    let further = content.list("additional_creators");
    let further = further.into_iter().filter_map(json::text);
    std::iter::once(sender)
        .chain(further)
        .filter(|user| !ours.is_some_and(|ours| ours.holds(user)))
        .take(MOST)
        .filter_map(|user| of(&room, &user, None, Some(GroupRole::Owner), at))
        .collect()
}

/// What an event tells of one member.
struct Member {
    room: String,
    who: Sender,
    standing: Standing,
}

impl Member {
    fn read(event: &Fields<'_>) -> Option<Self> {
        let address = id::user(event.id("state_key"))?;
        let content = event.object("content").unwrap_or_default();
        let by_themselves = event.text("sender") == event.text("state_key");
        let standing = match (content.text("membership")?.as_str(), by_themselves) {
            ("join", _) => Standing::Joined,
            ("invite", _) => Standing::Invited,
            ("knock", _) => Standing::Asking,
            ("leave", true) => Standing::Left,
            ("leave" | "ban", _) => Standing::Removed,
            _ => return None,
        };
        let who = Sender {
            name: content.words("displayname"),
            addresses: vec![address],
            locale: None,
        };
        Some(Self {
            room: event.id("room_id")?,
            who,
            standing,
        })
    }

    fn is_here(&self) -> bool {
        !matches!(self.standing, Standing::Left | Standing::Removed)
    }

    /// Says in words what became of somebody; nothing where only their name or picture did.
    fn note(&self, event: &Fields<'_>) -> Option<String> {
        let unsigned = event.object("unsigned").unwrap_or_default();
        let before = unsigned.object("prev_content").unwrap_or_default();
        let stood = before.text("membership").unwrap_or_default();
        let user = self.who.addresses.first()?.value.as_str();
        let called = self
            .who
            .name
            .clone()
            .or_else(|| before.words("displayname"));
        let who = called.unwrap_or_else(|| user.to_owned());
        Some(match (self.standing, stood.as_str()) {
            (Standing::Joined, "join") => return None,
            (Standing::Joined, _) => format!("{who} joined the room."),
            (Standing::Invited, _) => format!("{who} was asked into the room."),
            (Standing::Asking, _) => format!("{who} asks to come into the room."),
            (Standing::Left, "invite") => format!("{who} does not want to come into the room."),
            (Standing::Left, "knock") => format!("{who} no longer asks to come into the room."),
            (Standing::Left, _) => format!("{who} left the room."),
            (Standing::Removed, "invite") => format!("{who} is no longer asked into the room."),
            (Standing::Removed, _) => format!("{who} was removed from the room."),
        })
    }

    fn update(self, at: Option<DateTime<Utc>>) -> Update {
        let told = Membership {
            group: self.room,
            who: self.who,
            standing: Some(self.standing),
            role: None,
        };
        update(at, UpdateKind::Membership(Box::new(told)))
    }
}
