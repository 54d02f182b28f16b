//! Measures how many events a second go through the broker and back.
//!
//! `INTERDESK_TEST_AMQP_URL=… cargo run --release -p interdesk-bus --example throughput`

use std::time::Instant;

use anyhow::Context;
use bytes::Bytes;
use interdesk_bus::{Bus, Item, Publication, QueueName, RabbitBus, RabbitSettings, Topology};
use uuid::Uuid;

const COUNT: u128 = 40_000;
const BATCH: usize = 500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("INTERDESK_TEST_AMQP_URL").context("set INTERDESK_TEST_AMQP_URL")?;
    for window in [1, 32, 64, 256, 1024] {
        let topology = Topology::new(1).with_prefix("throughput.");
        let settings = RabbitSettings {
            window,
            ..RabbitSettings::default()
        };
        let began = Instant::now();
        let bus = RabbitBus::connect(&url, topology, settings).await?;
        let ready = began.elapsed();
        let count = if window == 1 { COUNT / 20 } else { COUNT };
        let rate = measure(&bus, count).await?;
        println!("window {window:>5}: {rate:>8.0} events/s (ready after {ready:.1?})");
        bus.close().await;
    }
    Ok(())
}

/// Publishes in batches while one reader acknowledges everything.
async fn measure(bus: &dyn Bus, count: u128) -> anyhow::Result<f64> {
    let mut consumer = bus.consume(QueueName::Audit(0), 256).await?;
    let began = Instant::now();
    let numbers: Vec<u128> = (0..count).collect();
    let publish = async {
        for batch in numbers.chunks(BATCH) {
            let batch = batch.iter().map(|number| event(*number)).collect();
            for result in bus.publish(batch).await {
                result?;
            }
        }
        anyhow::Ok(())
    };
    let consume = async {
        for _ in 0..count {
            if let Some(Item::Delivery(delivery)) = consumer.next().await {
                delivery.ack().await?;
            }
        }
        anyhow::Ok(())
    };
    tokio::try_join!(publish, consume)?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn event(number: u128) -> Publication {
    Publication {
        id: Uuid::from_u128(number),
        tenant: Uuid::from_u128(7),
        shard: 0,
        aggregate: "conversation".into(),
        event: "message_received".into(),
        body: Bytes::from(vec![b'x'; 500]),
        trace: None,
    }
}
