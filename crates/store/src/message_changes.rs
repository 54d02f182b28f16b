//! What agents change about messages that the provider has.

use crate::messages::Overdue;
use crate::persons::person_of;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A message, as far as agents may change it.
    pub struct Changeable {
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// The provider's id of it.
        pub provider_id: Option<String>,
        /// Which agent wrote it.
        pub agent_id: Option<AgentId>,
        /// The contact who wrote it, or whom it went to.
        pub contact_id: ContactId,
        /// What kind of content it holds.
        pub kind: String,
        /// When it was sent.
        pub sent_at: DateTime<Utc>,
        /// When its author took it back.
        pub deleted_at: Option<DateTime<Utc>>,
        /// When it was withdrawn, its time being over.
        pub expired_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
    }
}

/// Finds a message for an agent who wants to change it.
pub async fn find_changeable(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
) -> Result<Option<Changeable>, Error> {
    let found = sql(
        "SELECT m.conversation_id, m.inbox_id, m.provider_id, m.agent_id,
            COALESCE(m.recipient_id, m.contact_id, c.contact_id) AS contact_id,
            COALESCE(m.content ->> 'type', '') AS kind, m.sent_at, m.deleted_at, m.expired_at,
            m.delivery
         FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// A change that is to be carried to the provider.
#[derive(Debug)]
pub struct NewChange {
    /// Names it.
    pub id: ChangeId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Of which message.
    pub message_id: MessageId,
    /// Which app carries it.
    pub inbox_id: InboxId,
    /// Who makes it.
    pub agent_id: AgentId,
    /// `edit`, `delete` or `reaction`.
    pub kind: &'static str,
    /// The provider's id of the message.
    pub target: String,
    /// The words of an edit.
    pub text: Option<String>,
    /// The emoji of a reaction; empty where it is withdrawn.
    pub emoji: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Puts a change on its way.
pub async fn insert(conn: &Conn, scope: TenantScope, new: &NewChange) -> Result<(), Error> {
    sql(
        "INSERT INTO message_changes (id, tenant_id, conversation_id, message_id, inbox_id,
            agent_id, kind, target, text, emoji, next_try_at, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
    )
    .bind(new.id)
    .bind(scope.tenant())
    .bind(new.conversation_id)
    .bind(new.message_id)
    .bind(new.inbox_id)
    .bind(new.agent_id)
    .bind(new.kind)
    .bind(new.target.as_str())
    .bind(new.text.as_deref())
    .bind(new.emoji.as_deref())
    .bind(new.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// The next change of a conversation, taken by one process.
    pub struct Claim {
        /// Which.
        pub id: ChangeId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Of which message.
        pub message_id: MessageId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// Who made it.
        pub agent_id: AgentId,
        /// `edit`, `delete` or `reaction`.
        pub kind: String,
        /// The provider's id of the message.
        pub target: String,
        /// The words of an edit.
        pub text: Option<String>,
        /// The emoji of a reaction; empty where it is withdrawn.
        pub emoji: Option<String>,
        /// The number of this try, by which its outcome is written.
        pub tries: i32,
        /// Whether the message is gone meanwhile.
        pub gone: bool,
        /// The group that it was written in.
        pub group_id: Option<String>,
        /// Whom the message went to, or who wrote it.
        pub contact_id: ContactId,
        /// Whether they are the person of the conversation still.
        pub is_theirs: bool,
        /// What the inbox's adapter remembers of the conversation.
        pub state: Option<String>,
        /// What whoever made it is called.
        pub agent_name: Option<String>,
    }
}

/// Takes the oldest change of a conversation that is on its way, where it is time: the others wait
/// behind it. The claim holds until `lost_at`; whoever died meanwhile is followed by another.
///
/// The caller holds the lock of the conversation.
pub async fn claim_next(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    now: DateTime<Utc>,
    lost_at: DateTime<Utc>,
) -> Result<Option<Claim>, Error> {
    let claimed = sql(concat!(
        "WITH first AS (
            SELECT id FROM message_changes WHERE conversation_id = $1 AND state = 'queued'
            ORDER BY id LIMIT 1
         ), taken AS (
            UPDATE message_changes h SET tries = h.tries + 1, next_try_at = $3
            FROM first WHERE h.id = first.id AND h.next_try_at <= $2 RETURNING h.*
         )
         SELECT h.id, h.conversation_id, h.message_id, h.inbox_id, h.agent_id, h.kind, h.target,
            h.text, h.emoji, h.tries, m.deleted_at IS NOT NULL OR m.expired_at IS NOT NULL AS gone,
            c.group_id, r.id AS contact_id, r.person = ",
        person_of!("c.contact_id"),
        " OR m.contact_id IS NOT NULL AS is_theirs,
            (SELECT s.state FROM channel_states s
                WHERE s.conversation_id = h.conversation_id AND s.inbox_id = h.inbox_id) AS state,
            (SELECT a.name FROM agents a WHERE a.id = h.agent_id) AS agent_name
         FROM taken h JOIN messages m ON m.id = h.message_id
         JOIN conversations c ON c.id = h.conversation_id
         CROSS JOIN LATERAL (SELECT n.id, ",
        person_of!("n.id"),
        " AS person FROM (SELECT COALESCE(m.recipient_id, m.contact_id, c.contact_id) AS id
            OFFSET 0) AS n) AS r"
    ))
    .bind(conversation)
    .bind(now)
    .bind(lost_at)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(claimed)
}

/// What became of a try.
#[derive(Debug)]
pub enum Ended<'a> {
    /// The provider took it.
    Sent,
    /// It did not, for good.
    Failed(&'a Value),
    /// It is tried again.
    Again(&'a Value, DateTime<Utc>),
}

/// Writes what became of a try, unless another one has taken over.
pub async fn end(
    conn: &Conn,
    _scope: TenantScope,
    claim: &Claim,
    ended: Ended<'_>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let (state, failure, next) = match ended {
        Ended::Sent => ("sent", None, None),
        Ended::Failed(failure) => ("failed", Some(failure), None),
        Ended::Again(failure, at) => ("queued", Some(failure), Some(at)),
    };
    let changed = sql("UPDATE message_changes SET state = $3, failure = $4,
            next_try_at = COALESCE($5, next_try_at),
            ended_at = CASE WHEN $5 IS NULL THEN $6 END
         WHERE id = $1 AND tries = $2 AND state = 'queued'")
    .bind(claim.id)
    .bind(claim.tries)
    .bind(state)
    .bind(failure)
    .bind(next)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

row! {
    /// Where a change belongs.
    pub struct Place {
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Of which message.
        pub message_id: MessageId,
        /// Which app carries it.
        pub inbox_id: InboxId,
    }
}

/// Finds where a change belongs that is on its way.
pub async fn find_waiting(
    conn: &Conn,
    _scope: TenantScope,
    id: ChangeId,
) -> Result<Option<Place>, Error> {
    let found = sql(
        "SELECT conversation_id, message_id, inbox_id FROM message_changes
         WHERE id = $1 AND state = 'queued'",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the conversations with a change that nobody carries although it is time; for the system's
/// role.
pub async fn list_due(
    conn: &Conn,
    now: DateTime<Utc>,
    at_most: i64,
) -> Result<Vec<Overdue>, Error> {
    let found = sql("SELECT tenant_id, conversation_id FROM due_changes($1, $2::integer)")
        .bind(now)
        .bind(at_most)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

row! {
    /// A change, as lists show it.
    pub struct MessageChange {
        /// Which.
        pub id: ChangeId,
        /// Of which message.
        pub message_id: MessageId,
        /// Who made it.
        pub agent_id: AgentId,
        /// `edit`, `delete` or `reaction`.
        pub kind: String,
        /// The words of an edit.
        pub text: Option<String>,
        /// The emoji of a reaction; empty where it is withdrawn.
        pub emoji: Option<String>,
        /// How far it got.
        pub state: DeliveryState,
        /// Counts the tries.
        pub tries: i32,
        /// Why it failed or waits.
        pub failure: Option<Value>,
        /// When it was made.
        pub made_at: DateTime<Utc>,
        /// When it was taken, or failed.
        pub ended_at: Option<DateTime<Utc>>,
    }
}

/// Finds changes.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ChangeId],
) -> Result<Vec<MessageChange>, Error> {
    let found = sql(
        "SELECT id, message_id, agent_id, kind, text, emoji, state, tries, failure,
            made_at, ended_at
         FROM message_changes WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the changes of messages, each message's in order.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<Vec<MessageChange>, Error> {
    let found = sql(
        "SELECT id, message_id, agent_id, kind, text, emoji, state, tries, failure,
            made_at, ended_at
         FROM message_changes WHERE message_id = ANY ($1) ORDER BY message_id, id",
    )
    .bind(many(messages, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
