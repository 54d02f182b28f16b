//! Lets timers go off: each once, in the transaction of its effect.
//!
//! A due timer is taken off the table in the transaction that does what it was set for, so a crash
//! before the commit brings it back, and of several runners one gets it. What fails rests for a
//! while and does not keep others waiting.

use crate::telemetry::metrics::TIMERS_FIRED;
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::TimerId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::timers::{self, Timer};
use interdesk_store::{Database, Error, Transaction, outbox};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The longest rest after failures.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Timers whose rest is remembered; beyond it the oldest rest ends early.
const RESTING: usize = 10_000;

/// Does what a timer was set for.
#[async_trait::async_trait]
pub trait OnTimer: Send + Sync {
    /// Does it within the transaction, which is confined to the timer's tenant and has the timer
    /// taken off already, and returns what happened. An error undoes everything.
    async fn fire(
        &self,
        timer: &Timer,
        transaction: &mut Transaction,
    ) -> anyhow::Result<Vec<Envelope>>;
}

/// How a runner works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How often to look; nearer deadlines are looked at in time.
    pub poll: Duration,
    /// Timers that go off at once.
    pub concurrency: usize,
    /// Timers that are fetched at once.
    pub page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            concurrency: 4,
            page: 256,
        }
    }
}

/// Lets timers go off.
pub struct Runner {
    /// Where the timers are.
    pub database: Database,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Told after each commit that wrote events.
    pub committed: Arc<Notify>,
    /// What timers do.
    pub on_timer: Arc<dyn OnTimer>,
    /// How to work.
    pub settings: Settings,
}

/// The timers that failed, how often, and until when they rest.
type Resting = Mutex<HashMap<TimerId, Rest>>;

#[derive(Debug, Clone, Copy)]
struct Rest {
    failures: u32,
    until: DateTime<Utc>,
}

impl Runner {
    /// Runs until `stop`; several runners over one database are safe.
    pub async fn run(self, stop: CancellationToken) {
        let resting = Resting::default();
        while !stop.is_cancelled() {
            let pause = match self.turn(&resting, &stop).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for timers, trying again");
                    self.settings.poll.max(Duration::from_secs(1))
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Lets everything go off that is due and returns when to look again.
    async fn turn(&self, resting: &Resting, stop: &CancellationToken) -> Result<Duration, Error> {
        let now = self.clock.now();
        let (due, next) = self.look(resting, now).await?;
        let found = due.len();
        futures::stream::iter(due)
            .take_while(|_| std::future::ready(!stop.is_cancelled()))
            .for_each_concurrent(self.settings.concurrency.max(1), |timer| {
                self.try_one(resting, timer)
            })
            .await;
        if found >= self.settings.page {
            return Ok(Duration::ZERO);
        }
        let until_next = next.map(|at| (at - self.clock.now()).to_std().unwrap_or_default());
        Ok(until_next
            .unwrap_or(self.settings.poll)
            .min(self.settings.poll))
    }

    async fn look(
        &self,
        resting: &Resting,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Timer>, Option<DateTime<Utc>>), Error> {
        let except = still_resting(resting, now);
        let transaction = self.database.begin_system().await?;
        let page = self.settings.page.max(1) as i64;
        let due = timers::list_due(&transaction, now, &except, page).await?;
        let next = timers::find_next(&transaction, now).await?;
        transaction.commit().await?;
        Ok((due, next))
    }

    async fn try_one(&self, resting: &Resting, timer: Timer) {
        match self.fire(&timer).await {
            Ok(()) => {
                lock(resting).remove(&timer.id);
            }
            Err(error) => {
                let rest = let_rest(resting, timer.id, self.clock.now());
                tracing::warn!(
                    tenant.id = %timer.tenant_id.0,
                    timer.id = %timer.id.0,
                    timer.kind = timer.kind.as_str(),
                    failures = rest.failures,
                    error = format!("{error:#}"),
                    "a timer failed, trying again later"
                );
            }
        }
    }

    async fn fire(&self, timer: &Timer) -> anyhow::Result<()> {
        let scope = TenantScope::new(timer.tenant_id);
        let mut transaction = self.database.begin(scope).await?;
        if !timers::claim(&transaction, scope, timer.id).await? {
            return Ok(transaction.rollback().await?);
        }
        let events = match self.on_timer.fire(timer, &mut transaction).await {
            Ok(events) => events,
            Err(error) => {
                // The connection is worth keeping; should that fail too, it is dropped.
                let _ = transaction.rollback().await;
                return Err(error);
            }
        };
        outbox::append(&transaction, &events).await?;
        transaction.commit().await?;
        metrics::counter!(TIMERS_FIRED, "kind" => timer.kind.as_str()).increment(1);
        if !events.is_empty() {
            self.committed.notify_one();
        }
        Ok(())
    }
}

fn lock(resting: &Resting) -> std::sync::MutexGuard<'_, HashMap<TimerId, Rest>> {
    resting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn still_resting(resting: &Resting, now: DateTime<Utc>) -> Vec<TimerId> {
    let resting = lock(resting);
    let still = resting.iter().filter(|(_, rest)| rest.until > now);
    still.map(|(id, _)| *id).collect()
}

/// Lets a timer rest for 1 s, 2 s, 4 s, … after its failures.
fn let_rest(resting: &Resting, id: TimerId, now: DateTime<Utc>) -> Rest {
    let mut resting = lock(resting);
    let failures = resting.get(&id).map_or(0, |rest| rest.failures) + 1;
    let pause = Duration::from_secs(1 << (failures - 1).min(6)).min(LONGEST_REST);
    let until = now + TimeDelta::from_std(pause).unwrap_or_default();
    if resting.len() >= RESTING && !resting.contains_key(&id) {
        let oldest = resting
            .iter()
            .min_by_key(|(_, rest)| rest.until)
            .map(|(id, _)| *id);
        oldest.and_then(|id| resting.remove(&id));
    }
    let rest = Rest { failures, until };
    resting.insert(id, rest);
    rest
}
