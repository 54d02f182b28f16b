//! What a reader holds in its hands: a consumer, its items, a delivery.

use std::{ops::Deref, sync::Arc};

use crate::{Error, Publication, QueueName, local, rabbit};

/// What a consumer yields.
#[derive(Debug)]
pub enum Item {
    /// A publication to handle.
    Delivery(Delivery),
    /// The connection was lost and is back, or a live queue ran over. A durable queue misses
    /// nothing; on a live queue what was published meanwhile may be missing.
    Reconnected,
}

/// A publication in the hands of one reader; its fields are read through `Deref`.
///
/// Dropping it unanswered puts it back at the front of its queue. On a live queue every answer
/// and the drop just let it go.
#[derive(Debug)]
pub struct Delivery {
    /// The queue it came from.
    pub queue: QueueName,
    /// Which try this is, from 1; [`Delivery::retry`] counts it up.
    pub attempt: u32,
    /// How often it was handed out before without an answer (a crash, a cut connection).
    pub redeliveries: u32,
    pub(crate) publication: Arc<Publication>,
    pub(crate) receipt: Receipt,
}

/// The way back to where a delivery came from.
#[derive(Debug)]
pub(crate) enum Receipt {
    Rabbit(rabbit::Receipt),
    Local(local::Receipt),
}

impl Deref for Delivery {
    type Target = Publication;

    fn deref(&self) -> &Publication {
        &self.publication
    }
}

impl Delivery {
    /// Says that it was handled; call it after the effect is durable.
    ///
    /// [`Error::Lost`] means that it comes again; that is harmless to a reader that remembers
    /// what it handled.
    pub async fn ack(self) -> Result<(), Error> {
        match self.receipt {
            Receipt::Rabbit(receipt) => receipt.ack(),
            Receipt::Local(receipt) => receipt.ack().await,
        }
    }

    /// Puts it aside to come again after a while, or among the dead letters after the last try.
    pub async fn retry(self, reason: &str) -> Result<(), Error> {
        match self.receipt {
            Receipt::Rabbit(receipt) => {
                receipt.retry(&self.publication, self.attempt, reason).await
            }
            Receipt::Local(receipt) => receipt.retry(self.attempt, reason).await,
        }
    }

    /// Puts it among the dead letters at once, with the reason.
    pub async fn dead(self, reason: &str) -> Result<(), Error> {
        match self.receipt {
            Receipt::Rabbit(receipt) => receipt.dead(&self.publication, self.attempt, reason).await,
            Receipt::Local(receipt) => receipt.dead(reason).await,
        }
    }
}

/// A reader's place at a queue; dropping it gives the place to the next reader.
///
/// Whatever it handed out unanswered then goes back to the queue, so finish deliveries first.
#[derive(Debug)]
pub struct Consumer(pub(crate) Source);

#[derive(Debug)]
pub(crate) enum Source {
    Rabbit(Box<rabbit::Consumer>),
    Local(local::Consumer),
}

impl Consumer {
    /// Waits for the next item, through reconnects; `None` once the bus is closed.
    ///
    /// Dropping the returned future loses nothing, so it may stand in a `select!`.
    pub async fn next(&mut self) -> Option<Item> {
        match &mut self.0 {
            Source::Rabbit(consumer) => consumer.next().await,
            Source::Local(consumer) => consumer.next().await,
        }
    }
}
