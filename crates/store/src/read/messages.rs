//! Messages with what stands on them.

use super::Window;
use crate::messages::all_named;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A message.
    pub struct Message {
        /// Which.
        pub id: MessageId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Of which episode.
        pub episode_id: EpisodeId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// `in` from the customer, `out` from us.
        pub direction: String,
        /// The provider's id of it.
        pub provider_id: Option<String>,
        /// The customer who wrote it.
        pub contact_id: Option<ContactId>,
        /// The agent who wrote it.
        pub agent_id: Option<AgentId>,
        /// The contact that ours goes to.
        pub recipient_id: Option<ContactId>,
        /// The canonical content.
        pub content: Value,
        /// The words of it.
        pub text: String,
        /// The provider's id of the message that it answers.
        pub reply_to: Option<String>,
        /// When it was sent.
        pub sent_at: DateTime<Utc>,
        /// When it was committed here.
        pub stored_at: DateTime<Utc>,
        /// The order within the conversation.
        pub version: i64,
        /// Counts edits.
        pub revision: i32,
        /// When its author took it back.
        pub deleted_at: Option<DateTime<Utc>>,
        /// Until when it is shown.
        pub expires_at: Option<DateTime<Utc>>,
        /// How many seconds after it was read it is to be gone.
        pub expires_after: Option<i32>,
        /// When it was withdrawn, its time being over.
        pub expired_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
        /// Counts the tries.
        pub attempts: i32,
        /// Why it failed or waits.
        pub failure: Option<Value>,
        /// Where it comes from (domain::message::Origin).
        pub origin: Option<Value>,
    }
}

macro_rules! columns {
    () => {
        columns!("m.provider_id")
    };
    ($provider_id:literal) => {
        concat!(
            "m.id, m.conversation_id, m.episode_id, m.inbox_id, m.direction, ",
            $provider_id,
            ", m.contact_id, m.agent_id, m.recipient_id, m.content, m.text, m.reply_to, m.sent_at, m.stored_at,
            m.version, m.revision, m.deleted_at, m.expires_at, m.expires_after, m.expired_at,
            m.delivery, m.attempts, m.failure, m.origin"
        )
    };
}

/// Finds messages.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[MessageId],
) -> Result<Vec<Message>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM messages m WHERE m.id = ANY ($1)"
    ))
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds messages by any of the provider's ids; each comes under the id that it was asked by.
pub async fn find_by_provider_ids(
    conn: &Conn,
    _scope: TenantScope,
    asked: &[(InboxId, String)],
) -> Result<Vec<Message>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!("t.provider_id"),
        " FROM ",
        all_named!("$1", "$2"),
        " AS t CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = t.id LIMIT 1) AS m"
    ))
    .bind(many(asked, |one| one.0))
    .bind(many(asked, |one| one.1.as_str()))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the same part of several conversations, each in the order of its messages.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
    window: &Window<i64>,
) -> Result<Vec<Message>, Error> {
    macro_rules! page {
        ($order:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM unnest($1) AS t (id) CROSS JOIN LATERAL (
                    SELECT * FROM messages WHERE conversation_id = t.id
                        AND version > CASE WHEN $2 IS NULL THEN -9223372036854775808 ELSE $2 END
                        AND version < CASE WHEN $3 IS NULL THEN 9223372036854775807 ELSE $3 END
                    ORDER BY version ",
                $order,
                " LIMIT $4) m
                 ORDER BY m.conversation_id, m.version"
            )
        };
    }
    let found = sql(if window.from_end {
        page!("DESC")
    } else {
        page!("ASC")
    })
    .bind(many(conversations, |id| *id))
    .bind(window.after)
    .bind(window.before)
    .bind(window.limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// What stands on a message, by whom.
    pub struct Reaction {
        /// In which inbox.
        pub inbox_id: InboxId,
        /// The provider's id of the message.
        pub target: String,
        /// The address of who reacted.
        pub author: String,
        /// What stands now.
        pub emojis: Vec<String>,
        /// When it changed.
        pub changed_at: DateTime<Utc>,
    }
}

/// Lists what stands on messages, by whichever of the provider's ids, under the one that they were
/// asked by; what was withdrawn is left out.
pub async fn list_reactions(
    conn: &Conn,
    _scope: TenantScope,
    asked: &[(InboxId, String)],
) -> Result<Vec<Reaction>, Error> {
    let found = sql(concat!(
        "SELECT r.inbox_id, t.provider_id AS target, r.author, r.emojis, r.changed_at
         FROM ",
        all_named!("$1", "$2"),
        " AS t
         CROSS JOIN LATERAL (SELECT t.provider_id AS name
            UNION SELECT provider_id FROM messages WHERE id = t.id
            UNION SELECT provider_id FROM message_ids WHERE message_id = t.id) AS n
         JOIN reactions r ON r.inbox_id = t.inbox_id AND r.target = n.name
         WHERE cardinality(r.emojis) > 0 ORDER BY r.changed_at, r.author"
    ))
    .bind(many(asked, |one| one.0))
    .bind(many(asked, |one| one.1.as_str()))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// What is kept beside a mail.
    pub struct MailTrace {
        /// Which message.
        pub id: MessageId,
        /// The JSON of it; `None` where nothing is kept.
        pub raw: Option<String>,
    }
}

/// Lists what is kept beside those of some messages that are customers' mails and were not withdrawn.
pub async fn list_mail_traces(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<Vec<MailTrace>, Error> {
    let found = sql(
        "SELECT m.id, m.raw FROM messages m JOIN inboxes i ON i.id = m.inbox_id
         WHERE m.id = ANY ($1) AND m.direction = 'in' AND i.channel = 'email'",
    )
    .bind(many(messages, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// What a message held before an edit.
    pub struct Revision {
        /// Which message.
        pub message_id: MessageId,
        /// Which version, from 0.
        pub revision: i32,
        /// What it held.
        pub content: Value,
        /// When it was replaced.
        pub replaced_at: DateTime<Utc>,
    }
}

/// Lists what messages held before their edits, each message's in order.
pub async fn list_revisions(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<Vec<Revision>, Error> {
    let found = sql(
        "SELECT message_id, revision, content, replaced_at FROM message_revisions
         WHERE message_id = ANY ($1) ORDER BY message_id, revision",
    )
    .bind(many(messages, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
