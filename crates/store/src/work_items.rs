//! Work items: what gets routed.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;

/// Marks an offered item as worked on by its agent; `false` when its epoch is another by now.
pub async fn mark_active(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    epoch: i32,
) -> Result<bool, Error> {
    let count = sql("UPDATE work_items SET state = 'active'
         WHERE id = $1 AND epoch = $2 AND state = 'offered'")
    .bind(id)
    .bind(epoch)
    .execute(&mut &*conn)
    .await?;
    Ok(count == 1)
}

/// Puts an offered item back into its queue at its old place, as the next epoch; `false` when its
/// epoch is another by now.
pub async fn mark_queued_again(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    epoch: i32,
) -> Result<bool, Error> {
    let count = sql(
        "UPDATE work_items SET state = 'queued', epoch = epoch + 1, agent_id = NULL,
            by_queue_id = NULL
         WHERE id = $1 AND epoch = $2 AND state = 'offered'",
    )
    .bind(id)
    .bind(epoch)
    .execute(&mut &*conn)
    .await?;
    Ok(count == 1)
}

row! {
    /// The live work item of a conversation, locked.
    pub struct Live {
        /// Which.
        pub id: WorkItemId,
        /// Of which episode.
        pub episode_id: EpisodeId,
        /// Its queue.
        pub queue_id: QueueId,
        /// Where it stands.
        pub state: WorkItemState,
        /// Counts the times it was queued.
        pub epoch: i32,
        /// How many units it takes of an agent.
        pub units: i32,
        /// Who is offered it or has it.
        pub agent_id: Option<AgentId>,
    }
}

/// Finds the live work item of a locked conversation and locks it.
pub async fn lock_live(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Live>, Error> {
    let live = sql(
        "SELECT id, episode_id, queue_id, state, epoch, units, agent_id FROM work_items
         WHERE conversation_id = $1 AND state IN ('queued', 'offered', 'active')
         FOR NO KEY UPDATE",
    )
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(live)
}

/// Ends a locked work item: done by its agent, or cancelled and nobody's.
pub async fn mark_ended(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    state: WorkItemState,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE work_items SET state = $2, ended_at = $3,
            agent_id = CASE WHEN $2 = 'done' THEN agent_id END
         WHERE id = $1")
    .bind(id)
    .bind(state)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
