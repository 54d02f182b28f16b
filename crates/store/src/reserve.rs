//! Puts waiting work into agents' hands: everything that one commit of the router writes.

use crate::sql::{JsonText, many, row, sql};
use crate::timers::TimerKind;
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::routing::limit::Limited;
use interdesk_domain::routing::model::WorkClass;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use uuid::Uuid;

row! {
    /// A waiting work item whose conversation and own row are locked.
    pub struct Waiting {
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
        /// What kind of work it is.
        pub class: WorkClass,
        /// How many units it takes of an agent.
        pub units: i32,
    }
}

/// Locks those of the named items that still wait in the named epoch, conversations first and in
/// the order of their ids; the others are left out, and so is what sleeps.
pub async fn lock_waiting(
    conn: &Conn,
    _scope: TenantScope,
    items: &[(WorkItemId, i32)],
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>, Error> {
    let locked = sql(
        "SELECT w.id, w.epoch, w.conversation_id, c.version, w.queue_id, w.class, w.units
         FROM unnest($1, $2) AS t (id, epoch)
         JOIN work_items w ON w.id = t.id AND w.epoch = t.epoch
         JOIN conversations c ON c.id = w.conversation_id
         WHERE w.state = 'queued' AND (w.not_before IS NULL OR w.not_before <= $3)
         ORDER BY c.id FOR NO KEY UPDATE OF c, w",
    )
    .bind(many(items, |item| item.0))
    .bind(many(items, |item| item.1))
    .bind(now)
    .load(&mut &*conn)
    .await?;
    Ok(locked)
}

/// Work that an agent gets.
#[derive(Debug, Clone)]
pub struct Handed<'a> {
    /// Which.
    pub work_item: WorkItemId,
    /// Its epoch.
    pub epoch: i32,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// The conversation's version after the event.
    pub version: i64,
    /// Who.
    pub agent: AgentId,
    /// By which queue.
    pub queue: QueueId,
    /// How many units it takes.
    pub units: i32,
    /// The offer, where the agent is asked first; otherwise they have it at once.
    pub offer: Option<Offered>,
    /// Why.
    pub decision: &'a Decided,
}

/// An offer with the timer of its deadline.
#[derive(Debug, Clone, Copy)]
pub struct Offered {
    /// Which.
    pub id: OfferId,
    /// The timer of its deadline.
    pub timer: TimerId,
    /// Until when the agent may answer.
    pub expires_at: DateTime<Utc>,
}

/// A decision as it is stored.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Names it.
    pub id: DecisionId,
    /// The moment that it was decided for.
    pub at: DateTime<Utc>,
    /// The whole explanation (`domain::routing::Explanation`).
    pub explanation: JsonText,
    /// The versions of the policies.
    pub policies: Value,
    /// Which router decided.
    pub router: Uuid,
    /// The place among that router's decisions.
    pub step: i64,
    /// The event that let the work wait.
    pub cause: Option<EventId>,
}

/// Writes what agents get: items, conversations, loads, offers with their deadlines, and decisions.
///
/// Items and loads must be locked; neither an offer without its deadline nor a load without its work
/// can exist afterwards. A second pending offer of one work item is a conflict.
pub async fn hand(
    conn: &Conn,
    scope: TenantScope,
    handed: &[Handed<'_>],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let offers = || handed.iter().filter_map(|one| Some((one, one.offer?)));
    sql(include_str!("reserve/hand.sql"))
        .bind(scope.tenant())
        .bind(now)
        .bind(many(handed, |one| one.work_item))
        .bind(many(handed, |one| one.epoch))
        .bind(many(handed, |one| one.conversation))
        .bind(many(handed, |one| one.version))
        .bind(many(handed, |one| one.agent))
        .bind(many(handed, |one| one.queue))
        .bind(many(handed, |one| one.units))
        .bind(many(handed, |one| one.offer.is_some()))
        .bind(many(offers(), |(_, offer)| offer.id))
        .bind(many(offers(), |(_, offer)| offer.timer))
        .bind(many(offers(), |(one, _)| one.work_item))
        .bind(many(offers(), |(_, offer)| offer.expires_at))
        .bind(many(handed, |one| one.decision.id))
        .bind(many(handed, |one| one.decision.at))
        .bind(many(handed, |one| &one.decision.explanation))
        .bind(many(handed, |one| &one.decision.policies))
        .bind(many(handed, |one| one.decision.router))
        .bind(many(handed, |one| one.decision.step))
        .bind(many(handed, |one| one.decision.cause))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lets a locked waiting item wait in another queue, in its next epoch, and counts its conversation's
/// version up.
pub async fn overflow(
    conn: &Conn,
    _scope: TenantScope,
    (item, queue): (WorkItemId, QueueId),
    version: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH moved AS (
            UPDATE work_items SET queue_id = $2, epoch = epoch + 1, entered_at = $3
            WHERE id = $1 AND state = 'queued' RETURNING conversation_id)
         UPDATE conversations c SET version = $4, queue_id = $2 FROM moved
         WHERE c.id = moved.conversation_id")
    .bind(item)
    .bind(queue)
    .bind(now)
    .bind(version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// What a limit makes of a locked waiting item.
#[derive(Debug, Clone, Copy)]
pub struct Limit<'a> {
    /// Which item.
    pub item: WorkItemId,
    /// What becomes of it.
    pub limited: Limited,
    /// The words for its customer.
    pub text: Option<&'a str>,
    /// The timer by which they are told.
    pub timer: TimerId,
    /// The conversation's version after the event.
    pub version: i64,
}

/// Ends a locked waiting item because of its queue's limit, or makes it a call in its next epoch, and
/// lets its customer be told.
pub async fn limit(
    conn: &Conn,
    _scope: TenantScope,
    limit: Limit<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "WITH limited AS (
            UPDATE work_items SET limited = $2, limited_text = $3,
                state = CASE WHEN $4 THEN 'cancelled' ELSE state END,
                ended_at = CASE WHEN $4 THEN $5 END,
                class = CASE WHEN $4 THEN class ELSE 'call' END,
                epoch = CASE WHEN $4 THEN epoch ELSE epoch + 1 END
            WHERE id = $1 AND state = 'queued' RETURNING id, tenant_id, conversation_id
         ), told AS (
            INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
            SELECT $6, tenant_id, $7, id, $5 FROM limited
         )
         UPDATE conversations c SET version = $8 FROM limited WHERE c.id = limited.conversation_id",
    )
    .bind(limit.item)
    .bind(limit.limited.as_str())
    .bind(limit.text)
    .bind(limit.limited.ends_work())
    .bind(now)
    .bind(limit.timer)
    .bind(TimerKind::LimitTold)
    .bind(limit.version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
