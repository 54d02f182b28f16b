//! Episodes of conversations.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{AgentId, ConversationId, EpisodeId};
use interdesk_domain::scope::TenantScope;

row! {
    /// From a conversation's opening to its resolution.
    pub struct Episode {
        /// Which.
        pub id: EpisodeId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Counts within the conversation, from 1; 0 is what was before the desk had it.
        pub number: i32,
        /// When it began.
        pub opened_at: DateTime<Utc>,
        /// When an agent first answered.
        pub first_reply_at: Option<DateTime<Utc>>,
        /// When it ended.
        pub resolved_at: Option<DateTime<Utc>>,
        /// Who ended it.
        pub resolved_by: Option<AgentId>,
    }
}

/// Finds episodes.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[EpisodeId],
) -> Result<Vec<Episode>, Error> {
    let found = sql(
        "SELECT id, conversation_id, number, opened_at, first_reply_at, resolved_at,
            resolved_by
         FROM episodes WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
