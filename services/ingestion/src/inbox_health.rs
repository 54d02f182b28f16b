//! Asks providers, on a period, how accounts are.

use interdesk_channels::channel;
use interdesk_flow::Desk;
use interdesk_flow::deliver::Courier;
use interdesk_flow::inbox_health;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often to look whether it is time to ask about an inbox.
const PERIOD: Duration = Duration::from_secs(10);

/// Asks about each inbox once in `every`, until `stop`.
pub async fn examine(desk: Desk, courier: Courier, every: Duration, stop: CancellationToken) {
    let rest = chrono::Duration::from_std(every).unwrap_or(chrono::Duration::hours(1));
    let mut period = tokio::time::interval(PERIOD.min(every));
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = period.tick() => {}
        }
        match inbox_health::check(&desk, &courier, rest, channel).await {
            Ok(0) => {}
            Ok(asked) => tracing::debug!(asked, "providers were asked how accounts are"),
            Err(error) => tracing::warn!(%error, "inboxes to ask about could not be listed"),
        }
    }
}
