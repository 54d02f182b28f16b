//! Bodies that were proven but not understood, as they came.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{InboxId, RawWebhookId, TenantId};
use interdesk_domain::scope::TenantScope;

row! {
    /// A body as it came.
    pub struct RawWebhook {
        /// Names the body.
        pub id: RawWebhookId,
        /// Whose.
        pub tenant_id: TenantId,
        /// Where it came.
        pub inbox_id: InboxId,
        /// SHA-256 of the body.
        pub digest: Vec<u8>,
        /// The raw bytes.
        pub body: Vec<u8>,
        /// Why it was not understood.
        pub reason: String,
        /// When it came.
        pub received_at: DateTime<Utc>,
        /// When it was last read again with success.
        pub retried_at: Option<DateTime<Utc>>,
    }
}

/// Keeps a body, once; `false` when it is kept already.
pub async fn insert_if_missing(
    conn: &Conn,
    scope: TenantScope,
    raw: &RawWebhook,
) -> Result<bool, Error> {
    let inserted = sql(
        "INSERT INTO raw_webhooks (id, tenant_id, inbox_id, digest, body, reason, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (inbox_id, digest) DO NOTHING",
    )
    .bind(raw.id)
    .bind(scope.tenant())
    .bind(raw.inbox_id)
    .bind(raw.digest.as_slice())
    .bind(raw.body.as_slice())
    .bind(raw.reason.as_str())
    .bind(raw.received_at)
    .execute(&mut &*conn)
    .await?;
    Ok(inserted == 1)
}

/// Notes that a body was read again with success.
pub async fn mark_retried(
    conn: &Conn,
    _scope: TenantScope,
    id: RawWebhookId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE raw_webhooks SET retried_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// How the reason begins under which something is kept that asks the desk to act.
pub const ASKS: &str = "asks: ";

/// Lists what asks the desk to act and was not followed yet, of all tenants, oldest first; for the
/// system's role.
pub async fn list_asking(
    conn: &Conn,
    since: DateTime<Utc>,
    resting: &[RawWebhookId],
    limit: i64,
) -> Result<Vec<RawWebhook>, Error> {
    // The pattern stands here, so that the index on it serves.
    let found = sql(
        "SELECT id, tenant_id, inbox_id, digest, body, reason, received_at, retried_at
         FROM raw_webhooks
         WHERE retried_at IS NULL AND reason LIKE 'asks: %' AND received_at > $1 AND id <> ALL ($2)
         ORDER BY received_at LIMIT $3",
    )
    .bind(since)
    .bind(many(resting, |id| *id))
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds a body that was kept.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    id: RawWebhookId,
) -> Result<Option<RawWebhook>, Error> {
    let found = sql(
        "SELECT id, tenant_id, inbox_id, digest, body, reason, received_at, retried_at
         FROM raw_webhooks WHERE id = $1",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}
