//! How queues stand at a moment: what waits, who is there, and which promises are near their end.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::QueueId;
use interdesk_domain::scope::TenantScope;
use std::collections::HashMap;

row! {
    /// The work of a queue.
    pub struct Work {
        /// Which queue.
        pub queue_id: QueueId,
        /// Work items that wait for somebody.
        pub waiting: i64,
        /// Since when the first of them waits.
        pub oldest: Option<DateTime<Utc>>,
        /// Work items that sleep until later.
        pub asleep: i64,
        /// Work items that somebody is offered.
        pub offered: i64,
        /// Work items that somebody has.
        pub in_work: i64,
        /// Work items that are wrapped up.
        pub wrapping_up: i64,
    }
}

row! {
    /// The agents of a queue who are of one presence.
    pub struct Present {
        /// Which queue.
        pub queue_id: QueueId,
        /// What they chose to be.
        pub presence: Presence,
        /// How many they are.
        pub agents: i64,
        /// Units of work that they hold, of whatever queue.
        pub load: i64,
        /// Units that they may hold.
        pub capacity: i64,
    }
}

row! {
    /// The promises of a queue.
    pub struct Promises {
        /// Which queue.
        pub queue_id: QueueId,
        /// Episodes with a clock whose deadline is closer than a quarter of its target.
        pub at_risk: i64,
        /// Episodes with a clock that runs beyond its target.
        pub overdue: i64,
    }
}

/// How a queue stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueStats {
    /// Its work; none where there is none.
    pub work: Option<Work>,
    /// Its agents, by what they chose to be.
    pub present: Vec<Present>,
    /// Its promises; none where none runs.
    pub promises: Option<Promises>,
}

/// Tells how queues stand at a moment: three statements, however many they are.
pub async fn list(
    conn: &Conn,
    scope: TenantScope,
    queues: &[QueueId],
    now: DateTime<Utc>,
) -> Result<HashMap<QueueId, QueueStats>, Error> {
    let mut stats: HashMap<_, QueueStats> = HashMap::new();
    for one in list_work(conn, queues, now).await? {
        let queue = stats.entry(one.queue_id).or_default();
        queue.work = Some(one);
    }
    for one in list_present(conn, queues).await? {
        stats.entry(one.queue_id).or_default().present.push(one);
    }
    for one in list_promises(conn, scope, queues, now).await? {
        let queue = stats.entry(one.queue_id).or_default();
        queue.promises = Some(one);
    }
    Ok(stats)
}

/// Each half is what an index of live work holds, so that what is done costs nothing.
async fn list_work(
    conn: &Conn,
    queues: &[QueueId],
    now: DateTime<Utc>,
) -> Result<Vec<Work>, Error> {
    let found = sql("SELECT queue_id,
            count(*) FILTER (WHERE state = 'queued' AND NOT sleeps) AS waiting,
            min(queued_at) FILTER (WHERE state = 'queued' AND NOT sleeps) AS oldest,
            count(*) FILTER (WHERE sleeps) AS asleep,
            count(*) FILTER (WHERE state = 'offered') AS offered,
            count(*) FILTER (WHERE state = 'active') AS in_work,
            count(*) FILTER (WHERE state = 'wrap_up') AS wrapping_up
         FROM (
            SELECT queue_id, state, queued_at, COALESCE(not_before > $2, false) AS sleeps
            FROM work_items WHERE queue_id = ANY ($1) AND state = 'queued'
            UNION ALL
            SELECT queue_id, state, queued_at, false
            FROM work_items WHERE queue_id = ANY ($1) AND state IN ('offered', 'active', 'wrap_up')
         ) AS live GROUP BY queue_id")
    .bind(many(queues, |id| *id))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

async fn list_present(conn: &Conn, queues: &[QueueId]) -> Result<Vec<Present>, Error> {
    let found = sql(
        "SELECT queue_id, presence, count(*) AS agents, sum(load)::bigint AS load,
            sum(capacity)::bigint AS capacity
         FROM (
            SELECT DISTINCT q.queue_id, a.id, a.presence, l.load, l.capacity
            FROM queue_teams q JOIN team_members m ON m.team_id = q.team_id
            JOIN agents a ON a.id = m.agent_id AND a.disabled_at IS NULL
            JOIN agent_loads l ON l.agent_id = a.id
            WHERE q.queue_id = ANY ($1)
         ) AS serving GROUP BY queue_id, presence ORDER BY queue_id, presence",
    )
    .bind(many(queues, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// At risk is what `domain::sla::is_at_risk` says.
async fn list_promises(
    conn: &Conn,
    scope: TenantScope,
    queues: &[QueueId],
    now: DateTime<Utc>,
) -> Result<Vec<Promises>, Error> {
    let found = sql("SELECT queue_id,
            count(DISTINCT episode_id) FILTER (WHERE outcome = 'open' AND deadline > $3
                AND deadline - $3 <= (within_ms / 4) * interval '1 millisecond') AS at_risk,
            count(DISTINCT episode_id) FILTER (WHERE breached_at IS NOT NULL OR deadline <= $3)
                AS overdue
         FROM sla_clocks
         WHERE tenant_id = $1 AND ended_at IS NULL AND queue_id = ANY ($2) AND within_ms IS NOT NULL
         GROUP BY queue_id")
    .bind(scope.tenant())
    .bind(many(queues, |id| *id))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
