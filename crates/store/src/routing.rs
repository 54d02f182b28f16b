//! What the router reads: waiting work, who refused it, what agents hold, and queues.
//!
//! How agents are set up is read by [`crate::workspace`], policies by [`crate::policies`].

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::*;
use interdesk_domain::routing::model::WorkClass;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A queue, without its policy.
    pub struct Queue {
        /// Which.
        pub id: QueueId,
        /// How long its offers wait where no policy says it.
        pub offer_seconds: i32,
        /// When it is open.
        pub schedule_id: Option<ScheduleId>,
    }
}

/// Lists the queues of a tenant.
pub async fn list_queues(conn: &Conn, scope: TenantScope) -> Result<Vec<Queue>, Error> {
    let queues =
        sql("SELECT id, offer_seconds, schedule_id FROM queues WHERE tenant_id = $1 ORDER BY id")
            .bind(scope.tenant())
            .load(&mut &*conn)
            .await?;
    Ok(queues)
}

row! {
    /// A work item that waits, with what it asks for.
    pub struct Item {
        /// Which.
        pub id: WorkItemId,
        /// Counts the times it was queued.
        pub epoch: i32,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Where it waits.
        pub queue_id: QueueId,
        /// What kind of work it is.
        pub class: WorkClass,
        /// How many units it takes of an agent.
        pub units: i32,
        /// Higher weighs more.
        pub priority: i16,
        /// Whether the contact is very important.
        pub vip: bool,
        /// What it asks an agent to be able to do.
        pub skills: Option<Value>,
        /// The language that it asks for.
        pub language: Option<String>,
        /// Since when it waits in this queue.
        pub entered_at: DateTime<Utc>,
        /// Until when it sleeps.
        pub not_before: Option<DateTime<Utc>>,
        /// Who should have it.
        pub preferred_agent: Option<AgentId>,
        /// Until when nobody else gets it.
        pub preferred_until: Option<DateTime<Utc>>,
        /// By when it has to be answered by the service level.
        pub sla_deadline: Option<DateTime<Utc>>,
        /// By when the provider still takes a free reply.
        pub reply_deadline: Option<DateTime<Utc>>,
        /// Whether a decision about this epoch is stored already.
        pub explained: bool,
    }
}

