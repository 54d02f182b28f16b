//! What both ways promise.

use std::{pin::pin, time::Duration};

use futures::FutureExt;
use interdesk_bus::{Error, Item, PublishError, QueueName};
use tokio::time::timeout;
use uuid::Uuid;

use crate::desk::{Desk, SOON, assert_silent, broker, event, events, next, number};

const AUDIT: QueueName = QueueName::Audit(0);
const ROUTING: QueueName = QueueName::Routing(0);
const DELIVERY: QueueName = QueueName::Delivery(0);
const SLA: QueueName = QueueName::Sla(0);

macro_rules! over_both {
    ($($promise:ident)*) => {
        mod local {
            $(#[tokio::test]
            async fn $promise() {
                super::$promise(&super::Desk::local()).await;
            })*
        }

        mod rabbit {
            $(#[tokio::test]
            async fn $promise() {
                let Some(url) = super::broker(stringify!($promise)) else { return };
                let desk = super::Desk::rabbit(url).await;
                super::$promise(&desk).await;
                desk.end().await;
            })*
        }
    };
}

over_both! {
    deliveries_come_in_the_order_of_publication
    what_was_acknowledged_does_not_come_again
    what_was_not_acknowledged_comes_again_in_order
    a_dropped_delivery_comes_again_before_the_others
    an_answer_after_the_consumer_ended_says_that_the_delivery_comes_again
    a_retry_comes_back_later_and_lets_others_pass
    what_fails_five_times_is_dead_with_its_reason
    a_delivery_can_be_dead_at_once
    a_retried_dead_letter_comes_as_a_first_attempt
    a_publication_is_safe_once_it_is_confirmed
    one_consumer_is_active_and_the_next_takes_over
    readers_get_what_they_bind_and_nothing_else
    shards_do_not_mix
    the_trace_and_every_field_travel
    no_more_than_prefetch_is_handed_out
    a_batch_larger_than_every_bound_gets_through
    a_live_queue_shows_everything_from_now_on
    a_name_that_would_bend_the_key_is_refused_and_holds_nobody
    a_shard_that_nobody_reads_is_refused_and_holds_the_rest
    a_closed_bus_ends_its_consumers_and_refuses
}

async fn deliveries_come_in_the_order_of_publication(desk: &Desk) {
    let publish = desk.publish(events(0..40));
    let mut consumer = desk.consume(AUDIT).await;
    for expected in 0..40 {
        let delivery = next(&mut consumer).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    assert!(publish.await.unwrap().iter().all(Result::is_ok));
}

async fn what_was_acknowledged_does_not_come_again(desk: &Desk) {
    let publish = desk.publish(events(0..2));
    let mut consumer = desk.consume(AUDIT).await;
    for _ in 0..2 {
        next(&mut consumer).await.ack().await.unwrap();
    }
    publish.await.unwrap();
    drop(consumer);
    assert_silent(&mut desk.consume(AUDIT).await).await;
}

async fn what_was_not_acknowledged_comes_again_in_order(desk: &Desk) {
    let publish = desk.publish(events(0..4));
    let mut first = desk.consume(AUDIT).await;
    let held = [
        next(&mut first).await,
        next(&mut first).await,
        next(&mut first).await,
    ];
    assert!(held.iter().all(|delivery| delivery.redeliveries == 0));
    drop(first);
    drop(held);

    let mut second = desk.consume(AUDIT).await;
    for expected in 0..4 {
        let delivery = next(&mut second).await;
        assert_eq!((number(&delivery), delivery.attempt), (expected, 1));
        assert!(expected == 3 || delivery.redeliveries == 1, "{delivery:?}");
        delivery.ack().await.unwrap();
    }
    publish.await.unwrap();
}

async fn a_dropped_delivery_comes_again_before_the_others(desk: &Desk) {
    let publish = desk.publish(events(0..3));
    let mut consumer = desk.bus.consume(AUDIT, 1).await.unwrap();
    drop(next(&mut consumer).await);
    for expected in 0..3 {
        let delivery = next(&mut consumer).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    publish.await.unwrap();
}

async fn an_answer_after_the_consumer_ended_says_that_the_delivery_comes_again(desk: &Desk) {
    let publish = desk.publish(events(0..1));
    let mut first = desk.consume(AUDIT).await;
    let held = next(&mut first).await;
    drop(first);
    let mut second = desk.consume(AUDIT).await;
    let again = next(&mut second).await;
    held.ack().await.unwrap_err();
    again.ack().await.unwrap();
    publish.await.unwrap();
}

async fn a_retry_comes_back_later_and_lets_others_pass(desk: &Desk) {
    let publish = desk.publish(events(0..2));
    let mut consumer = desk.consume(AUDIT).await;
    next(&mut consumer).await.retry("not yet").await.unwrap();
    let other = next(&mut consumer).await;
    assert_eq!((number(&other), other.attempt), (1, 1));
    other.ack().await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!((number(&again), again.attempt), (0, 2));
    again.ack().await.unwrap();
    publish.await.unwrap();
}

async fn what_fails_five_times_is_dead_with_its_reason(desk: &Desk) {
    let publish = desk.publish(events(4..5));
    let mut consumer = desk.consume(AUDIT).await;
    for attempt in 1..=5 {
        let delivery = next(&mut consumer).await;
        assert_eq!(delivery.attempt, attempt);
        delivery.retry(&format!("failure {attempt}")).await.unwrap();
    }
    assert!(publish.await.unwrap().iter().all(Result::is_ok));
    assert_silent(&mut consumer).await;
    // Listing removes nothing, so a second look finds the same.
    for _ in 0..2 {
        let letters = desk.bus.dead_letters(10).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].queue, AUDIT);
        assert_eq!(letters[0].publication, events(4..5)[0]);
        assert_eq!(
            (letters[0].attempts, letters[0].reason.as_str()),
            (5, "failure 5")
        );
    }
}

