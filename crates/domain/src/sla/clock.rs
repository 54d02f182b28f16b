//! The nine clocks and the states that they count in.

use crate::conversation::ConversationStatus;
use serde::{Deserialize, Serialize};

/// A clock of service levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// From the opening to the first public reply of an agent.
    FirstReply,
    /// From the oldest unanswered customer message to the next public reply.
    NextReply,
    /// From each public reply to the next, while unresolved.
    PeriodicUpdate,
    /// From each public reply to the next, without the waits for the customer.
    PausableUpdate,
    /// From the opening to the resolution, without the waits for the customer.
    RequesterWait,
    /// From the opening to the resolution, while it is with the agents.
    AgentWork,
    /// From the opening to the resolution.
    TotalResolution,
    /// From the queue to the agent who accepts.
    QueueWait,
    /// From an offer to its acceptance.
    TimeToAccept,
}

impl Clock {
    /// Every clock.
    pub const ALL: [Self; 9] = [
        Self::FirstReply,
        Self::NextReply,
        Self::PeriodicUpdate,
        Self::PausableUpdate,
        Self::RequesterWait,
        Self::AgentWork,
        Self::TotalResolution,
        Self::QueueWait,
        Self::TimeToAccept,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstReply => "first_reply",
            Self::NextReply => "next_reply",
            Self::PeriodicUpdate => "periodic_update",
            Self::PausableUpdate => "pausable_update",
            Self::RequesterWait => "requester_wait",
            Self::AgentWork => "agent_work",
            Self::TotalResolution => "total_resolution",
            Self::QueueWait => "queue_wait",
            Self::TimeToAccept => "time_to_accept",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Tells whether time counts while the conversation is in a state.
    ///
    /// What a clock does not count in pauses it. Clocks of the queue run whenever they exist.
    pub fn counts_in(self, state: State) -> bool {
        match self {
            Self::FirstReply | Self::NextReply | Self::QueueWait | Self::TimeToAccept => true,
            Self::PeriodicUpdate | Self::TotalResolution => !state.is_done(),
            Self::PausableUpdate | Self::RequesterWait => {
                matches!(state, State::New | State::Open | State::OnHold)
            }
            Self::AgentWork => matches!(state, State::New | State::Open),
        }
    }

    /// Tells whether the resolution fulfils the clock; it stops the others.
    pub fn fulfilled_by_resolution(self) -> bool {
        matches!(
            self,
            Self::NextReply | Self::RequesterWait | Self::AgentWork | Self::TotalResolution
        )
    }
}

/// Where a conversation stands, as far as clocks care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has taken it yet.
    New,
    /// With an agent.
    Open,
    /// The customer is to answer.
    WaitingForCustomer,
    /// A third party is to act.
    OnHold,
    /// An agent put it off.
    Snoozed,
    /// Done, until the customer writes again.
    Resolved,
    /// Done for good.
    Closed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Open,
        Self::WaitingForCustomer,
        Self::OnHold,
        Self::Snoozed,
        Self::Resolved,
        Self::Closed,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::WaitingForCustomer => "waiting_for_customer",
            Self::OnHold => "on_hold",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Tells whether the episode is over.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }
}

impl From<ConversationStatus> for State {
    fn from(status: ConversationStatus) -> Self {
        match status {
            ConversationStatus::New => Self::New,
            ConversationStatus::Open => Self::Open,
            ConversationStatus::WaitingForCustomer => Self::WaitingForCustomer,
            ConversationStatus::OnHold => Self::OnHold,
            ConversationStatus::Snoozed => Self::Snoozed,
            ConversationStatus::Resolved => Self::Resolved,
            ConversationStatus::Closed => Self::Closed,
        }
    }
}
