//! Time that agents have off.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AbsenceId, AgentId};
use interdesk_domain::scope::TenantScope;

row! {
    /// A time that an agent has off.
    pub struct Absence {
        /// Which.
        pub id: AbsenceId,
        /// Whose.
        pub agent_id: AgentId,
        /// From when on.
        pub starts_at: DateTime<Utc>,
        /// Until when; itself not included.
        pub ends_at: DateTime<Utc>,
        /// What was said about it.
        pub note: String,
        /// Who wrote it down.
        pub made_by: Option<AgentId>,
    }
}

/// Lists the time off of agents that is not over at a moment, in its order.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
    at: DateTime<Utc>,
) -> Result<Vec<Absence>, Error> {
    let absences = sql(
        "SELECT id, agent_id, starts_at, ends_at, note, made_by FROM agent_absences
         WHERE agent_id = ANY ($1) AND ends_at > $2 AND removed_at IS NULL
         ORDER BY agent_id, starts_at, id",
    )
    .bind(many(agents, |id| *id))
    .bind(at)
    .load(&mut &*conn)
    .await?;
    Ok(absences)
}

/// Lists the time off of all agents that is not over at a moment, in its order.
pub async fn list_all(
    conn: &Conn,
    _scope: TenantScope,
    at: DateTime<Utc>,
) -> Result<Vec<Absence>, Error> {
    let absences = sql(
        "SELECT id, agent_id, starts_at, ends_at, note, made_by FROM agent_absences
         WHERE ends_at > $1 AND removed_at IS NULL ORDER BY agent_id, starts_at, id",
    )
    .bind(at)
    .load(&mut &*conn)
    .await?;
    Ok(absences)
}

/// Finds a time off that was not taken back.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    id: AbsenceId,
) -> Result<Option<Absence>, Error> {
    let found = sql(
        "SELECT id, agent_id, starts_at, ends_at, note, made_by FROM agent_absences
         WHERE id = $1 AND removed_at IS NULL",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Writes down a time off.
pub async fn insert(
    conn: &Conn,
    scope: TenantScope,
    absence: &Absence,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO agent_absences (id, tenant_id, agent_id, starts_at, ends_at, note, made_by,
            made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(absence.id)
    .bind(scope.tenant())
    .bind(absence.agent_id)
    .bind(absence.starts_at)
    .bind(absence.ends_at)
    .bind(absence.note.as_str())
    .bind(absence.made_by)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Takes a time off back.
pub async fn remove(
    conn: &Conn,
    _scope: TenantScope,
    id: AbsenceId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE agent_absences SET removed_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
