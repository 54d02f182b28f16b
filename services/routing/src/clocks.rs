//! Lets the clocks of service levels follow the event log.
//!
//! Deliveries only wake them, and what was missed is found by the sweep.

use interdesk_bus::{Bus, QueueName};
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::watch_sla::{self, Shelf};
use interdesk_node::consume::{Waking, wake};
use interdesk_store::sla;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How the clocks are woken.
const WAKING: Waking = Waking {
    consumer: "sla",
    batch: 512,
    pace: Duration::from_millis(100),
};
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
        let (queue, stop) = (QueueName::Sla(shard), clocks.stop.clone());
        let clocks = clocks.clone();
        tasks.spawn(wake(bus.clone(), queue, WAKING, stop, move |tenant, _| {
            let clocks = clocks.clone();
            async move { clocks.catch_up(tenant).await }
        }));
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
