//! A conversation is done; the next message of its customer opens the next episode.

use crate::once::{Once, Recall};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::{OfferState, WorkItemState};
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::work_items::Live;
use interdesk_store::{Conn, episodes, loads, offers, outbox, work_items};
use serde::{Deserialize, Serialize};

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ResolveOutcome {
    /// The episode is over.
    Resolved {
        /// The conversation's version.
        version: i64,
    },
    /// No such conversation.
    NotFound,
    /// It was over already.
    AlreadyResolved,
    /// Somebody else has it, and the viewer does not steer others.
    NotYours,
    /// The key was used for something else.
    KeyReused,
}

/// Ends the present episode, and with it its work item and a pending offer.
///
/// A conversation that nobody has may be resolved by any agent of the tenant: it is a human's
/// decision, and beats an offer that is only pending.
pub async fn resolve(
    desk: &Desk,
    viewer: &Viewer,
    conversation: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<ResolveOutcome, Error> {
    conflict::retry(|| resolve_once(desk, viewer, conversation, key, context)).await
}

async fn resolve_once(
    desk: &Desk,
    viewer: &Viewer,
    id: ConversationId,
    key: Option<&str>,
    context: &Context,
) -> Result<ResolveOutcome, Error> {
    let scope = viewer.scope();
    let once = Once::new(viewer, key, "conversation_resolve", &id)?;
    let transaction = desk.database.begin(scope).await?;
    let found = load(&transaction, viewer, id).await?;
    let answer = match once.recall(&transaction).await? {
        Recall::Fresh => found,
        Recall::Replay(outcome) => Err(outcome),
        Recall::Mismatch => Err(ResolveOutcome::KeyReused),
    };
    let conversation = match answer {
        Ok(conversation) => conversation,
        Err(refusal) => {
            transaction.rollback().await?;
            return Ok(refusal);
        }
    };
    let now = desk.now();
    let mut events = Events::of_conversation(desk, scope, id, conversation.version, context);
    if let Some(live) = work_items::lock_live(&transaction, scope, id).await? {
        end_work(&transaction, scope, id, &live, now, &mut events).await?;
    }
    let episode = conversation.episode_id;
    let version = events.push(Event::ConversationResolved {
        conversation: id,
        episode,
    });
    episodes::mark_resolved(&transaction, scope, episode, viewer.agent, now).await?;
    let (status, assignee_id) = (ConversationStatus::Resolved, conversation.assignee_id);
    let change = Change {
        status,
        assignee_id,
        version,
    };
    conversations::update(&transaction, scope, id, &change).await?;
    outbox::append(&transaction, events.list()).await?;
    let outcome = ResolveOutcome::Resolved { version };
    once.remember(&transaction, &outcome, now).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(outcome)
}

async fn load(
    conn: &Conn,
    viewer: &Viewer,
    id: ConversationId,
) -> Result<Result<Conversation, ResolveOutcome>, Error> {
    let Some(conversation) = conversations::lock(conn, viewer.scope(), id).await? else {
        return Ok(Err(ResolveOutcome::NotFound));
    };
    if conversation.status.is_done() {
        return Ok(Err(ResolveOutcome::AlreadyResolved));
    }
    let is_foreign = conversation
        .assignee_id
        .is_some_and(|agent| agent != viewer.agent);
    if is_foreign && !viewer.role.steers_others() {
        return Ok(Err(ResolveOutcome::NotYours));
    }
    Ok(Ok(conversation))
}

/// Ends the live work item: done where an agent worked on it, cancelled where it waited.
async fn end_work(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    live: &Live,
    now: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let (work_item, queue) = (live.id, live.queue_id);
    match (live.state, live.agent_id) {
        (WorkItemState::Active | WorkItemState::WrapUp, Some(agent)) => {
            loads::release(conn, scope, agent, Some(now)).await?;
            work_items::mark_ended(conn, scope, work_item, WorkItemState::Done, now).await?;
            events.push(Event::WorkItemDone {
                conversation,
                work_item,
                queue,
                agent,
            });
        }
        _ => {
            rescind(conn, scope, conversation, live, now, events).await?;
            work_items::mark_ended(conn, scope, work_item, WorkItemState::Cancelled, now).await?;
            events.push(Event::WorkItemCancelled {
                conversation,
                work_item,
                queue,
            });
        }
    }
    Ok(())
}

/// Takes a pending offer back; its agent did not work, so they stay as idle as they were.
async fn rescind(
    conn: &Conn,
    scope: TenantScope,
    conversation: ConversationId,
    live: &Live,
    now: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let (work_item, queue) = (live.id, live.queue_id);
    let Some(offer) = offers::lock_pending(conn, scope, work_item).await? else {
        return Ok(());
    };
    offers::mark_ended(conn, scope, offer.id, OfferState::Rescinded, now).await?;
    loads::release(conn, scope, offer.agent_id, None).await?;
    let agent = offer.agent_id;
    events.push(Event::OfferRescinded {
        conversation,
        work_item,
        offer: offer.id,
        agent,
        queue,
    });
    metrics::counter!("interdesk_offers_total", "state" => "rescinded").increment(1);
    Ok(())
}
