//! Policies: the documents that decide how a workspace works, and what makes one that may be saved.
//!
//! A policy has versions. A version never changes once it is saved; one that is activated is in
//! force from its moment on until the next one's. A version may be staged to a [`share`] of the work
//! before. Every kind has a form, which is that of its reader:
//!
//! | kind | about | form |
//! |---|---|---|
//! | `schedule` | itself | [`crate::schedule::Schedule`] |
//! | `queue` | a queue | [`QueuePolicy`] |
//! | `rules` | the tenant | a list of [`crate::routing::rules::Rule`] |
//! | `order` | the tenant | [`crate::routing::model::Order`] |
//! | `sla` | the tenant | a list of [`ServiceLevel`] |
//! | `absence` | the tenant | [`Absence`] |

mod check;
mod document;
mod names;
mod queue;
mod service_level;
mod share;

pub use check::{MAX_RULES, MAX_SERVICE_LEVELS};
pub use document::Document;
pub use names::Names;
pub use queue::{Absence, AbsenceOutcome, Again, QueuePolicy};
pub use service_level::ServiceLevel;
pub use share::is_in_share;

use serde::{Deserialize, Serialize};

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// When something is open.
    Schedule,
    /// How a queue is served.
    Queue,
    /// Where new work goes.
    Rules,
    /// How work of different classes is weighed.
    Order,
    /// What is promised.
    Sla,
    /// What becomes of work whose owner is away, where the queue does not say.
    Absence,
}

impl PolicyKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Schedule,
        Self::Queue,
        Self::Rules,
        Self::Order,
        Self::Sla,
        Self::Absence,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Queue => "queue",
            Self::Rules => "rules",
            Self::Order => "order",
            Self::Sla => "sla",
            Self::Absence => "absence",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Tells whether there is one for the whole tenant, under the tenant's id.
    pub fn is_of_tenant(self) -> bool {
        !matches!(self, Self::Schedule | Self::Queue)
    }
}
