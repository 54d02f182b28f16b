//! What a condition names that has to exist.

use super::Condition;
use crate::id::{AgentId, InboxId, QueueId, TeamId};
use std::collections::BTreeSet;

/// Everything that a condition names, for whoever saves it to look up, and for whoever removes
/// something to find out what still needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Inboxes.
    pub inboxes: BTreeSet<InboxId>,
    /// Queues.
    pub queues: BTreeSet<QueueId>,
    /// Teams.
    pub teams: BTreeSet<TeamId>,
    /// Agents.
    pub agents: BTreeSet<AgentId>,
    /// Schedules.
    pub schedules: BTreeSet<String>,
    /// Segments.
    pub segments: BTreeSet<String>,
    /// Attributes of contacts.
    pub attributes: BTreeSet<String>,
}

impl Condition {
    /// Gathers what the condition names.
    pub fn references(&self) -> References {
        let mut found = References::default();
        self.gather(&mut found);
        found
    }

    fn gather(&self, found: &mut References) {
        match self {
            Self::Inbox(list) => found.inboxes.extend(list),
            Self::Queue(list) => found.queues.extend(list),
            Self::Team(list) => found.teams.extend(list),
            Self::Assignee(list) => found.agents.extend(list),
            Self::Segment(list) => found.segments.extend(list.iter().cloned()),
            Self::BusinessHours(hours) => {
                found.schedules.insert(hours.schedule.clone());
            }
            Self::Attribute(attribute) => {
                found.attributes.insert(attribute.key.clone());
            }
            _ => self.parts().iter().for_each(|part| part.gather(found)),
        }
    }
}
