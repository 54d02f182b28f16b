//! An agent takes waiting work by themselves: what comes first in a queue, or what they name.

use crate::hands::{WorkOutcome, WorkRefusal, done, lock, refuse};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::WorkItemState;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::hands::{self, Held};
use interdesk_store::{Conn, loads, members, outbox, speakers};
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
        if wish.standing().presence == Presence::Offline {
            return refuse(WorkRefusal::NotAvailable);
        }
        let served = members::list_queues(conn, scope, wish.viewer.agent).await?;
        if !served.contains(&item.queue_id) && !wish.viewer.role.steers_others() {
            return refuse(WorkRefusal::NotAMember);
        }
        give(wish, conn, &conversation, &item).await
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
    hands::lock_loads(conn, scope, &[agent]).await?;
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
/// enough, and then nothing is taken.
pub(crate) async fn has_room(
    conn: &Conn,
    scope: TenantScope,
    item: &Held,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let debited = loads::debit(conn, scope, &[(agent, item.units)], now).await?;
    Ok(!debited.is_empty())
}
