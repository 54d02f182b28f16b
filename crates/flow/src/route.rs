//! Looks at one queue and hands its waiting work out.
//!
//! A pass reads the problem, asks `domain::routing::decide` and lets [`mod@reserve`] judge. It has no
//! memory and takes no part of an event but the queue, so it may run at any time and any number of
//! times: what needs no change stays as it is.

use crate::reserve::{self, reserve};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::*;
use interdesk_domain::routing::{Decision, Exclusion, Member, Problem, Resting, Waiting, decide};
use interdesk_domain::scope::TenantScope;
use interdesk_store::{members, offers, work_items};
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// How often one pass decides again at most, before its caller may look after other queues.
const ROUNDS: usize = 8;

/// Why a pass happens: what asked for it, and what let each waiting item wait, where that is known.
///
/// One pass may serve many events. What becomes of an item then goes back to its own event, in the
/// log as in traces, and not to whichever event came first.
#[derive(Debug, Clone)]
pub struct Reasons {
    /// What asked for the pass.
    pub pass: Context,
    /// What let an item wait.
    pub items: HashMap<WorkItemId, Context>,
}

impl Reasons {
    /// Returns what an item goes back to.
    pub(crate) fn of(&self, item: WorkItemId) -> &Context {
        self.items.get(&item).unwrap_or(&self.pass)
    }
}

impl From<Context> for Reasons {
    fn from(pass: Context) -> Self {
        Self {
            pass,
            items: HashMap::new(),
        }
    }
}

/// Names the item that an event lets wait.
pub fn item_of_event(event: &Event) -> Option<WorkItemId> {
    match event {
        Event::WorkItemQueued { work_item, .. }
        | Event::OfferDeclined { work_item, .. }
        | Event::OfferExpired { work_item, .. } => Some(*work_item),
        _ => None,
    }
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// How many offers it made.
    pub offered: usize,
    /// How many items it left waiting.
    pub waiting: usize,
    /// Whether another pass at once would do more.
    pub again: bool,
}

/// Hands out what waits in a queue.
pub async fn pass(
    desk: &Desk,
    scope: TenantScope,
    queue: QueueId,
    reasons: &Reasons,
) -> Result<Passed, Error> {
    let began = Instant::now();
    let mut passed = Passed::default();
    for _ in 0..ROUNDS {
        let Some(read) = read(desk, scope, queue).await? else {
            return Ok(Passed {
                waiting: 0,
                again: false,
                ..passed
            });
        };
        let round = decide_and_reserve(desk, scope, &read, reasons).await?;
        passed.offered += round.offered;
        passed.waiting = round.waiting;
        passed.again = round.again;
        if !round.again {
            break;
        }
    }
    metrics::histogram!("interdesk_route_seconds").record(began.elapsed());
    Ok(passed)
}

/// Names the queues in which an event may let waiting work move.
pub async fn queues_of_event(
    desk: &Desk,
    scope: TenantScope,
    event: &Envelope,
) -> Result<Vec<QueueId>, Error> {
    let freed = match &event.event {
        Event::WorkItemQueued { queue, .. }
        | Event::WorkItemCancelled { queue, .. }
        | Event::RoutingRetryDue { queue } => return Ok(vec![*queue]),
        // The item itself goes to its queue, the room of its agent to any queue of theirs.
        Event::WorkItemDone { queue, agent, .. }
        | Event::OfferDeclined { queue, agent, .. }
        | Event::OfferExpired { queue, agent, .. }
        | Event::OfferRescinded { queue, agent, .. } => (Some(*queue), *agent),
        Event::AgentPresenceChanged {
            agent,
            to: Presence::Online,
            ..
        } => (None, *agent),
        _ => return Ok(Vec::new()),
    };
    let (queue, agent) = freed;
    let transaction = desk.database.begin(scope).await?;
    let mut queues = members::list_queues(&transaction, scope, agent).await?;
    transaction.rollback().await?;
    queues.extend(queue.filter(|queue| !queues.contains(queue)));
    Ok(queues)
}

/// A problem, and which of its items have a stored decision of their epoch.
struct Read {
    problem: Problem,
    explained: HashSet<WorkItemId>,
    is_full: bool,
}