async fn a_delivery_can_be_dead_at_once(desk: &Desk) {
    let publish = desk.publish(events(0..3));
    let mut consumer = desk.consume(AUDIT).await;
    for _ in 0..3 {
        next(&mut consumer).await.dead("hopeless").await.unwrap();
    }
    publish.await.unwrap();
    assert_eq!(desk.bus.dead_letters(2).await.unwrap().len(), 2);
    assert_eq!(desk.bus.dead_letters(10).await.unwrap().len(), 3);
}

async fn a_retried_dead_letter_comes_as_a_first_attempt(desk: &Desk) {
    let publish = desk.publish(events(1..4));
    let mut consumer = desk.consume(AUDIT).await;
    for _ in 1..4 {
        next(&mut consumer).await.dead("hopeless").await.unwrap();
    }
    publish.await.unwrap();

    assert_eq!(desk.bus.retry_dead(&[Uuid::from_u128(2)]).await.unwrap(), 1);
    let delivery = next(&mut consumer).await;
    assert_eq!((number(&delivery), delivery.attempt), (2, 1));
    delivery.ack().await.unwrap();
    assert_eq!(desk.bus.dead_letters(10).await.unwrap().len(), 2);

    assert_eq!(desk.bus.retry_dead(&[]).await.unwrap(), 2);
    for expected in [1, 3] {
        let delivery = next(&mut consumer).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    assert!(desk.bus.dead_letters(10).await.unwrap().is_empty());
}

/// A reader that crashes with the delivery in its hands never costs a confirmed publication.
async fn a_publication_is_safe_once_it_is_confirmed(desk: &Desk) {
    let mut publish = pin!(desk.bus.publish(events(0..1)));
    let mut first = desk.consume(AUDIT).await;
    let confirmed = tokio::select! {
        results = &mut publish => Some(results),
        delivery = next(&mut first) => {
            drop(delivery);
            None
        }
    };
    drop(first);
    let mut second = desk.consume(AUDIT).await;
    let delivery = next(&mut second).await;
    delivery.ack().await.unwrap();
    let results = match confirmed {
        Some(results) => results,
        None => timeout(SOON, publish).await.unwrap(),
    };
    assert!(results[0].is_ok());
}

async fn one_consumer_is_active_and_the_next_takes_over(desk: &Desk) {
    let mut first = desk.consume(AUDIT).await;
    let mut second = desk.consume(AUDIT).await;
    let publish = desk.publish(events(0..5));
    for expected in 0..3 {
        let delivery = next(&mut first).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    assert_silent(&mut second).await;
    let held = next(&mut first).await;
    drop(first);
    drop(held);
    for expected in 3..5 {
        let delivery = next(&mut second).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    publish.await.unwrap();
}

async fn readers_get_what_they_bind_and_nothing_else(desk: &Desk) {
    let names = [
        "work_item_queued",
        "message_queued",
        "note_added",
        "offer_declined",
    ];
    let batch = names
        .iter()
        .zip(0..)
        .map(|(name, number)| event(name, number))
        .collect();
    let publish = desk.publish(batch);
    for (queue, wanted) in [
        (ROUTING, vec![0, 3]),
        (DELIVERY, vec![1]),
        (AUDIT, vec![0, 1, 2, 3]),
        (SLA, vec![0, 1, 3]),
    ] {
        let mut consumer = desk.consume(queue).await;
        for expected in wanted {
            let delivery = next(&mut consumer).await;
            assert_eq!(number(&delivery), expected);
            delivery.ack().await.unwrap();
        }
        assert_silent(&mut consumer).await;
    }
    publish.await.unwrap();
}

async fn shards_do_not_mix(desk: &Desk) {
    let mut other = event("note_added", 1);
    other.shard = 1;
    let publish = desk.publish(vec![event("note_added", 0), other]);
    for shard in 0..2 {
        let mut consumer = desk.consume(QueueName::Audit(shard)).await;
        let delivery = next(&mut consumer).await;
        assert_eq!(
            (number(&delivery), delivery.shard),
            (u128::from(shard), shard)
        );
        delivery.ack().await.unwrap();
        assert_silent(&mut consumer).await;
    }
    publish.await.unwrap();
}

async fn the_trace_and_every_field_travel(desk: &Desk) {
    let mut sent = event("note_added", 5);
    sent.trace = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
    let publish = desk.publish(vec![sent.clone()]);
    let mut consumer = desk.consume(AUDIT).await;
    let first = next(&mut consumer).await;
    assert_eq!(*first, sent);
    first.retry("not yet").await.unwrap();
    let second = next(&mut consumer).await;
    assert_eq!(*second, sent, "the ladder changes nothing");
    second.ack().await.unwrap();
    publish.await.unwrap();
}

async fn no_more_than_prefetch_is_handed_out(desk: &Desk) {
    let publish = desk.publish(events(0..3));
    let mut consumer = desk.bus.consume(AUDIT, 2).await.unwrap();
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    assert_silent(&mut consumer).await;
    first.ack().await.unwrap();
    let third = next(&mut consumer).await;
    assert_eq!(number(&third), 2);
    second.ack().await.unwrap();
    third.ack().await.unwrap();
    publish.await.unwrap();
}

async fn a_batch_larger_than_every_bound_gets_through(desk: &Desk) {
    let batch = (0..500)
        .map(|number| event("work_item_queued", number))
        .collect();
    let publish = desk.publish(batch);
    let results = desk.drain(&[AUDIT, ROUTING, SLA], publish).await;
    assert_eq!(results.len(), 500);
    assert!(results.iter().all(Result::is_ok));
}

async fn a_live_queue_shows_everything_from_now_on(desk: &Desk) {
    let early = desk.publish(events(0..1));
    desk.drain(&[AUDIT], early).await;

    let mut live = desk.consume(QueueName::Live("desk-1".into())).await;
    let mut other = event("message_queued", 2);
    other.shard = 1;
    let publish = desk.publish(vec![event("note_added", 1), other]);
    for expected in 1..3 {
        let delivery = next(&mut live).await;
        assert_eq!(number(&delivery), expected);
        delivery.ack().await.unwrap();
    }
    let queues = [
        AUDIT,
        QueueName::Audit(1),
        QueueName::Delivery(1),
        QueueName::Sla(1),
    ];
    assert!(desk.drain(&queues, publish).await.iter().all(Result::is_ok));
}

async fn a_name_that_would_bend_the_key_is_refused_and_holds_nobody(desk: &Desk) {
    let mut bent = event("note_added", 0);
    bent.aggregate = "work.item".into();
    let publish = desk.publish(vec![bent, event("note_added", 1)]);
    let results = desk.drain(&[AUDIT], publish).await;
    assert!(
        matches!(&results[0], Err(error) if error.is_permanent()),
        "{results:?}"
    );
    assert!(results[1].is_ok());
}

async fn a_shard_that_nobody_reads_is_refused_and_holds_the_rest(desk: &Desk) {
    let mut lost = event("note_added", 0);
    lost.shard = 9;
    let mut batch = vec![lost];
    // More than the window, so that some are not sent when the refusal arrives.
    batch.extend(events(1..100));
    let publish = desk.publish(batch);
    let results = desk.drain(&[AUDIT], publish).await;
    assert!(
        matches!(&results[0], Err(PublishError::Unroutable(_))),
        "{:?}",
        results[0]
    );
    assert!(
        matches!(results.last(), Some(Err(PublishError::Held))),
        "{:?}",
        results.last()
    );
}

async fn a_closed_bus_ends_its_consumers_and_refuses(desk: &Desk) {
    desk.bus.check().await.unwrap();
    let mut consumer = desk.consume(AUDIT).await;
    let mut live = desk.consume(QueueName::Live("desk-1".into())).await;
    let mut waiting = pin!(consumer.next());
    assert!(waiting.as_mut().now_or_never().is_none());
    desk.bus.close().await;
    assert!(timeout(SOON, waiting).await.unwrap().is_none());
    assert!(timeout(SOON, live.next()).await.unwrap().is_none());
    assert!(matches!(desk.bus.check().await, Err(Error::Closed)));
    assert!(matches!(
        desk.bus.consume(AUDIT, 1).await,
        Err(Error::Closed)
    ));
    let results = timeout(SOON, desk.bus.publish(events(0..1))).await.unwrap();
    assert!(
        matches!(results[0], Err(PublishError::Closed)),
        "{results:?}"
    );
}

/// Alone among the promises: the local bus answers late on purpose.
#[tokio::test]
async fn the_local_bus_answers_only_after_every_reader() {
    let desk = Desk::local();
    let mut publish = desk.publish(vec![event("work_item_queued", 0)]);
    let (mut audit, mut routing) = (desk.consume(AUDIT).await, desk.consume(ROUTING).await);
    let mut sla = desk.consume(SLA).await;
    next(&mut audit).await.ack().await.unwrap();
    next(&mut sla).await.ack().await.unwrap();
    let delivery = next(&mut routing).await;
    let early = timeout(Duration::from_millis(100), &mut publish).await;
    assert!(early.is_err(), "answered before routing acknowledged");
    delivery.ack().await.unwrap();
    assert!(publish.await.unwrap()[0].is_ok());
}

/// And it never waits for a follower that is too slow.
#[tokio::test]
async fn a_slow_follower_of_the_local_bus_learns_that_it_missed_something() {
    let desk = Desk::local();
    let mut live = desk.consume(QueueName::Live("desk-1".into())).await;
    let many = interdesk_bus::topology::LIVE_LIMIT as u128 + 5;
    let publish = desk.publish(events(0..many));
    desk.drain(&[AUDIT], publish).await;
    assert!(matches!(live.next().await, Some(Item::Reconnected)));
    assert_eq!(number(&next(&mut live).await), many - 5);
}

/// What keeps coming back without an answer is poison too.
#[tokio::test]
async fn what_is_dropped_again_and_again_is_dead() {
    let desk = Desk::local();
    let publish = desk.publish(events(0..1));
    let mut consumer = desk.consume(AUDIT).await;
    for _ in 0..=interdesk_bus::topology::DELIVERY_LIMIT {
        drop(next(&mut consumer).await);
    }
    assert_silent(&mut consumer).await;
    publish.await.unwrap();
    assert_eq!(
        desk.bus.dead_letters(1).await.unwrap()[0].reason,
        "delivery limit"
    );
}
