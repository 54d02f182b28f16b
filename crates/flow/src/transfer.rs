//! An agent hands work over: at once, to a colleague or a queue, or by asking a colleague first.

use crate::hands::{
    GiveBack, WorkOutcome, WorkRefusal, check_reason, end_asked, give_back, is_theirs, lock,
    queue_policy, refuse, set_timer,
};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::Event;
use interdesk_domain::handover::{HandoverKind, HandoverState};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::model::AgentKind;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::hands::{self, Held, Requeue, Worker};
use interdesk_store::timers::{self, TimerKind};
use interdesk_store::transfers::{self, NewTransfer};
use interdesk_store::{Conn, loads, outbox, speakers};
use serde::Serialize;

/// To hand work over.
#[derive(Debug, Clone, Serialize)]
pub struct Transfer {
    /// Which work.
    pub work_item: WorkItemId,
    /// To whom or where.
    pub to: To,
    /// Why, in words; may be empty.
    pub reason: String,
}

/// To whom or where work is handed over.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// It is the colleague's at once.
    Agent(AgentId),
    /// The colleague is asked; who has it keeps it until they accept.
    Ask(AgentId),
    /// It waits in the queue at once; it keeps its age.
    Queue(QueueId),
}

/// Hands work of the viewer over.
pub async fn transfer(
    desk: &Desk,
    viewer: &Viewer,
    transfer: &Transfer,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    Wish::new(desk, viewer, key, context).fulfil(transfer).await
}

impl Verb for Transfer {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "work_transfer";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        check_reason(&self.reason)?;
        let scope = wish.scope();
        let Some((conversation, item)) = lock(conn, scope, self.work_item).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        let (WorkItemState::Active, Some(from)) = (item.state, item.agent_id) else {
            return refuse(WorkRefusal::NotActive);
        };
        if !is_theirs(&conversation, wish.viewer) {
            return refuse(WorkRefusal::NotYours);
        }
        let mut events = wish.events(&conversation);
        let work = Work {
            conversation: &conversation,
            item: &item,
            from,
        };
        let transfer = match self.to {
            To::Queue(queue) => self.to_queue(wish, conn, &work, queue, &mut events).await?,
            To::Agent(agent) => self.to_agent(wish, conn, &work, agent, &mut events).await?,
            To::Ask(agent) => self.ask(wish, conn, &work, agent, &mut events).await?,
        };
        outbox::append(conn, events.list()).await?;
        Ok(WorkOutcome::Done {
            conversation: conversation.id,
            version: events.version(),
            work_item: Some(item.id),
            transfer: Some(transfer),
            epoch: None,
        })
    }
}

/// Locked work that an agent has.
pub(crate) struct Work<'a> {
    pub(crate) conversation: &'a Conversation,
    pub(crate) item: &'a Held,
    pub(crate) from: AgentId,
}

impl Transfer {
    async fn to_queue(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: &Work<'_>,
        queue: QueueId,
        events: &mut Events<'_>,
    ) -> Result<TransferId, Halt<WorkOutcome>> {
        let (scope, at) = (wish.scope(), wish.now());
        if hands::find_queue(conn, scope, queue).await?.is_none() {
            return refuse(WorkRefusal::QueueNotFound);
        }
        let (conversation, item) = (work.conversation, work.item);
        let back = GiveBack {
            kind: HandoverKind::Cold,
            why: None,
            words: &self.reason,
            by: Some(wish.viewer.agent),
            to: Requeue {
                queue,
                entered_at: (queue != item.queue_id).then_some(at),
                not_before: conversation.asleep_until(),
                preferred: None,
            },
            rest: None,
            at,
        };
        let held = (item, work.from);
        let transfer = give_back(wish.desk, conn, scope, held, &back, events).await?;
        conversations::set_queue(conn, scope, conversation.id, queue).await?;
        let change = Change {
            status: conversation.status,
            assignee_id: None,
            version: events.version(),
        };
        conversations::update(conn, scope, conversation.id, &change).await?;
        Ok(transfer)
    }

    async fn to_agent(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: &Work<'_>,
        to: AgentId,
        events: &mut Events<'_>,
    ) -> Result<TransferId, Halt<WorkOutcome>> {
        let (scope, at) = (wish.scope(), wish.now());
        colleague(conn, scope, work.from, to).await?;
        end_asked(conn, scope, work.item, HandoverState::Cancelled, at, events).await?;
        let transfer = wish.desk.id();
        move_to(conn, scope, work, (transfer, to), at, events).await?;
        self.write(wish, conn, work, (transfer, to), HandoverKind::Cold, None)
            .await?;
        Ok(transfer)
    }

