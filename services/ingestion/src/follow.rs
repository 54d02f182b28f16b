//! Does what providers ask, on a period.

use interdesk_flow::Desk;
use interdesk_flow::deliver::Courier;
use interdesk_flow::follow::{self, Resting};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often to look: an invited desk should not let people wait.
const PERIOD: Duration = Duration::from_secs(1);

/// Follows until `stop`.
pub async fn follow(desk: Desk, courier: Courier, stop: CancellationToken) {
    let mut resting = Resting::default();
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        match follow::follow(&desk, &courier, &mut resting).await {
            Ok(0) => {}
            Ok(done) => tracing::info!(done, "invitations were followed"),
            Err(error) => tracing::warn!(%error, "invitations could not be listed"),
        }
    }
}
