//! What becomes of work that a queue does not, or no longer, take.

use super::model::{Item, Outcome, Queue};
use chrono::{DateTime, TimeDelta, Utc};

/// Whether a queue takes one more work item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission<'a> {
    /// It does.
    Taken,
    /// So many wait that this becomes of it.
    Full(&'a Outcome),
}

/// Judges whether a queue in which `waiting` items wait takes one more.
pub fn admit(queue: &Queue, waiting: usize) -> Admission<'_> {
    match &queue.length_limit {
        Some(limit) if waiting >= limit.most as usize => Admission::Full(&limit.outcome),
        _ => Admission::Taken,
    }
}

/// Returns what becomes of an item that has waited for too long; `None` while it may wait on.
pub fn overdue<'a>(queue: &'a Queue, item: &Item, now: DateTime<Utc>) -> Option<&'a Outcome> {
    let limit = queue.wait_limit.as_ref()?;
    let ends_at = item.entered_at + TimeDelta::seconds(limit.seconds.into());
    (now >= ends_at).then_some(&limit.outcome)
}
