//! The published schema describes what apps may send and what they get.

use super::fixtures;
use super::send::{choices, file, outgoing, place, sent, text};
use interdesk_channels::Action;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Composite, Content, MediaKind};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let schema = include_str!("../../../../docs/schemas/webhook-event.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    jsonschema::meta::validate(&schema).expect("a valid schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn check(validator: &jsonschema::Validator, name: &str, event: &Value) {
    let errors: Vec<_> = validator
        .iter_errors(event)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{name}: {}", errors.join("; "));
}

#[test]
fn every_fixture_is_valid() {
    let validator = validator();
    for (name, body) in fixtures::all(ChannelKind::Webhook) {
        check(
            &validator,
            &name,
            &serde_json::from_slice(&body).expect("JSON"),
        );
    }
}

#[tokio::test]
async fn everything_that_we_send_is_valid() {
    let validator = validator();
    let target = || "ext-1".to_owned();
    let mut in_a_room = outgoing(text("Hello"));
    in_a_room.group = Some("room-7".to_owned());
    in_a_room.reply_to = Some(target());
    in_a_room.to.clear();
    let all = [
        in_a_room,
        outgoing(file(MediaKind::Document, Some("A bill"))),
        outgoing(place()),
        outgoing(Action::Write(Content::Choices(choices(Some("Pick"))))),
        outgoing(Action::Write(Content::Composite(Composite::of(
            Some("Order 12".to_owned()),
            Some("Hello".to_owned()),
            Some("<p>Hello</p>".to_owned()),
            Vec::new(),
        )))),
        outgoing(Action::React {
            target: target(),
            emoji: "👍".to_owned(),
        }),
        outgoing(Action::React {
            target: target(),
            emoji: String::new(),
        }),
        outgoing(Action::MarkRead { target: target() }),
        outgoing(Action::Replace {
            target: target(),
            content: Content::Text {
                text: "Hello again".to_owned(),
            },
        }),
        outgoing(Action::Delete { target: target() }),
        outgoing(Action::Typing { last: None }),
    ];
    let acts = super::interactive::all().into_iter();
    let acts = acts.map(|content| outgoing(Action::Write(content)));
    for message in all.into_iter().chain(acts) {
        let name = format!("{:?}", message.action);
        let (_, event) = sent(ChannelKind::Webhook, message).await;
        check(&validator, &name, &event);
    }
}

#[test]
fn events_of_another_form_are_invalid() {
    let validator = validator();
    let at = "2026-01-01T00:00:00Z";
    for event in [
        json!({}),
        json!({ "type": "message.created", "timestamp": at }),
        json!({ "type": "message.created", "timestamp": at, "data": { "message": { "text": "no id" } } }),
        json!({ "type": "reaction.added", "timestamp": at, "data": { "reaction": { "emoji": "👍" } } }),
        json!({ "type": "message.read", "timestamp": at, "data": { "status": {} } }),
        json!({ "type": "no words", "timestamp": at, "data": {} }),
        json!({ "type": "reply.created", "timestamp": at, "data": { "message": { "id": "1" } } }),
        json!({ "type": "reply.deleted", "timestamp": at, "data": { "message": { "id": "1" } } }),
    ] {
        assert!(!validator.is_valid(&event), "{event}");
    }
}
