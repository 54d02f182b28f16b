//! What a queue's limit makes of work, and what its customer hears of it.

use crate::bench::*;
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_domain::policy::{PolicyKind, QueuePolicy};
use interdesk_flow::receive::Mailbox;
use interdesk_store::policies::{self, NewVersion};
use interdesk_store::timers::TimerKind;
use serde_json::{Value, json};

/// Lets the queue take nothing more.
async fn limit(bench: &Bench, version: i32, outcome: Value) {
    let mut policy = json!(QueuePolicy::default());
    policy["length_limit"] = json!({"most": 0, "outcome": outcome, "text": "Not now, sorry."});
    let (scope, now, kind) = (bench.scope, bench.desk.now(), PolicyKind::Queue);
    let transaction = bench.desk.database.begin(scope).await.unwrap();
    let new = NewVersion {
        kind,
        id: bench.queue.0,
        name: "policy",
        version,
        body: &policy,
        note: "",
        made_by: None,
        at: now,
    };
    policies::insert_version(&transaction, scope, &new)
        .await
        .unwrap();
    policies::activate(&transaction, scope, kind, bench.queue.0, version, now)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    bench.world.clock.advance(seconds(1));
}

/// Lets a customer write and everything happen that follows by itself.
async fn write(bench: &Bench, inbox: Mailbox, id: &str, customer: &str) -> ConversationId {
    let told = text(id, phone_or_user(inbox, customer), "hello");
    bench.receive(inbox, told).await;
    bench.fire().await;
    let found = format!("SELECT conversation_id FROM messages WHERE provider_id = '{id}'");
    let conversation = ConversationId(bench.one(&found).await.parse().unwrap());
    bench.deliver(conversation).await;
    conversation
}

/// Returns how conversation, work and what was told stand.
async fn stand(bench: &Bench, conversation: ConversationId) -> String {
    bench
        .one(&format!(
            "SELECT c.status, w.state, w.class, w.limited, coalesce(m.text, 'silence'),
                coalesce(w.limited_untold, 'told'), count(e.*)
             FROM conversations c JOIN work_items w ON w.conversation_id = c.id
             LEFT JOIN messages m ON m.id = w.limited_message_id AND m.agent_id IS NULL
             LEFT JOIN outbox e ON e.kind = 'work_item_limited'
                AND e.body::jsonb #>> '{{data,work_item}}' = w.id::text
             WHERE c.id = '{}' GROUP BY c.id, w.id, m.id ORDER BY w.queued_at DESC LIMIT 1",
            conversation.0
        ))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_whom_a_full_queue_does_not_take_hears_what_becomes_of_them() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let outcomes = [
        (
            "12",
            json!({"answer": "See our pages."}),
            "waiting_for_customer cancelled message answer See our pages. told 1",
        ),
        (
            "13",
            json!("refuse"),
            "resolved cancelled message refuse Not now, sorry. told 1",
        ),
        (
            "14",
            json!("call_back"),
            "new queued call call_back Not now, sorry. told 1",
        ),
    ];
    for (version, (customer, outcome, expected)) in (1..).zip(outcomes) {
        limit(&bench, version, outcome).await;
        let conversation = write(&bench, inbox, &format!("m-{customer}"), customer).await;
        assert_eq!(stand(&bench, conversation).await, expected);
    }
    let said = ["See our pages.", "Not now, sorry.", "Not now, sorry."];
    assert_eq!(bench.provider.texts(), said);
    assert!(bench.fire().await.is_empty(), "everybody is told once");
    // The desk's own words are nobody's answer.
    let answered = bench.rows("SELECT id FROM episodes WHERE first_reply_at IS NOT NULL");
    assert_eq!(answered.await, Vec::<String>::new());
    // Whoever waits for a call writes on in the same work; whoever was refused asks again.
    let called = write(&bench, inbox, "m-15", "14").await;
    assert_eq!(
        stand(&bench, called).await,
        "new queued call call_back Not now, sorry. told 1"
    );
    write(&bench, inbox, "m-16", "13").await;
    let asked = "SELECT count(*) FROM work_items WHERE limited IS NOT NULL";
    assert_eq!(bench.one(asked).await, "4");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_forbade_us_to_write_is_not_told_and_the_work_says_why() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    limit(&bench, 1, json!({"answer": "See our pages."})).await;
    let told = text("m-1", vec![phone("15550100")], "Stop!");
    bench.receive(inbox, told).await;
    assert_eq!(bench.fire().await, [TimerKind::LimitTold]);
    let found = "SELECT conversation_id FROM messages WHERE provider_id = 'm-1'";
    let conversation = ConversationId(bench.one(found).await.parse().unwrap());
    assert_eq!(bench.deliver(conversation).await, 0);
    assert_eq!(
        stand(&bench, conversation).await,
        "open cancelled message answer silence NOT_OPTED_IN 1"
    );
    assert!(bench.provider.calls().is_empty());
    bench.prove().await;
}
