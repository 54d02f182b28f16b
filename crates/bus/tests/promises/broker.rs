//! What only a broker across a network can get wrong.

use std::{collections::BTreeSet, time::Duration};

use interdesk_bus::{Item, QueueName};
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
    uri::AMQPUri,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    desk::{Desk, SOON, broker, events, next, next_after_cut, number},
    proxy::Proxy,
};

const AUDIT: QueueName = QueueName::Audit(0);

async fn desk_behind_proxy(url: String) -> (Desk, Proxy) {
    let mut uri: AMQPUri = url.parse().unwrap();
    let proxy = Proxy::before(format!("{}:{}", uri.authority.host, uri.authority.port)).await;
    uri.authority.host = "127.0.0.1".into();
    uri.authority.port = proxy.port();
    (Desk::rabbit_through(uri.to_string(), url).await, proxy)
}

async fn channel(url: &str) -> (Connection, lapin::Channel) {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// The relay repeats from the first error, the reader remembers what it handled; between them
/// nothing is missing, however often the line is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_nothing() {
    let Some(url) = broker("cuts_lose_nothing") else {
        return;
    };
    let (desk, proxy) = desk_behind_proxy(url).await;
    const COUNT: u128 = 2_000;

    let bus = desk.bus.clone();
    let relay = tokio::spawn(async move {
        let (mut cursor, mut failures) = (0, 0);
        while cursor < COUNT {
            let results = bus.publish(events(cursor..(cursor + 50).min(COUNT))).await;
            cursor += results.iter().take_while(|result| result.is_ok()).count() as u128;
            if results.iter().any(Result::is_err) {
                failures += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        failures
    });
    let cutter = tokio::spawn(async move {
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            proxy.cut();
        }
        proxy
    });

    let mut consumer = desk.consume(AUDIT).await;
    let mut seen = BTreeSet::new();
    while (seen.len() as u128) < COUNT {
        let delivery = next_after_cut(&mut consumer).await;
        seen.insert(number(&delivery));
        // An answer that a cut swallows brings the delivery again.
        let _ = delivery.ack().await;
    }
    relay.await.unwrap();
    let proxy = cutter.await.unwrap();
    assert_eq!(seen.last(), Some(&(COUNT - 1)));
    drop(consumer);
    desk.end().await;
    drop(proxy);
}

#[tokio::test]
async fn a_cut_says_reconnected_and_brings_back_what_was_not_acknowledged() {
    let Some(url) = broker("a_cut_says_reconnected") else {
        return;
    };
    let (desk, proxy) = desk_behind_proxy(url).await;
    let mut consumer = desk.consume(AUDIT).await;
    let mut live = desk.consume(QueueName::Live("desk-1".into())).await;
    desk.publish(events(0..1)).await.unwrap();
    let held = next(&mut consumer).await;
    next(&mut live).await.ack().await.unwrap();
    proxy.cut();

    for consumer in [&mut consumer, &mut live] {
        let item = timeout(SOON, consumer.next()).await.unwrap();
        assert!(matches!(item, Some(Item::Reconnected)), "{item:?}");
    }
    held.ack().await.unwrap_err();
    let again = next(&mut consumer).await;
    assert_eq!((number(&again), again.redeliveries), (0, 1));
    again.ack().await.unwrap();
    desk.publish(events(1..2)).await.unwrap();
    assert_eq!(
        number(&next(&mut live).await),
        1,
        "the live queue follows again"
    );
    desk.end().await;
}

/// Health checks wait two seconds. A broker that just started takes longer to hear of the topology.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_made_although_nobody_who_asks_waits_long_enough() {
    let name = "a_connection_is_made_although_nobody_who_asks_waits_long_enough";
    let Some(url) = broker(name) else {
        return;
    };
    let (desk, proxy) = desk_behind_proxy(url).await;
    proxy.slow_down(Duration::from_millis(20));
    proxy.cut();
    let patience = Duration::from_millis(300);
    let connected = async {
        let mut impatient = 0;
        loop {
            match timeout(patience, desk.bus.check()).await {
                Ok(Ok(())) => return impatient,
                Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(_) => impatient += 1,
            }
        }
    };
    let impatient = timeout(Duration::from_secs(60), connected).await;
    let impatient = impatient.expect("a connection, in the end");
    assert!(impatient > 1, "it came at once, which shows nothing");
    desk.bus.close().await;
}

#[tokio::test]
async fn a_deleted_queue_is_declared_again() {
    let Some(url) = broker("a_deleted_queue_is_declared_again") else {
        return;
    };
    let desk = Desk::rabbit(url.clone()).await;
    let mut consumer = desk.consume(AUDIT).await;
    let (_connection, channel) = channel(&url).await;
    let name = desk.topology.name(&AUDIT);
    channel
        .queue_delete(name.into(), QueueDeleteOptions::default())
        .await
        .unwrap();

    let item = timeout(SOON, consumer.next()).await.unwrap();
    assert!(matches!(item, Some(Item::Reconnected)), "{item:?}");
    assert!(desk.publish(events(0..1)).await.unwrap()[0].is_ok());
    assert_eq!(number(&next(&mut consumer).await), 0);
    desk.end().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_dead_and_stops_nobody() {
    let Some(url) = broker("a_message_that_cannot_be_read_is_dead") else {
        return;
    };
    let desk = Desk::rabbit(url.clone()).await;
    let (_connection, channel) = channel(&url).await;
    let mut strange = FieldTable::default();
    strange.insert("id".into(), AMQPValue::LongLongInt(7));
    for headers in [FieldTable::default(), strange] {
        let properties = BasicProperties::default().with_headers(headers);
        let name = desk.topology.name(&AUDIT).into();
        let options = BasicPublishOptions::default();
        channel
            .basic_publish("".into(), name, options, b"\xff\0", properties)
            .await
            .unwrap();
    }
    // The two went through another connection; wait until they stand in the queue.
    let mut consumer = desk.consume(AUDIT).await;
    desk.publish(events(0..1)).await.unwrap();
    let delivery = next(&mut consumer).await;
    assert_eq!(number(&delivery), 0);
    delivery.ack().await.unwrap();

    let letters = desk.bus.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 2);
    for letter in &letters {
        assert_eq!(letter.publication.id, Uuid::nil());
        assert_eq!(letter.publication.body.as_ref(), b"\xff\0");
        assert_eq!(letter.reason, "header id is missing or malformed");
    }
    assert_eq!(
        desk.bus.retry_dead(&[]).await.unwrap(),
        0,
        "it would only come back"
    );
    assert_eq!(desk.bus.dead_letters(10).await.unwrap().len(), 2);
    desk.end().await;
}

#[tokio::test]
async fn two_processes_share_a_queue_and_one_takes_over() {
    let Some(url) = broker("two_processes_share_a_queue") else {
        return;
    };
    let first = Desk::rabbit(url.clone()).await;
    let settings = interdesk_bus::RabbitSettings::default();
    let second = interdesk_bus::RabbitBus::connect(&url, first.topology.clone(), settings);
    let second: Box<dyn interdesk_bus::Bus> = Box::new(second.await.unwrap());
    let mut active = first.consume(AUDIT).await;
    let mut waiting = second.consume(AUDIT, 10).await.unwrap();
    second.publish(events(0..2)).await;
    next(&mut active).await.ack().await.unwrap();
    crate::desk::assert_silent(&mut waiting).await;
    first.bus.close().await;
    assert_eq!(number(&next(&mut waiting).await), 1);
    second.close().await;
    first.end().await;
}
