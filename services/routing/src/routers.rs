//! The routers of a shard's tenants: opened when they are needed, dropped when they are not, or when
//! anything went wrong with them.

use crate::reason::Reason;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::route::{Reasons, Router};
use interdesk_flow::{Desk, Error};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How many tenants are looked at at once.
const AT_ONCE: usize = 4;
/// How often a tenant is settled in a row before it is left to the next sweep.
const IN_A_ROW: usize = 64;
/// How many reasons for waiting one tenant stores between two bunches of events.
const TOLD_AT_ONCE: usize = 256;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The routers of one shard.
pub(crate) struct Routers {
    desk: Desk,
    shutdown: CancellationToken,
    kept: HashMap<TenantId, Kept>,
}

struct Kept {
    router: Router,
    used: Instant,
    is_told: bool,
}

/// Why nothing came of it.
pub(crate) enum Stopped {
    /// The process is ending.
    Shutdown,
    /// The same would fail again.
    Failed(String),
}

/// What is to be done in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What the events tell of.
    Learn,
    /// Everything is compared with the rows first.
    Heal,
    /// What time changed.
    Tick,
}

impl Routers {
    /// Begins without any.
    pub(crate) fn new(desk: Desk, shutdown: CancellationToken) -> Self {
        Self {
            desk,
            shutdown,
            kept: HashMap::new(),
        }
    }

    /// Decides what events ask for; returns the tenants in which that failed, with why, and `None` on
    /// shutdown.
    pub(crate) async fn handle(
        &mut self,
        wanted: BTreeMap<TenantId, Vec<Envelope>>,
    ) -> Option<HashMap<TenantId, String>> {
        let jobs = wanted
            .into_iter()
            .map(|(tenant, events)| (tenant, events, Look::Learn));
        self.run(jobs.collect()).await
    }

    /// Compares a tenant with its rows, where that was not done for a while, and decides.
    pub(crate) async fn sweep(&mut self, tenant: TenantId) {
        let now = self.desk.now();
        let check = self.desk.settings.routing_check;
        let look = match self.kept.get(&tenant) {
            Some(kept) if now - kept.router.read_at() < check => Look::Tick,
            _ => Look::Heal,
        };
        self.look(vec![tenant], look).await;
    }

