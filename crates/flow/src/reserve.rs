//! Puts waiting work into agents' hands as a router decided: claim, capacity, offer, event and reason in
//! one transaction.
//!
//! What was read to decide may be old by now. The commit here is the judge: an item that no longer
//! waits in its epoch is passed over, and room is judged by the rule that the decision used
//! ([`machine::debit`]), over what the agent holds under the lock of their load.

use crate::route::Reasons;
use crate::route::read::held;
use crate::{Desk, Error, Events, conflict};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::routing::machine;
use interdesk_domain::routing::model::{Agent, AgentKind, Held, Standing};
use interdesk_domain::scope::TenantScope;
use interdesk_store::reserve::{Decided, Handed, Offered, Waiting};
use interdesk_store::workspace::{self, Profile};
use interdesk_store::{Conn, decisions, loads, outbox, reserve as store, routing};
use std::collections::{BTreeMap, HashMap};

/// Who gets what, as it was decided.
#[derive(Debug, Clone)]
pub struct Win {
    /// Which work.
    pub item: WorkItemId,
    /// Its epoch when it was decided.
    pub epoch: i32,
    /// Who.
    pub agent: AgentId,
    /// By which queue.
    pub queue: QueueId,
    /// How many units they may hold by that queue.
    pub most: Option<u32>,
    /// How long the offer waits for its agent; without it they have the work at once.
    pub offer_seconds: Option<u32>,
    /// Their turn, where the queue takes turns.
    pub turn: Option<i64>,
    /// Why.
    pub decision: Decided,
}

/// What became of the decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reserved {
    /// How many were carried out.
    pub made: usize,
    /// Which came too late, or had no room.
    pub refused: Vec<(WorkItemId, AgentId)>,
}

/// Carries out each decision that still holds.
pub async fn reserve(
    desk: &Desk,
    scope: TenantScope,
    wins: &[Win],
    reasons: &Reasons,
) -> Result<Reserved, Error> {
    if wins.is_empty() {
        return Ok(Reserved::default());
    }
    let made = conflict::retry(|| reserve_once(desk, scope, wins, reasons)).await?;
    let is_made = |win: &&Win| made.binary_search(&win.item).is_ok();
    let offers = wins
        .iter()
        .filter(|win| win.offer_seconds.is_some())
        .filter(is_made);
    metrics::counter!("interdesk_offers_total", "state" => "made").increment(offers.count() as u64);
    let refused = wins.iter().filter(|win| !is_made(win));
    Ok(Reserved {
        made: made.len(),
        refused: refused.map(|win| (win.item, win.agent)).collect(),
    })
}

/// Stores why items wait on.
pub(crate) async fn leave_waiting(
    desk: &Desk,
    scope: TenantScope,
    waiting: &[(WorkItemId, i32, Decided)],
) -> Result<(), Error> {
    if waiting.is_empty() {
        return Ok(());
    }
    let transaction = desk.database.begin(scope).await?;
    decisions::insert_waiting(&transaction, scope, waiting).await?;
    transaction.commit().await?;
    Ok(())
}

/// A decision whose item still waits and whose agent has room.
struct Claim<'a> {
    win: &'a Win,
    item: Waiting,
}

/// Returns the items that were handed out, sorted.
async fn reserve_once(
    desk: &Desk,
    scope: TenantScope,
    wins: &[Win],
    reasons: &Reasons,
) -> Result<Vec<WorkItemId>, Error> {
    let wanted: Vec<_> = wins.iter().map(|win| (win.item, win.epoch)).collect();
    let now = desk.now();
    let lock = async |conn: &Conn| store::lock_waiting(conn, scope, &wanted, now).await;
    let (transaction, locked) = desk.database.begin_with(scope, lock).await?;
    let claims = judge(&transaction, scope, wins, locked, now).await?;
    if claims.is_empty() {
        transaction.rollback().await?;
        return Ok(Vec::new());
    }
    write(desk, &transaction, scope, &claims, reasons).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    let mut made: Vec<WorkItemId> = claims.iter().map(|claim| claim.item.id).collect();
    made.sort_unstable();
    Ok(made)
}

