//! What agents began to write.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// What an agent began to write in a conversation.
    pub struct Draft {
        /// In which.
        pub conversation_id: ConversationId,
        /// The words so far; empty where it was sent or thrown away.
        pub text: String,
        /// Counts the changes.
        pub version: i64,
        /// When it was changed last.
        pub changed_at: DateTime<Utc>,
    }
}

/// Writes a draft down; `None` where it is at another version than the writer knew.
pub async fn save_draft(
    conn: &Conn,
    scope: TenantScope,
    agent: AgentId,
    draft: &Draft,
    expected: Option<i64>,
) -> Result<Option<Draft>, Error> {
    let saved = sql(
        "INSERT INTO drafts (conversation_id, agent_id, tenant_id, text, version, changed_at)
         SELECT $1, $2, $3, $4, 1, $5 WHERE COALESCE($6, 0) = 0
            OR EXISTS (SELECT FROM drafts WHERE conversation_id = $1 AND agent_id = $2)
         ON CONFLICT (conversation_id, agent_id) DO UPDATE
            SET text = excluded.text, version = drafts.version + 1, changed_at = excluded.changed_at
            WHERE $6 IS NULL OR drafts.version = $6
         RETURNING conversation_id, text, version, changed_at",
    )
    .bind(draft.conversation_id)
    .bind(agent)
    .bind(scope.tenant())
    .bind(draft.text.as_str())
    .bind(draft.changed_at)
    .bind(expected)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(saved)
}

/// Forgets what an agent began to write in a conversation, since they sent it.
pub async fn clear_draft(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    conversation: ConversationId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "UPDATE drafts SET text = '', version = version + 1, changed_at = $3
         WHERE conversation_id = $1 AND agent_id = $2 AND text <> ''",
    )
    .bind(conversation)
    .bind(agent)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds what an agent began to write in some conversations.
pub async fn find_drafts(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    conversations: &[ConversationId],
) -> Result<Vec<Draft>, Error> {
    let found = sql(
        "SELECT conversation_id, text, version, changed_at FROM drafts
         WHERE conversation_id = ANY ($2) AND agent_id = $1 AND text <> ''",
    )
    .bind(agent)
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists what an agent began to write, the latest first.
pub async fn list_drafts(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    limit: i64,
) -> Result<Vec<Draft>, Error> {
    let found = sql(
        "SELECT conversation_id, text, version, changed_at FROM drafts
         WHERE agent_id = $1 AND text <> '' ORDER BY changed_at DESC LIMIT $2",
    )
    .bind(agent)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
