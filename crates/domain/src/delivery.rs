//! How far an outgoing message got, and why it may not have.

use serde::{Deserialize, Serialize};

/// How far an outgoing message got.
///
/// ```text
/// Queued → Sending → Sent → Delivered → Read;  → Failed;  Sending → Unknown → Sent | Failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Committed here, not tried yet or waiting for the next try.
    Queued,
    /// A try is under way.
    Sending,
    /// A try ended without an answer: the provider may or may not have it.
    Unknown,
    /// The provider has it.
    Sent,
    /// The customer's app has it.
    Delivered,
    /// The customer has seen it.
    Read,
    /// It will not arrive; the reason says why.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Returns the state after a receipt that says `told`: the higher of the two.
    ///
    /// Receipts come late, twice and in any order, so they form a lattice: `Failed` ranks above
    /// what we only believe and below every proof that the message did arrive.
    ///
    /// Properties, each tested: idempotent, commutative, associative, never moves backwards.
    pub fn after_receipt(self, told: Self) -> Self {
        if told.rank() > self.rank() {
            told
        } else {
            self
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Unknown => 2,
            Self::Sent => 3,
            Self::Failed => 4,
            Self::Delivered => 5,
            Self::Read => 6,
        }
    }
}

/// Why a message did not get out, in words that an agent can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stable name of the reason.
    pub reason: FailureReason,
    /// Whether the same message may go through later.
    pub retryable: bool,
    /// The provider's own code, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// What to tell the agent.
    pub detail: String,
}

/// The stable names of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The reply window is closed; a template may go.
    WindowClosed,
    /// The customer blocked us, opted out or never opted in.
    NotOptedIn,
    /// The provider does not know the recipient.
    RecipientUnknown,
    /// The channel cannot carry this content.
    UnsupportedContent,
    /// The provider refuses the content.
    RefusedContent,
    /// Credentials or account are refused; an administrator has to act.
    AccountRefused,
    /// Too much at once; it is tried again.
    RateLimited,
    /// The provider is unwell; it is tried again.
    ProviderUnavailable,
    /// No answer came: the provider may or may not have it.
    NoAnswer,
    /// The provider has it and holds it back for now; it goes out later or fails.
    HeldByProvider,
    /// Everything else.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryState::*;

    #[test]
    fn receipts_form_a_lattice() {
        for a in DeliveryState::ALL {
            assert_eq!(a.after_receipt(a), a);
            for b in DeliveryState::ALL {
                assert_eq!(a.after_receipt(b), b.after_receipt(a));
                assert!(
                    a.after_receipt(b).rank() >= a.rank(),
                    "{a:?} moved back on {b:?}"
                );
                for c in DeliveryState::ALL {
                    let left = a.after_receipt(b).after_receipt(c);
                    assert_eq!(left, a.after_receipt(b.after_receipt(c)));
                }
            }
        }
    }

    #[test]
    fn a_failure_stands_unless_the_message_arrived_all_the_same() {
        assert_eq!(Sent.after_receipt(Failed), Failed);
        assert_eq!(Failed.after_receipt(Sent), Failed);
        assert_eq!(Failed.after_receipt(Delivered), Delivered);
        assert_eq!(Read.after_receipt(Failed), Read);
    }

    #[test]
    fn an_unknown_outcome_is_settled_by_the_first_receipt() {
        assert_eq!(Unknown.after_receipt(Sent), Sent);
        assert_eq!(Unknown.after_receipt(Failed), Failed);
    }

    #[test]
    fn names_read_back() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
        }
    }
}
