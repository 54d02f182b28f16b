//! Tries without an answer: never a silent second message, never a lost one.

use crate::bench::*;
use crate::provider::Answer::{Cut, Hang, Say};
use interdesk_domain::delivery::DeliveryState::{Delivered, Read};
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_domain::message::UpdateKind;
use interdesk_store::timers::TimerKind;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_call_is_unknown_where_a_repeat_would_double_and_the_next_reply_goes() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.provider.plan([Cut]);
    let first = bench.reply(conversation, "first").await;
    let second = bench.reply(conversation, "second").await;
    assert_eq!(bench.deliver(conversation).await, 2);
    assert_eq!(bench.delivery(first).await, "unknown");
    assert_eq!(bench.delivery(second).await, "sent");
    bench.world.clock.advance(seconds(3600));
    assert_eq!(bench.fire().await, []);
    assert_eq!(
        bench.deliver(conversation).await,
        0,
        "never sent again by itself"
    );
    let reason = "messages WHERE delivery = 'unknown' AND failure ->> 'reason' = 'no_answer'";
    assert_eq!(bench.count(reason).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_call_is_repeated_under_the_same_key_where_that_is_safe() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "u-1").await;
    bench.provider.plan([Cut, Say(502, None, json!("gateway"))]);
    let reply = bench.reply(conversation, "hi").await;
    for pause in [1, 4] {
        assert_eq!(bench.deliver(conversation).await, 1);
        assert_eq!(bench.delivery(reply).await, "queued");
        bench.world.clock.advance(seconds(pause + 1 + pause / 4));
        assert_eq!(bench.fire().await, [TimerKind::DeliveryRetry]);
    }
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.delivery(reply).await, "sent");
    let calls = bench.provider.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.key.is_some() && call.key == calls[0].key)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_comes_before_a_call_breaks_off_settles_it_for_good() {
    let mut bench = Bench::fresh().await;
    bench.courier.timeout = Duration::from_millis(400);
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.provider.plan([Hang]);
    let reply = bench.reply(conversation, "hi").await;
    let told = async {
        while bench.provider.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let attempt = bench.provider.calls()[0].body["biz_opaque_callback_data"].clone();
        let mut told = receipt("wamid.1", Delivered);
        if let UpdateKind::Receipt(receipt) = &mut told.kind {
            receipt.attempt = attempt.as_str().map(str::to_owned);
        }
        bench.receive(inbox, told).await;
    };
    tokio::join!(bench.deliver(conversation), told);
    let row = "SELECT delivery, provider_id, failure FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "delivered wamid.1 -");
    bench.receive(inbox, receipt("wamid.1", Read)).await;
    assert_eq!(bench.delivery(reply).await, "read");
    assert_eq!(bench.count("timers").await, 0);
    bench.prove().await;
}

/// Claims the next reply and crashes during the call.
async fn crash(bench: &Bench, conversation: interdesk_domain::id::ConversationId) {
    bench.provider.plan([Hang]);
    let calls = bench.provider.calls().len();
    let deliver = bench.deliver(conversation);
    let until_called = async {
        while bench.provider.calls().len() == calls {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = deliver => panic!("the call hangs"),
        () = until_called => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_during_the_call_ends_as_unknown_after_a_minute() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    let next = bench.reply(conversation, "next").await;
    crash(&bench, conversation).await;
    assert_eq!(bench.delivery(reply).await, "sending");
    assert_eq!(
        bench.deliver(conversation).await,
        0,
        "nobody else calls meanwhile"
    );
    bench.world.clock.advance(seconds(59));
    assert_eq!(bench.fire().await, []);
    bench.world.clock.advance(seconds(1));
    assert_eq!(bench.fire().await, [TimerKind::DeliveryUnknown]);
    assert_eq!(bench.delivery(reply).await, "unknown");
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.delivery(next).await, "sent");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_during_a_call_that_may_be_repeated_leads_to_the_next_try() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "u-1").await;
    let reply = bench.reply(conversation, "hi").await;
    crash(&bench, conversation).await;
    bench.world.clock.advance(seconds(60));
    assert_eq!(bench.fire().await, [TimerKind::DeliveryUnknown]);
    assert_eq!(bench.delivery(reply).await, "queued");
    assert_eq!(bench.fire().await, [TimerKind::DeliveryRetry]);
    assert_eq!(bench.deliver(conversation).await, 1);
    assert_eq!(bench.delivery(reply).await, "sent");
    let calls = bench.provider.calls();
    assert_eq!(calls[0].key, calls[1].key);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_after_the_doubt_settles_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    crash(&bench, conversation).await;
    bench.world.clock.advance(seconds(60));
    bench.fire().await;
    let mut told = receipt("wamid.1", Delivered);
    if let UpdateKind::Receipt(receipt) = &mut told.kind {
        let attempt = bench.provider.calls()[0].body["biz_opaque_callback_data"].clone();
        receipt.attempt = attempt.as_str().map(str::to_owned);
    }
    bench.receive(inbox, told).await;
    assert_eq!(bench.delivery(reply).await, "delivered");
    assert_eq!(bench.count("messages WHERE failure IS NOT NULL").await, 0);
    bench.prove().await;
}
