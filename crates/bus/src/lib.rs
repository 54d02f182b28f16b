//! Carries events from the outbox to the services that act on them.
//!
//! There are two ways to carry them, with the same promises: [`RabbitBus`] over RabbitMQ, and
//! [`LocalBus`] inside one process. The suite in `tests/promises` runs over both.
//!
//! 1. A publication is `Ok` only once it can no longer be lost.
//! 2. Each queue delivers in the order of publication; only [`Delivery::retry`] steps out of line.
//! 3. A delivery that was not acknowledged comes back, so everything arrives at least once and
//!    readers remember what they handled.
//! 4. One consumer of a queue is active; when it goes away the next one takes over.
//! 5. What fails five times waits in the dead letters with its reason.
//! 6. Live queues promise nothing but to say when something may be missing.
//!
//! Exchanges, queues and bindings are plain data in [`topology`].

mod delivery;
mod error;
pub mod local;
mod publication;
pub mod rabbit;
pub mod topology;
mod wire;

use async_trait::async_trait;
use uuid::Uuid;

pub use delivery::{Consumer, Delivery, Item};
pub use error::{Error, PublishError};
pub use local::{DeadStore, LocalBus, MemoryDead};
pub use publication::{DeadLetter, Publication};
pub use rabbit::{RabbitBus, RabbitSettings};
pub use topology::{QueueName, Reader, Topology};

/// Publishes and delivers events; see the promises at the top of this crate.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes in order and answers per publication, once it is taken durably.
    ///
    /// The answers have the order and length of the batch. After the first failure the rest of
    /// the batch is not sent ([`PublishError::Held`]): repeat from the first error. Batches are
    /// put on their way in the order in which the returned futures are first polled, so several
    /// may be awaited at once; over [`LocalBus`] that keeps one slow reader from holding up all
    /// others.
    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), PublishError>>;

    /// Starts to consume a queue, with at most `prefetch` deliveries unacknowledged.
    async fn consume(&self, queue: QueueName, prefetch: u16) -> Result<Consumer, Error>;

    /// Lists up to `limit` dead letters without removing them.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error>;

    /// Puts dead letters back in their queues as first attempts and counts them; no ids means all.
    async fn retry_dead(&self, ids: &[Uuid]) -> Result<usize, Error>;

    /// Answers whether the bus can carry something right now.
    async fn check(&self) -> Result<(), Error>;

    /// Stops: every consumer ends, every later call fails with [`Error::Closed`].
    async fn close(&self);
}
