//! One tenant's events in order, from the bus and, where that has gaps, from the log.

use super::{Hub, Logged};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Database, Error, relay};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

/// Events that are read from the log at once.
pub(super) const PAGE: i64 = 200;
/// How often the log is looked at without a reason, and unwatched feeds end.
const LOOK: Duration = Duration::from_secs(15);
/// How long to wait for a database that is away.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);
/// Signals that may wait for the feed; beyond it the log tells what they said.
const SIGNALS: usize = 256;
/// How many events are kept for subscribers who come back, with what was read for them.
const RECENT: usize = 1_024;

/// The last events in their order, without a gap.
type Recent = Arc<Mutex<VecDeque<Arc<Logged>>>>;

/// What a feed is told.
pub(super) enum Signal {
    /// This came over the bus.
    Event(Arc<Logged>),
    /// Something may be in the log that did not.
    Look,
}

/// The hub's end of a feed.
pub(super) struct Feed {
    signals: mpsc::Sender<Signal>,
    overrun: Arc<AtomicBool>,
    live: broadcast::Sender<Arc<Logged>>,
    recent: Recent,
    ready: watch::Receiver<bool>,
}

impl Feed {
    /// Starts a feed; it ends by itself once nobody watches.
    pub(super) fn start(hub: Hub, database: Database, scope: TenantScope, buffer: usize) -> Self {
        let (signals, received) = mpsc::channel(SIGNALS);
        let (live, _) = broadcast::channel(buffer);
        let (begun, ready) = watch::channel(false);
        let overrun = Arc::new(AtomicBool::new(false));
        let recent = Recent::default();
        let reader = Reader {
            hub,
            database,
            scope,
            overrun: overrun.clone(),
            live: live.clone(),
            recent: recent.clone(),
            last: 0,
        };
        tokio::spawn(reader.run(received, begun));
        Self {
            signals,
            overrun,
            live,
            recent,
            ready,
        }
    }

    pub(super) fn tell(&self, signal: Signal) {
        if self.signals.try_send(signal).is_err() {
            self.overrun.store(true, Ordering::Release);
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Logged>> {
        self.live.subscribe()
    }

    /// Returns a page of the events that follow `last`, as far as they are kept.
    pub(super) fn recent(&self, last: u64) -> Vec<Arc<Logged>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(skipped) = recent
            .front()
            .and_then(|first| (last + 1).checked_sub(first.seq))
        else {
            return Vec::new();
        };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let page = usize::try_from(PAGE).unwrap_or_default();
        recent.iter().skip(skipped).take(page).cloned().collect()
    }

    pub(super) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    pub(super) fn is_unwatched(&self) -> bool {
        self.live.receiver_count() == 0
    }
}

/// The feed's task.
struct Reader {
    hub: Hub,
    database: Database,
    scope: TenantScope,
    overrun: Arc<AtomicBool>,
    live: broadcast::Sender<Arc<Logged>>,
    recent: Recent,
    /// The last seq that was shown.
    last: u64,
}

impl Reader {
    async fn run(mut self, mut signals: mpsc::Receiver<Signal>, begun: watch::Sender<bool>) {
        self.last = self.find_last().await;
        let _ = begun.send(true);
        let mut look = interval_at(Instant::now() + LOOK, LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                signal = signals.recv() => match signal {
                    Some(Signal::Event(event)) => self.take(event).await,
                    Some(Signal::Look) => self.fill().await,
                    None => return,
                },
                _ = look.tick() => {
                    if self.hub.forget_unwatched(self.scope.tenant()) {
                        return;
                    }
                    self.fill().await;
                }
            }
            if self.overrun.swap(false, Ordering::AcqRel) {
                self.fill().await;
            }
        }
    }

    async fn take(&mut self, event: Arc<Logged>) {
        if event.seq <= self.last {
            return;
        }
        if event.seq == self.last + 1 {
            return self.show(event);
        }
        self.fill().await;
        // The log may not show yet what the bus brought, over a database that lags behind.
        if event.seq == self.last + 1 {
            self.show(event);
        }
    }

    fn show(&mut self, event: Arc<Logged>) {
        self.keep(&event);
        self.last = event.seq;
        // Nobody listening is no fault: the last one just left.
        let _ = self.live.send(event);
    }

    fn keep(&self, event: &Arc<Logged>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if event.seq != self.last + 1 {
            recent.clear();
        }
        if recent.len() >= RECENT {
            recent.pop_front();
        }
        recent.push_back(event.clone());
    }

    /// Shows whatever the log has beyond the last event.
    async fn fill(&mut self) {
        loop {
            let events = self.with_patience(async |feed| feed.list().await).await;
            let is_all = events.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            for (seq, body) in events {
                self.show(Arc::new(Logged::read(seq, body.as_bytes())));
            }
            if is_all {
                return;
            }
        }
    }

    async fn find_last(&self) -> u64 {
        self.with_patience(async |feed| feed.bounds().await).await.1
    }

    /// Repeats a read until the database answers.
    async fn with_patience<T>(&self, read: impl AsyncFn(&Self) -> Result<T, Error>) -> T {
        loop {
            match read(self).await {
                Ok(found) => return found,
                Err(error) => {
                    let tenant = self.scope.tenant();
                    tracing::warn!(tenant.id = %tenant, error = %error, "the event log is not readable");
                    sleep(PATIENCE).await;
                }
            }
        }
    }

    async fn list(&self) -> Result<Vec<(u64, String)>, Error> {
        let events = self
            .database
            .read(self.scope, async |conn| {
                relay::list_after(conn, self.scope, self.last, PAGE).await
            })
            .await?;
        Ok(events)
    }

    async fn bounds(&self) -> Result<(u64, u64), Error> {
        let bounds = self
            .database
            .read(self.scope, async |conn| {
                relay::bounds(conn, self.scope).await
            })
            .await?;
        Ok(bounds)
    }
}
