//! A colleague answers whether they take work over, or does not answer in time.

use crate::hands::{WorkOutcome, WorkRefusal, refuse};
use crate::transfer::{Work, move_to};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::handover::HandoverState;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Conversation};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::transfers::{self, Transfer};
use interdesk_store::{Conn, hands, outbox};
use serde::Serialize;

/// What is said to the question whether somebody takes work over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// The colleague takes it.
    Accept,
    /// The colleague does not; it stays.
    Decline,
    /// Who asked does not ask any more.
    Cancel,
}

/// To answer.
#[derive(Serialize)]
struct Answer {
    transfer: TransferId,
    say: Say,
}

/// Answers the question whether somebody takes work over: the one who was asked, and who asked may
/// take the question back.
pub async fn answer(
    desk: &Desk,
    viewer: &Viewer,
    (transfer, say): (TransferId, Say),
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Answer { transfer, say }).await
}

impl Verb for Answer {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "transfer_answer";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, at, viewer) = (wish.scope(), wish.now(), wish.viewer);
        let Some((conversation, asked)) = lock(conn, scope, self.transfer).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        let is_asked = asked.to_agent_id == Some(viewer.agent);
        let may_cancel = asked.from_agent_id == viewer.agent || viewer.steers_others();
        match self.say {
            Say::Cancel if !may_cancel => return refuse(WorkRefusal::NotFound),
            Say::Accept | Say::Decline if !is_asked => return refuse(WorkRefusal::NotFound),
            _ => {}
        }
        if asked.state != HandoverState::Asked {
            return refuse(WorkRefusal::TransferEnded);
        }
        if asked.expires_at.is_some_and(|until| at >= until) {
            return refuse(WorkRefusal::TransferExpired);
        }
        let mut events = wish.events(&conversation);
        match self.say {
            Say::Accept => accept(wish, conn, &conversation, &asked, &mut events).await?,
            Say::Decline => {
                let state = HandoverState::Declined;
                keep(conn, scope, &asked, (state, at), &mut events).await?;
            }
            Say::Cancel => {
                let state = HandoverState::Cancelled;
                keep(conn, scope, &asked, (state, at), &mut events).await?;
            }
        }
        outbox::append(conn, events.list()).await?;
        Ok(WorkOutcome::Done {
            conversation: conversation.id,
            version: events.version(),
            work_item: Some(asked.work_item_id),
            transfer: Some(asked.id),
            epoch: None,
        })
    }
}

/// Locks a transfer, its conversation first.
async fn lock(
    conn: &Conn,
    scope: TenantScope,
    id: TransferId,
) -> Result<Option<(Conversation, Transfer)>, Error> {
    let Some(conversation) = transfers::find_conversation(conn, scope, id).await? else {
        return Ok(None);
    };
    let Some(conversation) = conversations::lock(conn, scope, conversation).await? else {
        return Ok(None);
    };
    let transfer = transfers::lock(conn, scope, id).await?;
    Ok(transfer.map(|transfer| (conversation, transfer)))
}

async fn accept(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    asked: &Transfer,
    events: &mut Events<'_>,
) -> Result<(), Halt<WorkOutcome>> {
    let (scope, at, to) = (wish.scope(), wish.now(), wish.viewer.agent);
    if wish.standing().is_stopped() {
        return refuse(WorkRefusal::AssistantsStopped);
    }
    let from = asked.from_agent_id;
    let item = hands::lock(conn, scope, asked.work_item_id).await?;
    // Whatever takes work out of somebody's hands ends the question, so it is theirs still.
    let theirs =
        |item: &hands::Held| item.state == WorkItemState::Active && item.agent_id == Some(from);
    let Some(item) = item.filter(theirs) else {
        return refuse(WorkRefusal::TransferEnded);
    };
    let work = Work {
        conversation,
        item: &item,
        from,
    };
    move_to(conn, scope, &work, (asked.id, to), at, events).await?;
    transfers::mark_ended(conn, scope, asked.id, HandoverState::Done, at).await?;
    timers::cancel(conn, scope, TimerKind::TransferExpires, asked.id.0).await?;
    Ok(())
}

/// Ends the question; the work stays where it is.
async fn keep(
    conn: &Conn,
    scope: TenantScope,
    asked: &Transfer,
    (state, at): (HandoverState, DateTime<Utc>),
    events: &mut Events<'_>,
) -> Result<(), Error> {
    transfers::mark_ended(conn, scope, asked.id, state, at).await?;
    timers::cancel(conn, scope, TimerKind::TransferExpires, asked.id.0).await?;
    if let Some(to) = asked.to_agent_id {
        events.push(Event::TransferEnded {
            conversation: asked.conversation_id,
            work_item: asked.work_item_id,
            transfer: asked.id,
            queue: asked.from_queue_id,
            from: asked.from_agent_id,
            to,
            state,
        });
    }
    let version = events.version();
    conversations::set_version(conn, scope, asked.conversation_id, version).await?;
    Ok(())
}

/// Ends the question of a claimed timer, unless it was answered.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there.
pub async fn transfer_expires(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = TransferId(timer.subject_id);
    let Some((conversation, asked)) = lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if asked.state != HandoverState::Asked {
        return Ok(Vec::new());
    }
    let (id, version) = (conversation.id, conversation.version);
    let mut events = Events::of_conversation(desk, scope, id, version, context);
    let at = asked.expires_at.unwrap_or(timer.due_at);
    keep(
        conn,
        scope,
        &asked,
        (HandoverState::Expired, at),
        &mut events,
    )
    .await?;
    let mut events = events.into_list();
    events.iter_mut().for_each(|event| event.occurred_at = at);
    Ok(events)
}
