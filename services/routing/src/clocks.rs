//! Lets the clocks of service levels follow the event log.
//!
//! A delivery says only that a tenant has a new event: the event log is the queue, so deliveries
//! that come together, twice or late cost one look, and what was missed is found by the sweep.

use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Error, Item, QueueName};
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::watch_sla::{self, Shelf};
use interdesk_node::telemetry::metrics::CONSUMER_EVENTS;
use interdesk_store::sla;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How many deliveries are answered by one look at their tenants' logs.
const BATCH: usize = 512;
/// The rest between two looks: what comes together shares a transaction.
const PACE: Duration = Duration::from_millis(100);
/// How often tenants that are behind are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// The first pause before something is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Follows the logs of the tenants of all shards until `shutdown` or the end of the bus.
///
/// Any number of processes may do so at once: one at a time follows a tenant's log.
pub async fn run(
    desk: Desk,
    bus: Arc<dyn Bus>,
    shards: u16,
    shelf: Shelf,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let clocks = Clocks {
        desk,
        shelf,
        stop: shutdown,
    };
    let mut tasks = JoinSet::new();
    for shard in 0..shards {
        tasks.spawn(consume(bus.clone(), QueueName::Sla(shard), clocks.clone()));
    }
    tasks.spawn(sweep(clocks));
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

/// Follows logs, patiently.
#[derive(Clone)]
struct Clocks {
    desk: Desk,
    shelf: Shelf,
    stop: CancellationToken,
}

impl Clocks {
    /// Reads whatever a tenant's log has beyond what was read; `false` when it is time to stop.
    ///
    /// While the database is away this waits. A log that cannot be followed is left to the next
    /// sweep, so that one tenant's trouble does not hold up the others of its shard.
    async fn catch_up(&self, tenant: TenantId) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            match watch_sla::follow(&self.desk, TenantScope::new(tenant), &self.shelf).await {
                Ok(followed) if followed.more => pause = FIRST_PAUSE,
                Ok(_) => return true,
                Err(error) if error.is_passing() => {
                    tracing::warn!(tenant.id = %tenant, %error, "the clocks have to wait");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.stop.cancelled() => return false,
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    tracing::error!(tenant.id = %tenant, %error, "the clocks cannot go on");
                    return true;
                }
            }
            if self.stop.is_cancelled() {
                return false;
            }
        }
    }
}

async fn consume(bus: Arc<dyn Bus>, queue: QueueName, clocks: Clocks) {
    let Some(mut consumer) = join(bus.as_ref(), &queue, &clocks.stop).await else {
        return;
    };
    while let Some(first) = next(&mut consumer, &clocks.stop).await {
        let batch = gather(&mut consumer, first);
        let tenants: BTreeSet<_> = batch.iter().map(|one| TenantId(one.tenant)).collect();
        for tenant in tenants {
            if !clocks.catch_up(tenant).await {
                return;
            }
        }
        acknowledge(&queue, batch).await;
        tokio::time::sleep(PACE).await;
    }
}

/// Takes a place at the queue, however long the broker is away.
async fn join(bus: &dyn Bus, queue: &QueueName, stop: &CancellationToken) -> Option<Consumer> {
    loop {
        let error = tokio::select! {
            () = stop.cancelled() => return None,
            joined = bus.consume(queue.clone(), BATCH as u16) => match joined {
                Ok(consumer) => return Some(consumer),
                Err(Error::Closed) => return None,
                Err(error) => error,
            },
        };
        tracing::warn!(%queue, %error, "cannot consume, trying again");
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
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

/// Adds what is ready now, without waiting for more.
fn gather(consumer: &mut Consumer, first: Delivery) -> Vec<Delivery> {
    let mut batch = vec![first];
    while batch.len() < BATCH {
        match consumer.next().now_or_never() {
            Some(Some(Item::Delivery(delivery))) => batch.push(delivery),
            Some(Some(Item::Reconnected)) => {}
            Some(None) | None => break,
        }
    }
    batch
}

async fn acknowledge(queue: &QueueName, batch: Vec<Delivery>) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => "sla", "outcome" => "handled")
        .increment(batch.len() as u64);
    for delivery in batch {
        if let Err(error) = delivery.ack().await {
            tracing::debug!(%queue, %error, "an acknowledgement was lost, the event comes again");
        }
    }
}

/// Looks for tenants that are behind, at the start and on a period.
async fn sweep(clocks: Clocks) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = clocks.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let tenants = match behind(&clocks.desk).await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "the sweep over clocks has to wait");
                continue;
            }
        };
        for tenant in tenants {
            if !clocks.catch_up(tenant).await {
                return;
            }
        }
    }
}

async fn behind(desk: &Desk) -> Result<Vec<TenantId>, interdesk_store::Error> {
    let transaction = desk.database.begin_system().await?;
    let tenants = sla::list_behind(&transaction).await?;
    transaction.rollback().await?;
    Ok(tenants)
}
