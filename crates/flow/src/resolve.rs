//! A conversation is done; the next message of its customer opens the next episode.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
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
    let wish = Wish::new(desk, viewer, key, context);
    wish.fulfil(&Resolve(conversation)).await
}

/// To end an episode.
#[derive(Serialize)]
struct Resolve(ConversationId);

impl Verb for Resolve {
    type Outcome = ResolveOutcome;
    const OPERATION: &'static str = "conversation_resolve";
    const KEY_REUSED: ResolveOutcome = ResolveOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<ResolveOutcome, Halt<ResolveOutcome>> {
        let (scope, id, now) = (wish.scope(), self.0, wish.now());
        let Some(conversation) = conversations::lock(conn, scope, id).await? else {
            return Err(Halt::Refused(ResolveOutcome::NotFound));
        };
        check(&conversation, wish.viewer).map_err(Halt::Refused)?;
        let mut events = wish.events(&conversation);
        if let Some(live) = work_items::lock_live(conn, scope, id).await? {
            end_work(conn, scope, id, &live, now, &mut events).await?;
        }
        let (episode, agent) = (conversation.episode_id, wish.viewer.agent);
        let version = events.push(Event::ConversationResolved {
            conversation: id,
            episode,
        });
        episodes::mark_resolved(conn, scope, episode, agent, now).await?;
        let change = Change {
            status: ConversationStatus::Resolved,
            assignee_id: conversation.assignee_id,
            version,
        };
        conversations::update(conn, scope, id, &change).await?;
        outbox::append(conn, events.list()).await?;
        Ok(ResolveOutcome::Resolved { version })
    }
}

fn check(conversation: &Conversation, viewer: &Viewer) -> Result<(), ResolveOutcome> {
    if conversation.status.is_done() {
        return Err(ResolveOutcome::AlreadyResolved);
    }
    let is_foreign = conversation
        .assignee_id
        .is_some_and(|agent| agent != viewer.agent);
    match is_foreign && !viewer.role.steers_others() {
        true => Err(ResolveOutcome::NotYours),
        false => Ok(()),
    }
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
            loads::release(conn, scope, agent, live.units, Some(now)).await?;
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
    loads::release(conn, scope, offer.agent_id, live.units, None).await?;
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
