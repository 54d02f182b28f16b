//! Work items in somebody's hands: what agents do with them.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::*;
use interdesk_domain::routing::model::{AgentKind, WorkClass};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;

row! {
    /// A work item, locked.
    pub struct Held {
        /// Which.
        pub id: WorkItemId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Its queue.
        pub queue_id: QueueId,
        /// Where it stands.
        pub state: WorkItemState,
        /// Counts the times it changed hands.
        pub epoch: i32,
        /// What kind of work it is.
        pub class: WorkClass,
        /// How many units it takes of an agent.
        pub units: i32,
        /// Who is offered it or has it.
        pub agent_id: Option<AgentId>,
        /// Until when its agent finishes the paperwork.
        pub wrap_up_until: Option<DateTime<Utc>>,
    }
}

row! {
    /// Of which conversation something is.
    pub struct Subject {
        /// Which conversation.
        pub conversation_id: ConversationId,
    }
}

/// Finds the conversation of a work item, which is to be locked before the item.
pub async fn find_conversation(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
) -> Result<Option<ConversationId>, Error> {
    let found: Option<Subject> = sql("SELECT conversation_id FROM work_items WHERE id = $1")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|found| found.conversation_id))
}

/// Locks a work item; its conversation must be locked already.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: WorkItemId) -> Result<Option<Held>, Error> {
    let held = sql(
        "SELECT id, conversation_id, queue_id, state, epoch, class, units, agent_id,
            wrap_up_until
         FROM work_items WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(held)
}

