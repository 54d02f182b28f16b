//! What is on its way to providers and is not kept: an agent writes, an agent has read.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{ContactId, ConversationId, InboxId, TenantId};
use interdesk_domain::scope::TenantScope;

row! {
    /// Something to show to a customer.
    pub struct Signal {
        /// In which conversation.
        pub conversation_id: ConversationId,
        /// What is shown: typing or read.
        pub kind: String,
        /// Whose.
        pub tenant_id: TenantId,
        /// Through which inbox.
        pub inbox_id: InboxId,
        /// The provider's id of the customer's last message.
        pub target: Option<String>,
        /// When it was so.
        pub at: DateTime<Utc>,
    }
}

/// Puts a signal on its way, in the place of an older one of the same kind.
pub async fn save(conn: &Conn, scope: TenantScope, signal: &Signal) -> Result<(), Error> {
    sql(
        "INSERT INTO signals (conversation_id, kind, tenant_id, inbox_id, target, at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (conversation_id, kind) DO UPDATE SET inbox_id = $4, target = $5, at = $6",
    )
    .bind(signal.conversation_id)
    .bind(signal.kind.as_str())
    .bind(scope.tenant())
    .bind(signal.inbox_id)
    .bind(signal.target.clone())
    .bind(signal.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists signals of all tenants, the oldest first; for the system's role.
pub async fn list(conn: &Conn, limit: i64) -> Result<Vec<Signal>, Error> {
    let found = sql(
        "SELECT conversation_id, kind, tenant_id, inbox_id, target, at FROM signals
         ORDER BY at LIMIT $1",
    )
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Takes a signal off its way; `None` where somebody else took it.
pub async fn claim(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    kind: &str,
) -> Result<Option<Signal>, Error> {
    let taken = sql("DELETE FROM signals WHERE (conversation_id, kind) IN
            (SELECT conversation_id, kind FROM signals WHERE conversation_id = $1 AND kind = $2
             FOR UPDATE SKIP LOCKED)
         RETURNING conversation_id, kind, tenant_id, inbox_id, target, at")
    .bind(conversation)
    .bind(kind)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(taken)
}

row! {
    /// Where a customer would see a signal.
    pub struct Place {
        /// Who.
        pub contact_id: ContactId,
        /// The group, where it is one.
        pub group_id: Option<String>,
        /// Where the customer wrote last.
        pub inbox_id: InboxId,
        /// The provider's id of the customer's last message there.
        pub last: Option<String>,
        /// What the inbox's adapter remembers of the conversation.
        pub state: Option<String>,
    }
}

row! {
    /// A message of a group that was not shown as read yet.
    pub struct Unread {
        /// The provider's id of it.
        pub provider_id: String,
        /// The conversation's version that it has.
        pub version: i64,
    }
}

/// Lists the latest messages of a group's customers that were not marked as read one by one, the oldest
/// first.
pub async fn list_unread(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    inbox: InboxId,
    limit: i64,
) -> Result<Vec<Unread>, Error> {
    let mut found: Vec<Unread> = sql("SELECT provider_id, version FROM messages
         WHERE conversation_id = $1 AND inbox_id = $2 AND direction = 'in'
            AND provider_id IS NOT NULL
            AND version > COALESCE(
                (SELECT version FROM group_reads WHERE conversation_id = $1), 0)
         ORDER BY version DESC LIMIT $3")
    .bind(conversation)
    .bind(inbox)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    found.reverse();
    Ok(found)
}

/// Notes up to which version the messages of a group were marked as read.
pub async fn note_read(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    version: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO group_reads (conversation_id, tenant_id, version, at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (conversation_id) DO UPDATE
            SET version = GREATEST(group_reads.version, $3), at = $4",
    )
    .bind(conversation)
    .bind(scope.tenant())
    .bind(version)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds where the customer of a conversation would see a signal.
pub async fn find_place(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Place>, Error> {
    let found = sql("SELECT c.contact_id, c.group_id, c.inbox_id,
            (SELECT m.provider_id FROM messages m WHERE m.conversation_id = c.id
                AND m.direction = 'in' AND m.inbox_id = c.inbox_id AND m.provider_id IS NOT NULL
                ORDER BY m.version DESC LIMIT 1) AS last,
            (SELECT s.state FROM channel_states s
                WHERE s.conversation_id = c.id AND s.inbox_id = c.inbox_id) AS state
         FROM conversations c WHERE c.id = $1")
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}
