//! The roles that a tenant made.

use crate::access::read_grants;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, RoleId};
use interdesk_domain::permission::{Grants, Role};
use interdesk_domain::scope::TenantScope;

row! {
    /// A role that a tenant made.
    pub struct OwnRole {
        /// Which.
        pub id: RoleId,
        /// What people call it.
        pub name: String,
        /// What it is for.
        pub description: String,
        /// What it allows.
        pub permissions: Vec<String>,
        /// Which conversations it shows.
        pub visibility: String,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// Since when nobody may get it.
        pub retired_at: Option<DateTime<Utc>>,
    }
}

impl OwnRole {
    /// Returns what it allows.
    pub fn grants(&self) -> Grants {
        read_grants(Role::Custom, Some(&self.permissions), &self.visibility)
    }
}

/// Lists the roles that may be given, by name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<OwnRole>, Error> {
    let roles = sql(
        "SELECT id, name, description, permissions, visibility, created_at, retired_at FROM roles
         WHERE retired_at IS NULL ORDER BY name",
    )
    .load(&mut &*conn)
    .await?;
    Ok(roles)
}

/// Finds roles, retired ones too.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[RoleId],
) -> Result<Vec<OwnRole>, Error> {
    let roles = sql(
        "SELECT id, name, description, permissions, visibility, created_at, retired_at FROM roles
         WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(roles)
}

/// Finds a role that may be given and locks the row.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: RoleId) -> Result<Option<OwnRole>, Error> {
    let role = sql(
        "SELECT id, name, description, permissions, visibility, created_at, retired_at FROM roles
         WHERE id = $1 AND retired_at IS NULL FOR UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(role)
}

/// Tells whether another role that may be given has a name.
pub async fn is_name_taken(
    conn: &Conn,
    _scope: TenantScope,
    name: &str,
    but: Option<RoleId>,
) -> Result<bool, Error> {
    let found = sql(
        "SELECT 1 FROM roles WHERE name = $1 AND retired_at IS NULL AND id IS DISTINCT FROM $2",
    )
    .bind(name)
    .bind(but)
    .execute(&mut &*conn)
    .await?;
    Ok(found > 0)
}

/// Adds a role, or writes a locked one.
pub async fn set(conn: &Conn, scope: TenantScope, role: &OwnRole) -> Result<(), Error> {
    sql(
        "INSERT INTO roles (id, tenant_id, name, description, permissions, visibility, created_at,
            retired_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
            permissions = excluded.permissions, visibility = excluded.visibility,
            retired_at = excluded.retired_at",
    )
    .bind(role.id)
    .bind(scope.tenant())
    .bind(role.name.as_str())
    .bind(role.description.as_str())
    .bind(many(&role.permissions, Clone::clone))
    .bind(role.visibility.as_str())
    .bind(role.created_at)
    .bind(role.retired_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Tells whether anybody has a role, disabled agents too.
pub async fn is_held(conn: &Conn, _scope: TenantScope, id: RoleId) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM agents WHERE role_id = $1 LIMIT 1")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(found > 0)
}

row! {
    #[allow(unreachable_pub, missing_docs, reason = "rows are written as public")]
    pub struct Held {
        pub role: Role,
        pub role_id: Option<RoleId>,
        pub permissions: Option<Vec<String>>,
        pub visibility: Option<String>,
    }
}

/// Finds which role an agent has, even one who may not sign in, and what it allows.
pub async fn find_of(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Option<(Role, Option<RoleId>, Grants)>, Error> {
    let held: Option<Held> = sql("SELECT a.role, a.role_id, r.permissions, r.visibility
         FROM agents a LEFT JOIN roles r ON r.id = a.role_id WHERE a.id = $1")
    .bind(agent)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(held.map(|held| {
        let visibility = held.visibility.as_deref().unwrap_or("own");
        let grants = read_grants(held.role, held.permissions.as_deref(), visibility);
        (held.role, held.role_id, grants)
    }))
}

/// Gives a locked agent a role, and writes their version.
pub async fn give(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    (role, own): (Role, Option<RoleId>),
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE agents SET role = $2, role_id = $3, version = $4 WHERE id = $1")
        .bind(agent)
        .bind(role)
        .bind(own)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
