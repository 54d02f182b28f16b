//! Sessions: who is signed in where, and the tokens by which they stay so.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, SessionId};
use interdesk_domain::permission::SessionEnd;
use interdesk_domain::scope::TenantScope;

row! {
    /// A time for which somebody is signed in on one device.
    pub struct Session {
        /// Which.
        pub id: SessionId,
        /// What the device is called.
        pub device: String,
        /// When they signed in.
        pub created_at: DateTime<Utc>,
        /// When it was last used to get an access token.
        pub seen_at: DateTime<Utc>,
        /// Until when it can be used to get another.
        pub expires_at: DateTime<Utc>,
    }
}

/// Begins a session.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    session: &Session,
) -> Result<(), Error> {
    sql(
        "INSERT INTO sessions (id, tenant_id, agent_id, device, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(session.id)
    .bind(scope.tenant())
    .bind(agent)
    .bind(session.device.as_str())
    .bind(session.created_at)
    .bind(session.seen_at)
    .bind(session.expires_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists the sessions of an agent that can be used, the latest used first.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, Error> {
    let found = sql(
        "SELECT id, device, created_at, seen_at, expires_at FROM sessions
         WHERE agent_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY seen_at DESC, id",
    )
    .bind(agent)
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// The session of a refresh token, locked.
    pub struct Held {
        /// Which.
        pub id: SessionId,
        /// Who is signed in.
        pub agent_id: AgentId,
        /// When the token was used up; null for the one that is good.
        pub used_at: Option<DateTime<Utc>>,
        /// Whether the session goes on.
        pub is_live: bool,
    }
}

/// Finds the session of a refresh token by the token's digest, and locks it.
pub async fn lock_by_token(
    conn: &Conn,
    _scope: TenantScope,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Held>, Error> {
    let found = sql("SELECT s.id, s.agent_id, t.used_at,
            s.ended_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL AS is_live
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
         JOIN agents a ON a.id = s.agent_id
         WHERE t.digest = $1 FOR NO KEY UPDATE OF s, t")
    .bind(digest)
    .bind(now)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Adds the refresh token that is good from now on, uses up the one before, and forgets those that
/// were used up before `forgotten`.
pub async fn rotate(
    conn: &Conn,
    scope: TenantScope,
    session: SessionId,
    digest: &[u8],
    (now, forgotten): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sql("UPDATE refresh_tokens SET used_at = $2 WHERE session_id = $1 AND used_at IS NULL")
        .bind(session)
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    sql("DELETE FROM refresh_tokens WHERE session_id = $1 AND used_at < $2")
        .bind(session)
        .bind(forgotten)
        .execute(&mut &*conn)
        .await?;
    sql(
        "INSERT INTO refresh_tokens (digest, tenant_id, session_id, made_at)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(digest)
    .bind(scope.tenant())
    .bind(session)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes that a locked session was used, and until when it can be used again.
pub async fn renew(
    conn: &Conn,
    _scope: TenantScope,
    session: SessionId,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sql("UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1")
        .bind(session)
        .bind(now)
        .bind(expires_at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// A session by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Ended {
        /// Which.
        pub id: SessionId,
    }
}

/// Ends sessions of an agent, or all but some where `all` is set; returns those that went on before.
pub async fn end(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    (all, named): (bool, &[SessionId]),
    (reason, now): (SessionEnd, DateTime<Utc>),
) -> Result<Vec<SessionId>, Error> {
    let ended: Vec<Ended> = sql("UPDATE sessions SET ended_at = $4, ended_by = $5
         WHERE agent_id = $1 AND ended_at IS NULL AND (id = ANY ($2)) <> $3 RETURNING id")
    .bind(agent)
    .bind(many(named, |id| *id))
    .bind(all)
    .bind(now)
    .bind(reason)
    .load(&mut &*conn)
    .await?;
    let ended: Vec<SessionId> = ended.into_iter().map(|row| row.id).collect();
    sql("DELETE FROM refresh_tokens WHERE session_id = ANY ($1)")
        .bind(many(&ended, |id| *id))
        .execute(&mut &*conn)
        .await?;
    Ok(ended)
}

/// Refuses every access token of an agent that was issued before a moment and belongs to no session.
pub async fn refuse_before(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE agents SET tokens_from = $2 WHERE id = $1")
        .bind(agent)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// How often an agent's password was given wrongly, and what proves them.
    pub struct Tries {
        /// Argon2id in PHC form.
        pub password_hash: Option<String>,
        /// How often in a row.
        pub failed_sign_ins: i32,
        /// Until when nobody signs in as them.
        pub locked_until: Option<DateTime<Utc>>,
    }
}

/// Finds how often an agent's password was given wrongly, and locks the row.
pub async fn lock_tries(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<Tries>, Error> {
    let found = sql(
        "SELECT password_hash, failed_sign_ins, locked_until FROM agents
         WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE",
    )
    .bind(agent)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes how often a password was given wrongly, and until when nobody signs in.
pub async fn set_tries(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    failed: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sql("UPDATE agents SET failed_sign_ins = $2, locked_until = $3 WHERE id = $1")
        .bind(agent)
        .bind(failed)
        .bind(locked_until)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes an agent's password and version.
pub async fn set_password(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    hash: &str,
    version: i64,
) -> Result<(), Error> {
    sql(
        "UPDATE agents SET password_hash = $2, version = $3, failed_sign_ins = 0,
            locked_until = NULL WHERE id = $1",
    )
    .bind(agent)
    .bind(hash)
    .bind(version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
