//! A reader's side of the local queues.

use std::{fmt, pin::pin, sync::Arc};

use super::{
    live::{Glance, Live},
    queue::{Handed, Queue, Taken},
};
use crate::{Delivery, Error, Item, delivery, topology::DELIVERY_LIMIT};

pub(crate) enum Consumer {
    Durable {
        queue: Arc<Queue>,
        consumer: u64,
        prefetch: usize,
    },
    Live {
        live: Arc<Live>,
    },
}

impl Consumer {
    pub(super) fn durable(queue: Arc<Queue>, prefetch: u16) -> Result<Self, Error> {
        let consumer = queue.join()?;
        Ok(Self::Durable {
            queue,
            consumer,
            prefetch: usize::from(prefetch.max(1)),
        })
    }

    pub(super) fn live(live: Arc<Live>) -> Self {
        Self::Live { live }
    }

    pub(crate) async fn next(&mut self) -> Option<Item> {
        match self {
            Self::Durable {
                queue,
                consumer,
                prefetch,
            } => next_durable(queue, *consumer, *prefetch).await,
            Self::Live { live } => next_live(live).await,
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if let Self::Durable {
            queue, consumer, ..
        } = self
        {
            queue.leave(*consumer);
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Durable { queue, .. } => write!(f, "Consumer({})", queue.name),
            Self::Live { live } => write!(f, "Consumer({})", live.name),
        }
    }
}

async fn next_durable(queue: &Arc<Queue>, consumer: u64, prefetch: usize) -> Option<Item> {
    loop {
        let mut woken = pin!(queue.wake.notified());
        // Listening starts before looking, so that nothing comes unheard in between.
        woken.as_mut().enable();
        match queue.take(consumer, prefetch) {
            Taken::Closed => return None,
            Taken::Nothing => woken.await,
            Taken::Entry(handed) => {
                let delivery = deliver(queue, consumer, handed);
                if delivery.redeliveries <= DELIVERY_LIMIT {
                    return Some(Item::Delivery(delivery));
                }
                let name = delivery.queue.clone();
                if let Err(error) = delivery.dead("delivery limit").await {
                    tracing::warn!(queue = %name, %error, "could not bury a message");
                }
            }
        }
    }
}

fn deliver(queue: &Arc<Queue>, consumer: u64, handed: Handed) -> Delivery {
    metrics::counter!("interdesk_bus_delivered_total", "queue" => queue.name.kind()).increment(1);
    let way_back = WayBack {
        queue: queue.clone(),
        position: handed.position,
        consumer,
    };
    Delivery {
        queue: queue.name.clone(),
        attempt: handed.attempt,
        redeliveries: handed.redeliveries,
        publication: handed.publication,
        receipt: delivery::Receipt::Local(Receipt::Durable(way_back)),
    }
}

async fn next_live(live: &Live) -> Option<Item> {
    loop {
        let mut woken = pin!(live.wake.notified());
        woken.as_mut().enable();
        match live.glance() {
            Glance::Closed => return None,
            Glance::Missed => return Some(Item::Reconnected),
            Glance::Nothing => woken.await,
            Glance::Publication(publication) => {
                return Some(Item::Delivery(Delivery {
                    queue: live.name.clone(),
                    attempt: 1,
                    redeliveries: 0,
                    publication,
                    receipt: delivery::Receipt::Local(Receipt::Live),
                }));
            }
        }
    }
}

/// The way back into a queue; a live queue takes nothing back.
#[derive(Debug)]
pub(crate) enum Receipt {
    Durable(WayBack),
    Live,
}

/// Gives its delivery back when it is dropped; after an answer the queue no longer knows it.
pub(crate) struct WayBack {
    queue: Arc<Queue>,
    position: u64,
    consumer: u64,
}

impl Receipt {
    pub(crate) async fn ack(self) -> Result<(), Error> {
        match self {
            Self::Durable(way) => way.queue.ack(way.position, way.consumer).await,
            Self::Live => Ok(()),
        }
    }

    pub(crate) async fn retry(self, attempt: u32, reason: &str) -> Result<(), Error> {
        match self {
            Self::Durable(way) => {
                way.queue
                    .retry(way.position, way.consumer, attempt, reason)
                    .await
            }
            Self::Live => Ok(()),
        }
    }

    pub(crate) async fn dead(self, reason: &str) -> Result<(), Error> {
        match self {
            Self::Durable(way) => way.queue.bury(way.position, way.consumer, reason).await,
            Self::Live => Ok(()),
        }
    }
}

impl Drop for WayBack {
    fn drop(&mut self) {
        self.queue.give_back(self.position, self.consumer);
    }
}

impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WayBack({}, {})", self.queue.name, self.position)
    }
}
