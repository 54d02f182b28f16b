//! Lets one shard's routers follow events, time, signs of life and sweeps, one after the other.

use crate::routers::Routers;
use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Error, Item, QueueName};
use interdesk_domain::event::Envelope;
use interdesk_domain::id::TenantId;
use interdesk_node::telemetry::metrics::CONSUMER_EVENTS;
use interdesk_store::outbox;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Events that are taken together at most.
const BATCH: usize = 256;
/// How long to wait before the bus is asked for events again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often signs of life are asked for.
const HEAR: Duration = Duration::from_secs(5);
/// How long at most until it is looked whether time changed something.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// How long at least, so that a moment that cannot be acted on does not keep the shard busy.
const SHORTEST_NAP: Duration = Duration::from_millis(10);

/// Routes the shard until `shutdown` or the end of the bus.
pub(crate) async fn run(
    bus: Arc<dyn Bus>,
    shard: u16,
    mut routers: Routers,
    mut swept: Receiver<TenantId>,
    shutdown: CancellationToken,
) {
    let mut consumer = None;
    let mut hear = tokio::time::interval(HEAR);
    hear.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ask_at = tokio::time::Instant::now();
    let mut told_at = tokio::time::Instant::now();
    let mut is_more = false;
    loop {
        if consumer.is_none() && tokio::time::Instant::now() >= ask_at {
            ask_at = tokio::time::Instant::now() + PAUSE;
            match bus.consume(QueueName::Routing(shard), BATCH as u16).await {
                Ok(found) => consumer = Some(found),
                Err(Error::Closed) => return,
                Err(error) => tracing::warn!(error = %error, shard, "no events to be had"),
            }
        }
        let nap = if is_more {
            Duration::ZERO
        } else {
            nap(&routers)
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            batch = gather(consumer.as_mut()) => match batch {
                Some(batch) => {
                    if handle(&mut routers, batch).await.is_none() {
                        return;
                    }
                    // Time passes under load too.
                    routers.tick().await;
                    if told_at.elapsed() >= LONGEST_NAP {
                        told_at = tokio::time::Instant::now();
                        is_more = routers.tell().await;
                    }
                }
                None => consumer = None,
            },
            Some(tenant) = swept.recv() => routers.sweep(tenant).await,
            _ = hear.tick() => routers.hear().await,
            () = tokio::time::sleep(nap) => {
                routers.tick().await;
                is_more = routers.tell().await;
            }
        }
    }
}

/// Returns how long nothing has to be done: until time changes something, or until why work waits is
/// stored.
fn nap(routers: &Routers) -> Duration {
    if routers.has_untold() {
        return SHORTEST_NAP;
    }
    let until = routers.next_change().map(|at| at - routers.now());
    let until = until.and_then(|until| until.to_std().ok());
    match routers.next_change() {
        None => LONGEST_NAP,
        Some(_) => until.unwrap_or_default().clamp(SHORTEST_NAP, LONGEST_NAP),
    }
}

/// Waits for a delivery and takes what else is ready; `None` once the bus ended it, and never without
/// a consumer.
async fn gather(consumer: Option<&mut Consumer>) -> Option<Vec<Delivery>> {
    let Some(consumer) = consumer else {
        return std::future::pending().await;
    };
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

/// Decides what a batch asks for and answers each delivery; `None` on shutdown, and then the
/// unanswered ones come again.
async fn handle(routers: &mut Routers, batch: Vec<Delivery>) -> Option<()> {
    let mut wanted: BTreeMap<TenantId, Vec<Envelope>> = BTreeMap::new();
    let mut asking = Vec::new();
    for delivery in batch {
        let Some(event) = read(&delivery) else {
            let why = "the body is no event of this desk";
            settle("dead", delivery.dead(why).await);
            continue;
        };
        asking.push((delivery, event.tenant));
        wanted.entry(event.tenant).or_default().push(event);
    }
    let failed = routers.handle(wanted).await?;
    answer(asking, &failed).await;
    Some(())
}

fn read(delivery: &Delivery) -> Option<Envelope> {
    let body = std::str::from_utf8(&delivery.body).ok()?;
    outbox::from_json(body).ok()
}

async fn answer(asking: Vec<(Delivery, TenantId)>, failed: &HashMap<TenantId, String>) {
    for (delivery, tenant) in asking {
        match failed.get(&tenant) {
            Some(why) => settle("retried", delivery.retry(why).await),
            None => settle("handled", delivery.ack().await),
        }
    }
}

// An answer that gets lost brings the delivery back, and a second look finds nothing to do.
fn settle(outcome: &'static str, answer: Result<(), Error>) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => "routing", "outcome" => outcome).increment(1);
    if let Err(error) = answer {
        tracing::warn!(error = %error, "an answer to the bus was lost, the event comes again");
    }
}
