//! Wakes what follows the logs of tenants.
//!
//! For such a follower a delivery says only that a tenant has a new event: the event log is the
//! queue, so deliveries that come together, twice or late cost one look.

use super::{join, next};
use crate::telemetry::metrics::CONSUMER_EVENTS;
use futures::FutureExt;
use interdesk_bus::{Bus, Consumer, Delivery, Item, QueueName};
use interdesk_domain::id::TenantId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest pause before it is tried again to consume.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a follower is woken.
#[derive(Debug, Clone, Copy)]
pub struct Waking {
    /// Its name in metrics and logs.
    pub consumer: &'static str,
    /// Deliveries that are answered by one look at their tenants' logs.
    pub batch: u16,
    /// The rest between two looks: what comes together shares a transaction.
    pub pace: Duration,
}

/// Names each tenant of whom `queue` delivers to `follow`, once a batch, with the trace context of
/// the first delivery, until `stop` or until the bus is closed.
///
/// A batch is acknowledged when all its tenants were followed. `follow` waits for whatever it needs
/// and returns `false` when it is time to stop instead; what it held then comes again.
pub async fn wake<H, F>(
    bus: Arc<dyn Bus>,
    queue: QueueName,
    waking: Waking,
    stop: CancellationToken,
    follow: H,
) where
    H: Fn(TenantId, Option<String>) -> F + Send,
    F: Future<Output = bool> + Send,
{
    let Waking {
        consumer: name,
        batch: most,
        pace,
    } = waking;
    let joined = join(bus.as_ref(), &queue, name, most, LONGEST_PAUSE, &stop).await;
    let Some(mut consumer) = joined else {
        return;
    };
    while let Some(first) = next(&mut consumer, &stop).await {
        let batch = gather(&mut consumer, first, usize::from(most));
        for (tenant, trace) in tenants(&batch) {
            if !follow(tenant, trace).await {
                return;
            }
        }
        acknowledge(name, &queue, batch).await;
        tokio::time::sleep(pace).await;
    }
}

/// Adds what is ready now, without waiting for more.
fn gather(consumer: &mut Consumer, first: Delivery, most: usize) -> Vec<Delivery> {
    let mut batch = vec![first];
    while batch.len() < most {
        match consumer.next().now_or_never() {
            Some(Some(Item::Delivery(delivery))) => batch.push(delivery),
            Some(Some(Item::Reconnected)) => {}
            Some(None) | None => break,
        }
    }
    batch
}

fn tenants(batch: &[Delivery]) -> BTreeMap<TenantId, Option<String>> {
    let mut firsts = BTreeMap::new();
    for delivery in batch {
        firsts
            .entry(TenantId(delivery.tenant))
            .or_insert_with(|| delivery.trace.clone());
    }
    firsts
}

async fn acknowledge(consumer: &'static str, queue: &QueueName, batch: Vec<Delivery>) {
    metrics::counter!(CONSUMER_EVENTS, "consumer" => consumer, "outcome" => "handled")
        .increment(batch.len() as u64);
    for delivery in batch {
        if let Err(error) = delivery.ack().await {
            tracing::debug!(consumer, %queue, %error, "an acknowledgement was lost, the event comes again");
        }
    }
}