/// Finds the live work item of a locked conversation and locks it.
pub async fn lock_live(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Held>, Error> {
    let held = sql(
        "SELECT id, conversation_id, queue_id, state, epoch, class, units, agent_id,
            wrap_up_until
         FROM work_items WHERE conversation_id = $1 AND state IN ('queued', 'offered', 'active')
         FOR NO KEY UPDATE",
    )
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(held)
}

/// How a locked work item goes back to a queue.
#[derive(Debug, Clone, Copy)]
pub struct Requeue {
    /// To which queue.
    pub queue: QueueId,
    /// Since when it waits there, where that is not the one that it waited in.
    pub entered_at: Option<DateTime<Utc>>,
    /// Until when nobody gets it.
    pub not_before: Option<DateTime<Utc>>,
    /// Who should have it, and until when nobody else gets it.
    pub preferred: Option<(AgentId, DateTime<Utc>)>,
}

/// Puts a locked work item into a queue, in its next epoch; it keeps its age.
pub async fn mark_queued(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    requeue: &Requeue,
) -> Result<(), Error> {
    sql(
        "UPDATE work_items SET state = 'queued', epoch = epoch + 1, agent_id = NULL,
            by_queue_id = NULL, queue_id = $2, entered_at = COALESCE($3, entered_at),
            not_before = $4, preferred_agent = $5, preferred_until = $6
         WHERE id = $1",
    )
    .bind(id)
    .bind(requeue.queue)
    .bind(requeue.entered_at)
    .bind(requeue.not_before)
    .bind(requeue.preferred.map(|one| one.0))
    .bind(requeue.preferred.map(|one| one.1))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Gives a locked waiting work item to an agent; `false` when its epoch is another by now.
pub async fn mark_taken(
    conn: &Conn,
    _scope: TenantScope,
    (id, epoch): (WorkItemId, i32),
    agent: AgentId,
) -> Result<bool, Error> {
    let count = sql("UPDATE work_items SET state = 'active', agent_id = $3,
            by_queue_id = queue_id, not_before = NULL
         WHERE id = $1 AND epoch = $2 AND state = 'queued'")
    .bind(id)
    .bind(epoch)
    .bind(agent)
    .execute(&mut &*conn)
    .await?;
    Ok(count == 1)
}

/// Gives a locked work item that an agent has to another one, as the next epoch.
pub async fn mark_moved(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    agent: AgentId,
) -> Result<(), Error> {
    sql(
        "UPDATE work_items SET agent_id = $2, epoch = epoch + 1, by_queue_id = queue_id
         WHERE id = $1 AND state = 'active'",
    )
    .bind(id)
    .bind(agent)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets the agent of a locked work item finish the paperwork.
pub async fn mark_wrap_up(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE work_items SET state = 'wrap_up', wrap_up_until = $2
         WHERE id = $1 AND state = 'active'")
    .bind(id)
    .bind(until)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lets a locked waiting work item sleep until a moment, or be awake.
pub async fn set_sleep(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sql("UPDATE work_items SET not_before = $2 WHERE id = $1 AND state = 'queued'")
        .bind(id)
        .bind(until)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes the priority of a locked work item.
pub async fn set_priority(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    priority: i16,
) -> Result<(), Error> {
    sql("UPDATE work_items SET priority = $2 WHERE id = $1")
        .bind(id)
        .bind(priority)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// Who may be given work at this moment, as far as they themselves are concerned.
    pub struct Worker {
        /// Who.
        pub id: AgentId,
        /// A person or an assistant.
        pub kind: AgentKind,
        /// What they chose to be.
        pub presence: Presence,
        /// Whether all assistants of the tenant are stopped.
        pub assistants_stopped: bool,
    }
}

/// Finds an agent who may sign in.
pub async fn find_worker(
    conn: &Conn,
    _scope: TenantScope,
    id: AgentId,
) -> Result<Option<Worker>, Error> {
    let found = sql("SELECT a.id, a.kind, a.presence, t.assistants_stopped
         FROM agents a JOIN tenants t ON t.id = a.tenant_id
         WHERE a.id = $1 AND a.disabled_at IS NULL")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// Who.
    pub struct Locked {
        /// Who.
        pub agent_id: AgentId,
    }
}

/// Locks what agents hold, in the order of their ids, so that two who hand work to each other never
/// wait for one another.
pub async fn lock_loads(conn: &Conn, _scope: TenantScope, agents: &[AgentId]) -> Result<(), Error> {
    let _: Vec<Locked> = sql("SELECT agent_id FROM agent_loads WHERE agent_id = ANY ($1)
         ORDER BY agent_id FOR NO KEY UPDATE")
    .bind(many(agents, |agent| *agent))
    .load(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// Work that an agent has.
    pub struct Owned {
        /// Which.
        pub id: WorkItemId,
        /// Its queue.
        pub queue_id: QueueId,
    }
}

row! {
    /// An agent who has work or is offered some.
    pub struct Owner {
        /// Of which tenant.
        pub tenant_id: TenantId,
        /// Who.
        pub agent_id: AgentId,
    }
}

/// Lists the agents of all tenants who have work or are offered some; for the system's role.
pub async fn list_owners(conn: &Conn) -> Result<Vec<Owner>, Error> {
    let owners = sql("SELECT DISTINCT tenant_id, agent_id FROM work_items
         WHERE state IN ('offered', 'active') AND agent_id IS NOT NULL ORDER BY 1, 2")
    .load(&mut &*conn)
    .await?;
    Ok(owners)
}

row! {
    /// A queue, as far as work goes there.
    pub struct Destination {
        /// Which.
        pub id: QueueId,
        /// How long its offers wait for their agent.
        pub offer_seconds: i32,
    }
}

/// Finds a queue.
pub async fn find_queue(
    conn: &Conn,
    _scope: TenantScope,
    id: QueueId,
) -> Result<Option<Destination>, Error> {
    let found = sql("SELECT id, offer_seconds FROM queues WHERE id = $1")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Finds who has a work item, without a lock.
pub async fn find_owner(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
) -> Result<Option<AgentId>, Error> {
    let found: Option<Locked> = sql("SELECT agent_id FROM work_items
         WHERE id = $1 AND state = 'active' AND agent_id IS NOT NULL")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(|found| found.agent_id))
}

/// Lists the work that agents have for which no timer of their absence is set.
pub async fn list_unwatched(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Owned>, Error> {
    let found = sql("SELECT w.id, w.queue_id FROM work_items w
         WHERE w.agent_id = ANY ($1) AND w.state = 'active' AND NOT EXISTS (
            SELECT FROM timers t WHERE t.subject_id = w.id AND t.kind = 'owner_absent')
         ORDER BY w.id")
    .bind(many(agents, |agent| *agent))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Takes away the timers of the absence of agents; one that goes off at this moment is left to whoever
/// holds it, and finds its agent there.
pub async fn unwatch(conn: &Conn, _scope: TenantScope, agents: &[AgentId]) -> Result<(), Error> {
    sql("DELETE FROM timers WHERE id IN (
            SELECT t.id FROM work_items w
            JOIN timers t ON t.subject_id = w.id AND t.kind = 'owner_absent'
            WHERE w.agent_id = ANY ($1) AND w.state = 'active'
            FOR UPDATE OF t SKIP LOCKED)")
    .bind(many(agents, |agent| *agent))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// What an agent chose to be.
    pub struct Chosen {
        /// Who.
        pub id: AgentId,
        /// What.
        pub presence: Presence,
    }
}

/// Lists what agents chose to be; those who may not sign in any more are left out.
pub async fn list_presences(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Chosen>, Error> {
    let found = sql("SELECT id, presence FROM agents
         WHERE id = ANY ($1) AND disabled_at IS NULL")
    .bind(many(agents, |agent| *agent))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Raises what a locked agent holds by the units of work whose room was judged.
pub async fn raise_load(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    units: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE agent_loads SET load = load + $2, idle_since = $3 WHERE agent_id = $1")
        .bind(agent)
        .bind(units)
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Locks the conversation of a work item that waits in a queue, unless somebody else holds it; tells
/// which it is.
///
/// Who goes through several items takes whichever is free: to wait for one while holding another would
/// be against the order in which conversations are locked.
pub async fn try_lock(
    conn: &Conn,
    _scope: TenantScope,
    id: WorkItemId,
    queue: QueueId,
) -> Result<Option<ConversationId>, Error> {
    let found: Option<Subject> = sql("SELECT c.id AS conversation_id
         FROM work_items w JOIN conversations c ON c.id = w.conversation_id
         WHERE w.id = $1 AND w.queue_id = $2 AND w.state = 'queued'
         FOR NO KEY UPDATE OF c SKIP LOCKED")
    .bind(id)
    .bind(queue)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(|found| found.conversation_id))
}
