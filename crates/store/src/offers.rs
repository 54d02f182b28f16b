//! Offers: a work item shown to one agent, with a deadline.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::handover::DeclineReason;
use interdesk_domain::id::*;
use interdesk_domain::routing::model::Rest;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::{OfferState, WorkItemState};

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

/// Splits a rest into its word and its moment, as the columns have it.
pub(crate) fn split_rest(rest: Option<Rest>) -> (Option<&'static str>, Option<DateTime<Utc>>) {
    match rest {
        None => (None, None),
        Some(Rest::Never) => (Some("never"), None),
        Some(Rest::Until(at)) => (Some("until"), Some(at)),
        Some(Rest::LastResort) => (Some("last_resort"), None),
    }
}

/// Writes whether and when the agent of a locked offer that ended may be offered the same again.
pub async fn set_rest(
    conn: &Conn,
    _scope: TenantScope,
    id: OfferId,
    rest: Rest,
) -> Result<(), Error> {
    let (rest, until) = split_rest(Some(rest));
    sql("UPDATE offers SET rest = $2, rest_until = $3 WHERE id = $1")
        .bind(id)
        .bind(rest)
        .bind(until)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes why the agent of a locked offer refused it.
pub async fn set_reason(
    conn: &Conn,
    _scope: TenantScope,
    id: OfferId,
    reason: Option<DeclineReason>,
    note: Option<&str>,
) -> Result<(), Error> {
    sql("UPDATE offers SET decline_reason = $2, decline_note = $3 WHERE id = $1")
        .bind(id)
        .bind(reason)
        .bind(note)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// An agent who should not simply be offered a work item again.
    pub struct Rested {
        /// Which work.
        pub work_item_id: WorkItemId,
        /// Who.
        pub agent_id: AgentId,
        /// When they refused it, let its offer pass or gave it back; the last time counts.
        pub ended_at: DateTime<Utc>,
        /// The word of the rest.
        pub rest: String,
        /// The moment of the rest.
        pub rest_until: Option<DateTime<Utc>>,
    }
}

impl Rested {
    /// Returns how long they rest from it.
    pub fn rest(&self) -> Rest {
        match (self.rest.as_str(), self.rest_until) {
            ("until", Some(until)) => Rest::Until(until),
            ("last_resort", _) => Rest::LastResort,
            _ => Rest::Never,
        }
    }
}

/// Lists who refused these work items, let their offers pass or gave them back, each agent once for a
/// work item, and how long they rest from it; rests that were over at `now` are left out.
pub async fn list_rests(
    conn: &Conn,
    _scope: TenantScope,
    work_items: &[WorkItemId],
    now: DateTime<Utc>,
) -> Result<Vec<Rested>, Error> {
    let rests = sql("SELECT * FROM (
            SELECT DISTINCT ON (work_item_id, agent_id) work_item_id, agent_id, ended_at, rest,
                rest_until
            FROM (SELECT work_item_id, agent_id, ended_at, rest, rest_until FROM offers
                WHERE work_item_id = ANY ($1) AND rest IS NOT NULL
                UNION ALL SELECT work_item_id, from_agent_id, ended_at, rest, rest_until
                FROM transfers WHERE work_item_id = ANY ($1) AND rest IS NOT NULL) AS r
            ORDER BY work_item_id, agent_id, ended_at DESC) AS latest
         WHERE rest_until IS NULL OR rest_until > $2")
    .bind(many(work_items, |id| *id))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(rests)
}
