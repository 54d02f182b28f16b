//! Who owned the wait: every millisecond of an episode has exactly one owner.

use super::{Report, State};
use crate::schedule::{Kind, Timeline};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Who the time of an episode belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An agent has it, or put it off, and the team is open.
    Agent,
    /// The customer is to answer, at any hour.
    Customer,
    /// A third party is to act, at any hour.
    ThirdParty,
    /// No agent has it yet, and the team is open.
    System,
    /// It would be ours, but the team is closed.
    ClosedHours,
}

impl Owner {
    /// Every owner.
    pub const ALL: [Self; 5] = [
        Self::Agent,
        Self::Customer,
        Self::ThirdParty,
        Self::System,
        Self::ClosedHours,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::ThirdParty => "third_party",
            Self::System => "system",
            Self::ClosedHours => "closed_hours",
        }
    }
}

/// Time that belongs to one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// Whose it is.
    pub owner: Owner,
}

/// The time of an episode by owner, from its opening to its resolution or to now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The time without a gap; neighbours differ.
    pub spans: Vec<Owned>,
}

impl Ledger {
    /// Returns what belongs to one owner.
    pub fn of(&self, owner: Owner) -> TimeDelta {
        let spans = self.spans.iter().filter(|span| span.owner == owner);
        spans.map(|span| span.to - span.from).sum()
    }

    /// Returns the whole time, which is what the owners' parts sum to.
    pub fn wall(&self) -> TimeDelta {
        match (self.spans.first(), self.spans.last()) {
            (Some(first), Some(last)) => last.to - first.from,
            _ => TimeDelta::zero(),
        }
    }

    fn add(&mut self, from: DateTime<Utc>, to: DateTime<Utc>, owner: Owner) {
        match self.spans.last_mut() {
            Some(last) if last.owner == owner => last.to = to,
            _ => self.spans.push(Owned { from, to, owner }),
        }
    }
}

/// Who has an episode from a moment on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay<'b> {
    pub(super) from: DateTime<Utc>,
    pub(super) state: State,
    pub(super) held: bool,
    pub(super) timeline: &'b Timeline,
}

impl Stay<'_> {
    /// Tells whose time it is, and whether closed hours take it from them.
    fn owner(&self) -> (Owner, bool) {
        match (self.state, self.held) {
            (State::WaitingForCustomer, _) => (Owner::Customer, false),
            (State::OnHold, _) => (Owner::ThirdParty, false),
            (State::Snoozed, _) | (_, true) => (Owner::Agent, true),
            (_, false) => (Owner::System, true),
        }
    }
}

impl Report<'_> {
    /// Returns who owned the wait.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        let end = self.resolved.unwrap_or(self.now);
        let ends = self.stays.iter().skip(1).map(|stay| stay.from).chain([end]);
        for (stay, to) in self.stays.iter().zip(ends) {
            if stay.from >= to {
                continue;
            }
            match stay.owner() {
                (owner, false) => ledger.add(stay.from, to, owner),
                (owner, true) => {
                    for tile in stay.timeline.tiles(stay.from, to) {
                        let open = tile.kind == Kind::Open;
                        let owner = if open { owner } else { Owner::ClosedHours };
                        ledger.add(tile.from, tile.to, owner);
                    }
                }
            }
        }
        ledger
    }
}
