//! The work that waits.

use super::{Queue, Skills, WorkClass};
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A work item that waits in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which.
    pub id: WorkItemId,
    /// Counts the times it was queued; a decision for an older epoch changes nothing.
    pub epoch: i32,
    /// Where it waits.
    pub queue: QueueId,
    /// What kind of work it is.
    pub class: WorkClass,
    /// How many units it takes of an agent, at least 1.
    pub units: u32,
    /// Higher weighs more, double for each step.
    pub priority: i16,
    /// Whether the contact is marked as very important.
    pub vip: bool,
    /// What it asks an agent to be able to do.
    pub skills: Skills,
    /// The language that it asks for.
    pub language: Option<String>,
    /// Since when it waits; stays when it comes back from an offer.
    pub entered_at: DateTime<Utc>,
    /// By when it has to be answered.
    pub deadlines: Deadlines,
    /// Until when it sleeps.
    pub not_before: Option<DateTime<Utc>>,
    /// Who should have it.
    pub preferred: Option<Preferred>,
    /// Who refused it or let its offer pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
}

/// By when work has to be answered; the earlier counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// By the service level.
    pub sla: Option<DateTime<Utc>>,
    /// By the provider, which then takes no free reply any more.
    pub reply_window: Option<DateTime<Utc>>,
}

/// Who should have work: its last owner, or somebody who was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferred {
    /// Who.
    pub agent: AgentId,
    /// Until when nobody else gets it; afterwards they still come first.
    pub until: DateTime<Utc>,
}

/// An agent who refused work, or let its offer pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who.
    pub agent: AgentId,
    /// Whether and when they are asked again.
    pub rest: Rest,
}

/// Whether and when an agent is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// Never again.
    Never,
    /// From this moment on.
    Until(DateTime<Utc>),
    /// When nobody else can have it.
    LastResort,
}

impl Item {
    /// Returns the units that it takes of an agent; nothing takes none.
    pub fn takes(&self) -> u32 {
        self.units.max(1)
    }

    /// Returns the moment by which it has to be answered, never before it entered.
    pub fn deadline(&self, queue: &Queue) -> DateTime<Utc> {
        let target = self.entered_at + TimeDelta::seconds(queue.target_seconds.into());
        let given = [self.deadlines.sla, self.deadlines.reply_window];
        let earliest = given.into_iter().flatten().min();
        earliest.unwrap_or(target).max(self.entered_at)
    }

    /// Returns how an agent refused it.
    pub fn rest_of(&self, agent: AgentId) -> Option<Rest> {
        let refusal = self.refusals.iter().find(|refusal| refusal.agent == agent);
        refusal.map(|refusal| refusal.rest)
    }
}
