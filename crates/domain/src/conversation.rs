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
    /// Done, until the customer writes again.
    Resolved,
    /// Done for good: the next message opens another conversation.
    Closed,
}

impl ConversationStatus {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::New,
        Self::Open,
        Self::WaitingForCustomer,
        Self::Resolved,
        Self::Closed,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::WaitingForCustomer => "waiting_for_customer",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Returns the state after a customer's message: it always ends a wait for the customer.
    pub fn after_customer_message(self) -> Self {
        match self {
            Self::New | Self::Resolved | Self::Closed => Self::New,
            Self::Open | Self::WaitingForCustomer => Self::Open,
        }
    }

    /// Returns the state after an agent's public reply.
    pub fn after_reply(self) -> Self {
        match self {
            Self::New | Self::Open | Self::WaitingForCustomer => Self::WaitingForCustomer,
            done => done,
        }
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
    fn a_reply_never_reopens_what_is_done() {
        for status in ConversationStatus::ALL
            .into_iter()
            .filter(|status| status.is_done())
        {
            assert_eq!(status.after_reply(), status);
        }
    }
}
