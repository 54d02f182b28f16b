//! Looks for overdue replies on a period.

use interdesk_flow::Desk;
use interdesk_flow::deliver::{self, Courier};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Sweeps until `stop`, `at_once` conversations at a time; what is under way then is finished.
pub async fn sweep(
    desk: Desk,
    courier: Courier,
    every: Duration,
    at_once: usize,
    stop: CancellationToken,
) {
    let mut period = tokio::time::interval(every);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        match deliver::sweep(&desk, &courier, at_once).await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "overdue replies were handed over"),
            Err(error) => tracing::warn!(%error, "overdue replies could not be listed"),
        }
    }
}
