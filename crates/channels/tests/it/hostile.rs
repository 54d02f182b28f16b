//! Bodies that nobody documented: no panic, and no message lost because of its neighbour.

use super::{fixtures, support};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Content, InboundMessage, Update, UpdateKind};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(kind: ChannelKind, body: &str) -> Vec<Update> {
    support::parse(kind, body.as_bytes()).expect("a readable body")
}

fn messages(updates: &[Update]) -> Vec<&InboundMessage> {
    let messages = updates.iter().filter_map(|update| match &update.kind {
        UpdateKind::Message(message) => Some(&**message),
        _ => None,
    });
    messages.collect()
}

/// A WhatsApp body around messages that are given as JSON text.
fn batch(messages: &[String]) -> String {
    let messages = messages.join(",");
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"9","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1"}},"messages":[{messages}]}}}}]}}]}}"#
    )
}

fn text(id: &str, body: &str) -> String {
    let body = Value::from(body);
    format!(
        r#"{{"from":"15550001012","id":"{id}","timestamp":"1767225600","type":"text","text":{{"body":{body}}}}}"#
    )
}

/// The channels whose bodies are JSON; mails have hostile tests of their own.
fn spoken_in_json() -> impl Iterator<Item = ChannelKind> {
    let all = ChannelKind::ALL.into_iter();
    all.filter(|kind| *kind != ChannelKind::Email)
}

#[test]
fn bodies_that_are_no_events_are_errors_and_nothing_worse() {
    let deep = "[".repeat(200_000);
    let deep_object = r#"{"a":"#.repeat(200_000);
    let bodies = [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "0",
        "\"text\"",
        "{",
        "{\"entry\":",
        "{\"entry\":{}}",
        "\u{0}",
        "not json",
        "{\"update_id\":null}",
        "{\"type\":7e",
        "1e99999",
        &deep,
        &deep_object,
    ];
    for kind in spoken_in_json() {
        for body in bodies {
            let outcome = support::parse(kind, body.as_bytes());
            let start: String = body.chars().take(20).collect();
            assert!(outcome.is_err(), "{kind:?} {start}: {outcome:?}");
        }
    }
}

#[test]
fn truncated_fixtures_are_errors_and_nothing_worse() {
    for kind in spoken_in_json() {
        for (name, body) in fixtures::all(kind) {
            let body = String::from_utf8(body).expect("text");
            let body = body.trim_end().as_bytes();
            for end in (0..body.len()).step_by(7) {
                assert!(support::parse(kind, &body[..end]).is_err(), "{name} {end}");
            }
        }
    }
}

#[test]
fn a_broken_message_costs_its_neighbours_nothing() {
    let broken = [
        "null".to_owned(),
        "7".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#""\ud800""#.to_owned(),
        r#"{"id":{},"type":[],"text":7}"#.to_owned(),
        r#"{"id":"x","type":"text","text":"no object"}"#.to_owned(),
        r#"{"id":"x","type":"text","text":{"body":null},"timestamp":[]}"#.to_owned(),
        format!(
            r#"{{"id":"x","type":"text","text":{}1{}}}"#,
            "[".repeat(5000),
            "]".repeat(5000)
        ),
        format!(
            r#"{{"id":"x","type":"image","image":{{"id":{}}}}}"#,
            "9".repeat(5000)
        ),
        r#"{"id":"x","type":"location","location":{"latitude":1e400,"longitude":0}}"#.to_owned(),
        r#"{"id":"x","type":"location","location":{"latitude":95,"longitude":0}}"#.to_owned(),
    ];
    for broken in broken {
        let body = batch(&[text("before", "a"), broken.clone(), text("after", "b")]);
        let updates = parse(ChannelKind::Whatsapp, &body);
        let messages = messages(&updates);
        let start: String = broken.chars().take(60).collect();
        assert_eq!(messages.len(), 3, "{start}");
        assert_eq!(messages[0].provider_id, "before");
        assert_eq!(messages[2].provider_id, "after");
        assert!(!messages[1].provider_id.is_empty());
        let kept = messages[1].raw.is_some() || messages[1].content.media().is_some();
        assert!(kept, "{start} is gone");
    }
}

