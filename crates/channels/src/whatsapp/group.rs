//! What becomes of groups: who came and went, how they are called, whether anybody may write there.
//!
//! Each is told as a note for the timeline of the group's conversation. Nobody is asked to work by one.

use super::parse::Page;
use super::people;
use crate::json::{self, Fields};
use chrono::{DateTime, Utc};
use interdesk_domain::message::{
    Address, Membership, Notice, NoticePlace, Sender, Standing, UpdateKind,
};
use serde_json::value::RawValue;

/// Reads one group of a change; what nobody understands is kept as it came.
pub(super) fn read(page: &mut Page<'_, '_>, field: &str, raw: &RawValue) {
    let group = Fields::read(raw).unwrap_or_default();
    let at = group.seconds("timestamp");
    let kind = group.id("type").unwrap_or_else(|| field.to_owned());
    let texts = match failed(&group) {
        Some(why) => vec![format!("{}: {why}", undone(&kind))],
        None => told(&kind, &group),
    };
    let Some(id) = group.id("group_id").filter(|_| !texts.is_empty()) else {
        return page.keep(at, field, raw);
    };
    for (index, text) in texts.into_iter().enumerate() {
        let own = json::synthetic_id(raw.get());
        page.push(
            at,
            UpdateKind::Notice(Box::new(Notice {
                place: NoticePlace::Group(id.clone()),
                // One event may tell of several changes.
                id: format!("{own}:{index}"),
                kind: kind.clone(),
                text,
                raw: raw.get().to_owned(),
            })),
        );
    }
    members(page, at, &kind, &id, &group);
    for person in group.objects("added_participants") {
        same_person(page, at, &person);
    }
}

/// Tells how people stand to a group now.
fn members(
    page: &mut Page<'_, '_>,
    at: Option<DateTime<Utc>>,
    kind: &str,
    id: &str,
    group: &Fields<'_>,
) {
    if failed(group).is_some() {
        return;
    }
    let by_themselves = group.text("initiated_by").as_deref() == Some("participant");
    let (people, standing) = match kind {
        "group_participants_add" => (group.objects("added_participants"), Standing::Joined),
        "group_participants_remove" if by_themselves => {
            (group.objects("removed_participants"), Standing::Left)
        }
        "group_participants_remove" => (group.objects("removed_participants"), Standing::Removed),
        "group_join_request_created" => (Vec::new(), Standing::Asking),
        "group_join_request_revoked" => (Vec::new(), Standing::Left),
        _ => return,
    };
    // Who asks to come in is told beside the group's own name.
    let asking = kind.starts_with("group_join_request").then_some(group);
    for person in people.iter().chain(asking) {
        let (phone, user) = addresses(person);
        // Who is sent away may be named by nothing but what the business gave.
        let given = || match person.id("input")? {
            given if given.contains('.') => people::bsuid(Some(given)),
            given => people::phone(Some(given)),
        };
        let known: Vec<Address> = user.into_iter().chain(phone).collect();
        let addresses = match known.is_empty() {
            true => given().into_iter().collect(),
            false => known,
        };
        let told = Membership {
            group: id.to_owned(),
            who: Sender {
                addresses,
                ..Sender::default()
            },
            standing: Some(standing),
            role: None,
        };
        page.push(at, UpdateKind::Membership(Box::new(told)));
    }
}

/// The provider names two addresses of one person, which proves that both are theirs.
fn same_person(page: &mut Page<'_, '_>, at: Option<DateTime<Utc>>, person: &Fields<'_>) {
    let (phone, user) = addresses(person);
    if let (Some(phone), Some(user)) = (phone, user) {
        for (known, also) in [(&phone, &user), (&user, &phone)] {
            let (known, also) = (known.clone(), also.clone());
            page.push(at, UpdateKind::AddressAdded { known, also });
        }
    }
}

fn addresses(person: &Fields<'_>) -> (Option<Address>, Option<Address>) {
    let phone = people::phone(person.id("wa_id"));
    (phone, people::bsuid(person.id("user_id")))
}

fn told(kind: &str, group: &Fields<'_>) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match kind {
        "group_create" => match group.words("subject") {
            Some(subject) => vec![format!("The group “{subject}” was made.")],
            None => one("The group was made."),
        },
        "group_delete" => one("The group was deleted."),
        "group_suspend" => one("WhatsApp suspended the group: nobody can write in it."),
        "group_suspend_cleared" => one("WhatsApp lets people write in the group again."),
        "group_settings_update" => settings(group),
        "group_participants_add" => each(group, "added_participants", |who| {
            match group.text("reason").as_deref() {
                Some("invite_link") => format!("{who} joined the group by its link."),
                _ => format!("{who} joined the group."),
            }
        }),
        "group_participants_remove" => each(group, "removed_participants", |who| {
            match group.text("initiated_by").as_deref() {
                Some("participant") => format!("{who} left the group."),
                _ => format!("{who} was removed from the group."),
            }
        }),
        "group_join_request_created" => vec![format!("{} asks to join the group.", name(group))],
        "group_join_request_revoked" => {
            vec![format!("{} no longer asks to join the group.", name(group))]
        }
        _ => Vec::new(),
    }
}

fn each(group: &Fields<'_>, list: &str, text: impl Fn(&str) -> String) -> Vec<String> {
    let all = group.objects(list).into_iter();
    all.map(|person| text(&name(&person))).collect()
}

/// Names a participant by what is told of them.
fn name(person: &Fields<'_>) -> String {
    let phone = person.id("wa_id").map(people::digits);
    let known = person
        .words("username")
        .or_else(|| Some(format!("+{}", phone?)));
    let known = known.or_else(|| person.words("user_id"));
    known
        .or_else(|| person.words("input"))
        .unwrap_or_else(|| "Somebody".to_owned())
}

fn settings(group: &Fields<'_>) -> Vec<String> {
    let mut told = Vec::new();
    let mut note = |part: &str, done: &dyn Fn(Option<String>) -> String, undone: &str| {
        let Some(part) = group.object(part) else {
            return;
        };
        let refused = failed(&part);
        let is_done = part.flag("update_successful") || !part.has("update_successful");
        told.push(match refused {
            Some(why) => format!("{undone}: {why}"),
            None if is_done => done(part.words("text")),
            None => format!("{undone}."),
        });
    };
    let called = |text: Option<String>| match text {
        Some(text) => format!("The group is called “{text}” now."),
        None => "The group has another name now.".to_owned(),
    };
    note(
        "group_subject",
        &called,
        "The group could not be given another name",
    );
    let described = |text: Option<String>| match text {
        Some(text) => format!("The group is described anew: {text}"),
        None => "The group has another description now.".to_owned(),
    };
    note(
        "group_description",
        &described,
        "The group could not be described anew",
    );
    let pictured = |_| "The group has another picture now.".to_owned();
    note(
        "profile_picture",
        &pictured,
        "The group could not be given another picture",
    );
    told
}

/// Says what did not come to pass.
fn undone(kind: &str) -> &'static str {
    match kind {
        "group_create" => "The group could not be made",
        "group_delete" => "The group could not be deleted",
        "group_participants_add" => "Nobody could be added to the group",
        "group_participants_remove" => "Nobody could be removed from the group",
        _ => "The group could not be changed",
    }
}

/// Returns why something was refused, in the provider's words.
fn failed(part: &Fields<'_>) -> Option<String> {
    let errors = part.objects("errors");
    let first = errors.first()?;
    let words = first.words("message").or_else(|| first.words("title"));
    Some(words.unwrap_or_else(|| "WhatsApp does not say why".to_owned()))
}
