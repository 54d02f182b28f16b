//! Agents with what they hold.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, RoleId};
use interdesk_domain::inbox::ThirdPartyInbox;
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;

row! {
    /// An agent with what they hold.
    #[derive(serde::Deserialize)]
    pub struct Agent {
        /// Who.
        pub id: AgentId,
        /// The name at sign-in.
        pub email: String,
        /// The name that colleagues see.
        pub name: String,
        /// What they may do.
        pub role: Role,
        /// The tenant's own role that they have.
        pub role_id: Option<RoleId>,
        /// What they chose to be.
        pub presence: Presence,
        /// Counts their events.
        pub version: i64,
        /// Units of work held.
        pub load: i32,
        /// Units of work that may be held.
        pub capacity: i32,
        /// When they last got or finished work.
        pub idle_since: DateTime<Utc>,
        /// When they were added.
        pub created_at: DateTime<Utc>,
        /// Since when they may not sign in.
        pub disabled_at: Option<DateTime<Utc>>,
        /// Where third-party apps are shown to them.
        pub third_party_inbox: ThirdPartyInbox,
        /// Whether they chose that themselves.
        pub third_party_inbox_is_own: bool,
    }
}

/// Lists the agents who may sign in, by name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<Agent>, Error> {
    let agents = sql(
        "SELECT a.id, a.email, a.name, a.role, a.role_id, a.presence, a.version, l.load,
            l.capacity, l.idle_since, a.created_at, a.disabled_at,
            COALESCE(a.third_party_inbox, (SELECT third_party_inbox FROM tenants
                WHERE id = a.tenant_id)) AS third_party_inbox,
            a.third_party_inbox IS NOT NULL AS third_party_inbox_is_own
         FROM agents a JOIN agent_loads l ON l.agent_id = a.id
         WHERE a.disabled_at IS NULL ORDER BY a.name, a.id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(agents)
}

row! {
    /// What proves an agent.
    pub struct Login {
        /// Who.
        pub id: AgentId,
        /// Argon2id in PHC form; null for agents who sign in otherwise.
        pub password_hash: Option<String>,
    }
}

/// Finds an agent who may sign in by the name at sign-in, in lower case.
pub async fn find_login(
    conn: &Conn,
    _scope: TenantScope,
    email: &str,
) -> Result<Option<Login>, Error> {
    let found = sql("SELECT id, password_hash FROM agents
         WHERE email = $1 AND disabled_at IS NULL")
    .bind(email)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}
