//! Calls of customers: work for somebody, although the voice goes elsewhere.

use super::parse::Page;
use super::people;
use crate::json::Fields;
use interdesk_domain::message::{Author, Call, CallState, Content, InboundMessage, UpdateKind};
use serde_json::value::RawValue;

/// Reads one call event into one update; what we began ourselves is kept.
pub(super) fn read(page: &mut Page<'_, '_>, raw: &RawValue) {
    let event = Fields::read(raw).unwrap_or_default();
    let at = event.seconds("timestamp");
    match call(page, &event, raw) {
        Some(kind) => page.push(at, kind),
        None => page.keep(at, "calls", raw),
    }
}

fn call(page: &Page<'_, '_>, event: &Fields<'_>, raw: &RawValue) -> Option<UpdateKind> {
    let id = event.id("id")?;
    if event.text("direction").as_deref() == Some("BUSINESS_INITIATED") {
        return None;
    }
    let content = |state| {
        Content::Call(Call {
            state,
            video: false,
            seconds: event.integer("duration").and_then(|it| it.try_into().ok()),
        })
    };
    match event.text("event")?.as_str() {
        "connect" => {
            let phone = event.id("from").map(people::digits);
            let sender = page.people.only_sender(phone, event.id("from_user_id"));
            Some(UpdateKind::Message(Box::new(InboundMessage {
                raw: Some(raw.get().to_owned()),
                ..InboundMessage::new(id, Author::Customer(sender), content(CallState::Ringing))
            })))
        }
        "terminate" => {
            // Who was not answered has no duration.
            let spoke = event.integer("duration").is_some_and(|seconds| seconds > 0);
            let state = if spoke {
                CallState::Ended
            } else {
                CallState::Missed
            };
            Some(UpdateKind::Edit {
                target: id,
                content: content(state),
            })
        }
        _ => None,
    }
}
