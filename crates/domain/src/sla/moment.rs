//! What happens in an episode, as far as clocks care.

use super::{PolicyVersion, State};
use crate::id::{EventId, OfferId, ScheduleId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing that happened in an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When; read to the millisecond. One that lies before its predecessor counts as being with it.
    pub at: DateTime<Utc>,
    /// The event of the log that tells of it.
    pub event: EventId,
    /// What happened.
    pub what: What,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The customer.
    Customer,
    /// One of the tenant's agents.
    Agent,
    /// A rule or a program.
    System,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum What {
    /// The conversation's first episode began.
    Opened { by: Party },
    /// A later episode began; each is a history of its own.
    Reopened { by: Party },
    /// The customer wrote.
    CustomerMessage,
    /// An agent answered for the customer to read.
    AgentReply,
    /// An agent wrote for colleagues alone; no clock cares.
    InternalNote,
    /// Somebody reacted to a message; the policy's rules say whether it counts.
    Reacted { by: Party },
    /// The conversation's state changed.
    Became(State),
    /// The episode was put into a queue, first or again.
    Queued,
    /// It was shown to an agent.
    Offered { offer: OfferId },
    /// An agent took it, offered or not.
    Accepted { offer: Option<OfferId> },
    /// The agent refused it.
    Declined { offer: OfferId },
    /// The offer's time was over.
    Expired { offer: OfferId },
    /// The offer was taken back.
    Rescinded { offer: OfferId },
    /// The agent gave it back, or finished their part, and nobody else has it yet.
    Released,
    /// It left the queue without an agent.
    Unqueued,
    /// It was merged into another episode, which goes on for it: nothing is met and nothing missed here.
    Merged,
    /// What was to be answered left with a merge that was undone: there is nothing to answer here.
    Unasked,
    /// Its priority changed; without one it is 0.
    PriorityChanged(i16),
    /// Another policy, or another version of it, governs from now on.
    PolicyChanged(Option<PolicyVersion>),
    /// Another schedule applies from now on; none is around the clock.
    ScheduleChanged(Option<ScheduleId>),
}
