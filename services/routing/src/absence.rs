//! Looks on a period who is away from their work without having said so, and who is back.

use interdesk_flow::{Desk, absence};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

const PERIOD: Duration = Duration::from_secs(10);

/// Looks until `shutdown`. Several processes may: a timer that one has set is there for the others.
pub(crate) async fn run(desk: Desk, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = absence::sweep(&desk).await {
            tracing::warn!(error = %error, "it could not be looked who is away");
        }
    }
}
