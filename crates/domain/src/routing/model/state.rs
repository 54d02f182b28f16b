//! Everything that decisions depend on, and what a decision changes.

use super::{Agent, Held, Item, Mode, Queue, Standing};
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that decisions depend on, but for the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How work is ordered.
    pub order: Order,
    /// The queues.
    pub queues: BTreeMap<QueueId, Queue>,
    /// Everybody who answers.
    pub agents: BTreeMap<AgentId, Agent>,
    /// What waits.
    pub items: BTreeMap<WorkItemId, Item>,
    /// Whether all assistants are stopped.
    pub assistants_stopped: bool,
    /// Counts the assignments, for taking turns.
    pub turns: u64,
    /// Queues that stand for the staged policy of another, and which: what agents hold by them counts
    /// as held by that one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub staged: BTreeMap<QueueId, QueueId>,
}

/// How work of different classes is weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The slack at which urgency is half of what it is at the deadline.
    pub horizon_seconds: u32,
    /// How many thousandths a very important contact weighs.
    pub vip_permille: u32,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            horizon_seconds: 120,
            vip_permille: 2_000,
        }
    }
}

/// Who gets which work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which item.
    pub item: WorkItemId,
    /// Its epoch when it was decided.
    pub epoch: i32,
    /// Who.
    pub agent: AgentId,
    /// By which queue: the item's own, or one that it overflows to.
    pub queue: QueueId,
    /// Whether the agent is asked first.
    pub is_offer: bool,
}

/// When an agent was rid of work, and until when they finish the paperwork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// When.
    pub at: DateTime<Utc>,
    /// Until when they get nothing new; `None` leaves it as it is.
    pub wrap_up_until: Option<DateTime<Utc>>,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentPresence {
    /// What they chose to be.
    pub standing: Standing,
    /// Whether a sign of life came within the presence lease.
    pub reachable: bool,
    /// Whether their schedule has them at work.
    pub on_schedule: bool,
}

impl State {
    /// Carries an assignment out: the item no longer waits, the agent holds it.
    ///
    /// Returns the item; `None`, and changes nothing, where item or agent are not there.
    pub fn assign(&mut self, assignment: Assignment, now: DateTime<Utc>) -> Option<Item> {
        let held_by = self.held_by(assignment.queue);
        let agent = self.agents.get_mut(&assignment.agent)?;
        let item = self.items.remove(&assignment.item)?;
        self.turns += 1;
        agent.turns.insert(assignment.queue, self.turns);
        agent.idle_since = now;
        agent.held.push(Held {
            item: item.id,
            class: item.class,
            units: item.takes(),
            queue: held_by,
            is_offer: assignment.is_offer,
        });
        Some(item)
    }

    /// Marks an offer as accepted: the agent has it now.
    pub fn accept(&mut self, agent: AgentId, item: WorkItemId) {
        let agent = self.agents.get_mut(&agent);
        let held = agent.and_then(|agent| agent.held.iter_mut().find(|held| held.item == item));
        if let Some(held) = held {
            held.is_offer = false;
        }
    }

    /// Takes an item from an agent who finished it, gave it back or lost it.
    pub fn release(&mut self, agent: AgentId, item: WorkItemId, after: Release) {
        let Some(agent) = self.agents.get_mut(&agent) else {
            return;
        };
        agent.held.retain(|held| held.item != item);
        agent.idle_since = after.at;
        agent.wrap_up_until = after.wrap_up_until.or(agent.wrap_up_until);
    }

    /// Changes whether an agent may be given work.
    pub fn set_presence(&mut self, agent: AgentId, presence: AgentPresence) {
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.standing = presence.standing;
            agent.reachable = presence.reachable;
            agent.on_schedule = presence.on_schedule;
        }
    }

    /// Returns the queue under which work counts that came by a queue.
    pub fn held_by(&self, queue: QueueId) -> QueueId {
        self.staged.get(&queue).copied().unwrap_or(queue)
    }

    /// Returns the queue of an item.
    pub fn queue_of(&self, item: &Item) -> Option<&Queue> {
        self.queues.get(&item.queue)
    }

    /// Tells whether the router hands an item out by itself.
    pub fn is_handed_out(&self, item: &Item) -> bool {
        self.queue_of(item)
            .is_some_and(|queue| queue.mode != Mode::Pull)
    }
}
