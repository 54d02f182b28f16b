//! Offers: a work item shown to one agent, with a deadline.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::{OfferState, WorkItemState};

/// An offer to be made, with the timer of its deadline.
#[derive(Debug, Clone, Copy)]
pub struct NewOffer {
    /// Which.
    pub id: OfferId,
    /// The timer of its deadline.
    pub timer: TimerId,
    /// Which work.
    pub work_item: WorkItemId,
    /// To whom.
    pub agent: AgentId,
    /// The work item's epoch.
    pub epoch: i32,
    /// Until when the agent may answer.
    pub expires_at: DateTime<Utc>,
}

/// Makes offers and sets the timers of their deadlines: neither exists without the other.
///
/// A second pending offer of one work item is a conflict.
pub async fn insert_many(
    conn: &Conn,
    scope: TenantScope,
    offers: &[NewOffer],
    made_at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH t AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                AS t (id, timer, work_item, agent, epoch, expires_at)
         ), made AS (
            INSERT INTO offers (id, tenant_id, work_item_id, agent_id, epoch, state, made_at, expires_at)
            SELECT id, $7, work_item, agent, epoch, 'pending', $8, expires_at FROM t
         )
         INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
         SELECT timer, $7, 'offer_expires', id, expires_at FROM t")
    .bind(many(offers, |offer| offer.id))
    .bind(many(offers, |offer| offer.timer))
    .bind(many(offers, |offer| offer.work_item))
    .bind(many(offers, |offer| offer.agent))
    .bind(many(offers, |offer| offer.epoch))
    .bind(many(offers, |offer| offer.expires_at))
    .bind(scope.tenant())
    .bind(made_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// An offer together with its work item.
    pub struct Offer {
        /// Which.
        pub id: OfferId,
        /// Where it stands.
        pub state: OfferState,
        /// To whom.
        pub agent_id: AgentId,
        /// The work item's epoch when it was made.
        pub epoch: i32,
        /// Until when the agent may answer.
        pub expires_at: DateTime<Utc>,
        /// Which work.
        pub work_item_id: WorkItemId,
        /// Where that stands.
        pub work_item_state: WorkItemState,
        /// The work item's epoch now.
        pub work_item_epoch: i32,
        /// How many units the work takes of an agent.
        pub units: i32,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// In which queue.
        pub queue_id: QueueId,
    }
}

row! {
    /// The conversation that an offer is about.
    pub struct Subject {
        /// Which conversation.
        pub conversation_id: ConversationId,
    }
}

/// Finds the conversation of an offer, which is to be locked before the offer.
pub async fn find_conversation(
    conn: &Conn,
    _scope: TenantScope,
    id: OfferId,
) -> Result<Option<ConversationId>, Error> {
    let subject: Option<Subject> = sql("SELECT w.conversation_id
         FROM offers o JOIN work_items w ON w.id = o.work_item_id WHERE o.id = $1")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(subject.map(|subject| subject.conversation_id))
}

/// Finds an offer and locks it with its work item; the conversation must be locked already.
pub async fn lock(conn: &Conn, _scope: TenantScope, id: OfferId) -> Result<Option<Offer>, Error> {
    let offer = sql(
        "SELECT o.id, o.state, o.agent_id, o.epoch, o.expires_at, o.work_item_id,
            w.state AS work_item_state, w.epoch AS work_item_epoch, w.units, w.conversation_id, w.queue_id
         FROM offers o JOIN work_items w ON w.id = o.work_item_id
         WHERE o.id = $1 FOR NO KEY UPDATE OF w, o",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(offer)
}

/// Lists what an agent is offered now, oldest first.
pub async fn list_pending(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
) -> Result<Vec<Offer>, Error> {
    let offers = sql(
        "SELECT o.id, o.state, o.agent_id, o.epoch, o.expires_at, o.work_item_id,
            w.state AS work_item_state, w.epoch AS work_item_epoch, w.units, w.conversation_id, w.queue_id
         FROM offers o JOIN work_items w ON w.id = o.work_item_id
         WHERE o.agent_id = $1 AND o.state = 'pending' ORDER BY o.made_at, o.id",
    )
    .bind(agent)
    .load(&mut &*conn)
    .await?;
    Ok(offers)
}

row! {
    /// A pending offer.
    pub struct Pending {
        /// Which.
        pub id: OfferId,
        /// To whom.
        pub agent_id: AgentId,
    }
}

/// Finds the pending offer of a locked work item and locks it.
pub async fn lock_pending(
    conn: &Conn,
    _scope: TenantScope,
    work_item: WorkItemId,
) -> Result<Option<Pending>, Error> {
    let offer = sql("SELECT id, agent_id FROM offers
         WHERE work_item_id = $1 AND state = 'pending' FOR NO KEY UPDATE")
    .bind(work_item)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(offer)
}

/// Ends a locked pending offer and takes its timer off the table.
///
/// A timer that its runner holds right now is left to it: the runner waits for the lock on the
/// conversation, so to wait for the runner here would be a deadlock. It will find the offer ended.
pub async fn mark_ended(
    conn: &Conn,
    _scope: TenantScope,
    id: OfferId,
    state: OfferState,
    ended_at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH timer AS (
            DELETE FROM timers WHERE id IN (
                SELECT id FROM timers WHERE subject_id = $1 AND kind = 'offer_expires'
                FOR UPDATE SKIP LOCKED)
         )
         UPDATE offers SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'pending'")
    .bind(id)
    .bind(state)
    .bind(ended_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// An agent who refused a work item or let its offer pass.
    pub struct Refusal {
        /// Which work.
        pub work_item_id: WorkItemId,
        /// Who.
        pub agent_id: AgentId,
        /// When, at the latest.
        pub ended_at: DateTime<Utc>,
    }
}

/// Lists who refused these work items, or let their offers pass, after `since`.
pub async fn list_refusals(
    conn: &Conn,
    _scope: TenantScope,
    work_items: &[WorkItemId],
    since: DateTime<Utc>,
) -> Result<Vec<Refusal>, Error> {
    let refusals = sql(
        "SELECT work_item_id, agent_id, max(ended_at) AS ended_at FROM offers
         WHERE work_item_id = ANY ($1) AND ended_at > $2 AND state IN ('declined', 'expired')
         GROUP BY work_item_id, agent_id ORDER BY work_item_id, agent_id",
    )
    .bind(many(work_items, |id| *id))
    .bind(since)
    .load(&mut &*conn)
    .await?;
    Ok(refusals)
}

/// Sees to it that a queue gets another look at `due_at`, unless an earlier one is set already.
///
/// Two passes at once may both set one; the second look then finds nothing to do.
pub async fn insert_retry_if_missing(
    conn: &Conn,
    scope: TenantScope,
    timer: TimerId,
    queue: QueueId,
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
         SELECT $1, $2, 'routing_retry', $3, $4 WHERE NOT EXISTS (
            SELECT FROM timers WHERE subject_id = $3 AND kind = 'routing_retry' AND due_at <= $4)",
    )
    .bind(timer)
    .bind(scope.tenant())
    .bind(queue)
    .bind(due_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
