//! Publishes the event log: stamps events in an order without gaps, hands them to the bus, and
//! remembers what the bus confirmed.
//!
//! One relay is active per database: it holds an advisory lock on a connection of its own and
//! stamps through that same connection, so whoever loses the lock cannot stamp any more. The
//! others ask for the lock every second. The active one works in two halves that run side by side:
//!
//! - [`stamp`] gives each complete event its place (see `store::relay` for the order);
//! - [`publish`] sends what is stamped, several pages at once but never further than
//!   [`Settings::lead`] events ahead of the last confirmed one, and notes how far the confirmed
//!   events reach without a hole. After a failure it begins again there: events are repeated, never
//!   skipped.
//!
//! A commit wakes the relay at once: directly within its own process, by a notification from
//! others (see [`wake`]), and by a poll should both get lost.

mod maintain;
mod publication;
mod publish;
mod stamp;
mod wake;

pub(crate) use publication::Head;
pub use wake::notify_others;

use interdesk_bus::Bus;
use interdesk_store::{Conn, Database, Error, relay as log};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often a standby asks for the lock.
const STANDBY: Duration = Duration::from_secs(1);

/// How many times as long as it worked the half that stamps rests: it works a sixth of the time.
const REST: u32 = 5;

/// How a relay works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Into how many shards tenants are spread; the same number everywhere.
    pub shards: u16,
    /// Events that are stamped, and published, in one turn.
    pub page: usize,
    /// Events that may be published and not yet confirmed.
    pub lead: usize,
    /// How often to look when nothing wakes the relay.
    pub poll: Duration,
    /// The least rest between two looks.
    pub pace: Duration,
    /// The longest rest that a costly look is followed by: under load it lets events gather.
    pub longest_pace: Duration,
    /// How long events are kept.
    pub retention_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shards: 4,
            page: 1_000,
            lead: 4_000,
            poll: Duration::from_millis(200),
            pace: Duration::from_millis(2),
            longest_pace: Duration::from_millis(25),
            retention_days: 7,
        }
    }
}

impl Settings {
    /// Returns how long to rest after a look that took so long.
    fn rest(&self, took: Duration) -> Duration {
        (took * REST).clamp(self.pace, self.longest_pace.max(self.pace))
    }
}

/// Publishes the event log of one database, when it is this process's turn.
pub struct Relay {
    database: Database,
    bus: Arc<dyn Bus>,
    settings: Settings,
    committed: Arc<Notify>,
    shared: Arc<Shared>,
}

/// What the parts of a relay tell each other.
#[derive(Default)]
struct Shared {
    /// Whether this process holds the lock.
    active: AtomicBool,
    /// There may be something to stamp.
    wake: Notify,
    /// There is something to publish.
    stamped: Notify,
    /// The last stamp given.
    last: AtomicI64,
}

impl Relay {
    /// Makes a relay that `committed` wakes; nobody else may wait for that.
    pub fn new(
        database: Database,
        bus: Arc<dyn Bus>,
        committed: Arc<Notify>,
        settings: Settings,
    ) -> Self {
        Self {
            database,
            bus,
            settings,
            committed,
            shared: Arc::default(),
        }
    }

    /// Runs until `stop`: as a standby, and as the active relay when it gets the lock.
    pub async fn run(self, stop: CancellationToken) {
        let forward = wake::forward(&self.database, &self.committed, &self.shared);
        tokio::select! {
            () = self.stand_by(&stop) => {}
            () = forward => {}
        }
    }

    async fn stand_by(&self, stop: &CancellationToken) {
        let mut reachable = true;
        while !stop.is_cancelled() {
            match self.take_turn(stop).await {
                Ok(()) => reachable = true,
                Err(error) => {
                    // One line per outage, not one per second.
                    if std::mem::take(&mut reachable) {
                        tracing::warn!(%error, "the relay lost the database, trying again");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(STANDBY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Works for as long as the lock is held; returns at once where somebody else has it.
    async fn take_turn(&self, stop: &CancellationToken) -> Result<(), Error> {
        let conn = self.database.connect_system().await?;
        if !log::lock(&conn).await? {
            return Ok(());
        }
        log::plan_once(&conn).await?;
        tracing::info!("this process is the relay now");
        let turn = Turn::begin(&self.shared);
        let result = self.work(&conn, stop).await;
        drop(turn);
        result
    }

    async fn work(&self, conn: &Conn, stop: &CancellationToken) -> Result<(), Error> {
        let stamping = stamp::run(conn, &self.settings, &self.shared, stop);
        let publishing = publish::run(self, stop);
        let listening = wake::listen(&self.database, &self.shared);
        let maintaining = maintain::run(&self.database, self.settings.retention_days);
        tokio::select! {
            ended = futures::future::try_join(stamping, publishing) => ended.map(drop),
            () = listening => Ok(()),
            () = maintaining => Ok(()),
        }
    }
}

/// The time in which this process is the relay; it ends when it is dropped, also midway.
struct Turn<'a>(&'a Shared);

impl<'a> Turn<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.active.store(true, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.active.store(false, Ordering::SeqCst);
    }
}
