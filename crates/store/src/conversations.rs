//! Conversations and episodes.

use crate::messages::all_named;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::*;
use interdesk_domain::message::Address;
use interdesk_domain::scope::TenantScope;

row! {
    /// A conversation.
    pub struct Conversation {
        /// Which.
        pub id: ConversationId,
        /// Finds the conversation of the next message.
        pub thread_key: String,
        /// Who opened it.
        pub contact_id: ContactId,
        /// Where the customer wrote last.
        pub inbox_id: InboxId,
        /// The provider's id of the group.
        pub group_id: Option<String>,
        /// The queue that it belongs to.
        pub queue_id: QueueId,
        /// Who has it.
        pub assignee_id: Option<AgentId>,
        /// Where it stands.
        pub status: ConversationStatus,
        /// Counts its events.
        pub version: i64,
        /// The present or last episode.
        pub episode_id: EpisodeId,
        /// Counts the episodes.
        pub episode_number: i32,
        /// When the last message of either side came.
        pub last_message_at: DateTime<Utc>,
        /// When the customer wrote last.
        pub last_customer_message_at: Option<DateTime<Utc>>,
        /// The beginning of the last message.
        pub last_text: String,
        /// When it began.
        pub created_at: DateTime<Utc>,
        /// How much its work weighs.
        pub priority: i16,
        /// Until when it was put off; of meaning while it is snoozed.
        pub snoozed_until: Option<DateTime<Utc>>,
        /// What it waits for at a third party; of meaning while it is on hold.
        pub held_reason: Option<String>,
        /// The conversation that it is merged into, where it is.
        pub merged_into: Option<ConversationId>,
        /// Whether others are merged into it.
        pub has_merged: bool,
    }
}

impl Conversation {
    /// Returns until when nobody gets its work, where it is put off until a moment.
    pub fn asleep_until(&self) -> Option<DateTime<Utc>> {
        match self.status {
            ConversationStatus::Snoozed => self.snoozed_until,
            _ => None,
        }
    }
}

/// Finds a conversation and locks it: every change of a conversation goes through this lock, which
/// gives its events one order.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
) -> Result<Option<Conversation>, Error> {
    let found = sql(
        "SELECT id, thread_key, contact_id, inbox_id, group_id, queue_id, assignee_id,
            status, version, episode_id, episode_number, last_message_at,
            last_customer_message_at, last_text, created_at, priority, snoozed_until, held_reason,
            merged_into, has_merged
         FROM conversations WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds the conversation of a thread that is not closed, and locks it.
pub async fn lock_thread(
    conn: &Conn,
    _scope: TenantScope,
    thread_key: &str,
) -> Result<Option<Conversation>, Error> {
    let found = sql(
        "SELECT id, thread_key, contact_id, inbox_id, group_id, queue_id, assignee_id,
            status, version, episode_id, episode_number, last_message_at,
            last_customer_message_at, last_text, created_at, priority, snoozed_until, held_reason,
            merged_into, has_merged
         FROM conversations WHERE thread_key = $1 AND status <> 'closed' FOR NO KEY UPDATE",
    )
    .bind(thread_key)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds the conversation that the next words of somebody would go to.
pub async fn find_open_with(
    conn: &Conn,
    _scope: TenantScope,
    who: &Address,
    queue: QueueId,
) -> Result<Option<ConversationId>, Error> {
    row! {
        /// A conversation.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Found {
            /// Which.
            pub id: ConversationId,
        }
    }
    let found: Option<Found> = sql(
        "SELECT COALESCE(c.merged_into, c.id) AS id FROM identities i JOIN conversations c
            ON c.thread_key = 'contact:' || i.contact_id || ':' || $4::text
         WHERE i.network = $1 AND i.namespace = $2 AND i.value = $3 AND i.valid_to IS NULL
            AND c.status <> 'closed'
         LIMIT 1",
    )
    .bind(who.network.as_str())
    .bind(who.namespace.as_str())
    .bind(who.value.as_str())
    .bind(queue)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(|found| found.id))
}

/// Locks the conversations of the given messages, by the provider's ids and by our attempts, in one
/// order: like everywhere the conversation is locked before its message.
pub async fn lock_by_messages(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[(InboxId, &str)],
    attempts: &[AttemptId],
) -> Result<(), Error> {
    sql(concat!(
        "SELECT FROM conversations WHERE id IN (
            SELECT m.conversation_id FROM ",
        all_named!("$1", "$2"),
        " AS a CROSS JOIN LATERAL (
                SELECT conversation_id FROM messages WHERE id = a.id LIMIT 1) AS m
            UNION ALL SELECT conversation_id FROM messages WHERE attempt_id = ANY($3))
         ORDER BY id FOR NO KEY UPDATE"
    ))
    .bind(many(messages, |message| message.0))
    .bind(many(messages, |message| message.1))
    .bind(many(attempts, |attempt| *attempt))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// What a flow changes about a conversation.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands now.
    pub status: ConversationStatus,
    /// Who has it now.
    pub assignee_id: Option<AgentId>,
    /// The version after the last of the flow's events.
    pub version: i64,
}

