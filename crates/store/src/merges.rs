//! Conversations that are merged into another one of the same person.
//!
//! No message moves: each stays with the conversation by whose thread it came or went, and what is shown is
//! read over all of them.

mod threads;

pub use threads::*;

use crate::conversations::Conversation;
use crate::persons::person_of;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

macro_rules! columns {
    () => {
        "id, thread_key, contact_id, inbox_id, group_id, queue_id, assignee_id,
            status, version, episode_id, episode_number, last_message_at,
            last_customer_message_at, last_text, created_at, priority, snoozed_until, held_reason,
            merged_into, has_merged"
    };
}

/// Finds conversations and locks them in one order.
pub async fn lock_all(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM conversations WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
    ))
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists what is merged into conversations, the oldest first.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    into: &[ConversationId],
) -> Result<Vec<Conversation>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM conversations WHERE merged_into = ANY ($1) ORDER BY created_at, id"
    ))
    .bind(many(into, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// What finds a conversation.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Key {
        /// The key of its thread.
        pub thread_key: String,
    }
}

/// Lists what finds conversations, as far as they are not closed.
pub async fn list_keys(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<String>, Error> {
    let found: Vec<Key> =
        sql("SELECT thread_key FROM conversations WHERE id = ANY ($1) AND status <> 'closed'")
            .bind(many(ids, |id| *id))
            .load(&mut &*conn)
            .await?;
    Ok(found.into_iter().map(|found| found.thread_key).collect())
}

row! {
    /// Whether something is so.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Said {
        /// Whether it is.
        pub so: bool,
    }
}

/// Tells whether two contacts are one person.
pub async fn is_one_person(
    conn: &Conn,
    _scope: TenantScope,
    one: ContactId,
    other: ContactId,
) -> Result<bool, Error> {
    let said: Said = sql(concat!(
        "SELECT COALESCE(",
        person_of!("o.id"),
        " = ",
        person_of!("a.other"),
        ", false) AS so FROM (SELECT $1::uuid AS id) o CROSS JOIN (SELECT $2::uuid AS other) a"
    ))
    .bind(one)
    .bind(other)
    .get_result(&mut &*conn)
    .await?;
    Ok(said.so)
}

/// Tells whether a conversation of one set of contacts is merged with one of the other.
pub async fn joins(
    conn: &Conn,
    _scope: TenantScope,
    left: &[ContactId],
    rest: &[ContactId],
) -> Result<bool, Error> {
    let said: Said = sql("SELECT EXISTS (SELECT FROM conversations b
            JOIN conversations a ON a.id = b.merged_into
            WHERE (b.contact_id = ANY ($1) AND a.contact_id = ANY ($2))
                OR (b.contact_id = ANY ($2) AND a.contact_id = ANY ($1))) AS so")
    .bind(many(left, |id| *id))
    .bind(many(rest, |id| *id))
    .get_result(&mut &*conn)
    .await?;
    Ok(said.so)
}

/// A merge, as it is written into the conversation that is merged.
#[derive(Debug, Clone, Copy)]
pub struct Merge {
    /// The conversation that goes on.
    pub into: ConversationId,
    /// Its version at the merge.
    pub into_version: i64,
    /// Where the merged one stood.
    pub before: ConversationStatus,
    /// Where it stands now.
    pub status: ConversationStatus,
    /// Its version after the merge.
    pub version: i64,
}

