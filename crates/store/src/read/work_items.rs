//! Work items as people see them.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::routing::model::WorkClass;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;

row! {
    /// An episode that waits for somebody.
    pub struct WorkItem {
        /// Which.
        pub id: WorkItemId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Where it waits.
        pub queue_id: QueueId,
        /// Where it stands.
        pub state: WorkItemState,
        /// Higher goes first.
        pub priority: i16,
        /// Since when it waits.
        pub queued_at: DateTime<Utc>,
        /// Who is offered it or has it.
        pub agent_id: Option<AgentId>,
        /// When it was done or cancelled.
        pub ended_at: Option<DateTime<Utc>>,
        /// Until when its agent finishes the paperwork.
        pub wrap_up_until: Option<DateTime<Utc>>,
        /// Until when nobody gets it.
        pub not_before: Option<DateTime<Utc>>,
        /// What kind of work it is.
        pub class: WorkClass,
        /// What a limit of its queue made of it, in a word.
        pub limited: Option<String>,
        /// In which message its customer was told.
        pub limited_message_id: Option<MessageId>,
        /// Why they could not be.
        pub limited_untold: Option<String>,
    }
}

/// Finds work items.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[WorkItemId],
) -> Result<Vec<WorkItem>, Error> {
    let found = sql(
        "SELECT id, conversation_id, queue_id, state, priority, queued_at, agent_id,
            ended_at, wrap_up_until, not_before, class, limited, limited_message_id, limited_untold
         FROM work_items WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds the latest work item of each conversation.
pub async fn find_latest(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<WorkItem>, Error> {
    let found = sql(
        "SELECT DISTINCT ON (conversation_id) id, conversation_id, queue_id, state,
            priority, queued_at, agent_id, ended_at, wrap_up_until, not_before, class, limited,
            limited_message_id, limited_untold
         FROM work_items WHERE conversation_id = ANY ($1)
         ORDER BY conversation_id, queued_at DESC, id DESC",
    )
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
