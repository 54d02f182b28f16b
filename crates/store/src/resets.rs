//! Leaves to choose a password without the one before.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, TenantId};
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

/// A leave to be given.
#[derive(Debug, Clone)]
pub struct NewReset<'a> {
    /// Names it.
    pub id: Uuid,
    /// Whose password.
    pub agent: AgentId,
    /// The token's SHA-256; none where a mail will bring one.
    pub digest: Option<&'a [u8]>,
    /// When it is asked for.
    pub asked_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Gives a leave; one without a token waits for its mail.
pub async fn insert(conn: &Conn, scope: TenantScope, new: &NewReset<'_>) -> Result<(), Error> {
    let send_at = new.digest.is_none().then_some(new.asked_at);
    sql("INSERT INTO password_resets (id, tenant_id, agent_id, digest, asked_at, expires_at, send_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(new.id)
    .bind(scope.tenant())
    .bind(new.agent)
    .bind(new.digest)
    .bind(new.asked_at)
    .bind(new.expires_at)
    .bind(send_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A leave that is good.
    pub struct Good {
        /// Which.
        pub id: Uuid,
        /// Whose password.
        pub agent_id: AgentId,
    }
}

/// Finds a leave that is good by its token's digest and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Good>, Error> {
    let found = sql(
        "SELECT r.id, r.agent_id FROM password_resets r JOIN agents a ON a.id = r.agent_id
         WHERE r.digest = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND a.disabled_at IS NULL
         FOR NO KEY UPDATE OF r",
    )
    .bind(digest)
    .bind(now)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Ends every leave of an agent.
pub async fn end_all(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE password_resets SET used_at = $2, send_at = NULL
         WHERE agent_id = $1 AND used_at IS NULL")
    .bind(agent)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Counts the leaves of an agent that are good.
pub async fn count_good(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let counted: crate::messages::Count = sql("SELECT count(*) AS count FROM password_resets
         WHERE agent_id = $1 AND used_at IS NULL AND expires_at > $2")
    .bind(agent)
    .bind(now)
    .get_result(&mut &*conn)
    .await?;
    Ok(counted.count)
}

row! {
    /// A leave whose mail waits.
    pub struct Unsent {
        /// Which.
        pub id: Uuid,
        /// Whose.
        pub tenant_id: TenantId,
    }
}

/// Lists leaves whose mail waits, the longest waiting first; for the system's role.
pub async fn list_unsent(
    conn: &Conn,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Unsent>, Error> {
    let found = sql(
        "SELECT id, tenant_id FROM password_resets WHERE send_at <= $1 ORDER BY send_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// Whom a mail goes to, and how often it was tried.
    pub struct Claimed {
        /// Where to.
        pub email: String,
        /// Which try this is.
        pub tries: i32,
    }
}

/// Claims the mail of a leave for a try, whose token is the one that counts from now on.
pub async fn claim(
    conn: &Conn,
    _scope: TenantScope,
    id: Uuid,
    digest: &[u8],
    (now, again_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Claimed>, Error> {
    let found = sql(
        "UPDATE password_resets r SET digest = $2, tries = r.tries + 1, send_at = $4 FROM agents a
         WHERE r.id = $1 AND r.send_at <= $3 AND r.used_at IS NULL AND r.expires_at > $3
            AND a.id = r.agent_id AND a.disabled_at IS NULL RETURNING a.email, r.tries",
    )
    .bind(id)
    .bind(digest)
    .bind(now)
    .bind(again_at)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Notes that no further try is made.
pub async fn settle(conn: &Conn, _scope: TenantScope, id: Uuid) -> Result<(), Error> {
    sql("UPDATE password_resets SET send_at = NULL WHERE id = $1")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
