//! What a provider answers, and what becomes of the message.

use crate::bench::*;
use crate::provider::Answer::{self, Say};
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_store::timers::TimerKind;
use serde_json::{Value, json};

fn error(code: u32) -> Value {
    json!({ "error": { "code": code, "message": "no" } })
}

fn busy(retry_after: u32) -> Answer {
    Say(429, Some(retry_after), error(130_429))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_message_is_sent_under_the_providers_id() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.reply(conversation, "hi").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.deliver(conversation).await, 0);
    let row =
        "SELECT delivery, provider_id, attempts, failure FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "sent out-1 1 -");
    assert_eq!(bench.provider.calls()[0].body["to"], "+15550100");
    assert_eq!(bench.count("timers").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_leave_in_the_order_in_which_they_were_written() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "u-1").await;
    let said: Vec<String> = (0..12).map(|n| format!("r-{n}")).collect();
    for words in &said {
        bench.reply(conversation, words).await;
    }
    assert_eq!(bench.deliver(conversation).await, 12);
    assert_eq!(bench.provider.texts(), said);
    assert_eq!(
        bench.provider.calls()[0].body["data"]["message"]["recipient"]["id"],
        "u-1"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_deliverers_at_once_make_one_call_for_each_reply_in_order() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let said: Vec<String> = (0..10).map(|n| format!("r-{n}")).collect();
    for words in &said {
        bench.reply(conversation, words).await;
    }
    let deliverers = (0..6).map(|_| bench.deliver(conversation));
    let calls: u32 = futures::future::join_all(deliverers)
        .await
        .into_iter()
        .sum();
    assert_eq!(calls, 10);
    assert_eq!(bench.provider.texts(), said);
    assert_eq!(bench.count("messages WHERE delivery = 'sent'").await, 10);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_provider_is_left_alone_until_its_time_and_later_replies_wait_behind() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let other = bench.conversation(inbox, "15550101").await;
    bench.provider.plan([busy(17)]);
    let first = bench.reply(conversation, "first").await;
    let second = bench.reply(conversation, "second").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.delivery(first).await, "queued");
    assert_eq!(bench.delivery(second).await, "queued");
    let now = bench.desk.now();
    let due = format!(
        "timers WHERE kind = 'delivery_retry' AND due_at BETWEEN '{}' AND '{}'",
        (now + seconds(17)).to_rfc3339(),
        (now + seconds(22)).to_rfc3339()
    );
    assert_eq!(bench.count(&due).await, 1);
    assert_eq!(bench.deliver(conversation).await, 0, "it waits");
    bench.reply(other, "elsewhere").await;
    assert_eq!(
        bench.deliver(other).await,
        0,
        "so do others of the same number, which would be refused as well"
    );
    bench.world.clock.advance(seconds(16));
    assert_eq!(bench.fire().await, []);
    bench.world.clock.advance(seconds(6));
    let both = [TimerKind::DeliveryRetry, TimerKind::DeliveryRetry];
    assert_eq!(bench.fire().await, both);
    assert_eq!(bench.deliver(other).await, 1);
    assert_eq!(
        bench.count("outbox WHERE kind = 'message_retry_due'").await,
        2
    );
    assert_eq!(bench.deliver(conversation).await, 2);
    assert_eq!(
        bench.provider.texts(),
        ["first", "elsewhere", "first", "second"]
    );
    assert_eq!(bench.delivery(first).await, "sent");
    assert_eq!(
        bench
            .count("messages WHERE delivery = 'sent' AND failure IS NOT NULL")
            .await,
        0
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_stays_unwell_is_tried_ever_more_slowly_and_then_given_up() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench
        .provider
        .plan((0..6).map(|_| Say(500, None, error(131_000))));
    let reply = bench.reply(conversation, "hi").await;
    for pause in [1, 4, 16, 64, 256] {
        assert_eq!(bench.deliver(conversation).await, 1);
        assert_eq!(bench.delivery(reply).await, "queued");
        bench.world.clock.advance(seconds(pause - 1));
        assert_eq!(bench.fire().await, [], "before {pause}");
        bench.world.clock.advance(seconds(2 + pause / 4));
        assert_eq!(
            bench.fire().await,
            [TimerKind::DeliveryRetry],
            "after {pause}"
        );
    }
    assert_eq!(bench.deliver(conversation).await, 1);
    let row =
        "SELECT delivery, attempts, failure ->> 'reason', failure ->> 'retryable' FROM messages
        WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "failed 6 provider_unavailable false");
    assert_eq!(bench.count("timers").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permanent_refusal_fails_with_its_reason_and_lets_the_next_go() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench
        .provider
        .plan([Say(400, None, error(131_047)), Say(401, None, error(190))]);
    for words in ["first", "second", "third"] {
        bench.reply(conversation, words).await;
    }
    assert_eq!(bench.deliver(conversation).await, 3);
    let row = "SELECT delivery, failure ->> 'reason', failure ->> 'provider_code' FROM messages
        WHERE direction = 'out' ORDER BY version";
    let expect = [
        "failed window_closed 131047",
        "failed account_refused 190",
        "sent - -",
    ];
    assert_eq!(bench.rows(row).await, expect);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_that_is_off_or_sealed_by_another_key_fails_without_a_call() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.run("UPDATE inboxes SET enabled = false").await;
    let off = bench.reply(conversation, "off").await;
    bench.deliver(conversation).await;
    bench
        .run("UPDATE inboxes SET enabled = true, credentials = '\\x0102'")
        .await;
    let sealed = bench.reply(conversation, "sealed").await;
    bench.deliver(conversation).await;
    assert!(bench.provider.calls().is_empty());
    for reply in [off, sealed] {
        assert_eq!(bench.delivery(reply).await, "failed");
    }
    assert_eq!(
        bench
            .count("messages WHERE failure ->> 'reason' = 'account_refused'")
            .await,
        2
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_under_another_form_of_their_number_is_the_same_person() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let contact = json!({ "input": "+15550100", "wa_id": "1555100" });
    let taken = json!({ "contacts": [contact], "messages": [{ "id": "out-1" }] });
    bench
        .provider
        .plan([Say(200, None, taken.clone()), Say(200, None, taken)]);
    bench.reply(conversation, "hi").await;
    bench.reply(conversation, "again").await;
    assert_eq!(bench.deliver(conversation).await, 2);
    let linked = "outbox WHERE kind = 'identity_linked'";
    let before = bench.count(linked).await;
    bench
        .receive(inbox, text("next", vec![phone("1555100")], "it is me"))
        .await;
    assert_eq!(bench.count("contacts").await, 1);
    assert_eq!(bench.count("conversations").await, 1);
    assert_eq!(bench.count(linked).await, before, "once is enough");
    bench.prove().await;
}
