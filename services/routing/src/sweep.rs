//! Names the tenants in whose queues something waits, at the start and on a period.
//!
//! Events make routing quick, the sweep makes it sure: it heals what no event told of, also while the
//! bus is away.

use interdesk_domain::id::TenantId;
use interdesk_domain::scope::shard;
use interdesk_flow::Desk;
use interdesk_store::{Error, routing};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

const PERIOD: Duration = Duration::from_secs(10);

/// Sweeps until `shutdown`; each tenant is told to the shard that it belongs to.
pub(crate) async fn run(desk: Desk, shards: Vec<Sender<TenantId>>, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        match waiting(&desk).await {
            Ok(tenants) => tell(&shards, &tenants),
            Err(error) => tracing::warn!(error = %error, "waiting tenants could not be listed"),
        }
    }
}

async fn waiting(desk: &Desk) -> Result<Vec<TenantId>, Error> {
    let transaction = desk.database.begin_system().await?;
    let tenants = routing::list_waiting_tenants(&transaction).await?;
    transaction.rollback().await?;
    Ok(tenants)
}

fn tell(shards: &[Sender<TenantId>], tenants: &[TenantId]) {
    let count = u16::try_from(shards.len()).unwrap_or(u16::MAX);
    for tenant in tenants {
        let place = usize::from(shard(*tenant, count));
        // A shard that is behind is told again the next time.
        if let Some(sender) = shards.get(place) {
            let _ = sender.try_send(*tenant);
        }
    }
}
