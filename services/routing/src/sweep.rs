//! Passes every queue in which something waits, at the start and on a period.
//!
//! Events make routing quick, the sweep makes it sure: it heals what no event tells of, such as an
//! agent who was silent for a while and is heard from again.

use crate::passes::{self, Key, Reason};
use interdesk_flow::Desk;
use interdesk_store::{Error, work_items};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

const PERIOD: Duration = Duration::from_secs(10);

/// Sweeps until `shutdown`.
pub(crate) async fn run(desk: Desk, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        match waiting(&desk).await {
            Ok(wanted) => {
                let Some(failed) = passes::run(&desk, &wanted, &shutdown).await else {
                    return;
                };
                for ((tenant, queue), why) in failed {
                    tracing::error!(tenant.id = %tenant, queue.id = %queue, error = %why,
                        "a queue could not be routed");
                }
            }
            Err(error) => tracing::warn!(error = %error, "waiting queues could not be listed"),
        }
    }
}

async fn waiting(desk: &Desk) -> Result<BTreeMap<Key, Reason>, Error> {
    let transaction = desk.database.begin_system().await?;
    let queues = work_items::list_waiting_queues(&transaction).await?;
    transaction.rollback().await?;
    let wanted = queues
        .into_iter()
        .map(|one| ((one.tenant_id, one.queue_id), Reason::default()));
    Ok(wanted.collect())
}
