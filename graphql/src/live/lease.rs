//! Who watches is there, and watches for as long as they may.

use crate::Error;
use crate::access::Audience;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How long somebody who was disabled goes on watching at most, and a quarter more where they watch by
/// several subscriptions: for so long what was found for one holds for the others.
const LONGEST_TICK: Duration = Duration::from_secs(12);

/// Keeps the viewer reachable for as long as they watch, and lets them watch while they may.
pub(super) struct Lease {
    pub(super) audience: Audience,
    tick: Interval,
}

impl Lease {
    /// Begins with who was found a moment ago.
    pub(super) async fn begin(audience: Audience) -> Self {
        let lease = audience.desk().settings.presence_lease;
        let lease = lease.to_std().unwrap_or_default();
        let period = (lease / 3).clamp(Duration::from_secs(1), LONGEST_TICK);
        audience.say_seen(period / 4).await;
        let mut tick = interval_at(Instant::now() + period, period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { audience, tick }
    }

    /// Waits for the next tick and renews; only who may not watch any more is an error.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        self.tick.tick().await;
        let within = self.tick.period() / 4;
        self.audience.renew(within).await?;
        self.audience.say_seen(within).await;
        Ok(())
    }
}
