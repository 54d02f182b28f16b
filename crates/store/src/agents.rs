//! Agents: who they are and what they chose to be.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, PresenceReasonId};
use interdesk_domain::permission::Role;
use interdesk_domain::routing::model::AgentKind;
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
        /// The word of the tenant's own that they chose.
        pub presence_reason: Option<PresenceReasonId>,
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

row! {
    /// How an agent stands who may sign in.
    pub struct Standing {
        /// A person or an assistant.
        pub kind: AgentKind,
        /// What they chose to be.
        pub presence: Presence,
        /// Whether all assistants of the tenant are stopped.
        pub assistants_stopped: bool,
        /// How many messages the tenant's agents may send in a day, where it is not what the settings
        /// say.
        pub messages_per_day: Option<i32>,
    }
}

impl Copy for Standing {}

impl Standing {
    /// Tells whether they are an assistant while all assistants are stopped.
    pub fn is_stopped(&self) -> bool {
        self.assistants_stopped && self.kind == AgentKind::Assistant
    }
}

/// Finds how an agent stands who may sign in and work.
pub async fn find_standing(
    conn: &Conn,
    _scope: TenantScope,
    id: AgentId,
) -> Result<Option<Standing>, Error> {
    let found = sql(
        "SELECT a.kind, a.presence, t.assistants_stopped, x.messages_per_day
         FROM agents a JOIN tenants t ON t.id = a.tenant_id
            LEFT JOIN tenant_terms x ON x.tenant_id = a.tenant_id
         WHERE a.id = $1 AND a.disabled_at IS NULL",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds an agent who may sign in and locks the row.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: AgentId) -> Result<Option<Agent>, Error> {
    let agent = sql(
        "SELECT id, name, role, presence, presence_reason, version FROM agents
         WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(agent)
}

/// Writes the version of a locked agent.
pub async fn mark_version(
    conn: &Conn,
    _scope: TenantScope,
    id: AgentId,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE agents SET version = $2 WHERE id = $1")
        .bind(id)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
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
