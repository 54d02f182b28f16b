//! Agents: who they are and what they chose to be.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;

row! {
    /// An agent.
    pub struct Agent {
        /// Who.
        pub id: AgentId,
        /// The name that colleagues see.
        pub name: String,
        /// What they may do.
        pub role: Role,
        /// What they chose to be.
        pub presence: Presence,
        /// Counts their events.
        pub version: i64,
    }
}

/// Tells whether an agent may sign in and work.
pub async fn is_enabled(conn: &Conn, _scope: TenantScope, id: AgentId) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM agents WHERE id = $1 AND disabled_at IS NULL")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(found == 1)
}

/// Finds an agent who may sign in and locks the row.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: AgentId) -> Result<Option<Agent>, Error> {
    let agent = sql("SELECT id, name, role, presence, version FROM agents
         WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(agent)
}

/// Writes the presence and version of a locked agent.
pub async fn mark_presence(
    conn: &Conn,
    _scope: TenantScope,
    id: AgentId,
    presence: Presence,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE agents SET presence = $2, version = $3 WHERE id = $1")
        .bind(id)
        .bind(presence)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
