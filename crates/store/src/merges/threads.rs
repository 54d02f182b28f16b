//! What is said by the threads of conversations that are merged: who waits, and where an answer goes.

use super::Said;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

/// What was said together since a merge.
#[derive(Debug, Clone, Copy)]
pub struct Since<'a> {
    /// All that is shown together.
    pub together: &'a [ConversationId],
    /// The conversation that shows it.
    pub shown_in: ConversationId,
    /// Its version at the merge.
    pub version: i64,
}

/// Tells whether a customer waits for an answer in conversations: they wrote in one of them after we last
/// wrote there, or since the merge in any that is shown together with them.
pub async fn is_waited(
    conn: &Conn,
    _scope: TenantScope,
    of: &[ConversationId],
    since: Option<Since<'_>>,
) -> Result<bool, Error> {
    let together = since.map_or(&[] as &[ConversationId], |since| since.together);
    let said: Said = sql("SELECT COALESCE((
            SELECT max(i.stored_at) FROM unnest($1) AS t (id) CROSS JOIN LATERAL (
                SELECT stored_at FROM messages WHERE conversation_id = t.id AND direction = 'in'
                ORDER BY version DESC LIMIT 1) i) > GREATEST((
            SELECT max(o.stored_at) FROM unnest($1) AS t (id) CROSS JOIN LATERAL (
                SELECT stored_at FROM messages WHERE conversation_id = t.id AND direction = 'out'
                ORDER BY version DESC LIMIT 1) o), (
            SELECT max(o.stored_at) FROM unnest($2) AS t (id) CROSS JOIN LATERAL (
                SELECT stored_at FROM messages WHERE conversation_id = t.id AND direction = 'out'
                    AND CASE WHEN t.id = $3 THEN version ELSE shown_version END > $4
                ORDER BY version DESC LIMIT 1) o), '-infinity'), false) AS so")
    .bind(many(of, |id| *id))
    .bind(many(together, |id| *id))
    .bind(since.map(|since| since.shown_in))
    .bind(since.map(|since| since.version))
    .get_result(&mut &*conn)
    .await?;
    Ok(said.so)
}

/// Tells whether the customer wrote by the thread of a conversation since it was merged.
pub async fn came_since(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
) -> Result<bool, Error> {
    let said: Said = sql("SELECT EXISTS (SELECT FROM conversations c
            JOIN messages m ON m.conversation_id = c.id AND m.version > c.merged_own_version
            WHERE c.id = $1 AND m.direction = 'in') AS so")
    .bind(id)
    .get_result(&mut &*conn)
    .await?;
    Ok(said.so)
}

row! {
    /// A conversation by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Thread {
        /// Which.
        pub id: ConversationId,
    }
}

/// Finds the thread of a conversation, which others are merged into, by which a person was last in touch
/// through an inbox: one of the merged ones, or none where it is its own.
///
/// A message that is quoted decides for its own thread.
pub async fn find_thread(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    (inbox, contact): (InboxId, ContactId),
    quoted: Option<MessageId>,
) -> Result<Option<ConversationId>, Error> {
    let found: Option<Thread> = sql("SELECT m.conversation_id AS id
         FROM (SELECT id FROM conversations WHERE merged_into = $1 AND status <> 'closed'
            UNION ALL SELECT $1) AS t
         CROSS JOIN LATERAL (
            SELECT conversation_id, stored_at, id FROM messages
            WHERE conversation_id = t.id AND inbox_id = $2
                AND (contact_id = $3 OR recipient_id = $3)
            ORDER BY version DESC LIMIT 1) AS m
         ORDER BY m.conversation_id = (SELECT conversation_id FROM messages WHERE id = $4) DESC
            NULLS LAST, m.stored_at DESC, m.id DESC LIMIT 1")
    .bind(conversation)
    .bind(inbox)
    .bind(contact)
    .bind(quoted)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found
        .map(|found| found.id)
        .filter(|found| *found != conversation))
}

/// How a conversation stands after a reply that went by a merged thread.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Where it stands.
    pub status: ConversationStatus,
    /// Its version after it.
    pub version: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The beginning of the words.
    pub preview: &'a str,
}

/// Notes a reply that went by a merged thread with the locked conversation that shows it, and its place
/// there with the message.
pub async fn note_answer(
    conn: &Conn,
    _scope: TenantScope,
    (conversation, message): (ConversationId, MessageId),
    answered: &Answered<'_>,
) -> Result<(), Error> {
    sql(
        "WITH placed AS (UPDATE messages SET shown_version = $4 WHERE id = $2)
         UPDATE conversations SET status = $3, version = $4, last_message_at = $5, last_text = $6
         WHERE id = $1",
    )
    .bind(conversation)
    .bind(message)
    .bind(answered.status)
    .bind(answered.version)
    .bind(answered.at)
    .bind(answered.preview)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
