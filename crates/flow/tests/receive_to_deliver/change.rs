//! Agents change what was sent: other words, taking back, reactions.

use crate::bench::*;
use crate::provider::Answer;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind::{Telegram, Webhook, Whatsapp};
use interdesk_flow::Context;
use interdesk_flow::change::{self, Change, ChangeMessage, ChangeOutcome};
use serde_json::{Value, json};

const CHANGES: &str = "SELECT kind, state, tries, failure ->> 'reason' FROM message_changes
    ORDER BY id";

async fn attempt(bench: &Bench, id: MessageId, wanted: Change, key: Option<&str>) -> ChangeOutcome {
    let context = Context::agent(bench.agent.agent, None);
    let wanted = ChangeMessage {
        message: id,
        change: wanted,
    };
    change::change(&bench.desk, &bench.agent, &wanted, key, &context)
        .await
        .unwrap()
}

async fn make(bench: &Bench, id: MessageId, wanted: Change) {
    let outcome = attempt(bench, id, wanted, None).await;
    assert!(
        matches!(outcome, ChangeOutcome::Queued { .. }),
        "{outcome:?}"
    );
}

fn words(text: &str) -> Change {
    Change::Edit(text.to_owned())
}

fn emoji(emoji: &str) -> Change {
    Change::React(Some(emoji.to_owned()))
}

/// A conversation with a reply that was sent.
async fn answered(
    bench: &Bench,
    inbox: interdesk_flow::receive::Mailbox,
) -> (ConversationId, MessageId) {
    let conversation = bench.conversation(inbox, "12").await;
    let reply = bench.reply(conversation, "hello").await;
    bench.deliver(conversation).await;
    (conversation, reply)
}

