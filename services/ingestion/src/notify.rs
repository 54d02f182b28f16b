//! Sends what people and programs are told beside their work.

use interdesk_flow::Desk;
use interdesk_flow::deliver::Courier;
use interdesk_flow::{notify, reset};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often to look.
const PERIOD: Duration = Duration::from_secs(1);

/// Sends until `stop`.
pub async fn notify(desk: Desk, courier: Courier, stop: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = notify::send(&desk, &courier).await {
            tracing::warn!(%error, "notifications could not be listed");
        }
        if let Err(error) = reset::send(&desk, &courier).await {
            tracing::warn!(%error, "mails about passwords could not be listed");
        }
    }
}
