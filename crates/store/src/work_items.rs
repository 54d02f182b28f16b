//! Work items: what gets routed.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;

row! {
    /// A work item that waits in a queue.
    pub struct Waiting {
        /// Which.
        pub id: WorkItemId,
        /// Counts the times it was queued.
        pub epoch: i32,
        /// Higher goes first.
        pub priority: i16,
        /// Since when.
        pub queued_at: DateTime<Utc>,
        /// Whether a decision about this epoch is stored already.
        pub explained: bool,
    }
}

/// Lists what waits in a queue, in the order in which routing serves it.
pub async fn list_waiting(
    conn: &Conn,
    _scope: TenantScope,
    queue: QueueId,
    limit: i64,
) -> Result<Vec<Waiting>, Error> {
    let waiting = sql("SELECT w.id, w.epoch, w.priority, w.queued_at, EXISTS (
            SELECT FROM decisions d WHERE d.work_item_id = w.id AND d.epoch = w.epoch) AS explained
         FROM work_items w WHERE w.queue_id = $1 AND w.state = 'queued'
         ORDER BY w.priority DESC, w.queued_at, w.id LIMIT $2")
    .bind(queue)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(waiting)
}

row! {
    /// A waiting work item whose conversation and own row are locked.
    pub struct Claimable {
        /// Which.
        pub id: WorkItemId,
        /// Counts the times it was queued.
        pub epoch: i32,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// The conversation's version.
        pub version: i64,
        /// Where it waits.
        pub queue_id: QueueId,
        /// How long the queue's offers wait for their agent.
        pub offer_seconds: i32,
    }
}

/// Locks those of the named items that still wait in the named epoch, conversations first and in
/// the order of their ids; the others are left out.
pub async fn lock_waiting(
    conn: &Conn,
    _scope: TenantScope,
    items: &[(WorkItemId, i32)],
) -> Result<Vec<Claimable>, Error> {
    let locked = sql(
        "SELECT w.id, w.epoch, w.conversation_id, c.version, w.queue_id, q.offer_seconds
         FROM unnest($1, $2) AS t (id, epoch)
         JOIN work_items w ON w.id = t.id AND w.epoch = t.epoch
         JOIN conversations c ON c.id = w.conversation_id
         JOIN queues q ON q.id = w.queue_id
         WHERE w.state = 'queued'
         ORDER BY c.id FOR NO KEY UPDATE OF c, w",
    )
    .bind(many(items, |item| item.0))
    .bind(many(items, |item| item.1))
    .load(&mut &*conn)
    .await?;
    Ok(locked)
}

/// A waiting item that becomes an offer.
#[derive(Debug, Clone, Copy)]
pub struct Offered {
    /// Which.
    pub work_item: WorkItemId,
    /// Its epoch.
    pub epoch: i32,
    /// To whom it is shown.
    pub agent: AgentId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// The conversation's version after the event.
    pub version: i64,
}

/// Marks locked waiting items as offered and counts their conversations' versions up.
///
/// Returns how many items were still waiting in their epoch; the others are untouched.
pub async fn mark_offered(
    conn: &Conn,
    _scope: TenantScope,
    offered: &[Offered],
) -> Result<usize, Error> {
    let count = sql("WITH t AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5) AS t (id, epoch, agent, conversation, version)
         ), claimed AS (
            UPDATE work_items w SET state = 'offered', agent_id = t.agent FROM t
            WHERE w.id = t.id AND w.epoch = t.epoch AND w.state = 'queued'
            RETURNING t.conversation, t.version
         )
         UPDATE conversations c SET version = claimed.version FROM claimed
         WHERE c.id = claimed.conversation")
    .bind(many(offered, |one| one.work_item))
    .bind(many(offered, |one| one.epoch))
    .bind(many(offered, |one| one.agent))
    .bind(many(offered, |one| one.conversation))
    .bind(many(offered, |one| one.version))
    .execute(&mut &*conn)
    .await?;
    Ok(count)
}

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
         WHERE conversation_id = $1 AND state IN ('queued', 'offered', 'active', 'wrap_up')
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

row! {
    /// A queue in which something waits.
    pub struct WaitingQueue {
        /// Whose.
        pub tenant_id: TenantId,
        /// Which.
        pub queue_id: QueueId,
    }
}

/// Lists the queues of all tenants in which something waits; for the system's role.
pub async fn list_waiting_queues(conn: &Conn) -> Result<Vec<WaitingQueue>, Error> {
    let queues = sql("SELECT DISTINCT tenant_id, queue_id FROM work_items WHERE state = 'queued'")
        .load(&mut &*conn)
        .await?;
    Ok(queues)
}
