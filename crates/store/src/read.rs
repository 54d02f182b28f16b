//! What people look at: rows as lists and pages want them, never locked.
//!
//! Everything here reads by sets (`= ANY`, `unnest`), so that a list and whatever hangs on it costs
//! one statement each, however long the list is.

pub mod agents;
pub mod contacts;
pub mod conversations;
pub mod decisions;
pub mod episodes;
pub mod inboxes;
pub mod messages;
pub mod offers;
pub mod participants;
pub mod queue_stats;
pub mod queues;
pub mod related;
pub mod setup;
pub mod shown;
pub mod sla;
pub mod sla_report;
pub mod tenants;
pub mod why;
pub mod work_items;

/// A part of an ordered list: what lies between two places, from either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window<P> {
    /// Only what comes after this place.
    pub after: Option<P>,
    /// Only what comes before this place.
    pub before: Option<P>,
    /// How many at most.
    pub limit: i64,
    /// Whether they are taken from the end; the answer has the order of the list all the same.
    pub from_end: bool,
}
