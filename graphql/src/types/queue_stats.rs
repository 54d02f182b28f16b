//! How a queue stands now.

use super::Nullable;
use super::agent::Presence;
use crate::loaders::{self, StatsOf};
use crate::scalars::Long;
use crate::viewer::desk;
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::agent;
use interdesk_domain::id::QueueId;
use interdesk_store::read::queue_stats as rows;

/// How a queue stands now.
#[derive(SimpleObject)]
pub(crate) struct QueueStats {
    /// The moment at which it stood so.
    at: DateTime<Utc>,
    /// Work items that wait for somebody; those that sleep are not among them.
    waiting: i64,
    /// Since when the first of them waits; null where none does.
    oldest_waiting_since: Option<DateTime<Utc>>,
    /// How long the first of them has waited, in milliseconds.
    oldest_wait_ms: Option<Long>,
    /// Work items that sleep until later.
    asleep: i64,
    /// Work items that somebody is offered.
    offered: i64,
    /// Work items that somebody has.
    in_work: i64,
    /// Work items that are wrapped up.
    wrapping_up: i64,
    /// The agents who serve it, by what they chose to be.
    agents: Vec<QueuePresence>,
    /// Units of work that those who are online may hold, of whatever queue.
    capacity: i64,
    /// Units of work that they hold.
    capacity_used: i64,
    /// Conversations with a promise whose deadline is closer than a quarter of its target.
    at_risk: i64,
    /// Conversations with a promise that is broken and not kept yet.
    breached: i64,
}

/// The agents of a queue who chose to be the same.
#[derive(SimpleObject)]
pub(crate) struct QueuePresence {
    /// What they chose to be.
    presence: Presence,
    /// How many they are.
    agents: i64,
    /// Units of work that they may hold.
    capacity: i64,
    /// Units of work that they hold.
    capacity_used: i64,
}

impl QueueStats {
    /// Loads how a queue stands.
    pub(crate) async fn load(context: &Context<'_>, queue: QueueId) -> Nullable<Self> {
        let now = match desk(context) {
            Ok(desk) => desk.now(),
            Err(error) => return Some(Err(error)),
        };
        let found = loaders::all(context, StatsOf(queue, now.timestamp_micros())).await;
        Some(found.map(|found| Self::of(found, now)))
    }

    /// Shows how a queue stood at a moment.
    pub(crate) fn of(stats: rows::QueueStats, now: DateTime<Utc>) -> Self {
        let (work, promises) = (stats.work, stats.promises);
        let count = |of: fn(&rows::Work) -> i64| work.as_ref().map_or(0, of);
        let oldest = work.as_ref().and_then(|work| work.oldest);
        let is_online = |one: &&rows::Present| one.presence == agent::Presence::Online;
        let online = stats.present.iter().find(is_online);
        Self {
            at: now,
            waiting: count(|work| work.waiting),
            oldest_waiting_since: oldest,
            oldest_wait_ms: oldest.map(|oldest| Long((now - oldest).num_milliseconds().max(0))),
            asleep: count(|work| work.asleep),
            offered: count(|work| work.offered),
            in_work: count(|work| work.in_work),
            wrapping_up: count(|work| work.wrapping_up),
            capacity: online.map_or(0, |one| one.capacity),
            capacity_used: online.map_or(0, |one| one.load),
            at_risk: promises.as_ref().map_or(0, |one| one.at_risk),
            breached: promises.as_ref().map_or(0, |one| one.overdue),
            agents: stats.present.into_iter().map(QueuePresence::from).collect(),
        }
    }
}

impl From<rows::Present> for QueuePresence {
    fn from(row: rows::Present) -> Self {
        Self {
            presence: row.presence.into(),
            agents: row.agents,
            capacity: row.capacity,
            capacity_used: row.load,
        }
    }
}
