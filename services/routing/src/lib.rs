//! Hands waiting work to agents: on events, and on a period that heals whatever an event missed.

mod consumer;
mod passes;
mod sweep;

use interdesk_bus::Bus;
use interdesk_flow::Desk;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Routes until `shutdown`, for the tenants of all `shards`.
///
/// Any number of processes may do so at once: the bus gives each shard to one of them, and the
/// commit in `flow::reserve` judges where two meet.
pub async fn start(
    desk: Desk,
    bus: Arc<dyn Bus>,
    shards: u16,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for shard in 0..shards {
        tasks.spawn(consumer::run(
            desk.clone(),
            bus.clone(),
            shard,
            shutdown.clone(),
        ));
    }
    tasks.spawn(sweep::run(desk, shutdown));
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}
