//! Policies and their versions.
//!
//! The version in force at a moment is the one that was activated for the latest moment not after
//! it; a version is activated once, so what was in force when stays known.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::AgentId;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use uuid::Uuid;

row! {
    /// A policy, without what its versions say.
    pub struct Policy {
        /// What it decides.
        pub kind: PolicyKind,
        /// What it is about.
        pub id: Uuid,
        /// What people call it.
        pub name: String,
        /// The newest version.
        pub latest: i32,
        /// The version that was activated last.
        pub version: Option<i32>,
        /// The version that a share of the work follows.
        pub staged_version: Option<i32>,
        /// How large that share is.
        pub staged_permille: Option<i32>,
        /// When it was first saved.
        pub created_at: DateTime<Utc>,
        /// Since when nothing new may use it.
        pub retired_at: Option<DateTime<Utc>>,
    }
}

row! {
    /// One version of a policy.
    pub struct Version {
        /// What it decides.
        pub kind: PolicyKind,
        /// Which policy.
        pub id: Uuid,
        /// Which version.
        pub version: i32,
        /// What it says.
        pub body: Value,
        /// Why it was made.
        pub note: String,
        /// Who made it.
        pub made_by: Option<AgentId>,
        /// When it was made.
        pub made_at: DateTime<Utc>,
        /// From when on it is in force; `None` while it was never activated.
        pub effective_from: Option<DateTime<Utc>>,
    }
}

row! {
    /// A policy with the version in force and, beside it, the staged one.
    pub struct Active {
        /// What it decides.
        pub kind: PolicyKind,
        /// Which policy.
        pub id: Uuid,
        /// What people call it.
        pub name: String,
        /// The version in force.
        pub version: i32,
        /// What it says.
        pub body: Value,
        /// Since when it is in force.
        pub effective_from: DateTime<Utc>,
        /// The version that a share of the work follows.
        pub staged_version: Option<i32>,
        /// How large that share is, in thousandths.
        pub staged_permille: Option<i32>,
        /// What the staged version says.
        pub staged_body: Option<Value>,
    }
}

