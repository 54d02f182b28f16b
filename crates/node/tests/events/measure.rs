//! Measurements; run them with `--release -- --ignored --nocapture measure`.

use crate::world::*;
use interdesk_bus::{Bus, Item, LocalBus, QueueName, Reader, Topology};
use interdesk_node::relay::Settings;
use interdesk_store::testing::TestDatabase;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Acknowledges everything in all queues.
async fn drain(bus: &Arc<LocalBus>, topology: &Topology) {
    for queue in topology.queue_names() {
        let mut consumer = bus.consume(queue, 1_000).await.unwrap();
        tokio::spawn(async move {
            while let Some(item) = consumer.next().await {
                if let Item::Delivery(delivery) = item {
                    delivery.ack().await.unwrap();
                }
            }
        });
    }
}

async fn rate(count: i64, sets: i64) {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let tenants: [_; 5] = std::array::from_fn(|_| new_uuid());
    for number in 0..sets {
        log_many(&owner, tenants[number as usize % 5], count / sets).await;
    }
    let topology = Topology::new(4);
    let bus = Arc::new(LocalBus::in_memory(topology.clone()));
    drain(&bus, &topology).await;
    let begin = Instant::now();
    let relay = start(&test, bus, Settings::default());
    let (mut stamped, deadline) = (None, begin + Duration::from_secs(600));
    loop {
        let done = |column| format!("SELECT {column} FROM relay_cursor");
        if stamped.is_none() && number(&owner, &done("stamped")).await == count {
            stamped = Some(begin.elapsed());
        }
        if number(&owner, &done("published")).await == count {
            break;
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let all = begin.elapsed();
    println!(
        "{count} events in one set: stamped in {:?}, published in {all:?}: {:.0} events/s",
        stamped.unwrap_or(all),
        count as f64 / all.as_secs_f64()
    );
    relay.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_many_events_a_second_are_stamped_and_published() {
    rate(100_000, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_a_million_events_in_one_set_fare() {
    rate(1_000_000, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_a_lone_event_takes() {
    let test = TestDatabase::fresh().await;
    let owner = connect(&test).await;
    let bus = Arc::new(LocalBus::new(
        Topology::new(1),
        &[Reader::Audit],
        Arc::new(interdesk_bus::MemoryDead::default()),
    ));
    let mut consumer = bus.consume(QueueName::Audit(0), 10).await.unwrap();
    let relay = start(
        &test,
        bus,
        Settings {
            shards: 1,
            ..Settings::default()
        },
    );
    let mut times = Vec::new();
    for _ in 0..300 {
        log_many(&owner, new_uuid(), 1).await;
        let begin = Instant::now();
        relay.committed.notify_one();
        if let Some(Item::Delivery(delivery)) = consumer.next().await {
            times.push(begin.elapsed());
            delivery.ack().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.sort();
    println!("a lone event: p50 {:?}, p99 {:?}", times[150], times[297]);
    relay.end().await;
}
