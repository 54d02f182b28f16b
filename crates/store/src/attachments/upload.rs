//! Files that agents bring: uploads, and the attachments of replies.

use super::Due;
use crate::sql::{many, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

/// An attachment whose bytes are here already.
#[derive(Debug, Clone)]
pub struct NewStored {
    /// Names it.
    pub id: AttachmentId,
    /// Of which message; `None` for an upload.
    pub message_id: Option<MessageId>,
    /// Which of the message's files.
    pub position: i16,
    /// Which agent uploaded it; `None` for the file of a message.
    pub agent_id: Option<AgentId>,
    /// What an app shows it as.
    pub kind: &'static str,
    /// Where the bytes are, as JSON.
    pub source: Value,
    /// The bytes.
    pub file_id: FileId,
    /// The name to show.
    pub file_name: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes attachments whose bytes are here; returns how many were, which is fewer where bytes are
/// being deleted.
pub async fn insert_stored(
    conn: &Conn,
    scope: TenantScope,
    new: &[NewStored],
) -> Result<usize, Error> {
    let written = sql("WITH used AS (
            UPDATE files SET idle_since = NULL WHERE id = ANY ($7) AND state = 'stored'
            RETURNING id, mime_type, size
         )
         INSERT INTO attachments (id, tenant_id, message_id, position, agent_id, kind, source,
            file_id, mime_type, size, file_name, created_at, state)
         SELECT r.id, $1, r.message_id, r.position, r.agent_id, r.kind, r.source, used.id,
            used.mime_type, used.size, r.file_name, r.created_at, 'stored'
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
            AS r (id, message_id, position, agent_id, kind, file_id, source, file_name, created_at)
         JOIN used ON used.id = r.file_id")
    .bind(scope.tenant())
    .bind(many(new, |one| one.id))
    .bind(many(new, |one| one.message_id))
    .bind(many(new, |one| one.position))
    .bind(many(new, |one| one.agent_id))
    .bind(many(new, |one| one.kind))
    .bind(many(new, |one| one.file_id))
    .bind(many(new, |one| &one.source))
    .bind(many(new, |one| one.file_name.as_deref()))
    .bind(many(new, |one| one.at))
    .execute(&mut &*conn)
    .await?;
    Ok(written)
}

/// Lists uploads that no message took; for the system's role.
pub async fn list_unused(
    conn: &Conn,
    older_than: DateTime<Utc>,
    limit: i32,
) -> Result<Vec<Due>, Error> {
    let unused = sql("SELECT tenant_id, id FROM unused_uploads($1, $2)")
        .bind(older_than)
        .bind(limit)
        .load(&mut &*conn)
        .await?;
    Ok(unused)
}

/// Forgets an upload that no message took; its bytes are idle from now on unless something else
/// refers to them.
pub async fn delete_upload(
    conn: &Conn,
    _scope: TenantScope,
    id: AttachmentId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH gone AS (
            DELETE FROM attachments WHERE id = $1 AND message_id IS NULL RETURNING id, file_id
         )
         UPDATE files f SET idle_since = $2 FROM gone
         WHERE f.id = gone.file_id AND NOT EXISTS (
            SELECT FROM attachments a WHERE a.file_id = f.id AND a.id <> gone.id
         )")
    .bind(id)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
