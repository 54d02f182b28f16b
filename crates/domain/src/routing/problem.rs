//! The problem and the answer, as plain data.

use crate::agent::Presence;
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The rule that decisions name, so that a stored one can be replayed by the same rule.
pub const POLICY: &str = "longest-idle/1";

/// Everything that a decision depends on, for one queue at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The queue.
    pub queue: QueueId,
    /// The moment.
    pub now: DateTime<Utc>,
    /// The work that waits.
    pub waiting: Vec<Waiting>,
    /// The queue's members.
    pub members: Vec<Member>,
}

/// A work item that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub work_item: WorkItemId,
    /// Counts the times it was queued; a decision for an older epoch changes nothing.
    pub epoch: i32,
    /// Higher goes first.
    pub priority: i16,
    /// Since when.
    pub queued_at: DateTime<Utc>,
    /// Who refused it or let it pass, and until when they are left in peace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resting: Vec<Resting>,
}

/// An agent who is left in peace with a work item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// Who.
    pub agent: AgentId,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A member of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// What they chose to be.
    pub presence: Presence,
    /// Whether we heard from them within the presence lease.
    pub reachable: bool,
    /// The units of work they hold.
    pub load: i32,
    /// The units of work they may hold.
    pub capacity: i32,
    /// When they last got or finished work.
    pub idle_since: DateTime<Utc>,
}

/// What was decided for one work item, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The rule, with its version.
    pub policy: String,
    /// Which item.
    pub work_item: WorkItemId,
    /// Its epoch when it was decided.
    pub epoch: i32,
    /// Who gets it; `None` when it waits on.
    pub winner: Option<AgentId>,
    /// Who could have had it, best first; the first is the winner.
    pub candidates: Vec<Candidate>,
    /// Who could not, and why.
    pub excluded: Vec<Excluded>,
    /// How equals were told apart.
    pub tie_rule: String,
}

/// An agent who could have had the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// How long they had been idle, in milliseconds.
    pub idle_ms: i64,
    /// The units they held.
    pub load: i32,
    /// The units they may hold.
    pub capacity: i32,
}

/// An agent who could not have the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// Who.
    pub agent: AgentId,
    /// Why.
    pub reason: Exclusion,
}

/// Why an agent could not have a work item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Exclusion {
    /// They are not online.
    NotOnline {
        /// What they are instead.
        presence: Presence,
    },
    /// They are online, but nothing was heard from them for longer than the presence lease.
    Unreachable,
    /// They hold as much as they may.
    AtCapacity {
        /// What they hold.
        load: i32,
        /// What they may hold.
        capacity: i32,
    },
    /// They refused this item, or let its offer pass, a short while ago.
    Resting {
        /// Until when they are left in peace.
        until: DateTime<Utc>,
    },
}
