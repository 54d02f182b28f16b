//! What a day was like.

use crate::id::{AgentId, QueueId};
use crate::routing::expect::ExpectedWait;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// What a day was like under a rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// All queues together.
    pub all: Part,
    /// Each queue.
    pub queues: BTreeMap<QueueId, Part>,
    /// What each agent did.
    pub agents: BTreeMap<AgentId, Load>,
    /// How often work went on to somebody else: sent on, declined, or left behind by who was lost.
    pub transfers: usize,
    /// How often an agent held more than they may: a fault.
    pub breaches: usize,
    /// How often an agent was left idle beside work that they may have: a fault.
    pub idled: usize,
    /// How often work went before other work that it must not pass any more: a fault.
    pub starved: usize,
    /// What was expected of waits, and how long they then were.
    pub predictions: Vec<Prediction>,
}

/// What became of the work of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// How much came.
    pub came: usize,
    /// How much began to be served after its deadline, or never was.
    pub missed: usize,
    /// How much left without an answer.
    pub gave_up: usize,
    /// How much still waited when the day was over.
    pub left: usize,
    /// How long what was served had waited.
    pub waits: Waits,
}

/// How long work waited, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits(Vec<i64>);

/// What an agent did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// How many work items they finished.
    pub finished: usize,
    /// How long they had work, in milliseconds times units.
    pub busy_ms: i64,
}

/// What was expected of a wait, and how long it then was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction {
    /// The place at which it was made.
    pub position: usize,
    /// What was expected.
    pub expected: ExpectedWait,
    /// How long it then waited, from that moment.
    pub waited_ms: i64,
}

impl Waits {
    pub(super) fn add(&mut self, wait: TimeDelta) {
        self.0.push(wait.num_milliseconds());
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// Returns the wait that so many thousandths do not exceed.
    pub fn at(&self, permille: usize) -> TimeDelta {
        let place = (self.0.len() * permille).div_ceil(1_000).saturating_sub(1);
        TimeDelta::milliseconds(self.0.get(place).copied().unwrap_or(0))
    }

    /// Returns the mean.
    pub fn mean(&self) -> TimeDelta {
        let sum: i64 = self.0.iter().sum();
        TimeDelta::milliseconds(sum / self.0.len().max(1) as i64)
    }

    /// Counts them.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Report {
    /// Returns how evenly the work lay on those who did any or could have: 1 is evenly, 1/n is all on
    /// one.
    pub fn fairness(&self) -> f64 {
        let loads: Vec<f64> = self
            .agents
            .values()
            .map(|load| load.busy_ms as f64)
            .collect();
        jain(&loads)
    }

    /// Returns which share of the predictions made at a place the wait stayed below, for the median and the
    /// ninetieth of a hundred.
    pub fn coverage(&self, counts: impl Fn(&Prediction) -> bool) -> (usize, f64, f64) {
        let list: Vec<&Prediction> = self.predictions.iter().filter(|one| counts(one)).collect();
        let within = |limit: fn(&ExpectedWait) -> u32| {
            let held = list
                .iter()
                .filter(|one| one.waited_ms <= i64::from(limit(&one.expected)) * 1_000);
            held.count() as f64 / list.len().max(1) as f64
        };
        (
            list.len(),
            within(|expected| expected.p50_seconds),
            within(|expected| expected.p90_seconds),
        )
    }
}

/// Jain's index of fairness: `(Σx)² / (n Σx²)`; 1 where there is nothing to share.
pub fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    match squares > 0.0 {
        true => sum * sum / (shares.len() as f64 * squares),
        false => 1.0,
    }
}
