//! Conversations that an agent starts.

use crate::conversations::Conversation;
use crate::persons::{members_of, person_of};
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// One of the contacts of a person.
    pub struct Member {
        /// Which.
        pub id: ContactId,
        /// The contact that stands for the person.
        pub person_id: ContactId,
    }
}

/// Lists all contacts of the person of a contact; none where there is no such contact.
pub async fn list_members(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
) -> Result<Vec<Member>, Error> {
    let found = sql(concat!(
        "SELECT m.id, p.id AS person_id FROM contacts asked CROSS JOIN LATERAL (SELECT ",
        person_of!("asked.id"),
        " AS id OFFSET 0) AS p CROSS JOIN LATERAL ",
        members_of!("p.id"),
        " AS m WHERE asked.id = $1"
    ))
    .bind(contact)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds and locks the conversations of a person's contacts in a queue that are not closed.
pub async fn lock_of_person(
    conn: &Conn,
    scope: TenantScope,
    contacts: &[ContactId],
    queue: QueueId,
) -> Result<Vec<Conversation>, Error> {
    let keys = many(contacts, |contact| {
        crate::receive::person_key(*contact, queue)
    });
    let found = sql(
        "SELECT id, thread_key, contact_id, inbox_id, group_id, queue_id, assignee_id,
            status, version, episode_id, episode_number, last_message_at,
            last_customer_message_at, last_text, created_at, priority, snoozed_until, held_reason,
            merged_into, has_merged
         FROM conversations
         WHERE tenant_id = $1 AND status <> 'closed' AND thread_key = ANY ($2)
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(scope.tenant())
    .bind(keys)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// An episode that an agent begins.
#[derive(Debug, Clone)]
pub struct NewStart {
    /// In which conversation.
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub contact_id: ContactId,
    /// By which inbox.
    pub inbox_id: InboxId,
    /// Where its work belongs.
    pub queue_id: QueueId,
    /// Names the episode.
    pub episode_id: EpisodeId,
    /// Counts the episodes.
    pub number: i32,
    /// Names the work item.
    pub work_item_id: WorkItemId,
    /// Who begins it, and has it.
    pub agent_id: AgentId,
    /// The conversation's version after the events of it.
    pub version: i64,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes an episode that an agent begins, with its work item at hand: in a conversation of its own,
/// or in one that was done. One that somebody else begins at the same time is a conflict.
pub async fn insert(conn: &Conn, scope: TenantScope, start: &NewStart) -> Result<(), Error> {
    let fresh = start.number == 1;
    let conversation = match fresh {
        true => sql(
            "INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id,
                episode_id, episode_number, assignee_id, version, status, last_message_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $11)",
        ),
        false => sql(
            "UPDATE conversations SET episode_id = $7, episode_number = $8, assignee_id = $9,
                version = $10, status = 'open', last_message_at = $11
             WHERE id = $1 AND tenant_id = $2 AND $3 IS NOT NULL
                AND ($4 IS NOT NULL AND $5 IS NOT NULL AND $6 IS NOT NULL)",
        ),
    };
    conversation
        .bind(start.conversation_id)
        .bind(scope.tenant())
        .bind(crate::receive::person_key(start.contact_id, start.queue_id))
        .bind(start.contact_id)
        .bind(start.inbox_id)
        .bind(start.queue_id)
        .bind(start.episode_id)
        .bind(start.number)
        .bind(start.agent_id)
        .bind(start.version)
        .bind(start.at)
        .execute(&mut &*conn)
        .await?;
    sql("WITH episode AS (
            INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
            VALUES ($1, $2, $3, $4, $5)
         )
         INSERT INTO work_items
            (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at, agent_id)
         VALUES ($6, $2, $3, $1, $7, 'active', $5, $8)")
    .bind(start.episode_id)
    .bind(scope.tenant())
    .bind(start.conversation_id)
    .bind(start.number)
    .bind(start.at)
    .bind(start.work_item_id)
    .bind(start.queue_id)
    .bind(start.agent_id)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
