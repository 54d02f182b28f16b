//! What this instance hears over the bus, handed to whoever watches.

use interdesk_bus::{Bus, Error, Item, QueueName};
use interdesk_domain::id::TenantId;
use interdesk_graphql::Hub;
use interdesk_node::telemetry::consumer_span;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to wait before the queue of a broker that is away is asked for again.
const PATIENCE: Duration = Duration::from_secs(1);
/// Events that may be on their way to this instance.
const PREFETCH: u16 = 256;

/// Follows every event until `stop`; where something may have been missed, the log is looked at.
pub(crate) async fn follow(hub: Hub, bus: Arc<dyn Bus>, instance: String, stop: CancellationToken) {
    let queue = QueueName::Live(instance);
    while !stop.is_cancelled() {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = listen(&hub, bus.as_ref(), &queue) => heard,
        };
        match heard {
            Ok(()) | Err(Error::Closed) => return,
            Err(error) => tracing::warn!(error = %error, "live events do not come, trying again"),
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

async fn listen(hub: &Hub, bus: &dyn Bus, queue: &QueueName) -> Result<(), Error> {
    let mut consumer = bus.consume(queue.clone(), PREFETCH).await?;
    // Whatever happened before the queue existed is in the log only.
    hub.rescan();
    while let Some(item) = consumer.next().await {
        match item {
            Item::Delivery(delivery) => {
                let span = consumer_span("live", delivery.trace.as_deref());
                span.in_scope(|| hub.publish(TenantId(delivery.tenant), &delivery.body));
                if let Err(error) = delivery.ack().await {
                    tracing::debug!(error = %error, "a live event comes again");
                }
            }
            Item::Reconnected => hub.rescan(),
        }
    }
    Ok(())
}
