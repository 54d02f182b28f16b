//! Agents who work through every outage: they ask again under the same key until they are answered,
//! and remember what they were answered.

use crate::chance::Chance;
use crate::graphql::Agent;
use anyhow::Result;
use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_millis(200);
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// How long an agent asks again before giving up on a desk that does not come back.
const PATIENCE: Duration = Duration::from_secs(120);

/// How agents work.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Offers that are refused, of 100.
    pub(super) declines: u64,
    /// Offers that are left to expire, of 100.
    pub(super) ignores: u64,
    /// How long an agent thinks about an offer.
    pub(super) hesitation: Duration,
    /// How long a conversation is held after the reply, at most.
    pub(super) holds: Duration,
    /// Whether a resolved conversation is ever resolved at all.
    pub(super) resolves: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            declines: 5,
            ignores: 3,
            hesitation: Duration::ZERO,
            holds: Duration::from_millis(1_500),
            resolves: true,
        }
    }
}

/// What the agents were answered.
#[derive(Debug, Default)]
pub(super) struct Diary {
    /// The texts of replies that the desk took.
    pub(super) replies: Mutex<Vec<String>>,
    /// Offers that were accepted.
    pub(super) accepted: AtomicU64,
    /// Conversations that were resolved.
    pub(super) resolved: AtomicU64,
    /// Questions that were never answered.
    pub(super) unanswered: AtomicU64,
}

impl Diary {
    /// Gives the texts of replies that the desk took.
    pub(super) fn replies(&self) -> Vec<String> {
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn replied(&self, text: String) {
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
    }
}

/// Agents at work.
pub(super) struct Crew {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Sends agents to work.
    pub(super) fn start(agents: &[Agent], manner: &Manner, seed: u64, diary: &Arc<Diary>) -> Self {
        let stop = CancellationToken::new();
        let tasks = agents.iter().enumerate().map(|(number, agent)| {
            let worker = Worker {
                agent: agent.clone(),
                number,
                manner: manner.clone(),
                diary: diary.clone(),
            };
            let chance = Chance::new(seed ^ (number as u64 + 1));
            tokio::spawn(worker.work(chance, stop.clone()))
        });
        let tasks = tasks.collect();
        Self { stop, tasks }
    }

    /// Lets the agents finish what they are at and go home.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            // A task that panicked has told so itself.
            let _ = task.await;
        }
    }
}

#[derive(Clone)]
struct Worker {
    agent: Agent,
    number: usize,
    manner: Manner,
    diary: Arc<Diary>,
}

impl Worker {
    async fn work(self, mut chance: Chance, stop: CancellationToken) {
        let mut seen = HashSet::new();
        let mut talks = JoinSet::new();
        let mut lively: Option<Instant> = None;
        while !stop.is_cancelled() {
            if lively.is_none_or(|at| at.elapsed() > SIGN_OF_LIFE) {
                // While the desk is away nobody is online; it is tried again soon.
                lively = self.agent.come_online().await.ok().map(|()| Instant::now());
            }
            for offer in self.agent.offers().await.unwrap_or_default() {
                if seen.insert(offer.id.clone()) {
                    let (worker, chance) = (self.clone(), Chance::new(chance.draw()));
                    talks.spawn(worker.answer(offer.id, offer.conversation, chance, stop.clone()));
                }
            }
            while talks.try_join_next().is_some() {}
            sleep(LOOK).await;
        }
        while talks.join_next().await.is_some() {}
    }

    async fn answer(
        self,
        offer: String,
        conversation: String,
        mut chance: Chance,
        stop: CancellationToken,
    ) {
        let mood = chance.below(100);
        if mood < self.manner.ignores {
            return;
        }
        sleep(self.manner.hesitation).await;
        if mood < self.manner.ignores + self.manner.declines {
            let key = format!("decline-{offer}");
            self.insist(|| self.agent.decline(&offer, &key)).await;
            return;
        }
        let key = format!("accept-{offer}");
        let accepted = self.insist(|| self.agent.accept(&offer, &key)).await;
        if accepted.as_deref() == Some("ACCEPTED") {
            self.diary.accepted.fetch_add(1, Relaxed);
            self.talk(&offer, &conversation, &mut chance, &stop).await;
        }
    }

    async fn talk(
        &self,
        offer: &str,
        conversation: &str,
        chance: &mut Chance,
        stop: &CancellationToken,
    ) {
        let text = format!("Reply of agent {} to {offer}", self.number);
        let key = format!("reply-{offer}");
        let replied = self
            .insist(|| self.agent.reply(conversation, &text, &key))
            .await;
        if replied.as_deref() == Some("QUEUED") {
            self.diary.replied(text);
        }
        if !self.manner.resolves {
            return;
        }
        let most = u64::try_from(self.manner.holds.as_millis()).unwrap_or_default();
        let hold = Duration::from_millis(chance.below(most.max(1)));
        let _ = timeout(hold, stop.cancelled()).await;
        let key = format!("resolve-{offer}");
        let resolved = self.insist(|| self.agent.resolve(conversation, &key)).await;
        if resolved.as_deref() == Some("RESOLVED") {
            self.diary.resolved.fetch_add(1, Relaxed);
        }
    }

    /// Asks until there is an answer: after a cut nobody knows whether the question arrived.
    async fn insist<F>(&self, ask: impl Fn() -> F) -> Option<String>
    where
        F: Future<Output = Result<String>>,
    {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Ok(answer) = ask().await {
                return Some(answer);
            }
            sleep(LOOK).await;
        }
        self.diary.unanswered.fetch_add(1, Relaxed);
        None
    }
}
