//! Handles what a queue delivers: one event after the other, or several lanes side by side.
//!
//! A delivery is acknowledged after its handler returned, so after the handler's own commit. Events
//! of one aggregate share a lane and keep their order. What fails is told apart: "try later" (the
//! database is away) keeps this delivery and its lane waiting and counts nothing, "poison" goes down
//! the queue's retry ladder and ends among the dead letters.

mod lane;
mod wake;

use crate::telemetry::metrics::CONSUMER_EVENTS;
use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Error, Item, QueueName};
use interdesk_domain::event::Envelope;
use interdesk_domain::id::{EventId, TenantId};
use lane::Lanes;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub use wake::{Waking, wake};

/// The first pause before something is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How a consumer works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name in metrics, traces and logs.
    pub consumer: &'static str,
    /// Deliveries that it holds at most.
    pub prefetch: u16,
    /// Deliveries that it handles at once; those of one aggregate are never among them together.
    pub lanes: usize,
    /// The longest pause before something is tried again.
    pub longest_pause: Duration,
}

impl Options {
    /// Handles one delivery after the other.
    pub fn new(consumer: &'static str) -> Self {
        Self {
            consumer,
            prefetch: 64,
            lanes: 1,
            longest_pause: Duration::from_secs(5),
        }
    }
}

/// What a handler may want to know of a delivery beside the event.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The queue it came from.
    pub queue: QueueName,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// How often it was handed out before without an answer.
    pub redeliveries: u32,
}

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Something else is out of order, such as the database: the same will work later.
    #[error("{0:#}")]
    TryLater(#[source] anyhow::Error),
    /// The event itself is the trouble.
    #[error("{0:#}")]
    Poison(#[source] anyhow::Error),
}

impl From<interdesk_store::Error> for HandlerError {
    fn from(error: interdesk_store::Error) -> Self {
        match error.is_passing() {
            true => Self::TryLater(error.into()),
            false => Self::Poison(error.into()),
        }
    }
}

/// Handles what `queue` delivers until `stop` or until the bus is closed.
///
/// After `stop` nothing more is begun, what is under way is finished and acknowledged, and the
/// rest goes back to the queue.
pub async fn consume<H, F>(
    bus: Arc<dyn Bus>,
    queue: QueueName,
    options: Options,
    stop: CancellationToken,
    handler: H,
) where
    H: Fn(Envelope, Meta) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let (name, prefetch, longest) = (options.consumer, options.prefetch, options.longest_pause);
    let joined = join(bus.as_ref(), &queue, name, prefetch, longest, &stop).await;
    let Some(mut consumer) = joined else {
        return;
    };
    let lanes = Lanes::start(&options, &stop, handler);
    while let Some(delivery) = next(&mut consumer, &stop).await {
        match serde_json::from_slice::<Envelope>(&delivery.body) {
            Ok(envelope) => lanes.hand(envelope, delivery).await,
            Err(error) => bury(&options, delivery, &error).await,
        }
    }
    lanes.finish().await;
}

/// Takes a place at the queue, however long the broker is away; `None` when it is over before there
/// was one.
async fn join(
    bus: &dyn Bus,
    queue: &QueueName,
    consumer: &'static str,
    prefetch: u16,
    longest_pause: Duration,
    stop: &CancellationToken,
) -> Option<Consumer> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = tokio::select! {
            joined = bus.consume(queue.clone(), prefetch) => match joined {
                Ok(consumer) => return Some(consumer),
                Err(Error::Closed) => return None,
                Err(error) => error,
            },
            () = stop.cancelled() => return None,
        };
        tracing::warn!(consumer, %queue, %error, "cannot consume, trying again");
        pause = rest(pause, longest_pause, stop).await?;
    }
}

/// Waits for the pause and returns the next one; `None` when it is time to stop.
async fn rest(pause: Duration, longest: Duration, stop: &CancellationToken) -> Option<Duration> {
    tokio::select! {
        () = tokio::time::sleep(pause) => Some((pause * 2).min(longest)),
        () = stop.cancelled() => None,
    }
}

async fn next(consumer: &mut Consumer, stop: &CancellationToken) -> Option<Delivery> {
    loop {
        let item = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            item = consumer.next() => item?,
        };
        // A durable queue misses nothing over a reconnect.
        if let Item::Delivery(delivery) = item {
            return Some(delivery);
        }
    }
}

async fn bury(options: &Options, delivery: Delivery, error: &serde_json::Error) {
    count(options, "unreadable");
    let (event, queue) = (EventId(delivery.id), delivery.queue.clone());
    tracing::error!(consumer = options.consumer, %queue, event.id = %event.0, "an event cannot be read");
    if let Err(error) = delivery
        .dead(&format!("the event cannot be read: {error}"))
        .await
    {
        tracing::warn!(consumer = options.consumer, %queue, %error, "could not bury an event, it comes again");
    }
}

fn count(options: &Options, outcome: &'static str) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => options.consumer, "outcome" => outcome)
        .increment(1);
}

/// Says whose event a log line is about.
#[derive(Debug, Clone, Copy)]
struct Subject {
    tenant: TenantId,
    event: EventId,
}

/// Runs a handler; one that panics counts as poisoned, so that its lane lives on.
async fn run(handling: impl Future<Output = Result<(), HandlerError>>) -> Result<(), HandlerError> {
    let caught = std::panic::AssertUnwindSafe(handling).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        Err(HandlerError::Poison(anyhow::anyhow!(
            "the handler panicked"
        )))
    })
}
