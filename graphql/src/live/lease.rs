//! Who watches is there, and watches for as long as they may.

use crate::Error;
use crate::access::Audience;
use interdesk_flow::{Desk, presence};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How long somebody who was disabled goes on watching at most.
const LONGEST_TICK: Duration = Duration::from_secs(15);

/// Keeps the viewer reachable for as long as they watch, and lets them watch while they may.
pub(super) struct Lease {
    desk: Desk,
    pub(super) audience: Audience,
    tick: Interval,
}

impl Lease {
    pub(super) fn new(desk: Desk, audience: Audience) -> Self {
        let lease = desk.settings.presence_lease.to_std().unwrap_or_default();
        let mut tick = interval((lease / 3).clamp(Duration::from_secs(1), LONGEST_TICK));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            desk,
            audience,
            tick,
        }
    }

    /// Waits for the next tick and renews; only who may not watch any more is an error.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        self.tick.tick().await;
        self.audience.renew().await?;
        presence::seen(&self.desk, self.audience.agent()).await;
        Ok(())
    }
}
