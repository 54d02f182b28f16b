//! Calls of customers: work for somebody, although the voice goes elsewhere.

use super::parse::Page;
use super::people;
use crate::json::Fields;
use interdesk_domain::message::{Author, Call, CallState, Content, InboundMessage, UpdateKind};
use serde_json::value::RawValue;

/// Reads one call event; what we began ourselves is kept.
///
/// The end of a call is a message too: a call whose beginning never came, or comes later, is work
/// all the same, and one whose beginning is known is changed by it.
pub(super) fn read(page: &mut Page<'_, '_>, raw: &RawValue) {
    let event = Fields::read(raw).unwrap_or_default();
    let at = event.seconds("timestamp");
    let kinds = call(page, &event, raw);
    if kinds.is_empty() {
        page.keep(at, "calls", raw);
    }
    kinds.into_iter().for_each(|kind| page.push(at, kind));
}

fn call(page: &Page<'_, '_>, event: &Fields<'_>, raw: &RawValue) -> Vec<UpdateKind> {
    let Some(id) = event.id("id") else {
        return Vec::new();
    };
    if event.text("direction").as_deref() == Some("BUSINESS_INITIATED") {
        return Vec::new();
    }
    let content = |state| {
        Content::Call(Call {
            state,
            video: false,
            seconds: event.integer("duration").and_then(|it| it.try_into().ok()),
        })
    };
    let message = |content| {
        let phone = event.id("from").map(people::digits);
        let sender = page.people.only_sender(phone, event.id("from_user_id"));
        UpdateKind::Message(Box::new(InboundMessage {
            raw: Some(raw.get().to_owned()),
            ..InboundMessage::new(id.clone(), Author::Customer(sender), content)
        }))
    };
    match event.text("event").as_deref() {
        Some("connect") => vec![message(content(CallState::Ringing))],
        Some("terminate") => {
            // Who was not answered has no duration.
            let spoke = event.integer("duration").is_some_and(|seconds| seconds > 0);
            let state = if spoke {
                CallState::Ended
            } else {
                CallState::Missed
            };
            let edit = UpdateKind::Edit {
                target: id.clone(),
                content: content(state),
            };
            let named = event.has("from") || event.has("from_user_id");
            let message = named.then(|| message(content(state)));
            message.into_iter().chain([edit]).collect()
        }
        _ => Vec::new(),
    }
}
