//! Keeps search current, behind everything else: it looks for tenants whose log goes on beyond what
//! can be found, and rests as long as it worked.

use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::{Desk, index};
use interdesk_store::search;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often it looks: what was said is found about that much later.
const EVERY: Duration = Duration::from_millis(500);

/// Follows the logs of all tenants until `shutdown`.
///
/// Any number of processes may do so at once: one at a time follows a tenant's log.
pub async fn follow(desk: Desk, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let tenants = match behind(&desk).await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "search has to wait");
                continue;
            }
        };
        for tenant in tenants {
            tokio::select! {
                () = catch_up(&desk, tenant) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }
}

async fn behind(desk: &Desk) -> Result<Vec<TenantId>, interdesk_store::Error> {
    let transaction = desk.database.begin_system().await?;
    let tenants = search::list_behind(&transaction).await?;
    transaction.rollback().await?;
    Ok(tenants)
}

/// Reads whatever a tenant's log has; after an error the next look tries again.
async fn catch_up(desk: &Desk, tenant: TenantId) {
    loop {
        let began = Instant::now();
        match index::follow(desk, TenantScope::new(tenant)).await {
            // Where there is much to catch up with, half of the time belongs to others.
            Ok(true) => tokio::time::sleep(began.elapsed()).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, %error, "search cannot follow the log");
                return;
            }
        }
    }
}
