//! What a workspace sets up about its agents, teams and queues, as routing reads it.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::*;
use interdesk_domain::permission::Role;
use interdesk_domain::routing::model::{AgentKind, Capacity};
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// An agent as a workspace set them up.
    pub struct Profile {
        /// Who.
        pub id: AgentId,
        /// The name that colleagues see.
        pub name: String,
        /// What they may do.
        pub role: Role,
        /// A person or an assistant.
        pub kind: AgentKind,
        /// What they chose to be.
        pub presence: Presence,
        /// The tenant's own word that they chose.
        pub presence_reason: Option<PresenceReasonId>,
        /// The languages that they answer in.
        pub languages: Vec<String>,
        /// What they may hold, where more than the total was said.
        pub capacity: Option<Value>,
        /// Units of work that they may hold in total.
        pub total: i32,
        /// Units of work that they hold.
        pub load: i32,
        /// When they last got or finished work.
        pub idle_since: DateTime<Utc>,
        /// When they are at work.
        pub schedule_id: Option<ScheduleId>,
        /// Counts their events.
        pub version: i64,
        /// Since when they may not sign in.
        pub disabled_at: Option<DateTime<Utc>>,
    }
}

impl Profile {
    /// Returns what they may hold; where nothing but a total was said, that of any class.
    pub fn capacity(&self) -> Capacity {
        let total = u32::try_from(self.total).unwrap_or(0);
        let said = self.capacity.clone();
        let said = said.and_then(|value| serde_json::from_value::<Capacity>(value).ok());
        said.map_or_else(
            || Capacity::of_total(total),
            |capacity| Capacity { total, ..capacity },
        )
    }
}

/// Finds agents; those who may not sign in any more are found too.
pub async fn find_profiles(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Profile>, Error> {
    let profiles = sql(
        "SELECT a.id, a.name, a.role, a.kind, a.presence, a.presence_reason, a.languages,
            a.capacity, l.capacity AS total, l.load, l.idle_since, a.schedule_id, a.version,
            a.disabled_at
         FROM agents a JOIN agent_loads l ON l.agent_id = a.id
         WHERE a.id = ANY ($1) ORDER BY a.id",
    )
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(profiles)
}

/// Lists all agents who may sign in.
pub async fn list_profiles(conn: &Conn, _scope: TenantScope) -> Result<Vec<Profile>, Error> {
    let profiles = sql(
        "SELECT a.id, a.name, a.role, a.kind, a.presence, a.presence_reason, a.languages,
            a.capacity, l.capacity AS total, l.load, l.idle_since, a.schedule_id, a.version,
            a.disabled_at
         FROM agents a JOIN agent_loads l ON l.agent_id = a.id
         WHERE a.disabled_at IS NULL ORDER BY a.id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(profiles)
}

/// What is written of a locked agent.
#[derive(Debug)]
pub struct ProfileChange<'a> {
    /// Who.
    pub id: AgentId,
    /// The name that colleagues see.
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
    /// A person or an assistant.
    pub kind: AgentKind,
    /// The languages that they answer in.
    pub languages: &'a [String],
    /// When they are at work.
    pub schedule: Option<ScheduleId>,
    /// Since when they may not sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Their version.
    pub version: i64,
}

/// Writes how a locked agent is set up, but for what they may hold.
pub async fn set_profile(
    conn: &Conn,
    _scope: TenantScope,
    change: &ProfileChange<'_>,
) -> Result<(), Error> {
    sql(
        "UPDATE agents SET name = $2, role = $3, kind = $4, languages = $5, schedule_id = $6,
            disabled_at = $7, version = $8, role_id = CASE WHEN $3 = 'custom' THEN role_id END
         WHERE id = $1",
    )
    .bind(change.id)
    .bind(change.name)
    .bind(change.role)
    .bind(change.kind)
    .bind(many(change.languages, Clone::clone))
    .bind(change.schedule)
    .bind(change.disabled_at)
    .bind(change.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes what a locked agent may hold. What they hold beyond it stays theirs.
pub async fn set_capacity(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    capacity: &Value,
    total: i32,
) -> Result<(), Error> {
    sql(
        "WITH agent AS (UPDATE agents SET capacity = $2 WHERE id = $1)
         UPDATE agent_loads SET capacity = $3 WHERE agent_id = $1",
    )
    .bind(agent)
    .bind(capacity)
    .bind(total)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// Whether all assistants are stopped.
    pub struct Stopped {
        /// Whether they are.
        pub assistants_stopped: bool,
    }
}

/// Tells whether no assistant gets any new work.
pub async fn are_assistants_stopped(conn: &Conn, scope: TenantScope) -> Result<bool, Error> {
    let found: Option<Stopped> = sql("SELECT assistants_stopped FROM tenants WHERE id = $1")
        .bind(scope.tenant())
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found.is_some_and(|tenant| tenant.assistants_stopped))
}

/// Stops all assistants, or lets them work again; returns whether that changed anything.
pub async fn stop_assistants(
    conn: &Conn,
    scope: TenantScope,
    stopped: bool,
) -> Result<bool, Error> {
    let changed = sql("UPDATE tenants SET assistants_stopped = $2
         WHERE id = $1 AND assistants_stopped <> $2")
    .bind(scope.tenant())
    .bind(stopped)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}
