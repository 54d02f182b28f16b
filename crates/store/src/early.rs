//! Receipts, edits and deletions that came before their message: they wait for it.

use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::InboxId;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use uuid::Uuid;

row! {
    /// An update that came before its message.
    pub struct Early {
        /// Names the update.
        pub id: Uuid,
        /// In which inbox.
        pub inbox_id: InboxId,
        /// The provider's id of the message that it waits for.
        pub target: String,
        /// What it is: receipt, edit or delete.
        pub kind: String,
        /// What it says.
        pub data: Value,
        /// When it came.
        pub arrived_at: DateTime<Utc>,
    }
}

/// Keeps an update until its message comes.
pub async fn insert(conn: &Conn, scope: TenantScope, early: &Early) -> Result<(), Error> {
    sql(
        "INSERT INTO early_updates (id, tenant_id, inbox_id, target, kind, data, arrived_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(early.id)
    .bind(scope.tenant())
    .bind(early.inbox_id)
    .bind(early.target.as_str())
    .bind(early.kind.as_str())
    .bind(early.data.clone())
    .bind(early.arrived_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets those who bring a message, or its id, and those who bring an update of it pass one by one,
/// until the transaction ends.
///
/// Without it each may look for the other before either has committed, and the update would wait
/// for ever. It comes before every other lock, and in one order, so that nobody waits in a circle.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[(InboxId, &str)],
) -> Result<(), Error> {
    if messages.is_empty() {
        return Ok(());
    }
    sql("SELECT pg_advisory_xact_lock(k.key) FROM (
            SELECT DISTINCT hashtextextended(inbox_id::text || target, 0) AS key
            FROM unnest($1, $2) AS a (inbox_id, target) ORDER BY key) AS k")
    .bind(many(messages, |message| message.0))
    .bind(many(messages, |message| message.1))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists what waits for the given messages, oldest first.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[(InboxId, &str)],
) -> Result<Vec<Early>, Error> {
    let found = sql(
        "SELECT e.id, e.inbox_id, e.target, e.kind, e.data, e.arrived_at
         FROM unnest($1, $2) AS a (inbox_id, target)
         JOIN early_updates e ON e.inbox_id = a.inbox_id AND e.target = a.target
         ORDER BY e.id",
    )
    .bind(many(messages, |message| message.0))
    .bind(many(messages, |message| message.1))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Removes what has found its message.
pub async fn delete(conn: &Conn, _scope: TenantScope, ids: Vec<Uuid>) -> Result<(), Error> {
    sql("DELETE FROM early_updates WHERE id = ANY($1)")
        .bind(Many(ids))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
