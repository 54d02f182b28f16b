//! Episodes: from a conversation's opening to its resolution.

use crate::sql::sql;
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, EpisodeId};
use interdesk_domain::scope::TenantScope;

/// Ends the episode of a locked conversation.
pub async fn mark_resolved(
    conn: &Conn,
    _scope: TenantScope,
    id: EpisodeId,
    by: Option<AgentId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE episodes SET resolved_at = $2, resolved_by = $3
         WHERE id = $1 AND resolved_at IS NULL")
    .bind(id)
    .bind(now)
    .bind(by)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