/// Finds the version in force at a moment, of a policy that is not retired.
pub async fn active(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<Active>, Error> {
    let found = sql(
        "SELECT p.kind, p.id, p.name, v.version, v.body, v.effective_from,
            p.staged_version, p.staged_permille, s.body AS staged_body
         FROM policies p
         CROSS JOIN LATERAL (
            SELECT version, body, effective_from FROM policy_versions v
            WHERE v.tenant_id = p.tenant_id AND v.kind = p.kind AND v.id = p.id
                AND v.effective_from <= $3
            ORDER BY v.effective_from DESC, v.version DESC LIMIT 1) v
         LEFT JOIN policy_versions s ON s.tenant_id = p.tenant_id AND s.kind = p.kind
            AND s.id = p.id AND s.version = p.staged_version
         WHERE p.kind = $1 AND p.id = $2 AND p.retired_at IS NULL",
    )
    .bind(kind)
    .bind(id)
    .bind(at)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the versions in force at a moment of all policies of a kind that are not retired.
pub async fn list_active(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    at: DateTime<Utc>,
) -> Result<Vec<Active>, Error> {
    let found = sql(
        "SELECT p.kind, p.id, p.name, v.version, v.body, v.effective_from,
            p.staged_version, p.staged_permille, s.body AS staged_body
         FROM policies p
         CROSS JOIN LATERAL (
            SELECT version, body, effective_from FROM policy_versions v
            WHERE v.tenant_id = p.tenant_id AND v.kind = p.kind AND v.id = p.id
                AND v.effective_from <= $2
            ORDER BY v.effective_from DESC, v.version DESC LIMIT 1) v
         LEFT JOIN policy_versions s ON s.tenant_id = p.tenant_id AND s.kind = p.kind
            AND s.id = p.id AND s.version = p.staged_version
         WHERE p.kind = $1 AND p.retired_at IS NULL ORDER BY p.name, p.id",
    )
    .bind(kind)
    .bind(at)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists every version of a kind that is or was in force, or will be, by policy and moment.
pub async fn list_effective(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
) -> Result<Vec<Version>, Error> {
    let found = sql(
        "SELECT kind, id, version, body, note, made_by, made_at, effective_from
         FROM policy_versions WHERE kind = $1 AND effective_from IS NOT NULL
         ORDER BY id, effective_from, version",
    )
    .bind(kind)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Returns the first moment after another at which a version of any kind comes into force.
pub async fn next_change(
    conn: &Conn,
    _scope: TenantScope,
    after: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let next: Moment =
        sql("SELECT min(effective_from) AS at FROM policy_versions WHERE effective_from > $1")
            .bind(after)
            .get_result(&mut &*conn)
            .await?;
    Ok(next.at)
}

row! {
    /// A moment.
    pub struct Moment {
        /// When.
        pub at: Option<DateTime<Utc>>,
    }
}

/// Finds one version.
pub async fn version(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    version: i32,
) -> Result<Option<Version>, Error> {
    let found = sql(
        "SELECT kind, id, version, body, note, made_by, made_at, effective_from
         FROM policy_versions WHERE kind = $1 AND id = $2 AND version = $3",
    )
    .bind(kind)
    .bind(id)
    .bind(version)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists versions of a policy below another, newest first.
pub async fn history(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    below: i32,
    limit: i64,
) -> Result<Vec<Version>, Error> {
    let found = sql(
        "SELECT kind, id, version, body, note, made_by, made_at, effective_from
         FROM policy_versions WHERE kind = $1 AND id = $2 AND version < $3
         ORDER BY version DESC LIMIT $4",
    )
    .bind(kind)
    .bind(id)
    .bind(below)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds a policy.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
) -> Result<Option<Policy>, Error> {
    let found = sql(
        "SELECT kind, id, name, latest, version, staged_version, staged_permille, created_at,
            retired_at
         FROM policies WHERE kind = $1 AND id = $2",
    )
    .bind(kind)
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a policy and locks the row.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
) -> Result<Option<Policy>, Error> {
    let found = sql(
        "SELECT kind, id, name, latest, version, staged_version, staged_permille, created_at,
            retired_at
         FROM policies WHERE kind = $1 AND id = $2 FOR NO KEY UPDATE",
    )
    .bind(kind)
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds the schedule of a name that is not retired.
pub async fn find_schedule(
    conn: &Conn,
    _scope: TenantScope,
    name: &str,
) -> Result<Option<Policy>, Error> {
    let found = sql(
        "SELECT kind, id, name, latest, version, staged_version, staged_permille, created_at,
            retired_at
         FROM policies WHERE kind = 'schedule' AND name = $1 AND retired_at IS NULL",
    )
    .bind(name)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the newest versions of all policies of a kind that are not retired.
pub async fn list_newest(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
) -> Result<Vec<Version>, Error> {
    let found = sql(
        "SELECT v.kind, v.id, v.version, v.body, v.note, v.made_by, v.made_at, v.effective_from
         FROM policies p JOIN policy_versions v ON v.tenant_id = p.tenant_id AND v.kind = p.kind
            AND v.id = p.id AND v.version = p.latest
         WHERE p.kind = $1 AND p.retired_at IS NULL ORDER BY p.name, p.id",
    )
    .bind(kind)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists all policies of a tenant, by kind and name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<Policy>, Error> {
    let found = sql(
        "SELECT kind, id, name, latest, version, staged_version, staged_permille, created_at,
            retired_at
         FROM policies ORDER BY kind, name, id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// A version to be saved.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// What it decides.
    pub kind: PolicyKind,
    /// Which policy.
    pub id: Uuid,
    /// What people call the policy from now on.
    pub name: &'a str,
    /// Which version: one more than the newest before, 1 for the first.
    pub version: i32,
    /// What it says.
    pub body: &'a Value,
    /// Why it was made.
    pub note: &'a str,
    /// Who makes it.
    pub made_by: Option<AgentId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Saves a version of a locked policy, or the first one of a new policy; a conflict means that
/// somebody else saved it first.
pub async fn insert_version(
    conn: &Conn,
    scope: TenantScope,
    new: &NewVersion<'_>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO policies (tenant_id, kind, id, name, latest, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, kind, id) DO UPDATE
         SET latest = excluded.latest, name = excluded.name, retired_at = NULL",
    )
    .bind(scope.tenant())
    .bind(new.kind)
    .bind(new.id)
    .bind(new.name)
    .bind(new.version)
    .bind(new.at)
    .execute(&mut &*conn)
    .await?;
    sql(
        "INSERT INTO policy_versions (tenant_id, kind, id, version, body, note, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(scope.tenant())
    .bind(new.kind)
    .bind(new.id)
    .bind(new.version)
    .bind(new.body)
    .bind(new.note)
    .bind(new.made_by)
    .bind(new.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Puts a version of a locked policy in force from a moment on; what was staged no longer is.
///
/// Returns false, and changes nothing, where it was activated before.
pub async fn activate(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    version: i32,
    from: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sql("WITH activated AS (
            UPDATE policy_versions SET effective_from = $4
            WHERE kind = $1 AND id = $2 AND version = $3 AND effective_from IS NULL
            RETURNING tenant_id, kind, id, version)
         UPDATE policies p SET version = a.version, staged_version = NULL, staged_permille = NULL
         FROM activated a WHERE p.tenant_id = a.tenant_id AND p.kind = a.kind AND p.id = a.id")
    .bind(kind)
    .bind(id)
    .bind(version)
    .bind(from)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Lets a share of the work, in thousandths, follow a version of a locked policy.
pub async fn stage(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    version: i32,
    permille: i32,
) -> Result<(), Error> {
    sql(
        "UPDATE policies SET staged_version = $3, staged_permille = $4 WHERE kind = $1 AND id = $2",
    )
    .bind(kind)
    .bind(id)
    .bind(version)
    .bind(permille)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets all work follow the version in force of a locked policy.
pub async fn unstage(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
) -> Result<(), Error> {
    sql(
        "UPDATE policies SET staged_version = NULL, staged_permille = NULL
         WHERE kind = $1 AND id = $2",
    )
    .bind(kind)
    .bind(id)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets nothing new use a policy.
pub async fn retire(
    conn: &Conn,
    _scope: TenantScope,
    kind: PolicyKind,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE policies SET retired_at = $3 WHERE kind = $1 AND id = $2")
        .bind(kind)
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