    /// Returns the present moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.desk.now()
    }

    /// Tells whether some reasons for which work waits are still to be stored.
    pub(crate) fn has_untold(&self) -> bool {
        self.kept.values().any(|kept| !kept.is_told)
    }

    /// Returns when something changes by itself, if anything does.
    pub(crate) fn next_change(&self) -> Option<DateTime<Utc>> {
        self.kept
            .values()
            .filter_map(|kept| kept.router.next_change())
            .min()
    }

    /// Decides wherever time changed something.
    pub(crate) async fn tick(&mut self) {
        let now = self.desk.now();
        let is_due = |kept: &Kept| kept.router.next_change().is_some_and(|at| at <= now);
        let due = self.kept.iter().filter(|(_, kept)| is_due(kept));
        let due: Vec<TenantId> = due.map(|(tenant, _)| *tenant).collect();
        if !due.is_empty() {
            self.look(due, Look::Tick).await;
        }
    }

    /// Asks who gave a sign of life, decides where that changed something, and drops the routers that
    /// nobody needed for a while.
    pub(crate) async fn hear(&mut self) {
        let idle = self.desk.settings.routing_idle.to_std().unwrap_or_default();
        self.kept
            .retain(|_, kept| kept.used.elapsed() < idle || !kept.router.state().items.is_empty());
        let mut heard = Vec::new();
        for (tenant, kept) in &mut self.kept {
            if kept.router.hear(&self.desk).await {
                heard.push(*tenant);
            }
        }
        if !heard.is_empty() {
            self.look(heard, Look::Tick).await;
        }
    }

    /// Stores some of the reasons for which work waits; returns whether there are more.
    pub(crate) async fn tell(&mut self) -> bool {
        let mut is_more = false;
        let mut failed = Vec::new();
        for (tenant, kept) in self.kept.iter_mut().filter(|(_, kept)| !kept.is_told) {
            let reasons = Reasons::from(interdesk_flow::Context::system(None, None));
            match kept
                .router
                .tell_waiting(&self.desk, &reasons, TOLD_AT_ONCE)
                .await
            {
                Ok(left) => {
                    kept.is_told = !left;
                    is_more |= left;
                }
                Err(error) => {
                    tracing::warn!(tenant.id = %tenant, error = %error, "why work waits could not be stored");
                    failed.push(*tenant);
                }
            }
        }
        failed
            .iter()
            .for_each(|tenant| drop(self.kept.remove(tenant)));
        is_more
    }

    async fn look(&mut self, tenants: Vec<TenantId>, look: Look) {
        let jobs = tenants.into_iter().map(|tenant| (tenant, Vec::new(), look));
        for (tenant, why) in self.run(jobs.collect()).await.into_iter().flatten() {
            tracing::error!(tenant.id = %tenant, error = %why, "a tenant could not be routed");
        }
    }

    async fn run(
        &mut self,
        jobs: Vec<(TenantId, Vec<Envelope>, Look)>,
    ) -> Option<HashMap<TenantId, String>> {
        // The list comes first: a stream over borrowed pairs is more than the compiler can prove sendable.
        let mut list = Vec::new();
        for (tenant, events, look) in jobs {
            let (router, used) = match self.kept.remove(&tenant) {
                Some(kept) => (Some(kept.router), kept.used),
                None => (None, Instant::now()),
            };
            let used = match events.is_empty() {
                true => used,
                false => Instant::now(),
            };
            let job = Job {
                desk: self.desk.clone(),
                shutdown: self.shutdown.clone(),
                tenant,
                events,
                look,
            };
            list.push(async move { (tenant, used, job.run(router).await) });
        }
        let mut ended = futures::stream::iter(list).buffer_unordered(AT_ONCE);
        let mut failed = HashMap::new();
        let mut is_ending = false;
        while let Some((tenant, used, result)) = ended.next().await {
            match result {
                Ok(router) => {
                    let kept = Kept {
                        router,
                        used,
                        is_told: false,
                    };
                    self.kept.insert(tenant, kept);
                }
                Err(Stopped::Shutdown) => is_ending = true,
                Err(Stopped::Failed(why)) => {
                    failed.insert(tenant, why);
                }
            }
        }
        (!is_ending).then_some(failed)
    }
}

/// A look at one tenant.
struct Job {
    desk: Desk,
    shutdown: CancellationToken,
    tenant: TenantId,
    events: Vec<Envelope>,
    look: Look,
}

impl Job {
    /// Tries until it works or fails for good: while the database is away, work waits and nobody's
    /// tries are used up. Whatever goes wrong, the router is dropped: its engine may know of work that
    /// was handed out and never committed.
    async fn run(self, mut router: Option<Router>) -> Result<Router, Stopped> {
        let (span, reasons, others) = Reason::of(&self.events).begin(self.tenant);
        let mut wait = FIRST_WAIT;
        let tries = async {
            loop {
                let error = match self.attempt(router.take(), &reasons).await {
                    Ok(router) => return Ok(router),
                    Err(error) if error.is_passing() => error,
                    Err(error) => return Err(Stopped::Failed(error.to_string())),
                };
                tracing::warn!(error = %error, wait_ms = wait.as_millis() as u64, "routing waits");
                tokio::select! {
                    () = self.shutdown.cancelled() => return Err(Stopped::Shutdown),
                    () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
                }
            }
        };
        let ended = tries.instrument(span).await;
        drop(others);
        ended
    }

    async fn attempt(&self, router: Option<Router>, reasons: &Reasons) -> Result<Router, Error> {
        let desk = &self.desk;
        let mut router = match router {
            Some(mut router) => {
                match self.look {
                    Look::Learn => router.learn(desk, &self.events).await?,
                    Look::Heal => drop(router.heal(desk).await?),
                    Look::Tick => {}
                }
                router
            }
            None => Router::open(desk, TenantScope::new(self.tenant)).await?,
        };
        for _ in 0..IN_A_ROW {
            if !router.settle(desk, reasons).await?.again {
                break;
            }
        }
        Ok(router)
    }
}