/// Locks the loads of the agents and keeps what fits, in the order in which it was decided.
async fn judge<'a>(
    conn: &Conn,
    scope: TenantScope,
    wins: &'a [Win],
    locked: Vec<Waiting>,
    now: DateTime<Utc>,
) -> Result<Vec<Claim<'a>>, Error> {
    let mut items: HashMap<WorkItemId, Waiting> =
        locked.into_iter().map(|item| (item.id, item)).collect();
    let claimed = wins.iter().filter(|win| items.contains_key(&win.item));
    let mut agents: Vec<AgentId> = claimed.map(|win| win.agent).collect();
    agents.sort_unstable();
    agents.dedup();
    let mut agents = lock_agents(conn, scope, &agents, Some(now)).await?;
    let mut claims = Vec::new();
    for win in wins {
        let (Some(agent), Some(item)) = (agents.get_mut(&win.agent), items.get(&win.item)) else {
            continue;
        };
        let work = Held {
            item: item.id,
            class: item.class,
            units: u32::try_from(item.units).unwrap_or(1).max(1),
            queue: win.queue,
            is_offer: win.offer_seconds.is_some(),
        };
        if machine::debit(agent, work, win.most).is_ok()
            && let Some(item) = items.remove(&win.item)
        {
            claims.push(Claim { win, item });
        }
    }
    Ok(claims)
}

/// Locks the loads of agents and reads what they hold and may hold; who may be given nothing is left
/// out, and so is who has time off at the moment that is named.
pub(crate) async fn lock_agents(
    conn: &Conn,
    scope: TenantScope,
    ids: &[AgentId],
    at_work: Option<DateTime<Utc>>,
) -> Result<BTreeMap<AgentId, Agent>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let locked = loads::lock_online(conn, scope, ids, at_work).await?;
    // What is read from here on is what they hold until the commit.
    let ids: Vec<AgentId> = locked.iter().map(|load| load.agent_id).collect();
    let (profiles, rows) = futures::try_join!(
        workspace::find_profiles(conn, scope, &ids),
        routing::list_held(conn, scope, &ids),
    )?;
    let has_assistant = profiles.iter().any(|one| one.kind == AgentKind::Assistant);
    let stopped = has_assistant && workspace::are_assistants_stopped(conn, scope).await?;
    let mut agents: BTreeMap<AgentId, Agent> = profiles
        .iter()
        .filter(|profile| !(stopped && profile.kind == AgentKind::Assistant))
        .map(|profile| (profile.id, holder(profile)))
        .collect();
    for (id, held) in held(&rows) {
        if let Some(agent) = agents.get_mut(&id) {
            agent.held.push(held);
        }
    }
    Ok(agents)
}

/// Returns an agent with what they may hold, which is all that room is judged by.
fn holder(profile: &Profile) -> Agent {
    Agent {
        id: profile.id,
        kind: profile.kind,
        enabled: true,
        standing: Standing::Online,
        reachable: true,
        on_schedule: true,
        languages: Default::default(),
        skills: BTreeMap::new(),
        memberships: BTreeMap::new(),
        capacity: profile.capacity(),
        held: Vec::new(),
        idle_since: profile.idle_since,
        wrap_up_until: None,
        turns: BTreeMap::new(),
    }
}

async fn write(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    claims: &[Claim<'_>],
    reasons: &Reasons,
) -> Result<(), Error> {
    let now = desk.now();
    let mut handed = Vec::new();
    let mut events: Vec<Envelope> = Vec::new();
    let mut turns = Vec::new();
    for Claim { win, item } in claims {
        let offer = win.offer_seconds.map(|seconds| Offered {
            id: desk.id(),
            timer: desk.id(),
            expires_at: now + Duration::seconds(seconds.into()),
        });
        let (conversation, context) = (item.conversation_id, reasons.of(item.id));
        let mut log = Events::of_conversation(desk, scope, conversation, item.version, context);
        let version = log.push(event(win, item, offer));
        handed.push(Handed {
            work_item: item.id,
            epoch: item.epoch,
            conversation,
            version,
            agent: win.agent,
            queue: win.queue,
            units: item.units,
            offer,
            decision: &win.decision,
        });
        turns.extend(win.turn.map(|turn| (win.agent, win.queue, turn)));
        events.extend(log.into_list());
    }
    // They go out together: one round trip, in whatever order.
    futures::try_join!(
        store::hand(conn, scope, &handed, now),
        routing::keep_turns(conn, scope, &turns),
        outbox::append(conn, &events),
    )?;
    Ok(())
}

fn event(win: &Win, item: &Waiting, offer: Option<Offered>) -> Event {
    let (conversation, work_item, queue) = (item.conversation_id, item.id, item.queue_id);
    match offer {
        Some(offer) => Event::OfferMade {
            conversation,
            work_item,
            offer: offer.id,
            agent: win.agent,
            queue,
            epoch: item.epoch,
            expires_at: offer.expires_at,
        },
        None => Event::WorkItemTaken {
            conversation,
            work_item,
            queue,
            agent: win.agent,
        },
    }
}