/// Writes status, assignee and version of a locked conversation.
pub async fn update(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    change: &Change,
) -> Result<(), Error> {
    sql("UPDATE conversations SET status = $2, assignee_id = $3, version = $4 WHERE id = $1")
        .bind(id)
        .bind(change.status)
        .bind(change.assignee_id)
        .bind(change.version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// How a conversation is put off, or goes on.
#[derive(Debug, Clone, Copy)]
pub struct Rest<'a> {
    /// Where it stands now.
    pub status: ConversationStatus,
    /// Who has it now.
    pub assignee_id: Option<AgentId>,
    /// Until when it is put off, where it is.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// What it waits for at a third party, where it does.
    pub held_reason: Option<&'a str>,
    /// The version after the last of the flow's events.
    pub version: i64,
}

/// Writes how a locked conversation is put off, or goes on.
pub async fn set_rest(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    rest: &Rest<'_>,
) -> Result<(), Error> {
    sql(
        "UPDATE conversations SET status = $2, assignee_id = $3, snoozed_until = $4,
            held_reason = $5, version = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(rest.status)
    .bind(rest.assignee_id)
    .bind(rest.snoozed_until)
    .bind(rest.held_reason)
    .bind(rest.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes the priority and version of a locked conversation.
pub async fn set_priority(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    priority: i16,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE conversations SET priority = $2, version = $3 WHERE id = $1")
        .bind(id)
        .bind(priority)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lets a locked conversation belong to another queue; the customer's next messages still find it.
pub async fn set_queue(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    queue: QueueId,
) -> Result<(), Error> {
    sql("UPDATE conversations SET queue_id = $2 WHERE id = $1")
        .bind(id)
        .bind(queue)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Counts a conversation's version up by one, which locks it, and returns the new one.
pub async fn next_version(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
) -> Result<i64, Error> {
    let version: Version =
        sql("UPDATE conversations SET version = version + 1 WHERE id = $1 RETURNING version")
            .bind(id)
            .get_result(&mut &*conn)
            .await?;
    Ok(version.version)
}

row! {
    /// A version alone.
    pub struct Version {
        /// The version.
        pub version: i64,
    }
}

/// Writes the version of a locked conversation.
pub async fn set_version(
    conn: &Conn,
    _scope: TenantScope,
    id: ConversationId,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE conversations SET version = $2 WHERE id = $1")
        .bind(id)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Remembers what an adapter told of a locked conversation after it wrote to `contact`, unless
/// something else was told since the try began with `known`: what the customer's app said meanwhile
/// is newer.
pub async fn save_state(
    conn: &Conn,
    scope: TenantScope,
    (id, inbox): (ConversationId, InboxId),
    contact: ContactId,
    known: Option<&str>,
    state: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("INSERT INTO channel_states
            (conversation_id, inbox_id, tenant_id, state, changed_at, contact_id)
         VALUES ($1, $2, $3, $4, $5, $7)
         ON CONFLICT (conversation_id, inbox_id) DO UPDATE
         SET state = excluded.state, changed_at = excluded.changed_at,
            contact_id = excluded.contact_id
         WHERE channel_states.state = $6")
    .bind(id)
    .bind(inbox)
    .bind(scope.tenant())
    .bind(state)
    .bind(now)
    .bind(known)
    .bind(contact)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets what is open with a group go on under the group's new id and key, unless something is open
/// under those already.
pub async fn move_group(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    from: (&str, &str),
    to: (&str, &str),
) -> Result<(), Error> {
    sql("UPDATE conversations SET group_id = $4, thread_key = $5
         WHERE inbox_id = $1 AND group_id = $2 AND thread_key = $3 AND status <> 'closed'
            AND NOT EXISTS (SELECT FROM conversations o
                WHERE o.thread_key = $5 AND o.status <> 'closed')")
    .bind(inbox)
    .bind(from.0)
    .bind(from.1)
    .bind(to.0)
    .bind(to.1)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
