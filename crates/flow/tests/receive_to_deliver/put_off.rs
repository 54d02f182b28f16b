//! A customer's words bring back what was put off; a reply leaves it as it is.

use crate::bench::{Bench, phone_or_user, text};
use interdesk_domain::inbox::ChannelKind;

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_message_ends_a_snooze_and_a_hold() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(ChannelKind::Telegram).await;
    let id = bench.conversation(inbox, "7").await;
    let state = format!("SELECT status FROM conversations WHERE id = '{}'", id.0);
    for (status, event) in [
        ("snoozed", "conversation_woken"),
        ("on_hold", "conversation_status_changed"),
    ] {
        bench
            .run(&format!(
                "UPDATE conversations SET status = '{status}', snoozed_until = now() + interval '1 day'
                 WHERE id = '{}'",
                id.0
            ))
            .await;
        bench.reply(id, "still at it").await;
        assert_eq!(bench.one(&state).await, status, "a reply leaves it put off");
        let message = text(
            &format!("while {status}"),
            phone_or_user(inbox, "7"),
            "and?",
        );
        bench.receive(inbox, message).await;
        assert_eq!(bench.one(&state).await, "open");
        let told = format!("outbox WHERE kind = '{event}'");
        assert_eq!(bench.count(&told).await, 1);
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_sleeps_in_its_queue_wakes_with_the_customer() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(ChannelKind::Telegram).await;
    let first = text("first", phone_or_user(inbox, "7"), "hello");
    bench.receive(inbox, first).await;
    bench
        .run(
            "UPDATE conversations SET status = 'snoozed', snoozed_until = now() + interval '1 day';
             UPDATE work_items SET not_before = now() + interval '1 day'",
        )
        .await;
    let second = text("second", phone_or_user(inbox, "7"), "hello?");
    bench.receive(inbox, second).await;
    assert_eq!(
        bench
            .count("work_items WHERE state = 'queued' AND not_before IS NULL")
            .await,
        1
    );
    assert_eq!(bench.one("SELECT status FROM conversations").await, "open");
    bench.prove().await;
}
