//! Carries to providers, on a period, what customers are shown and nobody keeps.

use interdesk_channels::channel;
use interdesk_flow::Desk;
use interdesk_flow::deliver::Courier;
use interdesk_flow::signal;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often to look: who sees that somebody writes should see it soon.
const PERIOD: Duration = Duration::from_millis(500);

/// Carries until `stop`.
pub async fn signal(desk: Desk, courier: Courier, stop: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        if let Err(error) = signal::send(&desk, &courier, channel).await {
            tracing::warn!(%error, "signals could not be listed");
        }
    }
}
