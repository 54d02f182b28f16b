//! Messages, their revisions and reactions.

use crate::sql::{Many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A message, as far as its later changes need it.
    pub struct MessageState {
        /// Which.
        pub id: MessageId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// The provider's id of it.
        pub provider_id: Option<String>,
        /// What it holds.
        pub content: Value,
        /// Counts edits.
        pub revision: i32,
        /// When its author took it back.
        pub deleted_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
        /// The present try.
        pub attempt_id: Option<AttemptId>,
        /// Counts the tries.
        pub attempts: i32,
    }
}

/// Finds a message by the provider's id and locks it.
pub async fn lock_by_provider_id(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<MessageState>, Error> {
    let found = sql(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, delivery, attempt_id, attempts
         FROM messages WHERE inbox_id = $1 AND provider_id = $2 FOR NO KEY UPDATE",
    )
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a message by the try that the provider was told, and locks it.
pub async fn lock_by_attempt(
    conn: &Conn,
    _scope: TenantScope,
    attempt: AttemptId,
) -> Result<Option<MessageState>, Error> {
    let found = sql(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, delivery, attempt_id, attempts
         FROM messages WHERE attempt_id = $1 FOR NO KEY UPDATE",
    )
    .bind(attempt)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a message by our id and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
) -> Result<Option<MessageState>, Error> {
    let found = sql(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, delivery, attempt_id, attempts
         FROM messages WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Replaces what a message holds and keeps what it held before.
pub async fn replace_content(
    conn: &Conn,
    scope: TenantScope,
    message: &MessageState,
    content: Value,
    text: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH kept AS (
            INSERT INTO message_revisions (message_id, tenant_id, revision, content, replaced_at)
            VALUES ($1, $2, $3, $4, $5)
         )
         UPDATE messages SET content = $6, text = $7, revision = $3 + 1 WHERE id = $1")
    .bind(message.id)
    .bind(scope.tenant())
    .bind(message.revision)
    .bind(message.content.clone())
    .bind(at)
    .bind(content)
    .bind(text)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Notes that the author took a message back; what it held stays on record.
pub async fn mark_deleted(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE messages SET deleted_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// How far one of our messages got.
#[derive(Debug, Clone)]
pub struct Progress {
    /// How far.
    pub delivery: DeliveryState,
    /// The provider's id, where it is known now.
    pub provider_id: Option<String>,
    /// Why it failed or waits, as JSON.
    pub failure: Option<Value>,
}

/// Writes how far one of our messages got; a provider's id once known stays.
pub async fn mark_progress(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    progress: &Progress,
) -> Result<(), Error> {
    sql(
        "UPDATE messages SET delivery = $2, provider_id = COALESCE(provider_id, $3), failure = $4
         WHERE id = $1",
    )
    .bind(id)
    .bind(progress.delivery)
    .bind(progress.provider_id.clone())
    .bind(progress.failure.clone())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// What stands on a message, by whom.
#[derive(Debug, Clone)]
pub struct NewReaction<'a> {
    /// In which inbox.
    pub inbox_id: InboxId,
    /// The provider's id of the message.
    pub target: &'a str,
    /// The address of who reacted.
    pub author: &'a str,
    /// What stands now.
    pub emojis: Vec<String>,
    /// When, by the provider's clock.
    pub changed_at: DateTime<Utc>,
}

/// Writes what stands on a message unless something newer is known; `true` when it changed.
pub async fn set_reaction(
    conn: &Conn,
    scope: TenantScope,
    reaction: &NewReaction<'_>,
) -> Result<bool, Error> {
    let changed = sql(
        "INSERT INTO reactions (inbox_id, target, author, tenant_id, emojis, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (inbox_id, target, author) DO UPDATE
         SET emojis = excluded.emojis, changed_at = excluded.changed_at
         WHERE reactions.changed_at <= excluded.changed_at
            AND reactions.emojis <> excluded.emojis",
    )
    .bind(reaction.inbox_id)
    .bind(reaction.target)
    .bind(reaction.author)
    .bind(scope.tenant())
    .bind(Many(reaction.emojis.clone()))
    .bind(reaction.changed_at)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}
