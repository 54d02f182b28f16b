//! What every mutation has in common: it says how far the log has to be read to see its effect, and
//! under one key it has that effect once.

use crate::matrix::{Types, is_marked, name};
use crate::support::{Asked, code, operation};
use async_graphql::Value as Constant;
use futures::StreamExt;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Role;
use interdesk_graphql::Limits;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const SET: &str = "mutation($input: PresenceSetInput!, $key: String!) {
    presenceSet(input: $input) @idempotent(key: $key) { status changeSeq agent { presence } } }";

/// Works while events get their places, as the relay gives them.
async fn stamped<T>(asked: &Asked, work: impl Future<Output = T>) -> T {
    let relay = async {
        loop {
            asked.world.stamp().await;
            asked.hub.rescan();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        done = work => done,
        () = relay => unreachable!("it goes on for ever"),
    }
}

#[test]
fn every_payload_says_how_far_the_log_has_to_be_read() {
    let types = Types::read();
    let mutations = types.fields("Mutation");
    assert!(mutations.len() > 60, "they are found");
    for mutation in mutations {
        let payload = name(&mutation.node.ty.node);
        let mut fields = types.fields(payload).iter();
        let seq = fields.find(|field| field.node.name.node == "changeSeq");
        let seq = seq.unwrap_or_else(|| panic!("{payload} has no changeSeq"));
        assert_eq!(seq.node.ty.node.to_string(), "Long", "{payload}");
        assert!(payload.ends_with("Payload"), "{payload}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_at_its_seq_in_the_live_stream() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    let request = asked.request(&viewer, &operation("DeskEvents"), json!({}));
    let mut live = asked.schema.execute_stream(request).boxed();
    let mut shown = BTreeSet::new();
    let mut next = async |wait| {
        let response = tokio::time::timeout(wait, live.next()).await.ok()?;
        let shown = response.expect("it goes on").data.into_json().unwrap();
        Some(shown["deskEvents"].clone())
    };
    let set = async |presence: &str, key: &str| {
        let variables = json!({"input": {"presence": presence}, "key": key});
        asked.ask(&viewer, SET, variables).await["presenceSet"].clone()
    };
    stamped(&asked, async {
        // A subscription shows what happens once it has begun, and nothing tells when that is.
        let mut presences = ["BUSY", "ONLINE"].into_iter().cycle().take(200).enumerate();
        'begun: loop {
            let (turn, presence) = presences.next().expect("it begins");
            let answer = set(presence, &format!("begin {turn}")).await;
            while let Some(event) = next(Duration::from_millis(300)).await {
                if event["seq"] == answer["changeSeq"] {
                    break 'begun;
                }
            }
        }
        for (presence, key) in [("AWAY", "a"), ("ONLINE", "b"), ("AWAY", "c")] {
            let answer = set(presence, key).await;
            assert_eq!(answer["status"], "CHANGED");
            assert!(answer["changeSeq"].is_i64(), "{answer}");
            let event = next(Duration::from_secs(30)).await.expect("in time");
            assert_eq!(answer["changeSeq"], event["seq"], "{event}");
            assert_eq!(event["actor"]["agent"]["id"], viewer.agent.to_string());
            assert!(shown.insert(event["seq"].as_i64()));
            let again = set(presence, key).await;
            assert_eq!(again["changeSeq"], event["seq"], "answered alike");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_writes_nothing_has_no_seq_and_each_mutation_of_a_document_has_its_own() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let viewer = workspace.viewer;
    let document = "mutation($id: ID!) {
        none: offerAccept(input: {offerId: \"offer_nothing\"}) { status changeSeq }
        first: presenceSet(input: {presence: AWAY}) { changeSeq }
        seen: notificationsRead(input: {}) { changeSeq }
        second: noteWrite(input: {conversationId: $id, text: \"ask first\"}) { changeSeq }
        same: presenceSet(input: {presence: AWAY}) { changeSeq } }";
    let id = json!({"id": workspace.conversation.to_string()});
    let answer = stamped(&asked, asked.ask(&viewer, document, id)).await;
    for nothing in ["none", "seen", "same"] {
        assert_eq!(answer[nothing]["changeSeq"], Value::Null, "{answer}");
    }
    let seq = |name: &str| answer[name]["changeSeq"].as_i64().expect("a seq");
    assert!(seq("first") < seq("second"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_its_place_yet_is_kept_and_tells_it_when_it_is_asked_again() {
    let asked = Asked::fresh().await;
    let viewer = asked.workspace().await.viewer;
    let variables = json!({"input": {"presence": "AWAY"}, "key": "a"});
    let request = asked.request(&viewer, SET, variables.clone());
    let answer = asked.schema.execute(request).await;
    assert_eq!(code(&answer), "UNAVAILABLE");
    let shown = answer.data.into_json().unwrap();
    assert_eq!(shown["presenceSet"]["status"], "CHANGED");
    assert_eq!(shown["presenceSet"]["changeSeq"], Value::Null);
    let again = stamped(&asked, asked.ask(&viewer, SET, variables)).await;
    assert_eq!(again["presenceSet"]["status"], "CHANGED");
    assert!(again["presenceSet"]["changeSeq"].is_i64(), "{again}");
}

/// What becomes of a key that was used for another mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// It is refused, and without a key nothing is done.
    Needed,
    /// It is refused.
    Remembered,
    /// Nothing is remembered: once or ten times is the same, or the answer is a secret.
    Forgotten,
}

/// Reads the table: each mutation with what it makes of keys.
fn table() -> Vec<(&'static str, Key)> {
    let lines = include_str!("../keys.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let (name, word) = line.split_once(' ').expect("a mutation and a word");
        let key = match word.trim() {
            "needed" => Key::Needed,
            "remembered" => Key::Remembered,
            "forgotten" => Key::Forgotten,
            other => panic!("{name}: what is {other}?"),
        };
        (name, key)
    };
    lines.map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_does_with_keys_what_the_table_says() {
    let limits = Limits {
        depth: 64,
        cost: 1_000_000,
        ..Limits::default()
    };
    let asked = Asked::with(limits).await;
    let (types, table) = (Types::read(), table());
    let mutations = types.fields("Mutation");
    let known: BTreeSet<&str> = mutations
        .iter()
        .map(|one| one.node.name.node.as_str())
        .collect();
    let listed: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = known.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "no line in tests/keys.txt for {missing:?}"
    );
    let of = asked.workspace().await;
    let (tenant, role, presence) = (of.viewer.tenant, Role::Admin, Presence::Online);
    let viewer = asked.world.person(tenant, role, presence, 3).await;
    let used = json!({"input": {"presence": "AWAY"}, "key": "used"});
    let set = SET.replace("changeSeq", "");
    asked.ask(&viewer, &set, used).await;
    let log = "SELECT count(*) AS count FROM outbox";
    let mut proven = 0;
    for mutation in mutations {
        let name = mutation.node.name.node.as_str();
        let (_, key) = table.iter().find(|(own, _)| *own == name).expect("a line");
        assert_eq!(
            is_marked(&mutation.node, "needsKey"),
            *key == Key::Needed,
            "{name}"
        );
        let before = asked.world.test.count_as_owner(log).await;
        if *key == Key::Needed {
            let without = types.document_under("Mutation", &mutation.node, &of, None);
            let answer = asked
                .schema
                .execute(asked.request(&viewer, &without, json!({})))
                .await;
            assert_eq!(code(&answer), "KEY_REQUIRED", "{name}");
            assert!(
                answer.errors[0].message.contains("@idempotent(key:"),
                "{name}: the mend"
            );
            assert_eq!(
                answer.data.into_json().unwrap()[name],
                Value::Null,
                "{name}"
            );
        }
        let under = types.document_under("Mutation", &mutation.node, &of, Some("used"));
        let answer = asked
            .schema
            .execute(asked.request(&viewer, &under, json!({})))
            .await;
        let Constant::Object(shown) = &answer.data else {
            panic!("{name}: {:?}", answer.errors);
        };
        let told = shown[name].clone().into_json().unwrap();
        let refused = told["refusal"]["code"].as_str();
        if *key == Key::Forgotten {
            assert_ne!(refused, Some("KEY_REUSED"), "{name}: {told}");
            continue;
        }
        // Some refuse what they are asked for before they look at the key.
        proven += usize::from(refused == Some("KEY_REUSED"));
        let is_input = !answer.errors.is_empty() && code(&answer) == "BAD_INPUT";
        assert!(
            refused.is_some() || is_input,
            "{name}: {told} {:?}",
            answer.errors
        );
        let after = asked.world.test.count_as_owner(log).await;
        assert_eq!(after, before, "{name} did nothing");
    }
    assert!(proven * 2 > table.len(), "{proven} of {}", table.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_for_other_words_is_refused_and_the_first_are_said_once() {
    let asked = Asked::fresh().await;
    let workspace = asked.workspace().await;
    let (tenant, role, presence) = (workspace.viewer.tenant, Role::Supervisor, Presence::Online);
    let viewer = asked.world.person(tenant, role, presence, 0).await;
    let reply = async |text: &str| {
        let id = workspace.conversation.to_string();
        let input = json!({"conversationId": id, "content": {"text": text}});
        let variables = json!({"input": input, "key": "one"});
        let answer = asked
            .ask(&viewer, &operation("MessageReply"), variables)
            .await;
        answer["messageReply"].clone()
    };
    let open = "UPDATE conversations SET status = 'open'";
    asked.world.test.execute_as_owner(open).await;
    let first = reply("good morning").await;
    assert_eq!(first["status"], "QUEUED", "{first}");
    let same = reply("good morning").await;
    assert_eq!(same["message"]["id"], first["message"]["id"]);
    let other = reply("good evening").await;
    assert_eq!(other["refusal"]["code"], "KEY_REUSED", "{other}");
    let said = "SELECT count(*) AS count FROM messages WHERE direction = 'out'";
    assert_eq!(asked.world.test.count_as_owner(said).await, 1);
}