#[test]
fn a_message_without_id_has_the_same_id_each_time_it_comes() {
    let body = batch(&[
        "{\"type\":\"text\"}".to_owned(),
        "{\"type\":\"texu\"}".to_owned(),
    ]);
    let (first, second) = (
        parse(ChannelKind::Whatsapp, &body),
        parse(ChannelKind::Whatsapp, &body),
    );
    assert_eq!(first, second);
    let ids: Vec<_> = messages(&first)
        .iter()
        .map(|message| &message.provider_id)
        .collect();
    assert!(ids[0].starts_with("raw:") && ids[0] != ids[1]);
}

#[test]
fn emoji_nul_surrogates_and_giant_texts_arrive() {
    let giant = "é".repeat(50_000);
    for (written, read) in [
        ("\"😀 🏴‍☠️ \\ud83d\\ude00\"", "😀 🏴‍☠️ 😀".to_owned()),
        ("\"a\\u0000b\"", "a\u{FFFD}b".to_owned()),
        (&format!("\"{giant}\""), giant.clone()),
    ] {
        let message = format!(r#"{{"id":"1","type":"text","text":{{"body":{written}}}}}"#);
        let updates = parse(ChannelKind::Whatsapp, &batch(&[message]));
        assert_eq!(messages(&updates)[0].content, Content::Text { text: read });
    }
    let half = r#"{"id":"1","type":"text","text":{"body":"a\ud800b"}}"#.to_owned();
    let updates = parse(ChannelKind::Whatsapp, &batch(&[half]));
    let Content::Text { text } = &messages(&updates)[0].content else {
        panic!("no text")
    };
    assert!(text.starts_with('a') && text.ends_with('b') && text.contains('\u{FFFD}'));
}

#[test]
fn doubled_members_do_not_hurt_and_the_last_one_counts() {
    let message =
        r#"{"id":"old","id":"new","type":"image","type":"text","text":{"body":"a","body":"b"}}"#;
    let updates = parse(ChannelKind::Whatsapp, &batch(&[message.to_owned()]));
    let message = messages(&updates)[0];
    assert_eq!(message.provider_id, "new");
    assert_eq!(
        message.content,
        Content::Text {
            text: "b".to_owned()
        }
    );
}

#[test]
fn a_webhook_may_hold_a_thousand_updates_and_three_megabytes() {
    let words = "x".repeat(3000);
    let all: Vec<_> = (0..1000)
        .map(|index| text(&format!("wamid.{index}"), &words))
        .collect();
    let body = batch(&all);
    assert!(body.len() > 3_000_000);
    let started = std::time::Instant::now();
    let updates = parse(ChannelKind::Whatsapp, &body);
    let elapsed = started.elapsed();
    let rate = body.len() as f64 / elapsed.as_secs_f64() / 1e6;
    println!(
        "{} updates of {} bytes in {elapsed:?}: {rate:.0} MB/s",
        updates.len(),
        body.len()
    );
    let ids: std::collections::HashSet<_> = messages(&updates)
        .into_iter()
        .map(|message| &message.provider_id)
        .collect();
    assert_eq!(ids.len(), 1000);
    // Far above what is measured, far below what a quadratic parser takes.
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
}

#[test]
fn a_thousand_contacts_are_matched_to_a_thousand_writers() {
    let contacts: Vec<_> = (0..1000)
        .map(|index| json!({"wa_id": format!("1555{index:07}"), "profile": {"name": format!("Customer {index}")}}))
        .collect();
    let messages: Vec<_> = (0..1000)
        .map(|index| json!({"from": format!("1555{index:07}"), "id": format!("m{index}"), "type": "text", "text": {"body": "a"}}))
        .collect();
    let body = json!({"entry": [{"changes": [{"field": "messages", "value": {"contacts": contacts, "messages": messages}}]}]});
    let updates = parse(ChannelKind::Whatsapp, &body.to_string());
    for (index, message) in self::messages(&updates).into_iter().enumerate() {
        let name = message.author.customer().name.clone();
        assert_eq!(name, Some(format!("Customer {index}")));
    }
}

/// What may happen to one place in a body.
#[derive(Debug, Clone)]
enum Mutation {
    Delete,
    Replace(Value),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let values = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("text"),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([null]),
        json!([[], {}]),
        json!({"id": null}),
    ];
    prop_oneof![
        Just(Mutation::Delete),
        prop::sample::select(values).prop_map(Mutation::Replace)
    ]
}

