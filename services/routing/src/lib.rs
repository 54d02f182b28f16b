//! Hands waiting work to agents: on events, when time changes something, and on a period that heals
//! whatever an event missed.
//!
//! ```text
//! consumer  one per shard: events, moments, signs of life, sweeps → its routers
//! routers   the routers of a shard's tenants, kept while they are of use
//! reason    which event and trace a decision goes back to
//! sweep     which tenants have work that waits
//! absence   who is away from their work without having said so
//! ```

mod absence;
pub mod clocks;
mod consumer;
mod reason;
mod routers;
mod sweep;

use interdesk_bus::Bus;
use interdesk_flow::Desk;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Tenants that one shard may be behind with; more are swept the next time.
const SWEEPS: usize = 1_000;

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
    let mut sweeps = Vec::new();
    for shard in 0..shards {
        let (sender, swept) = mpsc::channel(SWEEPS);
        sweeps.push(sender);
        let routers = routers::Routers::new(desk.clone(), shutdown.clone());
        tasks.spawn(consumer::run(
            bus.clone(),
            shard,
            routers,
            swept,
            shutdown.clone(),
        ));
    }
    tasks.spawn(absence::run(desk.clone(), shutdown.clone()));
    tasks.spawn(sweep::run(desk, sweeps, shutdown));
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}
