//! Who watches is there, and watches for as long as they may.

use crate::Error;
use crate::access::Audience;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// How long after it was last asked at most; somebody who was disabled goes on watching for so long, and
/// for as long as what was found for one subscription holds for others.
const LONGEST_TICK: Duration = Duration::from_secs(12);

/// Keeps the viewer reachable for as long as they watch, and lets them watch while they may.
pub(super) struct Lease {
    pub(super) audience: Audience,
    tick: Interval,
}

impl Lease {
    /// Begins with who was found a moment ago.
    pub(super) async fn begin(audience: Audience) -> Self {
        audience.say_seen().await;
        let lease = audience.desk().settings.presence_lease;
        let lease = lease.to_std().unwrap_or_default();
        let period = (lease / 3).clamp(Duration::from_secs(1), LONGEST_TICK);
        let mut tick = interval_at(Instant::now() + period, period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { audience, tick }
    }

    /// Waits for the next tick and renews; only who may not watch any more is an error.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        self.tick.tick().await;
        self.audience.renew().await?;
        self.audience.say_seen().await;
        Ok(())
    }
}
