//! What agents prove themselves by beside the password.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::scope::TenantScope;

/// Keeps a new secret in place of one that was never confirmed; `false` where one was.
pub async fn begin(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let kept = sql(
        "INSERT INTO second_factors (agent_id, tenant_id, secret, begun_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at,
            last_step = 0 WHERE second_factors.confirmed_at IS NULL",
    )
    .bind(agent)
    .bind(scope.tenant())
    .bind(sealed)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(kept == 1)
}

row! {
    /// An agent's secret.
    pub struct Factor {
        /// Encrypted.
        pub secret: Vec<u8>,
        /// Since when sign-ins ask for it.
        pub confirmed_at: Option<DateTime<Utc>>,
        /// The 30 seconds whose code was used last.
        pub last_step: i64,
    }
}

/// Finds an agent's secret and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<Factor>, Error> {
    let found = sql("SELECT secret, confirmed_at, last_step FROM second_factors
         WHERE agent_id = $1 FOR UPDATE")
    .bind(agent)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lets sign-ins ask for codes of a locked secret, and keeps the digests of its recovery codes.
pub async fn confirm(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    digests: &[Vec<u8>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE second_factors SET confirmed_at = $2 WHERE agent_id = $1")
        .bind(agent)
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    sql(
        "INSERT INTO recovery_codes (agent_id, digest, tenant_id) SELECT $1, digest, $3
         FROM unnest($2) AS t (digest)",
    )
    .bind(agent)
    .bind(many(digests, Vec::as_slice))
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Notes that the code of a step was used.
pub async fn use_step(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    step: i64,
) -> Result<(), Error> {
    sql("UPDATE second_factors SET last_step = $2 WHERE agent_id = $1")
        .bind(agent)
        .bind(step)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Uses a recovery code up; `false` where there is no such code, or no more.
pub async fn use_code(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let used = sql("UPDATE recovery_codes SET used_at = $3
         WHERE agent_id = $1 AND digest = $2 AND used_at IS NULL")
    .bind(agent)
    .bind(digest)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(used == 1)
}

/// Takes an agent's secret away with its recovery codes; `false` where sign-ins asked for none.
pub async fn remove(conn: &Conn, _scope: TenantScope, agent: AgentId) -> Result<bool, Error> {
    let removed =
        sql("DELETE FROM second_factors WHERE agent_id = $1 AND confirmed_at IS NOT NULL")
            .bind(agent)
            .execute(&mut &*conn)
            .await?;
    Ok(removed == 1)
}

row! {
    /// That sign-ins ask for a code.
    pub struct Confirmed {
        /// Since when.
        pub confirmed_at: DateTime<Utc>,
        /// How many recovery codes are good.
        pub codes_left: i64,
    }
}

/// Finds whether sign-ins of an agent ask for a code.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<Confirmed>, Error> {
    let found = sql(
        "SELECT f.confirmed_at, (SELECT count(*) FROM recovery_codes r
            WHERE r.agent_id = f.agent_id AND r.used_at IS NULL) AS codes_left
         FROM second_factors f WHERE f.agent_id = $1 AND f.confirmed_at IS NOT NULL",
    )
    .bind(agent)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// A secret as it is kept.
    pub struct Sealed {
        /// Whose.
        pub agent_id: AgentId,
        /// Encrypted.
        pub secret: Vec<u8>,
    }
}

/// Locks all secrets of a tenant.
pub async fn lock_all(conn: &Conn, _scope: TenantScope) -> Result<Vec<Sealed>, Error> {
    let found = sql("SELECT agent_id, secret FROM second_factors ORDER BY agent_id FOR UPDATE")
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Keeps a locked secret as it was sealed anew.
pub async fn set_secret(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    sealed: &[u8],
) -> Result<(), Error> {
    sql("UPDATE second_factors SET secret = $2 WHERE agent_id = $1")
        .bind(agent)
        .bind(sealed)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
