//! Files of messages: how far their bytes got, and who may see them.

mod kept;
mod provider;
mod upload;

pub use kept::*;
pub use provider::*;
pub use upload::*;

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A file of a message.
    pub struct Attachment {
        /// Which.
        pub id: AttachmentId,
        /// Of which message; `None` while an upload waits for its message.
        pub message_id: Option<MessageId>,
        /// What an app shows it as.
        pub kind: String,
        /// The name that its sender gave; never a path.
        pub file_name: Option<String>,
        /// The type that its sender declared, never trusted.
        pub mime_type: Option<String>,
        /// The size that its sender told.
        pub size: Option<i64>,
        /// How far it got: `waiting`, `stored`, `failed`.
        pub state: String,
        /// How often the bytes were asked for.
        pub tries: i32,
        /// When they are asked for again.
        pub next_try_at: DateTime<Utc>,
        /// Why they could not be had, in one word.
        pub failure: Option<String>,
        /// The same for an agent to read.
        pub failure_detail: Option<String>,
        /// Which agent uploaded it.
        pub agent_id: Option<AgentId>,
        /// The bytes.
        pub file_id: Option<FileId>,
        /// What the bytes are, by looking at them.
        pub stored_type: Option<String>,
        /// How many bytes there are.
        pub stored_size: Option<i64>,
        /// The SHA-256 of the bytes in lower-case hex.
        pub stored_sha256: Option<String>,
        /// Whether its author took the message back.
        pub withdrawn: bool,
    }
}

row! {
    /// Something of a tenant, by its id alone.
    pub struct Due {
        /// Whose.
        pub tenant_id: TenantId,
        /// Which.
        pub id: uuid::Uuid,
    }
}

row! {
    /// An attachment that one process fetches.
    pub struct Claim {
        /// Which.
        pub id: AttachmentId,
        /// Of which message.
        pub message_id: MessageId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app brought it.
        pub inbox_id: InboxId,
        /// What the app shows it as.
        pub kind: String,
        /// Where the bytes are, as JSON.
        pub source: Value,
        /// The declared type.
        pub mime_type: Option<String>,
        /// The name that the customer gave.
        pub file_name: Option<String>,
        /// The size that was told.
        pub size: Option<i64>,
        /// The hash that was told.
        pub sha256: Option<String>,
        /// The number of this try, by which its outcome is written.
        pub tries: i32,
    }
}

