//! API keys: by which programs speak as agents.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, ApiKeyId};
use interdesk_domain::permission::Permission;
use interdesk_domain::scope::TenantScope;

row! {
    /// A key by which a program speaks as an agent. The key itself is kept nowhere.
    pub struct ApiKey {
        /// Which.
        pub id: ApiKeyId,
        /// As whom it speaks.
        pub agent_id: AgentId,
        /// What it is for.
        pub name: String,
        /// Its beginning, by which people tell keys apart.
        pub hint: String,
        /// What it allows at most.
        pub permissions: Vec<String>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// Until when it is good.
        pub expires_at: DateTime<Utc>,
        /// When it was last used, to the minute.
        pub used_at: Option<DateTime<Utc>>,
        /// Since when it is good no more.
        pub revoked_at: Option<DateTime<Utc>>,
    }
}

impl ApiKey {
    /// Returns what it allows at most.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        let words = self.permissions.iter();
        words.filter_map(|word| Permission::parse(word))
    }
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, agent_id, name, hint, permissions, created_at, expires_at, used_at, revoked_at
             FROM api_keys ",
            $rest
        )
    };
}

/// Adds a key by its digest.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    key: &ApiKey,
    digest: &[u8],
) -> Result<(), Error> {
    sql(
        "INSERT INTO api_keys (id, tenant_id, agent_id, name, hint, digest, permissions, created_at,
            expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(key.id)
    .bind(scope.tenant())
    .bind(key.agent_id)
    .bind(key.name.as_str())
    .bind(key.hint.as_str())
    .bind(digest)
    .bind(many(&key.permissions, Clone::clone))
    .bind(key.created_at)
    .bind(key.expires_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists the keys of an agent, or of everybody, the latest first; revoked ones too.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    agent: Option<AgentId>,
) -> Result<Vec<ApiKey>, Error> {
    let found = sql(columns!(
        "WHERE $1 IS NULL OR agent_id = $1 ORDER BY created_at DESC, id LIMIT 1000"
    ))
    .bind(agent)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds keys.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ApiKeyId],
) -> Result<Vec<ApiKey>, Error> {
    let found = sql(columns!("WHERE id = ANY ($1)"))
        .bind(many(ids, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Finds a key and locks the row.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    let found = sql(columns!("WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Writes that a locked key is good no more.
pub async fn revoke(
    conn: &Conn,
    _scope: TenantScope,
    id: ApiKeyId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE api_keys SET revoked_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes that a key was used, at most once a minute.
pub async fn mark_used(
    conn: &Conn,
    _scope: TenantScope,
    id: ApiKeyId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE api_keys SET used_at = $2
         WHERE id = $1 AND (used_at IS NULL OR used_at < $2 - interval '1 minute')")
    .bind(id)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
