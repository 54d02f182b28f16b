//! A tenant's own words for what agents are.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, PresenceReasonId};
use interdesk_domain::scope::TenantScope;

row! {
    /// A word of the tenant's own.
    pub struct PresenceReason {
        /// Which.
        pub id: PresenceReasonId,
        /// What people call it.
        pub name: String,
        /// What it stands for.
        pub presence: Presence,
        /// Since when it is not offered any more.
        pub retired_at: Option<DateTime<Utc>>,
    }
}

/// Lists the words, by name; retired ones too, since agents may still be that.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<PresenceReason>, Error> {
    let reasons = sql("SELECT id, name, presence, retired_at FROM presence_reasons ORDER BY name")
        .load(&mut &*conn)
        .await?;
    Ok(reasons)
}

/// Finds a word.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    id: PresenceReasonId,
) -> Result<Option<PresenceReason>, Error> {
    let found = sql("SELECT id, name, presence, retired_at FROM presence_reasons WHERE id = $1")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Adds a word, or changes what one of the same name stands for; returns its id.
pub async fn set(
    conn: &Conn,
    scope: TenantScope,
    id: PresenceReasonId,
    name: &str,
    presence: Presence,
    at: DateTime<Utc>,
) -> Result<PresenceReasonId, Error> {
    let set: Named = sql(
        "INSERT INTO presence_reasons (id, tenant_id, name, presence, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, name) DO UPDATE
         SET presence = excluded.presence, retired_at = NULL
         RETURNING id",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(name)
    .bind(presence)
    .bind(at)
    .get_result(&mut &*conn)
    .await?;
    Ok(set.id)
}

row! {
    /// Which word.
    pub struct Named {
        /// Which.
        pub id: PresenceReasonId,
    }
}

/// Offers a word no more.
pub async fn retire(
    conn: &Conn,
    _scope: TenantScope,
    id: PresenceReasonId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE presence_reasons SET retired_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes the word that a locked agent chose, or that they chose none.
pub async fn mark(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    reason: Option<PresenceReasonId>,
) -> Result<(), Error> {
    sql("UPDATE agents SET presence_reason = $2 WHERE id = $1")
        .bind(agent)
        .bind(reason)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
