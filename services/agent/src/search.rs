//! Keeps search current, behind everything else: it looks for tenants whose log goes on beyond what
//! can be found, and rests for longer than it worked.

use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::{Desk, index};
use interdesk_store::search;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often it looks: what was said is found about that much later.
const EVERY: Duration = Duration::from_millis(500);

/// How many times as long as a full page took the rest after it is.
const REST: u32 = 4;
/// After how many full pages in a row search is so far behind that half of the time is its own.
const FAR_BEHIND: u32 = 200;

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
    for page in 1.. {
        let began = Instant::now();
        match index::follow(desk, TenantScope::new(tenant)).await {
            // Where much is said at once, what receives and answers it goes first.
            Ok(true) if page < FAR_BEHIND => tokio::time::sleep(began.elapsed() * REST).await,
            Ok(true) => tokio::time::sleep(began.elapsed()).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, %error, "search cannot follow the log");
                return;
            }
        }
    }
}