    async fn ask(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: &Work<'_>,
        to: AgentId,
        events: &mut Events<'_>,
    ) -> Result<TransferId, Halt<WorkOutcome>> {
        let (scope, item) = (wish.scope(), work.item);
        colleague(conn, scope, work.from, to).await?;
        if transfers::lock_asked(conn, scope, item.id).await?.is_some() {
            return refuse(WorkRefusal::AlreadyAsked);
        }
        let expires_at = wish.now() + answer_within(wish, conn, item).await?;
        let transfer: TransferId = wish.desk.id();
        let asked = (transfer, to);
        self.write(
            wish,
            conn,
            work,
            asked,
            HandoverKind::Warm,
            Some(expires_at),
        )
        .await?;
        let timer = (TimerKind::TransferExpires, transfer.0);
        set_timer(wish.desk, conn, scope, timer, expires_at).await?;
        let version = events.push(Event::TransferAsked {
            conversation: item.conversation_id,
            work_item: item.id,
            transfer,
            queue: item.queue_id,
            from: work.from,
            to,
            expires_at,
        });
        conversations::set_version(conn, scope, item.conversation_id, version).await?;
        Ok(transfer)
    }

    async fn write(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
        work: &Work<'_>,
        (id, to): (TransferId, AgentId),
        kind: HandoverKind,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), Error> {
        let new = NewTransfer {
            id,
            work_item: work.item.id,
            kind,
            from: work.from,
            from_queue: work.item.queue_id,
            to: Some(to),
            to_queue: work.item.queue_id,
            reason: &self.reason,
            made_by: Some(wish.viewer.agent),
            made_at: wish.now(),
            expires_at,
            rest: None,
        };
        Ok(transfers::insert(conn, wish.scope(), &new).await?)
    }
}

/// Finds the colleague who is to have work; skills and schedules are for whoever hands over to judge,
/// as they know what routing does not.
async fn colleague(
    conn: &Conn,
    scope: TenantScope,
    from: AgentId,
    to: AgentId,
) -> Result<Worker, Halt<WorkOutcome>> {
    if from == to {
        return refuse(WorkRefusal::Unchanged);
    }
    let Some(worker) = hands::find_worker(conn, scope, to).await? else {
        return refuse(WorkRefusal::AgentNotFound);
    };
    if worker.kind == AgentKind::Assistant && worker.assistants_stopped {
        return refuse(WorkRefusal::AssistantsStopped);
    }
    match worker.presence {
        Presence::Online => Ok(worker),
        _ => refuse(WorkRefusal::NotAvailable),
    }
}

/// Moves locked work and the room that it takes to a colleague, in one step.
///
/// What both hold is locked in the order of their ids: two who hand work to each other at the same
/// time come one after the other, and the second one finds the room as the first one left it.
pub(crate) async fn move_to(
    conn: &Conn,
    scope: TenantScope,
    work: &Work<'_>,
    (transfer, to): (TransferId, AgentId),
    at: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Halt<WorkOutcome>> {
    let (conversation, item) = (work.conversation, work.item);
    hands::lock_loads(conn, scope, &[work.from, to]).await?;
    if !crate::take::has_room(conn, scope, item, to, at).await? {
        return refuse(WorkRefusal::AtCapacity);
    }
    loads::release(conn, scope, work.from, item.units, Some(at)).await?;
    hands::mark_moved(conn, scope, item.id, to).await?;
    speakers::follow(conn, scope, conversation.id, Some(to), at).await?;
    timers::cancel(conn, scope, TimerKind::OwnerAbsent, item.id.0).await?;
    let version = events.push(Event::WorkItemTransferred {
        conversation: conversation.id,
        work_item: item.id,
        transfer,
        queue: item.queue_id,
        from: work.from,
        to: Some(to),
        epoch: item.epoch + 1,
    });
    let change = Change {
        status: conversation.status,
        assignee_id: Some(to),
        version,
    };
    conversations::update(conn, scope, conversation.id, &change).await?;
    Ok(())
}

/// Returns how long a colleague has to answer: as long as for an offer of the queue.
async fn answer_within(wish: &Wish<'_>, conn: &Conn, item: &Held) -> Result<Duration, Error> {
    let (scope, work) = (wish.scope(), (item.queue_id, item.id));
    let policy = queue_policy(wish.desk, conn, scope, work, wish.now()).await?;
    let own = hands::find_queue(conn, scope, item.queue_id).await?;
    let own = own.map_or(30, |queue| i64::from(queue.offer_seconds));
    Ok(Duration::seconds(
        policy.offer_seconds.map_or(own, i64::from),
    ))
}
