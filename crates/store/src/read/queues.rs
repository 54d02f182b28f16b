//! Queues and how much waits in them.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::QueueId;
use interdesk_domain::scope::TenantScope;

row! {
    /// A queue.
    #[derive(serde::Deserialize)]
    pub struct Queue {
        /// Which.
        pub id: QueueId,
        /// The name to show.
        pub name: String,
        /// How long an offer waits for its agent, in seconds.
        pub offer_seconds: i32,
        /// When it was created.
        pub created_at: DateTime<Utc>,
    }
}

/// Lists all queues by name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<Queue>, Error> {
    let queues = sql("SELECT id, name, offer_seconds, created_at FROM queues ORDER BY name, id")
        .load(&mut &*conn)
        .await?;
    Ok(queues)
}

row! {
    /// How much waits in a queue.
    pub struct Depth {
        /// Which.
        pub queue_id: QueueId,
        /// Work items that wait.
        pub waiting: i64,
    }
}

/// Counts what waits in queues; those in which nothing waits are left out.
pub async fn count_waiting(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[QueueId],
) -> Result<Vec<Depth>, Error> {
    let depths = sql("SELECT queue_id, count(*) AS waiting FROM work_items
         WHERE queue_id = ANY ($1) AND state = 'queued' GROUP BY queue_id")
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(depths)
}
