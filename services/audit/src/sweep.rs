//! Finds what the bus did not tell: logs that are behind, and leaves that wait for a checkpoint.

use crate::appender::Appender;
use interdesk_domain::id::TenantId;
use interdesk_store::{Database, Error, audit};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Looks at every log once, then every so often at those that have something to do.
pub(crate) async fn sweep(appender: Arc<Appender>, every: Duration, stop: CancellationToken) {
    // Which leaves wait for a checkpoint is remembered by no table, so the first look is at all.
    let mut looked_at_all = false;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = appender.refresh().await {
            tracing::warn!(%error, "the key that signs checkpoints could not be fetched anew");
        }
        match list(&appender.desk().database, looked_at_all).await {
            Ok(tenants) => looked_at_all |= visit(&appender, tenants, &stop).await,
            Err(error) => tracing::warn!(%error, "the sweep over audit logs has to wait"),
        }
    }
}

async fn list(database: &Database, only_behind: bool) -> Result<Vec<TenantId>, Error> {
    let transaction = database.begin_system().await?;
    let tenants = match only_behind {
        true => audit::list_behind(&transaction).await?,
        false => audit::list_tenants(&transaction).await?,
    };
    transaction.commit().await?;
    Ok(tenants)
}

/// Continues the logs of these tenants and of those with unsigned leaves; `false` when it is time
/// to stop instead.
async fn visit(appender: &Appender, tenants: Vec<TenantId>, stop: &CancellationToken) -> bool {
    let all: BTreeSet<TenantId> = tenants.into_iter().chain(appender.unsigned()).collect();
    for tenant in all {
        if stop.is_cancelled() || !appender.catch_up(tenant).await {
            return false;
        }
    }
    true
}