fn last(bench: &Bench) -> Value {
    bench.provider.calls().last().unwrap().body.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_and_a_deletion_reach_the_customer_and_every_version_is_kept() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let (conversation, reply) = answered(&bench, inbox).await;
    let stands = "SELECT m.text, m.revision, m.deleted_at IS NOT NULL,
        (SELECT string_agg(r.content ->> 'text', ',' ORDER BY revision) FROM message_revisions r)
        FROM messages m WHERE direction = 'out'";
    make(&bench, reply, words("hello there")).await;
    // Until the app has it, the desk shows what the customer sees.
    assert_eq!(bench.one(stands).await, "hello 0 f -");
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(last(&bench)["type"], "reply.updated");
    assert_eq!(last(&bench)["data"]["message"]["external_id"], "out-1");
    assert_eq!(bench.one(stands).await, "hello there 1 f hello");
    make(&bench, reply, words("good morning")).await;
    make(&bench, reply, Change::Delete).await;
    assert_eq!(bench.deliver(conversation).await, 2);
    assert_eq!(last(&bench)["type"], "reply.deleted");
    assert_eq!(
        bench.one(stands).await,
        "good morning 2 t hello,hello there"
    );
    let told = "SELECT kind, body::jsonb #>> '{actor,type}' FROM outbox
        WHERE kind IN ('message_edited', 'message_deleted') ORDER BY pos";
    assert_eq!(
        bench.rows(told).await,
        [
            "message_edited agent",
            "message_edited agent",
            "message_deleted agent"
        ]
    );
    let gone = attempt(&bench, reply, words("again"), None).await;
    assert_eq!(gone, ChangeOutcome::Gone);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_of_ours_stands_once_and_is_withdrawn() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let first = "SELECT id FROM messages WHERE direction = 'in'";
    let theirs = MessageId(bench.one(first).await.parse().unwrap());
    let stands = "SELECT author, emojis FROM reactions";
    for (wanted, sent, expected) in [
        (emoji("👍"), "👍", "desk {👍}"),
        (emoji("🎉"), "🎉", "desk {🎉}"),
        (Change::React(None), "", "desk {}"),
    ] {
        make(&bench, theirs, wanted).await;
        bench.deliver(conversation).await;
        assert_eq!(last(&bench)["type"], "reaction");
        assert_eq!(last(&bench)["reaction"]["emoji"], sent);
        assert_eq!(bench.one(stands).await, expected);
    }
    // A reaction is a message to WhatsApp, so its window counts.
    bench.world.clock.advance(seconds(25 * 3_600));
    let closed = attempt(&bench, theirs, emoji("👍"), None).await;
    assert!(
        matches!(closed, ChangeOutcome::WindowClosed { .. }),
        "{closed:?}"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_app_does_not_allow_is_refused_with_words() {
    let bench = Bench::fresh().await;
    let whatsapp = bench.inbox(Whatsapp).await;
    let (_, reply) = answered(&bench, whatsapp).await;
    for wanted in [words("other"), Change::Delete] {
        let refused = attempt(&bench, reply, wanted, None).await;
        assert!(
            matches!(&refused, ChangeOutcome::Unsupported { detail }
            if detail.contains("send another one")),
            "{refused:?}"
        );
    }
    let telegram = bench.inbox(Telegram).await;
    let conversation = bench.conversation(telegram, "77").await;
    let reply = bench.reply(conversation, "hello").await;
    assert_eq!(
        attempt(&bench, reply, words("x"), None).await,
        ChangeOutcome::NotSent
    );
    bench.deliver(conversation).await;
    let theirs = format!(
        "SELECT id FROM messages WHERE direction = 'in' AND conversation_id = '{}'",
        conversation.0
    );
    let theirs = MessageId(bench.one(&theirs).await.parse().unwrap());
    for wanted in [words("x"), Change::Delete] {
        let refused = attempt(&bench, theirs, wanted, None).await;
        assert_eq!(refused, ChangeOutcome::NotOurs);
    }
    let empty = attempt(&bench, reply, words(" "), None).await;
    assert!(matches!(empty, ChangeOutcome::Unsupported { .. }));
    bench.world.clock.advance(seconds(49 * 3_600));
    let late = attempt(&bench, reply, Change::Delete, None).await;
    assert!(matches!(late, ChangeOutcome::TooLate { .. }), "{late:?}");
    bench
        .run("UPDATE conversations SET assignee_id = NULL")
        .await;
    let foreign = attempt(&bench, reply, words("x"), None).await;
    assert_eq!(foreign, ChangeOutcome::NotYours);
    assert_eq!(bench.count("message_changes").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_tried_again_under_its_key_and_those_behind_it_wait() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let (conversation, reply) = answered(&bench, inbox).await;
    bench
        .provider
        .plan([Answer::Cut, Answer::Say(500, None, json!({}))]);
    make(&bench, reply, words("second")).await;
    make(&bench, reply, words("third")).await;
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(
        bench.rows(CHANGES).await,
        ["edit queued 1 no_answer", "edit queued 0 -"]
    );
    for _ in 0..2 {
        bench.world.clock.advance(seconds(20));
        bench.fire().await;
        bench.deliver(conversation).await;
    }
    assert_eq!(
        bench.rows(CHANGES).await,
        ["edit sent 3 -", "edit sent 1 -"]
    );
    let calls = bench.provider.calls();
    let keys: Vec<_> = calls[1..].iter().map(|call| call.key.clone()).collect();
    assert_eq!(
        (&keys[0], &keys[1]),
        (&keys[1], &keys[2]),
        "one key for one change"
    );
    assert_ne!(keys[2], keys[3]);
    let now = "SELECT text FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(now).await, "third");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_refused_for_good_says_why_and_leaves_the_message_as_it_is() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let (conversation, reply) = answered(&bench, inbox).await;
    let no = json!({ "reason": "refused_content", "detail": "too late here" });
    bench.provider.plan([Answer::Say(422, None, no)]);
    make(&bench, reply, words("second")).await;
    bench.deliver(conversation).await;
    assert_eq!(bench.rows(CHANGES).await, ["edit failed 1 refused_content"]);
    let now = "SELECT text, revision FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(now).await, "hello 0");
    let told = "SELECT body::jsonb #>> '{data,reason}' FROM outbox
        WHERE kind = 'message_change_failed'";
    assert_eq!(bench.one(told).await, "refused_content");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_under_one_key_is_made_once_and_the_sweep_finds_what_nobody_carries() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let (_, reply) = answered(&bench, inbox).await;
    bench
        .receive(inbox, receipt("out-1", DeliveryState::Read))
        .await;
    let first = attempt(&bench, reply, words("second"), Some("k-1")).await;
    let again = attempt(&bench, reply, words("second"), Some("k-1")).await;
    assert_eq!(first, again);
    let other = attempt(&bench, reply, words("third"), Some("k-1")).await;
    assert_eq!(other, ChangeOutcome::KeyReused);
    assert_eq!(bench.count("message_changes").await, 1);
    bench.world.clock.advance(seconds(600));
    let swept = interdesk_flow::deliver::sweep(&bench.desk, &bench.courier, 1).await;
    assert_eq!(swept.unwrap(), 1);
    assert_eq!(bench.rows(CHANGES).await, ["edit sent 1 -"]);
    bench.prove().await;
}
