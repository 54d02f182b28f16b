//! Reads the events of one shard: what is ready together becomes one set of queues to pass.

use crate::passes::{self, Key, Reason, Stopped, patiently};
use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Error, Item, QueueName};
use interdesk_domain::event::Envelope;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::{Desk, route};
use interdesk_node::telemetry::metrics::CONSUMER_EVENTS;
use interdesk_store::outbox;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_secs(1);

/// Consumes the shard's events until `shutdown` or the end of the bus.
pub(crate) async fn run(desk: Desk, bus: Arc<dyn Bus>, shard: u16, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match bus.consume(QueueName::Routing(shard), BATCH as u16).await {
            Ok(consumer) => follow(&desk, consumer, &shutdown).await,
            Err(Error::Closed) => return,
            Err(error) => tracing::warn!(error = %error, shard, "no events to be had"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn follow(desk: &Desk, mut consumer: Consumer, shutdown: &CancellationToken) {
    loop {
        let batch = tokio::select! {
            () = shutdown.cancelled() => return,
            batch = gather(&mut consumer) => batch,
        };
        let Some(batch) = batch else { return };
        if handle(desk, batch, shutdown).await.is_none() {
            return;
        }
    }
}

/// Waits for a delivery and takes what else is ready; `None` once the bus is closed.
async fn gather(consumer: &mut Consumer) -> Option<Vec<Delivery>> {
    let mut batch = Vec::new();
    while batch.is_empty() {
        // A durable queue misses nothing over a reconnect.
        if let Item::Delivery(delivery) = consumer.next().await? {
            batch.push(delivery);
        }
    }
    while batch.len() < BATCH
        && let Some(Some(item)) = consumer.next().now_or_never()
    {
        if let Item::Delivery(delivery) = item {
            batch.push(delivery);
        }
    }
    Some(batch)
}

/// A delivery with the queues that it asks to be passed.
struct Asking {
    delivery: Delivery,
    queues: Vec<Key>,
}

/// Passes what a batch asks for and answers each delivery; `None` on shutdown, and then the
/// unanswered ones come again.
async fn handle(desk: &Desk, batch: Vec<Delivery>, shutdown: &CancellationToken) -> Option<()> {
    let mut wanted: BTreeMap<Key, Reason> = BTreeMap::new();
    let mut asking = Vec::new();
    for delivery in batch {
        let Some(event) = read(&delivery) else {
            settle(
                "dead",
                delivery.dead("the body is no event of this desk").await,
            );
            continue;
        };
        let scope = TenantScope::new(event.tenant);
        let ask = || route::queues_of_event(desk, scope, &event);
        match patiently(ask, shutdown).await {
            Ok(queues) => {
                let queues: Vec<Key> = queues.into_iter().map(|id| (event.tenant, id)).collect();
                for key in &queues {
                    wanted
                        .entry(*key)
                        .or_insert_with(|| Reason::of(&event))
                        .add(&event);
                }
                asking.push(Asking { delivery, queues });
            }
            Err(Stopped::Shutdown) => return None,
            Err(Stopped::Failed(why)) => settle("retried", delivery.retry(&why).await),
        }
    }
    let failed = passes::run(desk, &wanted, shutdown).await?;
    answer(asking, &failed).await;
    Some(())
}

fn read(delivery: &Delivery) -> Option<Envelope> {
    let body = std::str::from_utf8(&delivery.body).ok()?;
    outbox::from_json(body).ok()
}

async fn answer(asking: Vec<Asking>, failed: &HashMap<Key, String>) {
    for Asking { delivery, queues } in asking {
        match queues.iter().find_map(|key| failed.get(key)) {
            Some(why) => settle("retried", delivery.retry(why).await),
            None => settle("handled", delivery.ack().await),
        }
    }
}

// An answer that gets lost brings the delivery back, and a second pass finds nothing to do.
fn settle(outcome: &'static str, answer: Result<(), Error>) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => "routing", "outcome" => outcome).increment(1);
    if let Err(error) = answer {
        tracing::warn!(error = %error, "an answer to the bus was lost, the event comes again");
    }
}
