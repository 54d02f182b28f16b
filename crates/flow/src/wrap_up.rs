//! An agent finishes the paperwork of work that is done.

use crate::hands::{WorkOutcome, WorkRefusal, done, lock, refuse};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::WorkItemId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations;
use interdesk_store::hands::Held;
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{Conn, loads, outbox, work_items};
use serde::Serialize;

/// To end the paperwork.
#[derive(Serialize)]
struct WrapUpEnd(WorkItemId);

/// Ends the paperwork of the viewer's work before its time: they have room again.
pub async fn end(
    desk: &Desk,
    viewer: &Viewer,
    work_item: WorkItemId,
    key: Option<&str>,
    context: &Context,
) -> Result<WorkOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&WrapUpEnd(work_item)).await
}

impl Verb for WrapUpEnd {
    type Outcome = WorkOutcome;
    const OPERATION: &'static str = "wrap_up_end";
    const KEY_REUSED: WorkOutcome = WorkOutcome::KeyReused;

    async fn act(&self, wish: &Wish<'_>, conn: &Conn) -> Result<WorkOutcome, Halt<WorkOutcome>> {
        let (scope, viewer) = (wish.scope(), wish.viewer);
        let Some((conversation, item)) = lock(conn, scope, self.0).await? else {
            return refuse(WorkRefusal::NotFound);
        };
        if item.agent_id != Some(viewer.agent) && !viewer.steers_others() {
            return refuse(WorkRefusal::NotYours);
        }
        if item.state != WorkItemState::WrapUp {
            return refuse(WorkRefusal::NotWrappingUp);
        }
        let mut events = wish.events(&conversation);
        finish(conn, scope, &item, wish.now(), &mut events).await?;
        timers::cancel(conn, scope, TimerKind::WrapUpEnds, item.id.0).await?;
        outbox::append(conn, events.list()).await?;
        Ok(done(conversation.id, events.version(), Some(item.id)))
    }
}

/// Ends the paperwork of a claimed timer, unless it was ended before.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that the
/// caller appends to the outbox there.
pub async fn wrap_up_ends(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let id = WorkItemId(timer.subject_id);
    let Some((conversation, item)) = lock(conn, scope, id).await? else {
        return Ok(Vec::new());
    };
    if item.state != WorkItemState::WrapUp {
        return Ok(Vec::new());
    }
    let at = item.wrap_up_until.unwrap_or(timer.due_at);
    let (id, version) = (conversation.id, conversation.version);
    let mut events = Events::of_conversation(desk, scope, id, version, context);
    finish(conn, scope, &item, at, &mut events).await?;
    let mut events = events.into_list();
    events.iter_mut().for_each(|event| event.occurred_at = at);
    Ok(events)
}

/// Finishes locked work whose agent does its paperwork.
async fn finish(
    conn: &Conn,
    scope: TenantScope,
    item: &Held,
    at: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let Some(agent) = item.agent_id else {
        return Ok(());
    };
    loads::release(conn, scope, agent, item.units, Some(at)).await?;
    work_items::mark_ended(conn, scope, item.id, WorkItemState::Done, at).await?;
    let version = events.push(Event::WrapUpEnded {
        conversation: item.conversation_id,
        work_item: item.id,
        queue: item.queue_id,
        agent,
    });
    conversations::set_version(conn, scope, item.conversation_id, version).await?;
    Ok(())
}
