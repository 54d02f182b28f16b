//! Agents' loads: what they hold and may hold.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::scope::TenantScope;

row! {
    /// What an agent holds and may hold, locked.
    pub struct Load {
        /// Who.
        pub agent_id: AgentId,
        /// Units of work held.
        pub load: i32,
        /// Units of work that may be held.
        pub capacity: i32,
    }
}

/// Locks the loads of agents in the order of their ids; agents who are not online are left out.
pub async fn lock_online(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
    at_work: Option<DateTime<Utc>>,
) -> Result<Vec<Load>, Error> {
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is_loose("capacity_outside_transaction") {
        return crate::planted::read_online(conn, agents).await;
    }
    let loads = sql("SELECT l.agent_id, l.load, l.capacity
         FROM agent_loads l JOIN agents a ON a.id = l.agent_id
         WHERE l.agent_id = ANY ($1) AND a.presence = 'online' AND a.disabled_at IS NULL
            AND ($2 IS NULL OR NOT EXISTS (SELECT FROM agent_absences o
                WHERE o.agent_id = l.agent_id AND o.removed_at IS NULL
                    AND o.starts_at <= $2 AND o.ends_at > $2))
         ORDER BY l.agent_id FOR NO KEY UPDATE OF l")
    .bind(many(agents, |agent| *agent))
    .bind(at_work)
    .load(&mut &*conn)
    .await?;
    Ok(loads)
}

row! {
    /// An agent whose load was raised.
    pub struct Debited {
        /// Who.
        pub agent_id: AgentId,
    }
}

/// Raises the loads of locked agents, each by its units, where that stays within the capacity.
///
/// Returns the agents for whom it did: the others hold what they held.
pub async fn debit(
    conn: &Conn,
    _scope: TenantScope,
    units: &[(AgentId, i32)],
    now: DateTime<Utc>,
) -> Result<Vec<AgentId>, Error> {
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is_loose("capacity_outside_transaction") {
        return crate::planted::debit(conn, units, now).await;
    }
    let debited: Vec<Debited> = sql("UPDATE agent_loads l
         SET load = l.load + t.units, idle_since = $3
         FROM unnest($1, $2) AS t (agent_id, units)
         WHERE l.agent_id = t.agent_id AND l.load + t.units <= l.capacity
         RETURNING l.agent_id")
    .bind(many(units, |one| one.0))
    .bind(many(units, |one| one.1))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(debited.into_iter().map(|one| one.agent_id).collect())
}

/// Frees the units of work that is no longer held; `idle_since` says when work was finished, and stays
/// what it was without it.
pub async fn release(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    units: i32,
    idle_since: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sql(
        "UPDATE agent_loads SET load = load - $3, idle_since = COALESCE($2, idle_since)
         WHERE agent_id = $1",
    )
    .bind(agent)
    .bind(idle_since)
    .bind(units)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
