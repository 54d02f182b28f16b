//! How far a message of ours to a group got with each of its people.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::{ContactId, MessageId};
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// What is known of somebody whom a message to a group went to.
    pub struct Known {
        /// How far it got with them; `None` where nothing was told yet.
        pub state: Option<DeliveryState>,
        /// Who they are, as they were met.
        pub contact_id: Option<ContactId>,
    }
}

/// Finds what is known of a recipient of a message, whose row is locked; `None` where the message
/// went to no group.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    message: MessageId,
    recipient: &str,
) -> Result<Option<Known>, Error> {
    let found = sql("SELECT r.state, i.contact_id
         FROM messages m
         JOIN conversations c ON c.id = m.conversation_id AND c.group_id IS NOT NULL
         JOIN inboxes n ON n.id = m.inbox_id
         LEFT JOIN message_recipients r ON r.message_id = m.id AND r.recipient = $2
         LEFT JOIN identities i ON i.network = n.channel AND i.value = $2
            AND i.namespace IN ('bsuid', 'phone', 'user')
            AND i.valid_to IS NULL AND i.verified_by = 'provider'
         WHERE m.id = $1 LIMIT 1")
    .bind(message)
    .bind(recipient)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// What is told of somebody whom a message went to.
#[derive(Debug)]
pub struct Told<'a> {
    /// The provider's name of them.
    pub recipient: &'a str,
    /// Who that is, where they were met.
    pub contact: Option<ContactId>,
    /// How far the message got with them.
    pub state: DeliveryState,
    /// Why it failed, as JSON.
    pub failure: Option<Value>,
    /// Of when that is.
    pub at: DateTime<Utc>,
}

/// Writes down how far a message, whose row is locked, got with somebody.
pub async fn save(
    conn: &Conn,
    scope: TenantScope,
    message: MessageId,
    told: Told<'_>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO message_recipients AS r (message_id, recipient, contact_id, tenant_id, state,
            failure, told_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (message_id, recipient) DO UPDATE SET
            contact_id = COALESCE(r.contact_id, $3), state = $5, failure = $6, told_at = $7",
    )
    .bind(message)
    .bind(told.recipient)
    .bind(told.contact)
    .bind(scope.tenant())
    .bind(told.state)
    .bind(told.failure)
    .bind(told.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// How many people of a group a message cannot reach.
    pub struct Reach {
        /// How many people are in the group, as far as that is known.
        pub members: i64,
        /// With how many it failed.
        pub failed: i64,
    }
}

/// Counts whom a message to a group failed with, beside all who are in the group.
pub async fn reach(conn: &Conn, _scope: TenantScope, message: MessageId) -> Result<Reach, Error> {
    let found = sql("SELECT
            (SELECT count(*) FROM group_members g WHERE g.inbox_id = m.inbox_id
                AND g.group_id = c.group_id AND g.standing = 'joined') AS members,
            (SELECT count(*) FROM message_recipients r WHERE r.message_id = m.id
                AND r.state = 'failed') AS failed
         FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1")
    .bind(message)
    .get_result(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// How far a message got with one of a group.
    pub struct MessageRecipient {
        /// Which message.
        pub message_id: MessageId,
        /// Who; `None` where nobody was met under the provider's name of them.
        pub contact_id: Option<ContactId>,
        /// How far.
        pub state: DeliveryState,
        /// Why it failed.
        pub failure: Option<Value>,
        /// Of when that is.
        pub told_at: DateTime<Utc>,
    }
}

/// Lists how far messages got with each of a group, in a lasting order.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<Vec<MessageRecipient>, Error> {
    let found = sql("SELECT message_id, contact_id, state, failure, told_at
         FROM message_recipients WHERE message_id = ANY ($1) ORDER BY message_id, recipient")
    .bind(many(messages, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
