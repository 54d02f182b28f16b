//! Lists of conversations that somebody keeps by a condition.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A list of conversations that somebody keeps by a condition.
    pub struct View {
        /// Which.
        pub id: ViewId,
        /// Who keeps it for themselves; `None` where it is shared.
        pub agent_id: Option<AgentId>,
        /// What it is called.
        pub name: String,
        /// What its conversations have in common.
        pub condition: Value,
        /// Counts the changes.
        pub version: i32,
        /// When it was changed last.
        pub changed_at: DateTime<Utc>,
        /// By whom.
        pub changed_by: AgentId,
    }
}

/// Lists the views of an agent and those that are shared, by name.
pub async fn list_views(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
) -> Result<Vec<View>, Error> {
    let found = sql(
        "SELECT id, agent_id, name, condition, version, changed_at, changed_by FROM views
         WHERE tenant_id = $1 AND (agent_id = $2 OR agent_id IS NULL) AND retired_at IS NULL
         ORDER BY name, id LIMIT 500",
    )
    .bind(scope.tenant())
    .bind(agent)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds views that are an agent's or shared.
pub async fn find_views(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    ids: &[ViewId],
) -> Result<Vec<View>, Error> {
    let found = sql(
        "SELECT id, agent_id, name, condition, version, changed_at, changed_by FROM views
         WHERE id = ANY ($2) AND (agent_id = $1 OR agent_id IS NULL) AND retired_at IS NULL",
    )
    .bind(agent)
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Locks a view that is an agent's or shared.
pub async fn lock_view(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    id: ViewId,
) -> Result<Option<View>, Error> {
    let found = sql(
        "SELECT id, agent_id, name, condition, version, changed_at, changed_by FROM views
         WHERE id = $2 AND (agent_id = $1 OR agent_id IS NULL) AND retired_at IS NULL
         FOR NO KEY UPDATE",
    )
    .bind(agent)
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes a new view down.
pub async fn insert_view(conn: &Conn, scope: TenantScope, view: &View) -> Result<(), Error> {
    sql("INSERT INTO views
            (tenant_id, id, agent_id, name, condition, version, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(scope.tenant())
    .bind(view.id)
    .bind(view.agent_id)
    .bind(view.name.as_str())
    .bind(&view.condition)
    .bind(view.version)
    .bind(view.changed_at)
    .bind(view.changed_by)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes a locked view down as it is from now on; `retired` says that it is gone.
pub async fn update_view(
    conn: &Conn,
    _scope: TenantScope,
    view: &View,
    retired: bool,
) -> Result<(), Error> {
    sql(
        "UPDATE views SET agent_id = $2, name = $3, condition = $4, version = $5, changed_at = $6,
            changed_by = $7, retired_at = CASE WHEN $8 THEN $6 END
         WHERE id = $1",
    )
    .bind(view.id)
    .bind(view.agent_id)
    .bind(view.name.as_str())
    .bind(&view.condition)
    .bind(view.version)
    .bind(view.changed_at)
    .bind(view.changed_by)
    .bind(retired)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
