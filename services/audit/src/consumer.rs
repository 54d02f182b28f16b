//! Listens to the bus and wakes the appender.
//!
//! A delivery says only that a tenant has a new event: the event log is the queue, so deliveries
//! that come together, twice or late cost one look, and what was missed is found by the sweep.

use crate::appender::Appender;
use crate::sweep::sweep;
use anyhow::Context;
use chrono::Duration;
use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Error, Item, QueueName};
use interdesk_domain::id::TenantId;
use interdesk_flow::Desk;
use interdesk_node::telemetry::{self, metrics::CONSUMER_EVENTS};
use interdesk_store::vault::Vault;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How many deliveries are answered by one look at their tenants' logs.
const BATCH: usize = 1_024;

/// The rest between two looks.
const PACE: std::time::Duration = std::time::Duration::from_millis(40);

/// How the audit service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Opens the key that signs checkpoints.
    pub vault: Vault,
    /// Leaves after which a checkpoint is signed.
    pub checkpoint_every: u64,
    /// Time after the last one at which a checkpoint is signed even for fewer leaves.
    pub checkpoint_after: Duration,
    /// How often tenants that are behind are looked for.
    pub sweep_every: std::time::Duration,
}

impl Settings {
    /// Takes the settings that an installation may change; sweeps every ten seconds.
    pub fn new(vault: Vault, checkpoint_every: u64, checkpoint_seconds: u64) -> Self {
        let seconds = i64::try_from(checkpoint_seconds).unwrap_or(i64::MAX);
        Self {
            vault,
            checkpoint_every,
            checkpoint_after: Duration::try_seconds(seconds).unwrap_or(Duration::MAX),
            sweep_every: std::time::Duration::from_secs(10),
        }
    }
}

/// Runs the audit service over all shards until `shutdown` or until the bus is closed.
///
/// What is under way is finished and acknowledged first.
pub async fn run(
    bus: Arc<dyn Bus>,
    desk: Desk,
    shards: u16,
    settings: Settings,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // Ending for any reason, a panic among them, ends all parts of the service.
    let stop = shutdown.child_token();
    let _ends_with_us = stop.clone().drop_guard();
    let sweep_every = settings.sweep_every;
    let Some(appender) = Appender::start(desk, settings, stop.clone()).await? else {
        return Ok(());
    };
    let appender = Arc::new(appender);
    let mut tasks = JoinSet::new();
    tasks.spawn(sweep(appender.clone(), sweep_every, stop.clone()));
    for shard in 0..shards {
        tasks.spawn(consume(
            bus.clone(),
            QueueName::Audit(shard),
            appender.clone(),
            stop.clone(),
        ));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a part of the audit service ended")?;
        // Only at the end of everything does a part end by itself.
        stop.cancel();
    }
    Ok(())
}

async fn consume(
    bus: Arc<dyn Bus>,
    queue: QueueName,
    appender: Arc<Appender>,
    stop: CancellationToken,
) {
    let Some(mut consumer) = join(bus.as_ref(), &queue, &stop).await else {
        return;
    };
    while let Some(first) = next(&mut consumer, &stop).await {
        let batch = gather(&mut consumer, first);
        if handle(&appender, &queue, &batch).await {
            acknowledge(&queue, batch).await;
        }
        // Nobody waits for a leaf: events that come fast share a transaction.
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
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
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

/// Continues the log of each tenant in the batch; `false` when it is time to stop instead.
async fn handle(appender: &Appender, queue: &QueueName, batch: &[Delivery]) -> bool {
    let mut firsts = BTreeMap::new();
    for delivery in batch {
        firsts.entry(TenantId(delivery.tenant)).or_insert(delivery);
    }
    for (tenant, first) in firsts {
        let span = telemetry::consumer_span(&queue.to_string(), first.trace.as_deref());
        if !appender.catch_up(tenant).instrument(span).await {
            return false;
        }
    }
    true
}

async fn acknowledge(queue: &QueueName, batch: Vec<Delivery>) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => "audit", "outcome" => "handled")
        .increment(batch.len() as u64);
    for delivery in batch {
        if let Err(error) = delivery.ack().await {
            tracing::debug!(%queue, %error, "an acknowledgement was lost, the event comes again");
        }
    }
}
