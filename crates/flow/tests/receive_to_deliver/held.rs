//! A provider that takes a message and holds it back.

use crate::bench::*;
use crate::provider::Answer::{self, Say};
use interdesk_domain::delivery::DeliveryState::{Delivered, Failed, Sent};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::inbox::ChannelKind::Whatsapp;
use interdesk_domain::message::UpdateKind;
use serde_json::json;

const ROW: &str = "SELECT delivery, failure ->> 'reason', failure ->> 'provider_code'
    FROM messages WHERE direction = 'out'";

fn held() -> Answer {
    let message = json!({ "id": "out-1", "message_status": "held_for_quality_assessment" });
    Say(200, None, json!({ "messages": [message] }))
}

async fn told(bench: &Bench) -> Vec<String> {
    let query = "SELECT body::jsonb #>> '{data,to}', body::jsonb #>> '{data,reason}' FROM outbox
        WHERE kind = 'delivery_changed' ORDER BY pos";
    bench.rows(query).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_message_says_so_until_the_provider_tells_that_it_went_out() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.provider.plan([held()]);
    bench.reply(conversation, "hi").await;
    assert_eq!(bench.deliver(conversation).await, 1);
    let waiting = "sent held_by_provider held_for_quality_assessment";
    assert_eq!(bench.one(ROW).await, waiting);
    assert_eq!(bench.deliver(conversation).await, 0, "it is not sent again");
    bench.receive(inbox, receipt("out-1", Sent)).await;
    assert_eq!(bench.one(ROW).await, "sent - -");
    bench.receive(inbox, receipt("out-1", Sent)).await;
    bench.receive(inbox, receipt("out-1", Delivered)).await;
    assert_eq!(
        told(&bench).await,
        [
            "sending -",
            "sent held_by_provider",
            "sent -",
            "delivered -"
        ]
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_message_that_is_dropped_fails_with_the_reason_of_its_end() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    bench.provider.plan([held()]);
    bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    let mut dropped = receipt("out-1", Failed);
    if let UpdateKind::Receipt(receipt) = &mut dropped.kind {
        receipt.failure = Some(Failure {
            reason: FailureReason::RefusedContent,
            retryable: false,
            provider_code: Some("132015".to_owned()),
            detail: "the template is paused".to_owned(),
        });
    }
    bench.receive(inbox, dropped).await;
    assert_eq!(bench.one(ROW).await, "failed refused_content 132015");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_overtakes_the_answer_leaves_nothing_held() {
    for early in [Sent, Delivered] {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Whatsapp).await;
        let conversation = bench.conversation(inbox, "15550100").await;
        bench.provider.plan([held()]);
        bench.reply(conversation, "hi").await;
        bench.receive(inbox, receipt("out-1", early)).await;
        bench.deliver(conversation).await;
        let state = early.as_str();
        assert_eq!(bench.one(ROW).await, format!("{state} - -"));
        bench.prove().await;
    }
}
