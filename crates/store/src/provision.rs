//! Setting up a tenant: everything that is configured rather than received.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::permission::Role;
use interdesk_domain::scope::TenantScope;

row! {
    /// A tenant by its short name.
    pub struct Tenant {
        /// Which.
        pub id: TenantId,
        /// The short name.
        pub slug: String,
    }
}

/// Finds a tenant by its short name; for the system's role.
pub async fn find_tenant(conn: &Conn, slug: &str) -> Result<Option<Tenant>, Error> {
    let found = sql("SELECT id, slug FROM tenants WHERE slug = $1")
        .bind(slug)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Lists all tenants, oldest first; for the system's role.
pub async fn list_tenants(conn: &Conn) -> Result<Vec<Tenant>, Error> {
    let found = sql("SELECT id, slug FROM tenants ORDER BY id")
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Adds the tenant that the scope names.
pub async fn insert_tenant(
    conn: &Conn,
    scope: TenantScope,
    slug: &str,
    name: &str,
    version: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("INSERT INTO tenants (id, slug, name, version, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(scope.tenant())
        .bind(slug)
        .bind(name)
        .bind(version)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// An agent to be added.
#[derive(Debug)]
pub struct NewAgent<'a> {
    /// Names the agent.
    pub id: AgentId,
    /// The name at sign-in.
    pub email: &'a str,
    /// The name that colleagues see.
    pub name: &'a str,
    /// What the agent may do.
    pub role: Role,
    /// Argon2id in PHC form.
    pub password_hash: Option<&'a str>,
    /// Units of work that the agent may hold.
    pub capacity: i32,
}

/// Adds an agent who is offline and holds nothing.
pub async fn insert_agent(
    conn: &Conn,
    scope: TenantScope,
    agent: &NewAgent<'_>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH agent AS (
            INSERT INTO agents (id, tenant_id, email, name, role, password_hash, created_at, version)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         )
         INSERT INTO agent_loads (agent_id, tenant_id, capacity, idle_since) VALUES ($1, $2, $8, $7)")
    .bind(agent.id)
    .bind(scope.tenant())
    .bind(agent.email)
    .bind(agent.name)
    .bind(agent.role)
    .bind(agent.password_hash)
    .bind(at)
    .bind(agent.capacity)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Adds a team.
pub async fn insert_team(
    conn: &Conn,
    scope: TenantScope,
    id: TeamId,
    name: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("INSERT INTO teams (id, tenant_id, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(scope.tenant())
        .bind(name)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Adds an agent to a team.
pub async fn insert_member(
    conn: &Conn,
    scope: TenantScope,
    team: TeamId,
    agent: AgentId,
) -> Result<(), Error> {
    sql("INSERT INTO team_members (team_id, agent_id, tenant_id) VALUES ($1, $2, $3)")
        .bind(team)
        .bind(agent)
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Adds a queue.
pub async fn insert_queue(
    conn: &Conn,
    scope: TenantScope,
    id: QueueId,
    name: &str,
    offer_seconds: i32,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO queues (id, tenant_id, name, offer_seconds, created_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(name)
    .bind(offer_seconds)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets a team serve a queue.
pub async fn insert_queue_team(
    conn: &Conn,
    scope: TenantScope,
    queue: QueueId,
    team: TeamId,
) -> Result<(), Error> {
    sql("INSERT INTO queue_teams (queue_id, team_id, tenant_id) VALUES ($1, $2, $3)")
        .bind(queue)
        .bind(team)
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Counts the tenant's version up by one and returns the new one.
pub async fn next_tenant_version(conn: &Conn, scope: TenantScope) -> Result<i64, Error> {
    let next: crate::conversations::Version =
        sql("UPDATE tenants SET version = version + 1 WHERE id = $1 RETURNING version")
            .bind(scope.tenant())
            .get_result(&mut &*conn)
            .await?;
    Ok(next.version)
}

row! {
    /// An agent as tokens name them.
    pub struct AgentRole {
        /// Which.
        pub id: AgentId,
        /// What the agent may do.
        pub role: Role,
    }
}

/// Finds an agent who may sign in, by e-mail address in lower case.
pub async fn find_agent(
    conn: &Conn,
    _scope: TenantScope,
    email: &str,
) -> Result<Option<AgentRole>, Error> {
    let found = sql("SELECT id, role FROM agents WHERE email = $1 AND disabled_at IS NULL")
        .bind(email)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}
