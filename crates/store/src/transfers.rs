//! Transfers: how work left the hands that it was in.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::handover::{HandoverKind, HandoverState};
use interdesk_domain::id::*;
use interdesk_domain::routing::model::Rest;
use interdesk_domain::scope::TenantScope;

/// A transfer to be written down.
#[derive(Debug, Clone)]
pub struct NewTransfer<'a> {
    /// Which.
    pub id: TransferId,
    /// Which work.
    pub work_item: WorkItemId,
    /// How it leaves.
    pub kind: HandoverKind,
    /// Who had it.
    pub from: AgentId,
    /// Its queue before.
    pub from_queue: QueueId,
    /// Who gets it or is asked.
    pub to: Option<AgentId>,
    /// Its queue afterwards.
    pub to_queue: QueueId,
    /// Why, in words.
    pub reason: &'a str,
    /// Who does it; nobody is a rule of the desk.
    pub made_by: Option<AgentId>,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Until when a colleague may answer: then they are asked, else it is done at once.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether who had it may be offered it again.
    pub rest: Option<Rest>,
}

/// Writes a transfer down.
pub async fn insert(conn: &Conn, scope: TenantScope, new: &NewTransfer<'_>) -> Result<(), Error> {
    let is_asked = new.expires_at.is_some();
    let state = match is_asked {
        true => HandoverState::Asked,
        false => HandoverState::Done,
    };
    let (rest, rest_until) = crate::offers::split_rest(new.rest);
    sql(
        "INSERT INTO transfers (id, tenant_id, work_item_id, kind, state, from_agent_id,
            from_queue_id, to_agent_id, to_queue_id, reason, made_by, made_at, expires_at, ended_at,
            rest, rest_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(new.id)
    .bind(scope.tenant())
    .bind(new.work_item)
    .bind(new.kind)
    .bind(state)
    .bind(new.from)
    .bind(new.from_queue)
    .bind(new.to)
    .bind(new.to_queue)
    .bind(new.reason)
    .bind(new.made_by)
    .bind(new.made_at)
    .bind(new.expires_at)
    .bind((!is_asked).then_some(new.made_at))
    .bind(rest)
    .bind(rest_until)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A transfer.
    pub struct Transfer {
        /// Which.
        pub id: TransferId,
        /// Which work.
        pub work_item_id: WorkItemId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// How it left.
        pub kind: HandoverKind,
        /// Where it stands.
        pub state: HandoverState,
        /// Who had it.
        pub from_agent_id: AgentId,
        /// Its queue before.
        pub from_queue_id: QueueId,
        /// Who got it or was asked.
        pub to_agent_id: Option<AgentId>,
        /// Its queue afterwards.
        pub to_queue_id: QueueId,
        /// Why, in words.
        pub reason: String,
        /// Who did it.
        pub made_by: Option<AgentId>,
        /// When.
        pub made_at: DateTime<Utc>,
        /// Until when a colleague may answer.
        pub expires_at: Option<DateTime<Utc>>,
        /// When it was done, or was not.
        pub ended_at: Option<DateTime<Utc>>,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.work_item_id, w.conversation_id, t.kind, t.state, t.from_agent_id,
                t.from_queue_id, t.to_agent_id, t.to_queue_id, t.reason, t.made_by, t.made_at,
                t.expires_at, t.ended_at
             FROM transfers t JOIN work_items w ON w.id = t.work_item_id ",
            $rest
        )
    };
}

/// Finds the conversation of a transfer, which is to be locked before it.
pub async fn find_conversation(
    conn: &Conn,
    _scope: TenantScope,
    id: TransferId,
) -> Result<Option<ConversationId>, Error> {
    let found: Option<Transfer> = sql(select!("WHERE t.id = $1"))
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found.map(|found| found.conversation_id))
}

/// Locks a transfer with its work item; the conversation must be locked already.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: TransferId,
) -> Result<Option<Transfer>, Error> {
    let found = sql(select!("WHERE t.id = $1 FOR NO KEY UPDATE OF w, t"))
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Locks the transfer of a locked work item that waits for an answer.
pub async fn lock_asked(
    conn: &Conn,
    _scope: TenantScope,
    work_item: WorkItemId,
) -> Result<Option<Transfer>, Error> {
    let found = sql(select!(
        "WHERE t.work_item_id = $1 AND t.state = 'asked' FOR NO KEY UPDATE OF t"
    ))
    .bind(work_item)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Ends a locked transfer that waits for an answer.
pub async fn mark_ended(
    conn: &Conn,
    _scope: TenantScope,
    id: TransferId,
    state: HandoverState,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE transfers SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'asked'")
        .bind(id)
        .bind(state)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Finds transfers.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[TransferId],
) -> Result<Vec<Transfer>, Error> {
    let found = sql(select!("WHERE t.id = ANY ($1)"))
        .bind(many(ids, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Lists the transfers of work items, oldest first.
pub async fn list_of(
    conn: &Conn,
    _scope: TenantScope,
    work_items: &[WorkItemId],
) -> Result<Vec<Transfer>, Error> {
    let found = sql(select!(
        "WHERE t.work_item_id = ANY ($1) ORDER BY t.made_at, t.id"
    ))
    .bind(many(work_items, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists what an agent is asked to take over, the most urgent first.
pub async fn list_asked(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<Vec<Transfer>, Error> {
    let found = sql(select!(
        "WHERE t.to_agent_id = $1 AND t.state = 'asked' AND t.expires_at > $2
         ORDER BY t.expires_at, t.id"
    ))
    .bind(agent)
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
