//! Asks providers, on a period, how accounts are, and for new secrets where some end.

use interdesk_channels::channel;
use interdesk_flow::Desk;
use interdesk_flow::deliver::Courier;
use interdesk_flow::{inbox_health, renew};
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
        match renew::renew(&desk, &courier, channel).await {
            Ok(0) => {}
            Ok(renewed) => tracing::debug!(renewed, "secrets were renewed"),
            Err(error) => tracing::warn!(%error, "secrets that end could not be listed"),
        }
        match inbox_health::check(&desk, &courier, rest, channel).await {
            Ok(0) => {}
            Ok(asked) => tracing::debug!(asked, "providers were asked how accounts are"),
            Err(error) => tracing::warn!(%error, "inboxes to ask about could not be listed"),
        }
    }
}
