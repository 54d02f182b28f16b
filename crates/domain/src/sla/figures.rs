//! The numbers that are kept, and which of them a correction changes.

use super::instance::moment;
use super::{Ended, Hours, Instance, InstanceId, Outcome, PolicyVersion, Report, State};
use crate::id::ScheduleId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of an instance.
///
/// Between two things that happen the figures stay the same, however late it gets: counted time is
/// that of what is over, and what runs says since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Its name.
    pub id: InstanceId,
    /// Which run of its clock in the episode, from 1.
    pub number: u32,
    /// The policy that governs it.
    pub policy: Option<PolicyVersion>,
    /// The priority that its target is for.
    pub priority: i16,
    /// The target in milliseconds.
    pub within_ms: Option<i64>,
    /// Which time counts now, or counted last.
    pub hours: Option<Hours>,
    /// The schedule now, or the last.
    pub schedule: Option<ScheduleId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When and how it ended.
    pub ended: Option<Ended>,
    /// The counted milliseconds of what is over.
    pub counted_ms: i64,
    /// Since when its state lets it count, open hours or not.
    pub counting_since: Option<DateTime<Utc>>,
    /// The state that pauses it.
    pub paused_in: Option<State>,
    /// When the target is, or was, used up.
    pub deadline: Option<DateTime<Utc>>,
    /// When the target was used up.
    pub breached_at: Option<DateTime<Utc>>,
    /// What came of the promise.
    pub outcome: Outcome,
}

/// An instance whose figures a correction changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restated {
    /// What was kept; none for an instance that there was not.
    pub before: Option<Figures>,
    /// What it is; none for an instance that there is no more.
    pub after: Option<Figures>,
}

/// Compares the figures of one episode before and after a correction.
///
/// No difference means that what is kept is what the history says.
pub fn restated(before: &[Figures], after: &[Figures]) -> Vec<Restated> {
    let by_id = |figures: &[Figures]| -> BTreeMap<InstanceId, Figures> {
        figures.iter().map(|one| (one.id, one.clone())).collect()
    };
    let (mut before, mut after) = (by_id(before), by_id(after));
    let ids: BTreeSet<InstanceId> = before.keys().chain(after.keys()).copied().collect();
    ids.into_iter()
        .map(|id| Restated {
            before: before.remove(&id),
            after: after.remove(&id),
        })
        .filter(|pair| pair.before != pair.after)
        .collect()
}

impl Report<'_> {
    /// Returns the figures of every instance.
    pub fn figures(&self) -> Vec<Figures> {
        self.instances.iter().map(Instance::figures).collect()
    }
}

impl Instance<'_> {
    /// Returns what is kept of it.
    pub fn figures(&self) -> Figures {
        let last = self.segments.last();
        let open = last.filter(|_| self.is_running());
        Figures {
            id: self.id,
            number: self.number,
            policy: self.policy,
            priority: self.priority,
            within_ms: self.target.map(|target| target.within_ms),
            hours: last.map(|last| last.hours),
            schedule: last.and_then(|last| last.schedule),
            started_at: self.started_at,
            ended: self.ended,
            counted_ms: self.banked_ms(),
            counting_since: open.filter(|last| last.counting).map(|last| last.from),
            paused_in: open.filter(|last| !last.counting).map(|last| last.state),
            deadline: self.breached_at.or_else(|| self.due_ms().map(moment)),
            breached_at: self.breached_at,
            outcome: self.outcome(),
        }
    }
}
