//! Answers to mutations that named a key.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::scope::TenantScope;

row! {
    /// What was asked under a key, and the answer.
    pub struct Remembered {
        /// What was asked.
        pub operation: String,
        /// SHA-256 of operation and arguments.
        pub digest: Vec<u8>,
        /// The answer.
        pub outcome: serde_json::Value,
        /// The tenant's last seq before the effect; none where it is in no event.
        pub log_before: Option<i64>,
        /// The position of the effect's last event.
        pub log_pos: Option<i64>,
    }
}

/// Finds what an agent asked under a key.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    key: &str,
) -> Result<Option<Remembered>, Error> {
    let found = sql(
        "SELECT operation, digest, outcome, log_before, log_pos FROM idempotency_keys
         WHERE agent_id = $1 AND key = $2",
    )
    .bind(agent)
    .bind(key)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Remembers what an agent asked under a key.
///
/// While another transaction holds the same key this waits for its end, and is a conflict if it
/// committed.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    key: &str,
    remembered: &Remembered,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("INSERT INTO idempotency_keys (agent_id, key, tenant_id, operation, digest, outcome, created_at,
             log_before, log_pos)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(agent)
        .bind(key)
        .bind(scope.tenant())
        .bind(remembered.operation.as_str())
        .bind(remembered.digest.as_slice())
        .bind(remembered.outcome.clone())
        .bind(now)
        .bind(remembered.log_before)
        .bind(remembered.log_pos)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