/// Writes a merge into a locked conversation.
pub async fn set_merged(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    merge: &Merge,
) -> Result<(), Error> {
    sql(
        "UPDATE conversations SET merged_into = $2, merged_version = $3, merged_status = $4,
            status = $5, version = $6, merged_own_version = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(merge.into)
    .bind(merge.into_version)
    .bind(merge.before)
    .bind(merge.status)
    .bind(merge.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes into a locked conversation that another one, `from`, is merged into it.
pub async fn set_has_merged(
    conn: &Conn,
    _scope: TenantScope,
    (id, from): (ConversationId, ConversationId),
    status: ConversationStatus,
    version: i64,
) -> Result<(), Error> {
    sql(
        "UPDATE conversations a SET status = $3, version = $4, has_merged = true,
            last_message_at = GREATEST(a.last_message_at, b.last_message_at),
            last_text = CASE WHEN b.last_message_at > a.last_message_at THEN b.last_text
                ELSE a.last_text END,
            inbox_id = CASE WHEN b.last_customer_message_at
                > COALESCE(a.last_customer_message_at, '-infinity') THEN b.inbox_id
                ELSE a.inbox_id END,
            last_customer_message_at =
                GREATEST(a.last_customer_message_at, b.last_customer_message_at)
         FROM conversations b WHERE a.id = $1 AND b.id = $2",
    )
    .bind(id)
    .bind(from)
    .bind(status)
    .bind(version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// Where a merged conversation stood before.
    pub struct Before {
        /// Where.
        pub status: ConversationStatus,
        /// The version of the other conversation at the merge.
        pub into_version: i64,
    }
}

/// Finds where a merged conversation stood before.
pub async fn find_before(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
) -> Result<Option<Before>, Error> {
    let found = sql(
        "SELECT merged_status AS status, merged_version AS into_version FROM conversations
         WHERE id = $1 AND merged_into IS NOT NULL",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Where a conversation stands that stands for itself again.
#[derive(Debug, Clone, Copy)]
pub struct Restored {
    /// Where.
    pub status: ConversationStatus,
    /// Who has it.
    pub assignee: Option<AgentId>,
    /// The present or last episode.
    pub episode: EpisodeId,
    /// Counts the episodes.
    pub number: i32,
    /// The version after it.
    pub version: i64,
}

/// Lets a locked conversation stand for itself again.
pub async fn set_restored(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    restored: &Restored,
) -> Result<(), Error> {
    sql(
        "UPDATE conversations SET merged_into = NULL, merged_version = NULL,
            merged_status = NULL, merged_own_version = NULL, status = $2, assignee_id = $3,
            episode_id = $4, episode_number = $5, version = $6
         WHERE id = $1",
    )
    .bind(id)
    .bind(restored.status)
    .bind(restored.assignee)
    .bind(restored.episode)
    .bind(restored.number)
    .bind(restored.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes into a locked conversation what lists show of it and of those that are merged into it still:
/// `shown` are all of them.
pub async fn set_rest_merged(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    shown: &[ConversationId],
    status: ConversationStatus,
    version: i64,
) -> Result<(), Error> {
    sql("WITH last AS (
            SELECT l.* FROM unnest($2) AS t (id) CROSS JOIN LATERAL (
                SELECT stored_at, left(text, 140) AS text FROM messages
                WHERE conversation_id = t.id ORDER BY version DESC LIMIT 1) l
            ORDER BY l.stored_at DESC LIMIT 1
         ), said AS (
            SELECT l.* FROM unnest($2) AS t (id) CROSS JOIN LATERAL (
                SELECT sent_at, inbox_id FROM messages
                WHERE conversation_id = t.id AND direction = 'in'
                ORDER BY version DESC LIMIT 1) l
            ORDER BY l.sent_at DESC LIMIT 1
         )
         UPDATE conversations c SET status = $3, version = $4,
            has_merged = EXISTS (SELECT FROM conversations o WHERE o.merged_into = $1),
            last_message_at = COALESCE((SELECT stored_at FROM last), c.last_message_at),
            last_text = COALESCE((SELECT text FROM last), c.last_text),
            inbox_id = COALESCE((SELECT inbox_id FROM said), c.inbox_id),
            last_customer_message_at = (SELECT sent_at FROM said)
         WHERE c.id = $1")
    .bind(id)
    .bind(many(shown, |id| *id))
    .bind(status)
    .bind(version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Begins an episode of a locked conversation.
pub async fn insert_episode(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    (episode, number): (EpisodeId, i32),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(episode)
    .bind(scope.tenant())
    .bind(conversation)
    .bind(number)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Work that begins to wait again, as it was when it last did.
#[derive(Debug, Clone, Copy)]
pub struct NewWork {
    /// Names it.
    pub id: WorkItemId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Of which episode.
    pub episode: EpisodeId,
    /// Where it waits.
    pub queue: QueueId,
    /// Until when nobody gets it.
    pub not_before: Option<DateTime<Utc>>,
    /// Since when it waits.
    pub now: DateTime<Utc>,
}

/// Lets work of a locked conversation wait, with what its last work asked for.
pub async fn insert_work(conn: &Conn, scope: TenantScope, new: &NewWork) -> Result<(), Error> {
    sql(
        "INSERT INTO work_items (id, tenant_id, conversation_id, episode_id, queue_id, state,
            queued_at, priority, class, units, vip, skills, language, not_before)
         SELECT $1, $2, c.id, $4, $5, 'queued', $6, c.priority,
            CASE WHEN l.limited IS NULL THEN COALESCE(l.class, 'message') ELSE 'message' END,
            COALESCE(l.units, 1), COALESCE(l.vip, false), l.skills, l.language, $7
         FROM conversations c LEFT JOIN LATERAL (
            SELECT class, units, vip, skills, language, limited FROM work_items
            WHERE conversation_id = c.id ORDER BY queued_at DESC, id DESC LIMIT 1) l ON true
         WHERE c.id = $3",
    )
    .bind(new.id)
    .bind(scope.tenant())
    .bind(new.conversation)
    .bind(new.episode)
    .bind(new.queue)
    .bind(new.now)
    .bind(new.not_before)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
