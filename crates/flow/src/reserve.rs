//! Turns routing decisions into offers: claim, capacity and event in one transaction.
//!
//! What was read to decide may be old by now. The commit here is the judge: an item that no longer
//! waits in its epoch, or a winner without room, is passed over, and nothing of it remains.

use crate::route::Reasons;
use crate::{Desk, Error, Events, conflict};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::routing::Decision;
use interdesk_domain::scope::TenantScope;
use interdesk_store::offers::NewOffer;
use interdesk_store::work_items::{Claimable, Offered};
use interdesk_store::{Conn, decisions, loads, offers, outbox, work_items};
use std::collections::HashMap;

/// What became of the decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserved {
    /// How many became offers.
    pub made: usize,
    /// How many came too late.
    pub skipped: usize,
}

/// Makes an offer of each decision that has a winner and still holds.
pub async fn reserve(
    desk: &Desk,
    scope: TenantScope,
    decisions: &[Decision],
    reasons: &Reasons,
) -> Result<Reserved, Error> {
    let wins: Vec<Win<'_>> = decisions.iter().filter_map(Win::of).collect();
    if wins.is_empty() {
        return Ok(Reserved::default());
    }
    let made = conflict::retry(|| reserve_once(desk, scope, &wins, reasons)).await?;
    metrics::counter!("interdesk_offers_total", "state" => "made").increment(made as u64);
    Ok(Reserved {
        made,
        skipped: wins.len() - made,
    })
}

/// Stores why items wait on, and sees to it that the queue gets another look at `retry_at`.
pub async fn leave_waiting(
    desk: &Desk,
    scope: TenantScope,
    queue: QueueId,
    waiting: &[&Decision],
    retry_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    if waiting.is_empty() && retry_at.is_none() {
        return Ok(());
    }
    let transaction = desk.database.begin(scope).await?;
    store_decisions(desk, &transaction, scope, waiting).await?;
    if let Some(due_at) = retry_at {
        offers::insert_retry_if_missing(&transaction, scope, desk.id(), queue, due_at).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A decision with its winner.
#[derive(Clone, Copy)]
struct Win<'a> {
    decision: &'a Decision,
    agent: AgentId,
}

impl<'a> Win<'a> {
    fn of(decision: &'a Decision) -> Option<Self> {
        decision.winner.map(|agent| Self { decision, agent })
    }
}

/// A win whose item still waits and whose agent has room.
struct Claim<'a> {
    win: Win<'a>,
    item: Claimable,
}

async fn reserve_once(
    desk: &Desk,
    scope: TenantScope,
    wins: &[Win<'_>],
    reasons: &Reasons,
) -> Result<usize, Error> {
    let transaction = desk.database.begin(scope).await?;
    let claims = claim(desk, &transaction, scope, wins).await?;
    if claims.is_empty() {
        transaction.rollback().await?;
        return Ok(0);
    }
    write(desk, &transaction, scope, &claims, reasons).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(claims.len())
}

/// Locks items, then loads; keeps the wins that fit, in the order in which they were decided, and
/// debits their agents.
async fn claim<'a>(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    wins: &[Win<'a>],
) -> Result<Vec<Claim<'a>>, Error> {
    let wanted: Vec<_> = wins
        .iter()
        .map(|win| (win.decision.work_item, win.decision.epoch))
        .collect();
    let locked = work_items::lock_waiting(conn, scope, &wanted).await?;
    let mut items: HashMap<WorkItemId, Claimable> =
        locked.into_iter().map(|item| (item.id, item)).collect();
    let agents: Vec<AgentId> = wins
        .iter()
        .filter(|win| items.contains_key(&win.decision.work_item))
        .map(|win| win.agent)
        .collect();
    let loads = loads::lock_online(conn, scope, &agents).await?;
    let mut room: HashMap<AgentId, i32> = loads
        .iter()
        .map(|load| (load.agent_id, load.capacity - load.load))
        .collect();
    let mut claims = Vec::new();
    let mut units: HashMap<AgentId, i32> = HashMap::new();
    for win in wins {
        let left = room.get_mut(&win.agent).filter(|left| **left > 0);
        let Some(left) = left else { continue };
        let Some(item) = items.remove(&win.decision.work_item) else {
            continue;
        };
        *left -= 1;
        *units.entry(win.agent).or_default() += 1;
        claims.push(Claim { win: *win, item });
    }
    let units: Vec<(AgentId, i32)> = units.into_iter().collect();
    let debited = loads::debit(conn, scope, &units, desk.now()).await?;
    claims.retain(|claim| debited.contains(&claim.win.agent));
    Ok(claims)
}

async fn write(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    claims: &[Claim<'_>],
    reasons: &Reasons,
) -> Result<(), Error> {
    let now = desk.now();
    let mut offered = Vec::new();
    let mut made = Vec::new();
    let mut events: Vec<Envelope> = Vec::new();
    for claim in claims {
        let offer = new_offer(desk, claim, now);
        let conversation = claim.item.conversation_id;
        let (version, context) = (claim.item.version, reasons.of(claim.item.id));
        let mut log = Events::of_conversation(desk, scope, conversation, version, context);
        let version = log.push(Event::OfferMade {
            conversation,
            work_item: claim.item.id,
            offer: offer.id,
            agent: claim.win.agent,
            queue: claim.item.queue_id,
            epoch: claim.item.epoch,
            expires_at: offer.expires_at,
        });
        offered.push(Offered {
            work_item: claim.item.id,
            epoch: claim.item.epoch,
            agent: claim.win.agent,
            conversation,
            version,
        });
        made.push(offer);
        events.extend(log.into_list());
    }
    work_items::mark_offered(conn, scope, &offered).await?;
    offers::insert_many(conn, scope, &made, now).await?;
    let decisions: Vec<&Decision> = claims.iter().map(|claim| claim.win.decision).collect();
    store_decisions(desk, conn, scope, &decisions).await?;
    outbox::append(conn, &events).await?;
    Ok(())
}

fn new_offer(desk: &Desk, claim: &Claim<'_>, now: DateTime<Utc>) -> NewOffer {
    NewOffer {
        id: desk.id(),
        timer: desk.id(),
        work_item: claim.item.id,
        agent: claim.win.agent,
        epoch: claim.item.epoch,
        expires_at: now + Duration::seconds(claim.item.offer_seconds.into()),
    }
}

async fn store_decisions(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    list: &[&Decision],
) -> Result<(), Error> {
    if list.is_empty() {
        return Ok(());
    }
    let named: Vec<(DecisionId, &Decision)> =
        list.iter().map(|decision| (desk.id(), *decision)).collect();
    decisions::insert_many(conn, scope, &named, desk.now()).await?;
    Ok(())
}
