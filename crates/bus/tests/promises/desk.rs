//! A bus to test, and what every test does with one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use interdesk_bus::{
    Bus, Consumer, Delivery, Item, LocalBus, MemoryDead, Publication, PublishError, QueueName,
    RabbitBus, RabbitSettings, Reader, Topology,
};
use lapin::{Connection, ConnectionProperties, options::QueueDeleteOptions};
use tokio::{task::JoinHandle, time::timeout};
use uuid::Uuid;

/// Long enough for any answer on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Long enough to believe that nothing comes.
const NOTHING: Duration = Duration::from_millis(300);

static COUNT: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Desk {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) topology: Topology,
    url: Option<String>,
}

/// Short waits, so that a test sees all of the ladder.
pub(crate) fn topology() -> Topology {
    Topology::new(2).with_ladder([50, 100, 100, 100].map(Duration::from_millis))
}

/// The broker's address, or a line that says why a test did nothing.
pub(crate) fn broker(test: &str) -> Option<String> {
    let url = std::env::var("INTERDESK_TEST_AMQP_URL").ok();
    if url.is_none() {
        eprintln!("skipped {test}: INTERDESK_TEST_AMQP_URL is not set; ./dev test sets it");
    }
    url
}

impl Desk {
    pub(crate) fn local() -> Self {
        let topology = topology();
        let dead = Arc::new(MemoryDead::default());
        let bus = LocalBus::with_capacity(topology.clone(), &Reader::ALL, dead, 50);
        Self {
            bus: Arc::new(bus),
            topology,
            url: None,
        }
    }

    pub(crate) async fn rabbit(url: String) -> Self {
        Self::rabbit_through(url.clone(), url).await
    }

    /// Reaches the broker through another address, and tidies up without it.
    pub(crate) async fn rabbit_through(through: String, url: String) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let topology = topology().with_prefix(format!("test-{}-{count}.", std::process::id()));
        let settings = RabbitSettings {
            window: 16,
            longest_wait: Duration::from_millis(500),
            ..RabbitSettings::default()
        };
        let bus = RabbitBus::connect(&through, topology.clone(), settings)
            .await
            .unwrap();
        Self {
            bus: Arc::new(bus),
            topology,
            url: Some(url),
        }
    }

    /// Closes the bus and removes what the test left on the broker.
    pub(crate) async fn end(self) {
        self.bus.close().await;
        let Some(url) = self.url else { return };
        let connection = Connection::connect(&url, ConnectionProperties::default())
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        for queue in self.topology.queues() {
            let options = QueueDeleteOptions::default();
            channel
                .queue_delete(queue.name.into(), options)
                .await
                .unwrap();
        }
        let exchange = self.topology.exchange().name;
        channel
            .exchange_delete(exchange.into(), Default::default())
            .await
            .unwrap();
    }

    pub(crate) async fn consume(&self, queue: QueueName) -> Consumer {
        self.bus.consume(queue, 10).await.unwrap()
    }

    /// Publishes beside the test, as the relay does; a local bus answers only when all is read.
    pub(crate) fn publish(
        &self,
        batch: Vec<Publication>,
    ) -> JoinHandle<Vec<Result<(), PublishError>>> {
        let bus = self.bus.clone();
        tokio::spawn(async move { bus.publish(batch).await })
    }

    /// Acknowledges everything in these queues until all of a publish is answered.
    pub(crate) async fn drain(
        &self,
        queues: &[QueueName],
        publish: JoinHandle<Vec<Result<(), PublishError>>>,
    ) -> Vec<Result<(), PublishError>> {
        let mut readers = Vec::new();
        for queue in queues {
            let mut consumer = self.consume(queue.clone()).await;
            readers.push(tokio::spawn(async move {
                while let Some(item) = consumer.next().await {
                    if let Item::Delivery(delivery) = item {
                        delivery.ack().await.unwrap();
                    }
                }
            }));
        }
        let results = timeout(SOON, publish).await.unwrap().unwrap();
        readers.iter().for_each(JoinHandle::abort);
        results
    }
}

/// The `number`th event of a kind, in shard 0.
pub(crate) fn event(name: &str, number: u128) -> Publication {
    Publication {
        id: Uuid::from_u128(number),
        tenant: Uuid::from_u128(7),
        shard: 0,
        aggregate: "work_item".into(),
        event: name.into(),
        body: Bytes::from(format!("{{\"number\":{number}}}")),
        trace: None,
    }
}

/// Events that only the audit reads, which keeps other queues out of a test.
pub(crate) fn events(numbers: std::ops::Range<u128>) -> Vec<Publication> {
    numbers.map(|number| event("note_added", number)).collect()
}

pub(crate) async fn next(consumer: &mut Consumer) -> Delivery {
    match timeout(SOON, consumer.next())
        .await
        .expect("a delivery in time")
        .expect("an open bus")
    {
        Item::Delivery(delivery) => delivery,
        Item::Reconnected => panic!("nobody cut the connection"),
    }
}

/// Passes over reconnects.
pub(crate) async fn next_after_cut(consumer: &mut Consumer) -> Delivery {
    loop {
        let item = timeout(SOON, consumer.next())
            .await
            .expect("a delivery in time");
        if let Item::Delivery(delivery) = item.expect("an open bus") {
            return delivery;
        }
    }
}

pub(crate) async fn assert_silent(consumer: &mut Consumer) {
    if let Ok(item) = timeout(NOTHING, consumer.next()).await {
        panic!("expected nothing, got {item:?}");
    }
}

pub(crate) fn number(delivery: &Delivery) -> u128 {
    delivery.id.as_u128()
}
