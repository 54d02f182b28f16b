//! The bus over RabbitMQ.
//!
//! Two connections, because the broker may stop reading from one that publishes when it runs out
//! of memory or disk, and acknowledgements must still get through then. Both are opened again by
//! us rather than by lapin: its recovery gives up after a number of attempts and cannot tell a
//! reader of a live queue that it missed something. Every new connection declares the topology,
//! so a broker that lost its disk works again as well.
//!
//! What a cut catches: a publication fails and its publisher repeats it; a delivery comes again.

mod aside;
mod consumer;
mod dead;
mod declare;
mod frame;
mod link;
mod publisher;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use self::{aside::Aside, link::Link, publisher::Publisher};
use crate::{Bus, DeadLetter, Error, Publication, PublishError, QueueName, Topology, delivery};

pub(crate) use self::{aside::Receipt, consumer::Consumer};

/// How to treat the broker.
#[derive(Debug, Clone)]
pub struct RabbitSettings {
    /// How many publications may wait for their confirms at once.
    pub window: usize,
    /// How long to wait for a confirm.
    pub confirm_timeout: Duration,
    /// How long to wait for a connection or any other answer.
    pub answer_timeout: Duration,
    /// How long to wait before the second attempt to connect again; it doubles from there.
    pub first_wait: Duration,
    /// How long to wait between attempts at most.
    pub longest_wait: Duration,
}

impl Default for RabbitSettings {
    fn default() -> Self {
        Self {
            window: 256,
            confirm_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(10),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(5),
        }
    }
}

/// Carries events between processes over RabbitMQ.
pub struct RabbitBus {
    topology: Arc<Topology>,
    /// What events are published on.
    publisher: Publisher,
    aside: Arc<Aside>,
    publishing: Arc<Link>,
    consuming: Arc<Link>,
    settings: Arc<RabbitSettings>,
    closed: watch::Sender<bool>,
}

impl RabbitBus {
    /// Connects and declares the topology; fails if the broker cannot be reached now.
    ///
    /// The address is `amqp://` or `amqps://`; without `?heartbeat=` a dead broker is noticed by
    /// a heartbeat of ten seconds.
    pub async fn connect(
        url: &str,
        topology: Topology,
        settings: RabbitSettings,
    ) -> Result<Self, Error> {
        let (topology, settings) = (Arc::new(topology), Arc::new(settings));
        let closed = watch::Sender::new(false);
        let link = |purpose| {
            let closed = closed.subscribe();
            Link::new(url, purpose, topology.clone(), settings.clone(), closed).map(Arc::new)
        };
        let (publishing, consuming) = (link("publish")?, link("consume")?);
        publishing.connect().await?;
        consuming.connect().await?;
        let publisher = Publisher::new(publishing.clone(), settings.clone());
        let aside = Arc::new(Aside {
            topology: topology.clone(),
            publisher: Publisher::new(publishing.clone(), settings.clone()),
        });
        Ok(Self {
            topology,
            publisher,
            aside,
            publishing,
            consuming,
            settings,
            closed,
        })
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), PublishError>> {
        let exchange = self.topology.exchange().name;
        let parcels = batch
            .iter()
            .map(|publication| frame::event(&exchange, publication));
        self.publisher.send(parcels.collect()).await
    }

    async fn consume(&self, queue: QueueName, prefetch: u16) -> Result<crate::Consumer, Error> {
        if *self.closed.borrow() {
            return Err(Error::Closed);
        }
        if queue
            .reader()
            .is_some_and(|(_, shard)| shard >= self.topology.shards)
        {
            return Err(Error::NoQueue(queue.to_string()));
        }
        let mut consumer = Consumer::new(
            queue,
            prefetch.max(1),
            self.consuming.clone(),
            self.aside.clone(),
            self.settings.clone(),
            self.closed.subscribe(),
        );
        consumer.open().await?;
        Ok(crate::Consumer(delivery::Source::Rabbit(Box::new(
            consumer,
        ))))
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        dead::list(&self.consuming, &self.topology, limit).await
    }

    async fn retry_dead(&self, ids: &[Uuid]) -> Result<usize, Error> {
        dead::retry(&self.consuming, &self.aside, ids).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.publishing.check().await?;
        self.consuming.check().await
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        self.publishing.close().await;
        self.consuming.close().await;
    }
}