/// Lists everything that waits in these queues.
pub async fn list_waiting(
    conn: &Conn,
    _scope: TenantScope,
    queues: &[QueueId],
) -> Result<Vec<Item>, Error> {
    let items = sql("SELECT w.id, w.epoch, w.conversation_id, w.queue_id, w.class, w.units,
            w.priority, w.vip, w.skills, w.language, COALESCE(w.entered_at, w.queued_at) AS entered_at,
            w.not_before, w.preferred_agent, w.preferred_until, w.sla_deadline, w.reply_deadline,
            EXISTS (SELECT FROM decisions d WHERE d.work_item_id = w.id AND d.epoch = w.epoch)
                AS explained
         FROM work_items w WHERE w.queue_id = ANY ($1) AND w.state = 'queued'")
    .bind(many(queues, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(items)
}

/// Lists those of the named work items that wait.
pub async fn list_waiting_of(
    conn: &Conn,
    _scope: TenantScope,
    items: &[WorkItemId],
) -> Result<Vec<Item>, Error> {
    let items = sql("SELECT w.id, w.epoch, w.conversation_id, w.queue_id, w.class, w.units,
            w.priority, w.vip, w.skills, w.language, COALESCE(w.entered_at, w.queued_at) AS entered_at,
            w.not_before, w.preferred_agent, w.preferred_until, w.sla_deadline, w.reply_deadline,
            w.epoch > 1 AND EXISTS (
                SELECT FROM decisions d WHERE d.work_item_id = w.id AND d.epoch = w.epoch)
                AS explained
         FROM work_items w WHERE w.id = ANY ($1) AND w.state = 'queued'")
    .bind(many(items, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(items)
}

row! {
    /// A work item of a conversation.
    pub struct OfConversation {
        /// Which.
        pub id: WorkItemId,
    }
}

/// Lists the work items of conversations that are not ended.
pub async fn list_of_conversations(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<WorkItemId>, Error> {
    let items: Vec<OfConversation> = sql("SELECT id FROM work_items
         WHERE conversation_id = ANY ($1) AND state IN ('queued', 'offered', 'active')")
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(items.into_iter().map(|item| item.id).collect())
}

row! {
    /// Work that an agent holds.
    pub struct Held {
        /// Who.
        pub agent_id: AgentId,
        /// Which.
        pub id: WorkItemId,
        /// What kind of work it is.
        pub class: WorkClass,
        /// How many units it takes.
        pub units: i32,
        /// By which queue they got it.
        pub queue_id: QueueId,
        /// Whether it is an offer that waits for their answer.
        pub is_offer: bool,
        /// Until when they finish its paperwork; `None` while they do not.
        pub wrap_up_until: Option<DateTime<Utc>>,
    }
}

/// Lists what agents hold, in the order in which they got it; under the locks of their loads this is
/// what they hold until the commit.
pub async fn list_held(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Held>, Error> {
    let held = sql(
        "SELECT agent_id, id, class, units, COALESCE(by_queue_id, queue_id) AS queue_id,
            state = 'offered' AS is_offer,
            CASE WHEN state = 'wrap_up' THEN wrap_up_until END AS wrap_up_until
         FROM work_items WHERE agent_id = ANY ($1) AND state IN ('offered', 'active', 'wrap_up')
         ORDER BY agent_id, id",
    )
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(held)
}

row! {
    /// What changes about an agent with every piece of work.
    pub struct Working {
        /// Who.
        pub agent_id: AgentId,
        /// What they chose to be.
        pub presence: Presence,
        /// When they last got or finished work.
        pub idle_since: DateTime<Utc>,
        /// Whether they may work at all.
        pub enabled: bool,
    }
}

/// Finds what changes about agents with every piece of work.
pub async fn list_working(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Working>, Error> {
    let working = sql("SELECT a.id AS agent_id, a.presence, l.idle_since,
            a.disabled_at IS NULL AS enabled
         FROM agents a JOIN agent_loads l ON l.agent_id = a.id
         WHERE a.id = ANY ($1) ORDER BY a.id")
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(working)
}

row! {
    /// A queue that an agent serves.
    pub struct Membership {
        /// Who.
        pub agent_id: AgentId,
        /// Which queue.
        pub queue_id: QueueId,
        /// Lower is asked first.
        pub rank: i16,
        /// How many units they may hold by this queue.
        pub most: Option<i32>,
    }
}

/// Lists which queues these agents serve; where several teams lead to one queue, the one with the
/// lowest rank counts.
pub async fn list_memberships(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Membership>, Error> {
    let memberships = sql("SELECT DISTINCT ON (m.agent_id, q.queue_id)
            m.agent_id, q.queue_id, (q.rank + m.rank)::smallint AS rank, q.most
         FROM team_members m JOIN queue_teams q ON q.team_id = m.team_id
         WHERE m.agent_id = ANY ($1)
         ORDER BY m.agent_id, q.queue_id, q.rank + m.rank, q.most DESC NULLS FIRST")
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(memberships)
}

row! {
    /// The last turn of an agent in a queue.
    pub struct Turn {
        /// Who.
        pub agent_id: AgentId,
        /// In which queue.
        pub queue_id: QueueId,
        /// Which turn: the greater, the later.
        pub turn: i64,
    }
}

/// Lists the last turns of agents in queues that take turns.
pub async fn list_turns(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<Turn>, Error> {
    let turns = sql("SELECT agent_id, queue_id, turn FROM agent_turns WHERE agent_id = ANY ($1)")
        .bind(many(agents, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(turns)
}

/// Keeps the turns that agents took; an older turn never replaces a newer one.
pub async fn keep_turns(
    conn: &Conn,
    scope: TenantScope,
    turns: &[(AgentId, QueueId, i64)],
) -> Result<(), Error> {
    if turns.is_empty() {
        return Ok(());
    }
    sql(
        "INSERT INTO agent_turns (agent_id, queue_id, tenant_id, turn)
         SELECT agent, queue, $4, max(turn) FROM unnest($1, $2, $3) AS t (agent, queue, turn)
         GROUP BY agent, queue ORDER BY agent, queue
         ON CONFLICT (agent_id, queue_id) DO UPDATE
            SET turn = greatest(agent_turns.turn, excluded.turn)",
    )
    .bind(many(turns, |turn| turn.0))
    .bind(many(turns, |turn| turn.1))
    .bind(many(turns, |turn| turn.2))
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A tenant with work that waits.
    pub struct WaitingTenant {
        /// Whose.
        pub tenant_id: TenantId,
    }
}

/// Lists the tenants in whose queues something waits; for the system's role.
pub async fn list_waiting_tenants(conn: &Conn) -> Result<Vec<TenantId>, Error> {
    let tenants: Vec<WaitingTenant> =
        sql("SELECT DISTINCT tenant_id FROM work_items WHERE state = 'queued'")
            .load(&mut &*conn)
            .await?;
    Ok(tenants.into_iter().map(|one| one.tenant_id).collect())
}
