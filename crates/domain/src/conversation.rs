//! Conversations and their states.

use serde::{Deserialize, Serialize};

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// Nobody has answered this episode yet.
    New,
    /// An agent has it.
    Open,
    /// The agent answered and waits for the customer.
    WaitingForCustomer,
    /// A third party has to act before it can go on.
    OnHold,
    /// Put off until a moment, or until the customer writes.
    Snoozed,
    /// Done, until the customer writes again.
    Resolved,
    /// Done for good: the next message opens another conversation.
    Closed,
}

impl ConversationStatus {
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

    /// Returns the state after a customer's message: it ends a wait for the customer and a snooze, and
    /// what is on hold comes back too, since their words need somebody's eyes and no third party's.
    pub fn after_customer_message(self) -> Self {
        match self {
            Self::New | Self::Resolved | Self::Closed => Self::New,
            Self::Open | Self::WaitingForCustomer | Self::OnHold | Self::Snoozed => Self::Open,
        }
    }

    /// Returns the state after an agent's public reply. One that tells how things stand leaves a hold
    /// and a snooze as they are: the customer is not the one who has to act.
    pub fn after_reply(self) -> Self {
        match self {
            Self::New | Self::Open | Self::WaitingForCustomer => Self::WaitingForCustomer,
            put_off_or_done => put_off_or_done,
        }
    }

    /// Tells whether it rests by an agent's choice.
    pub fn is_put_off(self) -> bool {
        matches!(self, Self::OnHold | Self::Snoozed)
    }

    /// Tells whether the next customer message starts a new episode.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_message_always_ends_the_wait_for_the_customer() {
        for status in ConversationStatus::ALL {
            let after = status.after_customer_message();
            assert!(matches!(
                after,
                ConversationStatus::New | ConversationStatus::Open
            ));
        }
    }

    #[test]
    fn a_reply_never_reopens_what_is_done_and_leaves_what_is_put_off() {
        for status in ConversationStatus::ALL
            .into_iter()
            .filter(|status| status.is_done() || status.is_put_off())
        {
            assert_eq!(status.after_reply(), status);
        }
    }
}