/// Finds an attachment of the tenant.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    id: AttachmentId,
) -> Result<Option<Attachment>, Error> {
    let found = sql(
        "SELECT a.id, a.message_id, a.kind, a.file_name, a.mime_type, a.size, a.state,
            a.tries, a.next_try_at, a.failure, a.failure_detail, a.agent_id, a.file_id,
            f.mime_type AS stored_type, f.size AS stored_size, f.sha256 AS stored_sha256,
            COALESCE(m.deleted_at IS NOT NULL, false) AS withdrawn
         FROM attachments a LEFT JOIN files f ON f.id = a.file_id
            LEFT JOIN messages m ON m.id = a.message_id
         WHERE a.id = $1",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds attachments of the tenant.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, Error> {
    let found = sql(
        "SELECT a.id, a.message_id, a.kind, a.file_name, a.mime_type, a.size, a.state,
            a.tries, a.next_try_at, a.failure, a.failure_detail, a.agent_id, a.file_id,
            f.mime_type AS stored_type, f.size AS stored_size, f.sha256 AS stored_sha256,
            COALESCE(m.deleted_at IS NOT NULL, false) AS withdrawn
         FROM attachments a LEFT JOIN files f ON f.id = a.file_id
            LEFT JOIN messages m ON m.id = a.message_id
         WHERE a.id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the attachments of messages, each message's in order.
pub async fn list_of_messages(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<Vec<Attachment>, Error> {
    let found = sql(
        "SELECT a.id, a.message_id, a.kind, a.file_name, a.mime_type, a.size, a.state,
            a.tries, a.next_try_at, a.failure, a.failure_detail, a.agent_id, a.file_id,
            f.mime_type AS stored_type, f.size AS stored_size, f.sha256 AS stored_sha256,
            COALESCE(m.deleted_at IS NOT NULL, false) AS withdrawn
         FROM attachments a LEFT JOIN files f ON f.id = a.file_id
            LEFT JOIN messages m ON m.id = a.message_id
         WHERE a.message_id = ANY ($1) AND a.position >= 0
         ORDER BY a.message_id, a.position, a.id",
    )
    .bind(many(messages, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists what is to be fetched, the longest due first; for the system's role.
pub async fn list_due(conn: &Conn, now: DateTime<Utc>, limit: i32) -> Result<Vec<Due>, Error> {
    let due = sql("SELECT tenant_id, id FROM due_attachments($1, $2)")
        .bind(now)
        .bind(limit)
        .load(&mut &*conn)
        .await?;
    Ok(due)
}

/// Takes an attachment for fetching, unless somebody else has it: then there is none.
///
/// The claim holds until `lost_at`; whoever died meanwhile is followed by another.
pub async fn claim(
    conn: &Conn,
    _scope: TenantScope,
    id: AttachmentId,
    now: DateTime<Utc>,
    lost_at: DateTime<Utc>,
) -> Result<Option<Claim>, Error> {
    let claimed = sql(
        "UPDATE attachments a SET tries = a.tries + 1, next_try_at = $3
         FROM messages m
         WHERE m.id = a.message_id AND a.id IN (
            SELECT id FROM attachments
            WHERE id = $1 AND state = 'waiting' AND next_try_at <= $2
            FOR UPDATE SKIP LOCKED
         )
         RETURNING a.id, a.message_id, m.conversation_id, m.inbox_id, a.kind, a.source,
            a.mime_type, a.file_name, a.size, a.sha256, a.tries",
    )
    .bind(id)
    .bind(now)
    .bind(lost_at)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(claimed)
}

/// Writes that the bytes are here, unless another try has taken over.
pub async fn mark_stored(
    conn: &Conn,
    _scope: TenantScope,
    claim: &Claim,
    file: FileId,
) -> Result<bool, Error> {
    let changed = sql("WITH used AS (
            UPDATE files SET idle_since = NULL WHERE id = $3 AND state = 'stored' RETURNING id
         )
         UPDATE attachments a SET state = 'stored', file_id = used.id, failure = NULL,
            failure_detail = NULL
         FROM used WHERE a.id = $1 AND a.tries = $2 AND a.state = 'waiting'")
    .bind(claim.id)
    .bind(claim.tries)
    .bind(file)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Writes why a try failed, unless another try has taken over; without a next time it was the last.
pub async fn mark_failed(
    conn: &Conn,
    _scope: TenantScope,
    claim: &Claim,
    failure: &str,
    detail: &str,
    next_try_at: Option<DateTime<Utc>>,
) -> Result<bool, Error> {
    let changed = sql("UPDATE attachments SET failure = $3, failure_detail = $4,
            state = CASE WHEN $5 THEN 'failed' ELSE 'waiting' END,
            next_try_at = COALESCE($6, next_try_at)
         WHERE id = $1 AND tries = $2 AND state = 'waiting'")
    .bind(claim.id)
    .bind(claim.tries)
    .bind(failure)
    .bind(detail)
    .bind(next_try_at.is_none())
    .bind(next_try_at)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Begins anew with an attachment whose bytes could not be had.
pub async fn try_again(
    conn: &Conn,
    _scope: TenantScope,
    id: AttachmentId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sql(
        "UPDATE attachments SET state = 'waiting', tries = 0, next_try_at = $2
         WHERE id = $1 AND file_id IS NULL
            AND (state = 'failed' OR (state = 'waiting' AND failure IS NOT NULL))",
    )
    .bind(id)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}
