//! An agent takes waiting work by themselves: what comes first in a queue, or what they name.

use crate::hands::{WorkOutcome, WorkRefusal, done, lock, refuse};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, reserve, route};
use chrono::{DateTime, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::model::{Held as Work, Mode};
use interdesk_domain::routing::{machine, reference};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::hands::{self, Held};
use interdesk_store::{Conn, members, outbox, speakers};
use serde::Serialize;

/// To take a work item that waits.
#[derive(Serialize)]
struct Claim(WorkItemId);

/// Gives a waiting work item to the viewer, whoever routing has in mind for it: what a router decided
/// and did not commit yet then comes too late.
///
/// Their skills are theirs to judge; their room is not.
pub async fn claim(
    desk: &Desk,
    viewer: &Viewer,
    work_item: WorkItemId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Claim(work_item)).await
}

impl Verb for Claim {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "work_claim";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let scope = wish.scope();
        let Some((conversation, item)) = lock(conn, scope, self.0).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if item.state != WorkItemState::Queued {
            return refuse(WorkRefusal::NotWaiting);
        }
        if wish.standing().presence != Presence::Online {
            return refuse(WorkRefusal::NotAvailable);
        }
        let served = members::list_queues(conn, scope, wish.viewer.agent).await?;
        if !served.contains(&item.queue_id) && !wish.viewer.steers_others() {
            return refuse(WorkRefusal::NotAMember);
        }
        give(wish, conn, &conversation, &item).await
    }
}

/// To take what comes first in a queue.
#[derive(Serialize)]
struct Pull {
    queue: QueueId,
    /// What may be taken, the first first, as it was read just before; the judge is the lock.
    #[serde(skip)]
    next: Vec<WorkItemId>,
}

/// How many work items a pull tries before it says that nothing waits.
const TRIES: usize = 16;

/// Gives what comes first in a queue, of what the viewer may have, to the viewer.
///
/// Order and eligibility are those of routing, so that who pulls gets what they would be handed. What
/// somebody else took meanwhile is passed over.
pub async fn pull(
    desk: &Desk,
    viewer: &Viewer,
    queue: QueueId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let next = next(desk, viewer, queue).await?;
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Pull { queue, next }).await
}

/// Lists what the viewer may have of a queue, in the order of routing.
async fn next(desk: &Desk, viewer: &Viewer, queue: QueueId) -> Result<Vec<WorkItemId>, Error> {
    let now = desk.now();
    let mut state = route::snapshot(desk, viewer.scope()).await?;
    state
        .items
        .retain(|_, item| route::queue_of(item.queue) == queue);
    // To fetch is the same from every queue, however its work is handed out otherwise.
    let queues = state.queues.values_mut();
    queues.for_each(|queue| queue.mode = Mode::Pull);
    let mut next = Vec::new();
    while next.len() < TRIES
        && let Some(found) = reference::pull(&state, viewer.agent, now)
    {
        state.items.remove(&found.item);
        next.push(found.item);
    }
    Ok(next)
}

impl Verb for Pull {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "work_pull";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let scope = wish.scope();
        if hands::find_queue(conn, scope, self.queue).await?.is_none() {
            return refuse(WorkRefusal::NotFound);
        }
        let served = members::list_queues(conn, scope, wish.viewer.agent).await?;
        if !served.contains(&self.queue) {
            return refuse(WorkRefusal::NotAMember);
        }
        if wish.standing().presence != Presence::Online {
            return refuse(WorkRefusal::NotAvailable);
        }
        for id in &self.next {
            let Some(found) = hands::try_lock(conn, scope, *id, self.queue).await? else {
                continue;
            };
            let Some(conversation) = conversations::lock(conn, scope, found).await? else {
                continue;
            };
            let item = hands::lock(conn, scope, *id).await?;
            let waits = |item: &Held| item.state == WorkItemState::Queued;
            if let Some(item) = item.filter(waits) {
                return give(wish, conn, &conversation, &item).await;
            }
        }
        refuse(WorkRefusal::NothingWaits)
    }
}

/// Gives locked waiting work to the viewer.
pub(crate) async fn give(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    item: &Held,
) -> Result<WorkOutcome, Halt<WorkOutcome>> {
    let (scope, agent, now) = (wish.scope(), wish.viewer.agent, wish.now());
    if wish.standing().is_stopped() {
        return refuse(WorkRefusal::AssistantsStopped);
    }
    if !has_room(conn, scope, item, agent, now).await? {
        return refuse(WorkRefusal::AtCapacity);
    }
    if !hands::mark_taken(conn, scope, (item.id, item.epoch), agent).await? {
        return refuse(WorkRefusal::NotWaiting);
    }
    speakers::follow(conn, scope, conversation.id, Some(agent), now).await?;
    let mut events = wish.events(conversation);
    let version = events.push(Event::WorkItemTaken {
        conversation: conversation.id,
        work_item: item.id,
        queue: item.queue_id,
        agent,
    });
    let change = Change {
        status: ConversationStatus::Open,
        assignee_id: Some(agent),
        version,
    };
    conversations::update(conn, scope, conversation.id, &change).await?;
    outbox::append(conn, events.list()).await?;
    Ok(done(conversation.id, version, Some(item.id)))
}

/// Takes the room that locked work needs of an agent whose load is locked; `false` where there is not
/// enough or the agent is not online, and then nothing is taken.
///
/// Judged by the rule of routing, over what the agent holds now.
pub(crate) async fn has_room(
    conn: &Conn,
    scope: TenantScope,
    item: &Held,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let most = members::find_most(conn, scope, agent, item.queue_id).await?;
    let mut agents = reserve::lock_agents(conn, scope, &[agent], None).await?;
    let Some(holder) = agents.get_mut(&agent) else {
        return Ok(false);
    };
    let work = Work {
        item: item.id,
        class: item.class,
        units: u32::try_from(item.units).unwrap_or(1).max(1),
        queue: item.queue_id,
        is_offer: false,
    };
    if machine::debit(holder, work, most).is_err() {
        return Ok(false);
    }
    hands::raise_load(conn, scope, agent, item.units, now).await?;
    Ok(true)
}
