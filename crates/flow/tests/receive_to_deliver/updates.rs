//! Receipts, edits, deletions and reactions, in every order.

use crate::bench::*;
use interdesk_domain::delivery::DeliveryState::{self, Delivered, Failed, Read, Sent};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::inbox::ChannelKind::{Telegram, Whatsapp};
use interdesk_domain::message::*;

fn failed(provider_id: &str) -> Update {
    let mut update = receipt(provider_id, Failed);
    if let UpdateKind::Receipt(receipt) = &mut update.kind {
        receipt.failure = Some(Failure {
            reason: FailureReason::RecipientUnknown,
            retryable: false,
            provider_code: Some("131026".to_owned()),
            detail: "gone".to_owned(),
        });
    }
    update
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_in_every_order_end_at_the_top_of_the_lattice() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    for (round, order) in orders(3).into_iter().enumerate() {
        let reply = bench.reply(conversation, "hi").await;
        bench.deliver(conversation).await;
        let id = format!("out-{}", round + 1);
        let mut top = Sent;
        for told in order.into_iter().map(|n| [Sent, Delivered, Read][n]) {
            bench.receive(inbox, receipt(&id, told)).await;
            bench.receive(inbox, receipt(&id, told)).await;
            top = top.after_receipt(told);
            assert_eq!(bench.delivery(reply).await, top.as_str());
        }
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_keeps_its_reason_over_later_receipts_and_goes_when_the_message_arrived() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    bench.deliver(conversation).await;
    bench.receive(inbox, failed("out-1")).await;
    bench.receive(inbox, receipt("out-1", Sent)).await;
    let row = "SELECT delivery, failure ->> 'reason' FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "failed recipient_unknown");
    bench.receive(inbox, receipt("out-1", Delivered)).await;
    assert_eq!(bench.one(row).await, "delivered -");
    assert_eq!(bench.delivery(reply).await, "delivered");
    let told = "SELECT body::jsonb #>> '{data,to}', body::jsonb #>> '{data,reason}' FROM outbox
        WHERE kind = 'delivery_changed' ORDER BY pos";
    assert_eq!(
        bench.rows(told).await,
        [
            "sending -",
            "sent -",
            "failed recipient_unknown",
            "delivered -"
        ]
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_before_the_answer_of_the_call_are_applied_with_it() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    for told in [Read, Sent, Delivered] {
        bench.receive(inbox, receipt("out-1", told)).await;
    }
    assert_eq!(bench.count("early_updates").await, 3);
    bench.deliver(conversation).await;
    assert_eq!(bench.delivery(reply).await, "read");
    assert_eq!(bench.count("early_updates").await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_names_the_attempt_and_brings_the_providers_id() {
    let bench = Bench::fresh().await;
    let (inbox, other) = (bench.inbox(Whatsapp).await, bench.inbox(Whatsapp).await);
    let conversation = bench.conversation(inbox, "15550100").await;
    let reply = bench.reply(conversation, "hi").await;
    bench.provider.plan([crate::provider::Answer::Cut]);
    bench.deliver(conversation).await;
    assert_eq!(bench.delivery(reply).await, "unknown");
    let attempt = bench.provider.calls()[0].body["biz_opaque_callback_data"].clone();
    let mut told = receipt("wamid.late", Delivered);
    if let UpdateKind::Receipt(receipt) = &mut told.kind {
        receipt.attempt = attempt.as_str().map(str::to_owned);
    }
    bench.receive(other, told.clone()).await;
    assert_eq!(
        bench.delivery(reply).await,
        "unknown",
        "another inbox knows nothing of it"
    );
    bench.receive(inbox, told).await;
    let row = "SELECT delivery, provider_id, failure FROM messages WHERE direction = 'out'";
    assert_eq!(bench.one(row).await, "delivered wamid.late -");
    bench.receive(inbox, receipt("wamid.late", Read)).await;
    assert_eq!(bench.delivery(reply).await, "read");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_changes_no_message_of_a_customer() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    bench
        .receive(inbox, text("m-1", vec![phone("15550100")], "hello"))
        .await;
    bench
        .receive(inbox, receipt("m-1", DeliveryState::Failed))
        .await;
    assert_eq!(bench.one("SELECT delivery FROM messages").await, "-");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_in_every_order_with_their_message_end_with_the_latest_and_keep_the_rest() {
    for order in orders(4) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Telegram).await;
        let now = bench.desk.now();
        let edit = |words_: &str| {
            update(UpdateKind::Edit {
                target: "m-1".to_owned(),
                content: words(words_),
            })
        };
        let told = [
            at(
                text("m-1", phone_or_user(inbox, "1"), "first"),
                now - seconds(30),
            ),
            at(edit("second"), now - seconds(20)),
            at(edit("third"), now - seconds(10)),
            at(edit("second"), now - seconds(20)),
        ];
        for n in &order {
            bench.world.clock.advance(seconds(1));
            bench.receive(inbox, told[*n].clone()).await;
        }
        assert_eq!(
            bench.one("SELECT text FROM messages").await,
            "third",
            "{order:?}"
        );
        assert_eq!(bench.count("early_updates").await, 0);
        assert_eq!(
            bench
                .count("message_revisions WHERE content ->> 'text' = 'first'")
                .await,
            1
        );
        bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_marks_once_and_keeps_the_words() {
    for order in orders(2) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Telegram).await;
        let told = [
            text("m-1", phone_or_user(inbox, "1"), "first"),
            update(UpdateKind::Delete {
                target: "m-1".to_owned(),
            }),
        ];
        for n in order {
            bench.receive(inbox, told[n].clone()).await;
        }
        bench.receive(inbox, told[1].clone()).await;
        assert_eq!(
            bench
                .one("SELECT text, deleted_at IS NULL FROM messages")
                .await,
            "first f"
        );
        assert_eq!(
            bench.count("outbox WHERE kind = 'message_deleted'").await,
            1
        );
        bench.prove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_in_every_order_end_with_the_latest_by_the_providers_clock() {
    for order in orders(4) {
        let bench = Bench::fresh().await;
        let inbox = bench.inbox(Telegram).await;
        let who = phone_or_user(inbox, "1");
        let react = |emojis: &[&str], ago: i64| {
            let reaction = Reaction {
                target: "m-1".to_owned(),
                by: sender(who.clone()),
                emojis: emojis.iter().map(|emoji| (*emoji).to_owned()).collect(),
                provider_id: None,
            };
            at(
                update(UpdateKind::Reaction(reaction)),
                bench.desk.now() - seconds(ago),
            )
        };
        let told = [
            text("m-1", who.clone(), "first"),
            react(&["👍"], 30),
            react(&[], 20),
            react(&["👍"], 10),
        ];
        for n in &order {
            bench.receive(inbox, told[*n].clone()).await;
        }
        assert_eq!(
            bench.one("SELECT emojis FROM reactions").await,
            "{👍}",
            "{order:?}"
        );
        bench.receive(inbox, react(&[], 0)).await;
        bench.receive(inbox, react(&[], 0)).await;
        assert_eq!(bench.one("SELECT emojis FROM reactions").await, "{}");
        let last = "SELECT body::jsonb #>> '{data,withdrawn}' FROM outbox
            WHERE kind = 'reaction_changed' ORDER BY pos DESC LIMIT 1";
        assert_eq!(bench.one(last).await, "true");
        bench.prove().await;
    }
}
