//! Who may speak in a conversation: one at a time, person or assistant.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::routing::model::AgentKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// The right to speak in a conversation.
    pub struct Lease {
        /// Who has it.
        pub agent_id: Option<AgentId>,
        /// A person or an assistant, where somebody has it.
        pub kind: Option<AgentKind>,
        /// Counts the times that it changed hands.
        pub epoch: i64,
    }
}

/// Finds the lease of a locked conversation; where there is none, the right is simply its owner's.
pub async fn find(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Lease>, Error> {
    let found = sql("SELECT l.agent_id, a.kind, l.epoch
         FROM speaker_leases l LEFT JOIN agents a ON a.id = l.agent_id
         WHERE l.conversation_id = $1")
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// An epoch of a lease.
    pub struct Epoch {
        /// Which.
        pub epoch: i64,
    }
}

/// Gives the right to speak in a locked conversation to somebody, and returns its new epoch.
pub async fn take(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let taken: Epoch = sql(
        "INSERT INTO speaker_leases AS l (conversation_id, tenant_id, agent_id, epoch, taken_at)
         VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT (conversation_id) DO UPDATE
         SET agent_id = excluded.agent_id, epoch = l.epoch + 1, taken_at = excluded.taken_at
         RETURNING l.epoch",
    )
    .bind(conversation)
    .bind(scope.tenant())
    .bind(agent)
    .bind(now)
    .get_result(&mut &*conn)
    .await?;
    Ok(taken.epoch)
}

/// Lets the right follow the owner of a locked conversation: where it has an epoch, and where an
/// assistant becomes the owner. Between people it is simply the owner's, and nothing is written.
pub async fn follow(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    owner: Option<AgentId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH known AS (
            UPDATE speaker_leases SET agent_id = $3, epoch = epoch + 1, taken_at = $4
            WHERE conversation_id = $1 RETURNING 1
         )
         INSERT INTO speaker_leases (conversation_id, tenant_id, agent_id, epoch, taken_at)
         SELECT $1, $2, a.id, 1, $4 FROM agents a
         WHERE a.id = $3 AND a.kind = 'assistant' AND NOT EXISTS (SELECT FROM known)")
    .bind(conversation)
    .bind(scope.tenant())
    .bind(owner)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// Who speaks in a conversation.
    pub struct Speaker {
        /// In which conversation.
        pub conversation_id: ConversationId,
        /// Who.
        pub agent_id: Option<AgentId>,
        /// Counts the times that the right changed hands.
        pub epoch: i64,
    }
}

/// Lists the leases of conversations; those that never had one are left out.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<Speaker>, Error> {
    let found = sql("SELECT conversation_id, agent_id, epoch FROM speaker_leases
         WHERE conversation_id = ANY ($1)")
    .bind(crate::sql::many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
