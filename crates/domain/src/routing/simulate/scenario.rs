//! A day as data: what comes, who is there, and what happens.

use crate::id::{AgentId, QueueId};
use crate::routing::model::{AgentPresence, Item, Skills, State};
use chrono::{DateTime, TimeDelta, Utc};

/// A day in a contact centre.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// The queues with their policies and the agents, as they are at the beginning.
    pub state: State,
    /// What comes, in the order in which it comes.
    pub arrivals: Vec<Arrival>,
    /// What else happens, in order.
    pub changes: Vec<Change>,
    /// How agents go about their work.
    pub conduct: Conduct,
}

/// Work that comes, and what is to be known of it only later.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The work item; it comes at its entry.
    pub item: Item,
    /// How long an agent will have it.
    pub handling: TimeDelta,
    /// After how long of waiting the customer gives up.
    pub gives_up_after: Option<TimeDelta>,
    /// How many offers of it are declined before one is accepted.
    pub declines: u32,
    /// Where it is sent on to once the first agent has done their part.
    pub next: Option<Next>,
}

/// The second part of work that is sent on.
#[derive(Debug, Clone)]
pub struct Next {
    /// To which queue.
    pub queue: QueueId,
    /// What it asks for there.
    pub skills: Skills,
    /// How long an agent will have it there.
    pub handling: TimeDelta,
}

/// Something that happens at a moment.
#[derive(Debug, Clone)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Debug, Clone)]
pub enum What {
    /// An agent comes, goes, or is lost from sight.
    Presence(AgentId, AgentPresence),
    /// A queue opens or closes.
    Open(QueueId, bool),
}

/// How agents go about their work.
#[derive(Debug, Clone, Copy)]
pub struct Conduct {
    /// How long they take to answer an offer.
    pub answers_after: TimeDelta,
    /// How long they finish the paperwork.
    pub wraps_up_for: TimeDelta,
    /// After how long out of sight their work is given to others.
    pub is_lost_after: TimeDelta,
    /// For how long who declined is left in peace.
    pub rests_for: TimeDelta,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            answers_after: TimeDelta::zero(),
            wraps_up_for: TimeDelta::zero(),
            is_lost_after: TimeDelta::seconds(120),
            rests_for: TimeDelta::seconds(60),
        }
    }
}
