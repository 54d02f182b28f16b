//! A promise and whom it is given to.

use crate::condition::Condition;
use crate::id::{PolicyId, ScheduleId};
use crate::sla::{Policy, PolicyVersion, Rules, Target};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A promise and whom it is given to; of several in order the first that matches applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// Which it is, over all versions of the list.
    pub id: PolicyId,
    /// What people call it.
    pub name: String,
    /// Which conversations it is for; all, if it is left out.
    #[serde(default = "always")]
    pub when: Condition,
    /// The hours that the promise itself names; they go before those of contact, queue and team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// Before when it is not chosen, though the list is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<DateTime<Utc>>,
    /// From when on it is not chosen any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<DateTime<Utc>>,
    /// The promises, at most one for a clock and priority.
    pub targets: Vec<Target>,
    /// How it treats changes and reactions.
    #[serde(default)]
    pub rules: Rules,
}

fn always() -> Condition {
    Condition::ALWAYS
}

impl ServiceLevel {
    /// Returns what clocks are computed by; `version` is that of the list, in force from
    /// `effective_from` on.
    pub fn policy(&self, version: u32, effective_from: DateTime<Utc>) -> Policy {
        let own = self.effective_from.unwrap_or(effective_from);
        Policy {
            key: PolicyVersion {
                policy: self.id,
                version,
            },
            name: self.name.clone(),
            effective_from: own.max(effective_from),
            effective_until: self.effective_until,
            targets: self.targets.clone(),
            rules: self.rules,
        }
    }
}
