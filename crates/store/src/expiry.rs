//! Messages that are to be gone: when, and how nothing of them stays.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::{ConversationId, FileId, InboxId, MessageId};
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

/// Notes when a message is to be gone: at a moment, or so many seconds after it was read.
pub async fn set(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    at: Option<DateTime<Utc>>,
    after: Option<i32>,
) -> Result<(), Error> {
    sql("UPDATE messages SET expires_at = $2, expires_after = $3 WHERE id = $1")
        .bind(id)
        .bind(at)
        .bind(after)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// A message whose time has begun to run.
    pub struct Running {
        /// Which.
        pub id: MessageId,
        /// Until when it is shown.
        pub expires_at: DateTime<Utc>,
    }
}

/// Lets the time of a conversation's messages run that are to be gone so long after they were read.
pub async fn begin(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    now: DateTime<Utc>,
) -> Result<Vec<Running>, Error> {
    let begun = sql(
        "UPDATE messages SET expires_at = $2 + expires_after * interval '1 second'
         WHERE conversation_id = ANY (ARRAY(SELECT id FROM conversations WHERE merged_into = $1) || $1)
            AND expires_after IS NOT NULL AND expires_at IS NULL
         RETURNING id, expires_at",
    )
    .bind(conversation)
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(begun)
}

row! {
    /// A message that is to be gone.
    pub struct Expiring {
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// Until when it is shown.
        pub expires_at: Option<DateTime<Utc>>,
        /// When it was withdrawn.
        pub expired_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
    }
}

/// Finds a message and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
) -> Result<Option<Expiring>, Error> {
    let found = sql(
        "SELECT conversation_id, inbox_id, expires_at, expired_at, delivery FROM messages
         WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Withdraws a message: what it held, what it held before, the provider's JSON and the words that
/// lists show of it. A marker stays in its place.
pub async fn withdraw(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    marker: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH revisions AS (
            DELETE FROM message_revisions WHERE message_id = $1
         ), changes AS (
            UPDATE message_changes SET text = '' WHERE message_id = $1 AND text IS NOT NULL
         ), gone AS (
            UPDATE messages SET content = $2, text = '', raw = NULL, expired_at = $3
            WHERE id = $1 RETURNING conversation_id, version
         )
         UPDATE conversations c SET last_text = '' FROM gone
         WHERE c.id = gone.conversation_id AND NOT EXISTS (SELECT FROM messages m
            WHERE m.conversation_id = c.id AND m.version > gone.version)")
    .bind(id)
    .bind(marker)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// Bytes that nothing refers to any more.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Freed {
        /// Which.
        pub id: FileId,
    }
}

/// Forgets the files of a message, and lets those that nothing else refers to count as idle since
/// `idle_since`: the next sweep deletes their bytes. Returns how many these are.
pub async fn withdraw_files(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    idle_since: DateTime<Utc>,
) -> Result<usize, Error> {
    let freed: Vec<Freed> = sql("WITH forgotten AS (
            DELETE FROM attachments WHERE message_id = $1 RETURNING id, file_id
         )
         UPDATE files f SET idle_since = $2
         WHERE f.id IN (SELECT file_id FROM forgotten) AND NOT EXISTS (
            SELECT FROM attachments a WHERE a.file_id = f.id
                AND a.id NOT IN (SELECT id FROM forgotten))
         RETURNING f.id")
    .bind(id)
    .bind(idle_since)
    .load(&mut &*conn)
    .await?;
    Ok(freed.len())
}
