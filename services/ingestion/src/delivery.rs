//! Hands replies to their providers, on events of the delivery queues.

use interdesk_bus::{Bus, QueueName};
use interdesk_domain::event::Event;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::deliver::{self, Courier};
use interdesk_flow::{Context, Desk};
use interdesk_node::consume::{HandlerError, Options, consume};
use interdesk_node::telemetry::current_traceparent;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How much is delivered at once.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Conversations that are delivered to at once, over all shards.
    pub concurrency: usize,
    /// Events that the consumer of one shard holds.
    pub prefetch: u16,
}

/// Delivers until `stop`, for the tenants of all `shards`.
///
/// The replies of one conversation share a lane: they leave in the order in which they were written.
pub async fn deliver(
    desk: Desk,
    courier: Courier,
    bus: Arc<dyn Bus>,
    shards: u16,
    work: Work,
    stop: CancellationToken,
) {
    let consumers = (0..shards).map(|shard| {
        let (desk, courier) = (desk.clone(), courier.clone());
        let lanes = work.concurrency.div_ceil(usize::from(shards)).max(1);
        let prefetch = work.prefetch;
        let options = Options {
            lanes,
            prefetch,
            ..Options::new("delivery")
        };
        let queue = QueueName::Delivery(shard);
        consume(
            bus.clone(),
            queue,
            options,
            stop.clone(),
            move |event, _| {
                let (desk, courier) = (desk.clone(), courier.clone());
                async move {
                    let conversation = match event.event {
                        Event::MessageQueued { conversation, .. }
                        | Event::MessageChangeQueued { conversation, .. }
                        | Event::MessageRetryDue { conversation, .. } => conversation,
                        _ => return Ok(()),
                    };
                    let scope = TenantScope::new(event.tenant);
                    let trace = current_traceparent().or(event.trace);
                    let context = Context::system(trace, Some(event.id));
                    let done =
                        deliver::deliver(&desk, &courier, scope, conversation, &context).await;
                    done.map(drop).map_err(|error| match error.is_passing() {
                        true => HandlerError::TryLater(error.into()),
                        false => HandlerError::Poison(error.into()),
                    })
                }
            },
        )
    });
    futures::future::join_all(consumers).await;
}
