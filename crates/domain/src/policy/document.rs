//! What a version says, read in the form of its kind.

use super::{Absence, PolicyKind, QueuePolicy, ServiceLevel};
use crate::routing::model::Order;
use crate::routing::rules::Rule;
use crate::schedule::Schedule;
use serde::{Deserialize, Deserializer, Serialize};

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Document {
    /// When something is open.
    Schedule(Schedule),
    /// How a queue is served.
    Queue(Box<QueuePolicy>),
    /// Where new work goes, in order.
    Rules(Vec<Rule>),
    /// How work of different classes is weighed.
    Order(Order),
    /// What is promised, in order.
    Sla(Vec<ServiceLevel>),
    /// What becomes of work whose owner is away.
    Absence(Absence),
}

impl Document {
    /// Reads a document in the form of its kind.
    pub fn read<'de, D: Deserializer<'de>>(kind: PolicyKind, from: D) -> Result<Self, D::Error> {
        match kind {
            PolicyKind::Schedule => Schedule::deserialize(from).map(Self::Schedule),
            PolicyKind::Queue => QueuePolicy::deserialize(from).map(|it| Self::Queue(it.into())),
            PolicyKind::Rules => Vec::deserialize(from).map(Self::Rules),
            PolicyKind::Order => Order::deserialize(from).map(Self::Order),
            PolicyKind::Sla => Vec::deserialize(from).map(Self::Sla),
            PolicyKind::Absence => Absence::deserialize(from).map(Self::Absence),
        }
    }

    /// Returns what the document decides.
    pub fn kind(&self) -> PolicyKind {
        match self {
            Self::Schedule(_) => PolicyKind::Schedule,
            Self::Queue(_) => PolicyKind::Queue,
            Self::Rules(_) => PolicyKind::Rules,
            Self::Order(_) => PolicyKind::Order,
            Self::Sla(_) => PolicyKind::Sla,
            Self::Absence(_) => PolicyKind::Absence,
        }
    }
}