fn paths(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, value) in children {
        path.push(name);
        all.push(path.clone());
        paths(value, path, all);
        path.pop();
    }
}

fn mutate(root: &mut Value, path: &[String], mutation: &Mutation) {
    let (last, parents) = path.split_last().expect("a path");
    let mut place = root;
    for name in parents {
        let next = match place {
            Value::Object(members) => members.get_mut(name),
            Value::Array(items) => name
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index)),
            _ => None,
        };
        match next {
            Some(next) => place = next,
            None => return,
        }
    }
    match (place, mutation) {
        (Value::Object(members), Mutation::Delete) => drop(members.remove(last)),
        (Value::Object(members), Mutation::Replace(value)) => {
            members.insert(last.clone(), value.clone());
        }
        (Value::Array(items), Mutation::Replace(value)) => {
            if let Some(item) = last
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index))
            {
                *item = value.clone();
            }
        }
        _ => {}
    }
}

fn mutated(mut value: Value, changes: &[(prop::sample::Index, Mutation)]) -> Value {
    for (index, mutation) in changes {
        let mut all = Vec::new();
        paths(&value, &mut Vec::new(), &mut all);
        if !all.is_empty() {
            mutate(&mut value, &all[index.index(all.len())], mutation);
        }
    }
    value
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Mutation)>> {
    prop::collection::vec((any::<prop::sample::Index>(), mutations()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_mutation_of_any_fixture_causes_a_panic(changes in changes()) {
        for kind in spoken_in_json() {
            for (_, body) in fixtures::all(kind) {
                let fixture: Value = serde_json::from_slice(&body).expect("JSON");
                let body = mutated(fixture, &changes).to_string();
                if let Ok(updates) = support::parse(kind, body.as_bytes()) {
                    for message in messages(&updates) {
                        prop_assert!(!message.provider_id.is_empty());
                        prop_assert!(!message.provider_id.contains('\0'));
                    }
                }
            }
        }
    }

    #[test]
    fn no_mutated_message_takes_its_neighbours_with_it(changes in changes()) {
        for (name, body) in fixtures::all(ChannelKind::Whatsapp) {
            let fixture: Value = serde_json::from_slice(&body).expect("JSON");
            let value = &fixture["entry"][0]["changes"][0]["value"];
            let Some(message) = value["messages"].get(0) else { continue };
            let mutant = mutated(message.clone(), &changes).to_string();
            let body = batch(&[text("before", "a"), mutant, text("after", "b")]);
            let updates = parse(ChannelKind::Whatsapp, &body);
            prop_assert!(updates.len() >= 3, "{name}: {} updates", updates.len());
            let messages = messages(&updates);
            prop_assert_eq!(&messages[0].provider_id, "before");
            prop_assert_eq!(&messages[messages.len() - 1].provider_id, "after");
        }
    }

    #[test]
    fn no_mutated_change_takes_its_neighbours_with_it(changes in changes()) {
        let fine: Value = serde_json::from_str(&batch(&[text("fine", "a")])).expect("JSON");
        for (name, body) in fixtures::all(ChannelKind::Whatsapp) {
            let fixture: Value = serde_json::from_slice(&body).expect("JSON");
            let mutant = mutated(fixture["entry"][0].clone(), &changes);
            let body = json!({"entry": [mutant, fine["entry"][0]]}).to_string();
            let updates = parse(ChannelKind::Whatsapp, &body);
            prop_assert!(updates.len() >= 2, "{name} is gone");
            let messages = messages(&updates);
            prop_assert_eq!(&messages[messages.len() - 1].provider_id, "fine");
        }
    }
}
