//! Which account of an identity provider is which agent.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, IdentityProviderId};
use interdesk_domain::scope::TenantScope;

row! {
    /// Who an account is.
    pub struct Known {
        /// Which agent.
        pub agent_id: AgentId,
        /// Since when they may not sign in.
        pub disabled_at: Option<DateTime<Utc>>,
    }
}

/// Finds who an account is, even one who may not sign in.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    provider: IdentityProviderId,
    subject: &str,
) -> Result<Option<Known>, Error> {
    let found = sql(
        "SELECT c.agent_id, a.disabled_at FROM agent_accounts c JOIN agents a ON a.id = c.agent_id
         WHERE c.provider_id = $1 AND c.subject = $2",
    )
    .bind(provider)
    .bind(subject)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds who has an address, even somebody who may not sign in.
pub async fn find_by_email(
    conn: &Conn,
    _scope: TenantScope,
    email: &str,
) -> Result<Option<Known>, Error> {
    let found = sql("SELECT id AS agent_id, disabled_at FROM agents WHERE email = $1")
        .bind(email)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Links an account to an agent; `false` where the agent has another account there.
pub async fn link(
    conn: &Conn,
    scope: TenantScope,
    (provider, subject): (IdentityProviderId, &str),
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let linked = sql(
        "INSERT INTO agent_accounts (provider_id, subject, tenant_id, agent_id, linked_at, seen_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(provider)
    .bind(subject)
    .bind(scope.tenant())
    .bind(agent)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(linked == 1)
}

/// Writes that an account was used.
pub async fn mark_seen(
    conn: &Conn,
    _scope: TenantScope,
    (provider, subject): (IdentityProviderId, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE agent_accounts SET seen_at = $3 WHERE provider_id = $1 AND subject = $2")
        .bind(provider)
        .bind(subject)
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
