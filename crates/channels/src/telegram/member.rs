//! Who is in a group: told by service messages, and to an administrator for each change.

use super::id::MessageId;
use super::parse::at;
use super::people;
use crate::json::{self, Fields};
use interdesk_domain::message::{
    GroupRole, Membership, Notice, NoticePlace, Sender, Standing, Update, UpdateKind,
};
use serde_json::value::RawValue;

/// Reads a service message that tells what became of a group; none where it tells anything else.
pub(super) fn service(message: &Fields<'_>, raw: &RawValue) -> Vec<Update> {
    let Some(group) = group(message) else {
        return Vec::new();
    };
    let date = message.seconds("date");
    let told = |who: Sender, standing| {
        let group = group.clone();
        at(date, membership(group, who, Some(standing), None))
    };
    let mut updates = Vec::new();
    let mut notes = Vec::new();
    for person in message.objects("new_chat_members") {
        let who = people::person(&person);
        notes.push(format!("{} joined the group.", name(&who)));
        if is_person(&person) {
            updates.push(told(who, Standing::Joined));
        }
    }
    if let Some(person) = message.object("left_chat_member") {
        let who = people::person(&person);
        let from = message.object("from").unwrap_or_default();
        let (words, standing) = match from.id("id") == person.id("id") {
            true => ("left the group", Standing::Left),
            false => ("was removed from the group", Standing::Removed),
        };
        notes.push(format!("{} {words}.", name(&who)));
        if is_person(&person) {
            updates.push(told(who, standing));
        }
    }
    if let Some(title) = message.words("new_chat_title") {
        notes.push(format!("The group is called “{title}” now."));
    }
    let own = MessageId::of(message).map(|id| id.to_string());
    let own = own.unwrap_or_else(|| json::synthetic_id(raw.get()));
    for (index, text) in notes.into_iter().enumerate() {
        let note = Notice {
            place: NoticePlace::Group(group.clone()),
            id: format!("{own}:{index}"),
            kind: super::content::service(message)
                .unwrap_or("service")
                .to_owned(),
            text,
            raw: raw.get().to_owned(),
        };
        updates.push(at(date, UpdateKind::Notice(Box::new(note))));
    }
    updates
}

/// Reads that somebody stands to a group in another way, as administrators are told.
pub(super) fn changed(change: &Fields<'_>) -> Option<Update> {
    let group = group(change)?;
    let member = change.object("new_chat_member")?;
    let person = member.object("user").filter(is_person)?;
    let by = change.object("from").unwrap_or_default();
    let (standing, role) = match member.text("status")?.as_str() {
        "creator" => (Standing::Joined, GroupRole::Owner),
        "administrator" => (Standing::Joined, GroupRole::Admin),
        "member" => (Standing::Joined, GroupRole::Member),
        "restricted" if member.flag("is_member") => (Standing::Joined, GroupRole::Member),
        "left" | "restricted" if by.id("id") == person.id("id") => {
            (Standing::Left, GroupRole::Member)
        }
        "left" | "restricted" | "kicked" => (Standing::Removed, GroupRole::Member),
        _ => return None,
    };
    let who = people::person(&person);
    let told = membership(group, who, Some(standing), Some(role));
    Some(at(change.seconds("date"), told))
}

/// Reads that the bot came into a group or can no longer write there; Telegram refuses what is sent then.
pub(super) fn own(change: &Fields<'_>, number: &str, raw: &RawValue) -> Option<UpdateKind> {
    let group = group(change)?;
    let stands = |name| {
        let member = change.object(name)?;
        let status = member.text("status")?;
        let out = matches!(status.as_str(), "left" | "kicked");
        // What is not said is allowed.
        let muted = status == "restricted"
            && member.has("can_send_messages")
            && !member.flag("can_send_messages");
        Some((out, muted))
    };
    let before = stands("old_chat_member").unwrap_or((true, false));
    let now = stands("new_chat_member")?;
    let text = match now {
        _ if before == now => return None,
        (true, _) => "The bot was removed from the group: nothing can be sent there any more.",
        (false, true) => {
            "The bot may no longer write in the group: an administrator has to allow it."
        }
        (false, false) => "The bot is in the group and may write.",
    };
    Some(UpdateKind::Notice(Box::new(Notice {
        place: NoticePlace::Group(group),
        id: format!("update:{number}"),
        kind: "my_chat_member".to_owned(),
        text: text.to_owned(),
        raw: raw.get().to_owned(),
    })))
}

/// Members are those of the whole group, whatever topic a message stands in.
fn group(message: &Fields<'_>) -> Option<String> {
    let chat = message.object("chat")?;
    let kind = chat.text("type");
    let is_group = matches!(kind.as_deref(), Some("group" | "supergroup"));
    let id = chat.integer("id").filter(|_| is_group)?;
    Some(id.to_string())
}

fn is_person(user: &Fields<'_>) -> bool {
    user.has("id") && !user.flag("is_bot")
}

fn name(who: &Sender) -> &str {
    who.name.as_deref().unwrap_or("Somebody")
}

fn membership(
    group: String,
    who: Sender,
    standing: Option<Standing>,
    role: Option<GroupRole>,
) -> UpdateKind {
    UpdateKind::Membership(Box::new(Membership {
        group,
        who,
        standing,
        role,
    }))
}
