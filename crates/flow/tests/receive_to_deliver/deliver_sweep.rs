//! Replies whose event was lost: found after a while, and never sent twice.

use crate::bench::*;
use crate::provider::Answer::{Cut, Say};
use futures::future::join_all;
use interdesk_domain::inbox::ChannelKind::{Webhook, Whatsapp};
use interdesk_flow::deliver;
use interdesk_store::timers::TimerKind;
use serde_json::json;

async fn sweep(bench: &Bench) -> u32 {
    deliver::sweep(&bench.desk, &bench.courier, 4)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_whose_event_was_lost_leaves_by_itself_after_a_while() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    bench.world.clock.advance(seconds(29));
    assert_eq!(sweep(&bench).await, 0, "its event may still come");
    bench.world.clock.advance(seconds(2));
    assert_eq!(sweep(&bench).await, 1);
    assert_eq!(bench.delivery(reply).await, "sent");
    assert_eq!(sweep(&bench).await, 0);
    assert_eq!(
        bench.deliver(conversation).await,
        0,
        "the event comes after all"
    );
    assert_eq!(bench.provider.calls().len(), 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_and_late_events_at_once_make_one_call_for_each_reply_in_order() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "u-1").await;
    let said: Vec<String> = (0..6).map(|n| format!("r-{n}")).collect();
    for words in &said {
        bench.reply(conversation, words).await;
    }
    bench.world.clock.advance(seconds(31));
    let (sweeps, events) = tokio::join!(
        join_all((0..4).map(|_| sweep(&bench))),
        join_all((0..4).map(|_| bench.deliver(conversation))),
    );
    assert_eq!(sweeps.into_iter().chain(events).sum::<u32>(), 6);
    assert_eq!(bench.provider.texts(), said);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_the_next_try_and_a_doubt_are_respected() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Webhook).await;
    let conversation = bench.conversation(inbox, "u-1").await;
    bench.provider.plan([Say(429, Some(120), json!({}))]);
    let reply = bench.reply(conversation, "hi").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    bench.world.clock.advance(seconds(60));
    assert_eq!(sweep(&bench).await, 0, "the provider asked for two minutes");
    bench.world.clock.advance(seconds(91));
    // The timer fires, and the event that it writes gets lost.
    assert_eq!(bench.fire().await, [TimerKind::DeliveryRetry]);
    assert_eq!(sweep(&bench).await, 1);
    assert_eq!(bench.delivery(reply).await, "sent");

    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.provider.plan([Cut]);
    let reply = bench.reply(conversation, "hi").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    bench.world.clock.advance(seconds(3_600));
    assert_eq!(sweep(&bench).await, 0);
    assert_eq!(bench.delivery(reply).await, "unknown");
    bench.prove().await;
}
