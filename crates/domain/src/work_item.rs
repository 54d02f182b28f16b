//! Work items and offers: what gets routed, and to whom it is shown.
//!
//! ```text
//! WorkItem: Queued → Offered → Active → WrapUp → Done
//!           Offered → Queued             declined, expired, rescinded, agent lost
//!           Queued | Offered → Cancelled customer left, resolved, merged, time to live over
//!           Active → Queued              released, transferred, agent lost
//! Offer:    Pending → Accepted | Declined | Expired | Rescinded
//! ```

use serde::{Deserialize, Serialize};

/// Where a work item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkItemState {
    /// Waits in a queue.
    Queued,
    /// Shown to one agent.
    Offered,
    /// An agent works on it.
    Active,
    /// The agent finishes the paperwork.
    WrapUp,
    /// Finished.
    Done,
    /// Ended without an agent.
    Cancelled,
}

impl WorkItemState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Offered,
        Self::Active,
        Self::WrapUp,
        Self::Done,
        Self::Cancelled,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Offered => "offered",
            Self::Active => "active",
            Self::WrapUp => "wrap_up",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Tells whether the machine above has an arrow from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        use WorkItemState::*;
        matches!(
            (self, next),
            (Queued, Offered | Active | Cancelled)
                | (Offered, Active | Queued | Cancelled)
                | (Active, WrapUp | Done | Queued)
                | (WrapUp, Done)
        )
    }
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// Waits for the agent until its deadline.
    Pending,
    /// The agent took it.
    Accepted,
    /// The agent refused it.
    Declined,
    /// The deadline passed.
    Expired,
    /// Taken back: the conversation was resolved, or the agent left.
    Rescinded,
}

impl OfferState {
    const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Rescinded,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Rescinded => "rescinded",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use WorkItemState::*;

    #[test]
    fn what_is_over_never_comes_back() {
        for next in WorkItemState::ALL {
            assert!(!Done.may_become(next));
            assert!(!Cancelled.may_become(next));
        }
    }

    #[test]
    fn only_a_queued_item_is_offered() {
        let from: Vec<_> = WorkItemState::ALL
            .into_iter()
            .filter(|state| state.may_become(Offered))
            .collect();
        assert_eq!(from, [Queued]);
    }

    #[test]
    fn names_read_back() {
        for state in WorkItemState::ALL {
            assert_eq!(WorkItemState::parse(state.as_str()), Some(state));
        }
        for state in OfferState::ALL {
            assert_eq!(OfferState::parse(state.as_str()), Some(state));
        }
    }
}
