//! Why a work item went where it went, or still waits, as data and in words.
//!
//! An explanation holds every fact that the decision rested on, so [`Explanation::check`] can decide
//! again from it alone.

mod check;
mod tell;

pub use check::Discrepancy;

use super::choose::{Exclusion, Levels, Score, TIE_RULE, is_offered, judge, levels};
use super::model::*;
use super::order::{Tier, Weighed};
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why a work item went where it went, or still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The moment.
    pub now: DateTime<Utc>,
    /// Which item.
    pub item: WorkItemId,
    /// Its epoch.
    pub epoch: i32,
    /// The version of its queue's policy.
    pub policy: i32,
    /// What its place in the order was computed from.
    pub weighed: Weighed,
    /// The part of the order that it was in.
    pub tier: Tier,
    /// Its index.
    pub index: u64,
    /// What it asked for before any step of the ladder.
    pub asked: Asked,
    /// What it asked for at the moment, and which steps led there.
    pub ask: Ask,
    /// The strategy of each queue that is asked.
    pub strategies: Vec<Option<Strategy>>,
    /// Whether the agent is asked first.
    pub is_offer: bool,
    /// Whether agents fetch it themselves.
    pub is_fetched: bool,
    /// Who could have it, the best first.
    pub candidates: Vec<Candidate>,
    /// Who of the queues' members could not, and why.
    pub excluded: Vec<Excluded>,
    /// How many more members the queues have, who are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unlisted: usize,
    /// Who gets it; `None` when it waits on.
    pub winner: Option<AgentId>,
    /// How equals are told apart.
    pub tie_rule: String,
}

/// What a work item asked for before any step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its queue.
    pub queue: QueueId,
    /// The class of work.
    pub class: WorkClass,
    /// The units that it takes.
    pub units: u32,
    /// The skills.
    pub skills: Skills,
    /// The language.
    pub language: Option<String>,
    /// The priority.
    pub priority: i16,
    /// Members up to this rank are asked from the beginning.
    pub ranks: u8,
    /// Who should have it.
    pub preferred: Option<Preferred>,
}

/// An agent who could have the work, with every fact that matters for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// How good they are; the smallest wins.
    pub score: Score,
    /// Units of all classes.
    pub load: u32,
    /// Units that count towards the total beside such work.
    pub load_beside: u32,
    /// The units that they may hold.
    pub total: u32,
    /// Units of the class of work, and how many they may hold.
    pub of_class: (u32, u32),
    /// When they last got or finished work.
    pub idle_since: DateTime<Utc>,
    /// Their last turn in the queue.
    pub turn: u64,
    /// How many skills they have.
    #[serde(default)]
    pub breadth: u32,
    /// Their levels in the skills that are asked for.
    pub levels: Levels,
    /// The languages that they answer in.
    pub languages: Vec<String>,
    /// How they refused it before.
    pub rest: Option<Rest>,
}

/// An agent who could not have the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// Who.
    pub agent: AgentId,
    /// Why.
    pub reason: Exclusion,
}

impl Explanation {
    /// Explains a waiting item as of a moment; `None` where it or its queue is not there.
    pub fn of(state: &State, item: WorkItemId, now: DateTime<Utc>) -> Option<Self> {
        Self::among(state, item, now, |ask| {
            let serves = |agent: &&Agent| {
                let mut asked = ask.queues.iter();
                asked.any(|queue| agent.memberships.contains_key(queue))
            };
            let members = state.agents.values().filter(serves);
            (members.map(|agent| agent.id).collect(), 0)
        })
    }

    /// Explains a waiting item by some members of the queues that it asks, each once; `members` names
    /// them, with the number of those whom it leaves out.
    ///
    /// Whoever gets the item has to be among them.
    pub fn among(
        state: &State,
        item: WorkItemId,
        now: DateTime<Utc>,
        members: impl FnOnce(&Ask) -> (Vec<AgentId>, usize),
    ) -> Option<Self> {
        let item = state.items.get(&item)?;
        let queue = state.queue_of(item)?;
        let ask = Ask::of(state, queue, item, now);
        let mut candidates = Vec::new();
        let mut excluded = Vec::new();
        let (listed, unlisted) = members(&ask);
        for agent in listed.iter().filter_map(|agent| state.agents.get(agent)) {
            match judge(state, &ask, item, agent, now) {
                Ok(score) => candidates.push(candidate(&ask, item, agent, score)),
                Err(reason) => excluded.push(Excluded {
                    agent: agent.id,
                    reason,
                }),
            }
        }
        candidates.sort_by_key(|candidate| candidate.score);
        let may_go = ask.blocked.is_none() && queue.mode != Mode::Pull;
        let first = candidates.first().filter(|_| may_go);
        let weighed = Weighed::of(state.order, queue, item, &ask);
        let place = weighed.place(item.id, now);
        let strategy_of = |queue: &QueueId| state.queues.get(queue).map(|queue| queue.strategy);
        Some(Self {
            now,
            item: item.id,
            epoch: item.epoch,
            policy: queue.version,
            weighed,
            tier: place.tier,
            index: place.index.0,
            asked: asked(queue, item),
            strategies: ask.queues.iter().map(strategy_of).collect(),
            is_offer: is_offered(state, item),
            is_fetched: queue.mode == Mode::Pull,
            winner: first.map(|candidate| candidate.score.agent),
            ask,
            candidates,
            excluded,
            unlisted,
            tie_rule: TIE_RULE.to_owned(),
        })
    }

    /// Says why an agent could not have the item; `None` where they could, or serve no queue of it.
    pub fn why_not(&self, agent: AgentId) -> Option<&Exclusion> {
        let mut excluded = self.excluded.iter();
        let found = excluded.find(|excluded| excluded.agent == agent);
        found.map(|excluded| &excluded.reason)
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn asked(queue: &Queue, item: &Item) -> Asked {
    Asked {
        queue: queue.id,
        class: item.class,
        units: item.takes(),
        skills: item.skills.clone(),
        language: item.language.clone(),
        priority: item.priority,
        ranks: queue.ranks,
        preferred: item.preferred,
    }
}

fn candidate(ask: &Ask, item: &Item, agent: &Agent, score: Score) -> Candidate {
    let class = item.class;
    Candidate {
        load: agent.load(),
        load_beside: agent.load_beside(class),
        total: agent.capacity.total,
        of_class: (agent.load_of(class), agent.capacity.most.of(class)),
        idle_since: agent.idle_since,
        turn: agent
            .turns
            .get(&ask.queues[score.queue])
            .copied()
            .unwrap_or(0),
        breadth: agent.breadth(),
        levels: levels(&ask.skills, agent),
        languages: agent.languages.iter().cloned().collect(),
        rest: item.rest_of(agent.id),
        score,
    }
}
