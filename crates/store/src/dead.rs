//! Events that a consumer of the bus within one process gave up on.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{InboxId, RawWebhookId, TenantId};
use uuid::Uuid;

row! {
    /// A dead letter.
    pub struct DeadLetter {
        /// Which queue gave up.
        pub consumer: String,
        /// Which event.
        pub event_id: Uuid,
        /// Whose.
        pub tenant_id: TenantId,
        /// The envelope.
        pub body: String,
        /// Why.
        pub reason: String,
        /// After how many tries.
        pub attempts: i32,
        /// When.
        pub died_at: DateTime<Utc>,
    }
}

row! {
    /// A webhook's body that was proven but not understood, without the body.
    pub struct DeadWebhook {
        /// Names it.
        pub id: RawWebhookId,
        /// Whose.
        pub tenant_id: TenantId,
        /// Where it came.
        pub inbox_id: InboxId,
        /// Why it was not understood.
        pub reason: String,
        /// When it came.
        pub received_at: DateTime<Utc>,
    }
}

/// Keeps a letter instead of an earlier one of the same queue and event; for a transaction of the
/// system's role.
pub async fn insert(conn: &Conn, letter: &DeadLetter) -> Result<(), Error> {
    remove(conn, &letter.consumer, letter.event_id).await?;
    sql("INSERT INTO dead_letters
             (consumer, event_id, tenant_id, body, reason, attempts, died_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(letter.consumer.as_str())
    .bind(letter.event_id)
    .bind(letter.tenant_id)
    .bind(letter.body.as_str())
    .bind(letter.reason.as_str())
    .bind(letter.attempts)
    .bind(letter.died_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists letters of all tenants, oldest first; for the system's role.
pub async fn list(conn: &Conn, limit: i64) -> Result<Vec<DeadLetter>, Error> {
    let letters = sql(
        "SELECT consumer, event_id, tenant_id, body, reason, attempts, died_at
         FROM dead_letters ORDER BY died_at, event_id LIMIT $1",
    )
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(letters)
}

/// Forgets a letter; for the system's role.
pub async fn remove(conn: &Conn, consumer: &str, event: Uuid) -> Result<(), Error> {
    sql("DELETE FROM dead_letters WHERE consumer = $1 AND event_id = $2")
        .bind(consumer)
        .bind(event)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists webhooks of all tenants that are still not understood, oldest first; for the system's
/// role.
pub async fn list_webhooks(conn: &Conn, limit: i64) -> Result<Vec<DeadWebhook>, Error> {
    let webhooks = sql("SELECT id, tenant_id, inbox_id, reason, received_at
         FROM raw_webhooks WHERE retried_at IS NULL ORDER BY received_at, id LIMIT $1")
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(webhooks)
}