async fn read(desk: &Desk, scope: TenantScope, queue: QueueId) -> Result<Option<Read>, Error> {
    let now = desk.now();
    let limit = desk.settings.routing_pass;
    let transaction = desk.database.begin(scope).await?;
    let waiting = work_items::list_waiting(&transaction, scope, queue, limit).await?;
    if waiting.is_empty() {
        transaction.rollback().await?;
        return Ok(None);
    }
    let members = members::list(&transaction, scope, queue).await?;
    let items: Vec<WorkItemId> = waiting.iter().map(|item| item.id).collect();
    let since = now - desk.settings.decline_cooldown;
    let refusals = offers::list_refusals(&transaction, scope, &items, since).await?;
    transaction.rollback().await?;

    let reachable = reachable(desk, &members).await;
    let mut resting: HashMap<WorkItemId, Vec<Resting>> = HashMap::new();
    for refusal in refusals {
        let until = refusal.ended_at + desk.settings.decline_cooldown;
        let rest = Resting {
            agent: refusal.agent_id,
            until,
        };
        resting.entry(refusal.work_item_id).or_default().push(rest);
    }
    let explained = waiting
        .iter()
        .filter(|item| item.explained)
        .map(|item| item.id)
        .collect();
    let is_full = waiting.len() as i64 >= limit;
    let waiting = waiting.into_iter().map(|item| Waiting {
        work_item: item.id,
        epoch: item.epoch,
        priority: item.priority,
        queued_at: item.queued_at,
        resting: resting.remove(&item.id).unwrap_or_default(),
    });
    let members = members
        .iter()
        .zip(reachable)
        .map(|(member, reachable)| Member {
            agent: member.agent_id,
            presence: member.presence,
            reachable,
            load: member.load,
            capacity: member.capacity,
            idle_since: member.idle_since,
        });
    let (waiting, members) = (waiting.collect(), members.collect());
    Ok(Some(Read {
        problem: Problem {
            queue,
            now,
            waiting,
            members,
        },
        explained,
        is_full,
    }))
}

/// Asks the cache who gave a sign of life; while it does not answer, everybody counts as reachable,
/// since a desk that routes to somebody absent for one offer is better than one that stands still.
async fn reachable(desk: &Desk, members: &[members::Member]) -> Vec<bool> {
    let agents: Vec<AgentId> = members.iter().map(|member| member.agent_id).collect();
    match desk.cache.alive(&agents).await {
        Ok(alive) => alive,
        Err(error) => {
            tracing::warn!(error = %error, "no signs of life to be had, everybody counts as reachable");
            vec![true; agents.len()]
        }
    }
}

async fn decide_and_reserve(
    desk: &Desk,
    scope: TenantScope,
    read: &Read,
    reasons: &Reasons,
) -> Result<Passed, Error> {
    let decisions = decide(&read.problem);
    let reserved = reserve(desk, scope, &decisions, reasons).await?;
    let left: Vec<&Decision> = decisions
        .iter()
        .filter(|decision| decision.winner.is_none())
        .collect();
    // A waiting item is decided about again and again, mostly with the same answer. One stored
    // decision per epoch says why it had to wait; the one that ends the wait is always stored.
    let untold: Vec<&Decision> = left
        .iter()
        .copied()
        .filter(|decision| !read.explained.contains(&decision.work_item))
        .collect();
    let queue = read.problem.queue;
    reserve::leave_waiting(desk, scope, queue, &untold, end_of_rest(&left)).await?;
    count("offered", reserved.made);
    count("late", reserved.skipped);
    count("waiting", left.len());
    // What came too late was decided on old facts; a full page may hide more behind it.
    let again = reserved.skipped > 0 || (read.is_full && reserved.made > 0);
    Ok(Passed {
        offered: reserved.made,
        waiting: left.len() + reserved.skipped,
        again,
    })
}

/// Finds the first moment at which somebody who only rests may be asked again.
fn end_of_rest(left: &[&Decision]) -> Option<DateTime<Utc>> {
    let excluded = left.iter().flat_map(|decision| &decision.excluded);
    let ends = excluded.filter_map(|excluded| match excluded.reason {
        Exclusion::Resting { until } => Some(until),
        _ => None,
    });
    ends.min()
}

fn count(outcome: &'static str, number: usize) {
    metrics::counter!("interdesk_route_decisions_total", "outcome" => outcome)
        .increment(number as u64);
}
