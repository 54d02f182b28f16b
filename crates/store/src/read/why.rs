//! Decisions of some moment, of a span of time, and how fast work lately left its queues.

use super::decisions::Decision;
use crate::sql::{JsonText, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

/// Finds the latest decision about a work item up to a moment.
pub async fn find_decision(
    conn: &Conn,
    _scope: TenantScope,
    work_item: WorkItemId,
    at: DateTime<Utc>,
) -> Result<Option<Decision>, Error> {
    let found = sql(
        "SELECT id, work_item_id, decided_at, explanation FROM decisions
         WHERE work_item_id = $1 AND decided_at <= $2
         ORDER BY decided_at DESC, id DESC LIMIT 1",
    )
    .bind(work_item)
    .bind(at)
    .get_result(&mut &*conn)
    .await;
    Ok(found.optional()?)
}

/// Finds the latest decision up to a moment that gave a work item to somebody.
pub async fn find_assignment(
    conn: &Conn,
    _scope: TenantScope,
    work_item: WorkItemId,
    at: DateTime<Utc>,
) -> Result<Option<Decision>, Error> {
    let found = sql(
        "SELECT id, work_item_id, decided_at, explanation FROM decisions
         WHERE work_item_id = $1 AND decided_at <= $2 AND agent_id IS NOT NULL
         ORDER BY decided_at DESC, id DESC LIMIT 1",
    )
    .bind(work_item)
    .bind(at)
    .get_result(&mut &*conn)
    .await;
    Ok(found.optional()?)
}

row! {
    /// A decision as it was stored, with what the row says beside its explanation.
    pub struct Stored {
        /// Which.
        pub id: DecisionId,
        /// About which work.
        pub work_item_id: WorkItemId,
        /// Of which epoch.
        pub epoch: i32,
        /// The moment that it was decided for.
        pub decided_at: DateTime<Utc>,
        /// Who got the work.
        pub agent_id: Option<AgentId>,
        /// The whole explanation.
        pub explanation: JsonText,
    }
}

/// Lists the decisions of a span of time in their order, so many at a time, after a place among them.
pub async fn list_decisions(
    conn: &Conn,
    scope: TenantScope,
    span: (DateTime<Utc>, DateTime<Utc>),
    after: Option<(DateTime<Utc>, DecisionId)>,
    at_most: i64,
) -> Result<Vec<Stored>, Error> {
    let (from, id) = after.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    let found = sql(
        "SELECT id, work_item_id, epoch, decided_at, agent_id, explanation FROM decisions
         WHERE tenant_id = $1 AND decided_at >= $2 AND decided_at < $3
            AND ($4::timestamptz IS NULL OR (decided_at, id) > ($4, $5))
         ORDER BY decided_at, id LIMIT $6",
    )
    .bind(scope.tenant())
    .bind(span.0)
    .bind(span.1)
    .bind(from)
    .bind(id)
    .bind(at_most)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// Work that somebody got.
    pub struct Started {
        /// From which queue.
        pub queue_id: QueueId,
        /// What it asked an agent to be able to do.
        pub skills: Option<Value>,
        /// Since when it had waited.
        pub entered_at: DateTime<Utc>,
        /// When they got it.
        pub started_at: DateTime<Utc>,
    }
}

/// Lists what was given to somebody since a moment, the latest first and so many at most.
pub async fn list_started(
    conn: &Conn,
    scope: TenantScope,
    since: DateTime<Utc>,
    at_most: i64,
) -> Result<Vec<Started>, Error> {
    let found = sql("SELECT w.queue_id, w.skills,
            COALESCE(w.entered_at, w.queued_at) AS entered_at, d.decided_at AS started_at
         FROM decisions d JOIN work_items w ON w.id = d.work_item_id
         WHERE d.tenant_id = $1 AND d.decided_at > $2 AND d.agent_id IS NOT NULL
         ORDER BY d.decided_at DESC LIMIT $3")
    .bind(scope.tenant())
    .bind(since)
    .bind(at_most)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// Work that came in a span of time, with how long somebody had it.
    pub struct Came {
        /// Which.
        pub id: WorkItemId,
        /// Where it waited.
        pub queue_id: QueueId,
        /// What kind of work it is.
        pub class: interdesk_domain::routing::model::WorkClass,
        /// How many units it takes of an agent.
        pub units: i32,
        /// Higher weighs more.
        pub priority: i16,
        /// Whether the contact is very important.
        pub vip: bool,
        /// What it asks an agent to be able to do.
        pub skills: Option<Value>,
        /// The language that it asks for.
        pub language: Option<String>,
        /// Since when it waited.
        pub entered_at: DateTime<Utc>,
        /// By when it had to be answered by the service level.
        pub sla_deadline: Option<DateTime<Utc>>,
        /// By when the provider took a free reply.
        pub reply_deadline: Option<DateTime<Utc>>,
        /// Who got it last.
        pub agent_id: Option<AgentId>,
        /// When they got it.
        pub began_at: Option<DateTime<Utc>>,
        /// When it ended.
        pub ended_at: Option<DateTime<Utc>>,
    }
}

/// Lists what came in a span of time, in the order in which it came, and so much at most.
pub async fn list_came(
    conn: &Conn,
    scope: TenantScope,
    span: (DateTime<Utc>, DateTime<Utc>),
    at_most: i64,
) -> Result<Vec<Came>, Error> {
    let found = sql(
        "SELECT w.id, w.queue_id, w.class, w.units, w.priority, w.vip, w.skills, w.language,
            w.queued_at AS entered_at, w.sla_deadline, w.reply_deadline,
            d.agent_id, d.decided_at AS began_at, w.ended_at
         FROM work_items w LEFT JOIN LATERAL (
            SELECT agent_id, decided_at FROM decisions
            WHERE work_item_id = w.id AND agent_id IS NOT NULL
            ORDER BY decided_at DESC LIMIT 1) d ON true
         WHERE w.tenant_id = $1 AND w.queued_at >= $2 AND w.queued_at < $3
         ORDER BY w.queued_at, w.id LIMIT $4",
    )
    .bind(scope.tenant())
    .bind(span.0)
    .bind(span.1)
    .bind(at_most)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
