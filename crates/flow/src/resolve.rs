//! A conversation is done; the next message of its customer opens the next episode.

use crate::hands::{end_asked, queue_policy, set_timer};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::handover::HandoverState;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::{OfferState, WorkItemState};
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::hands::{self, Held};
use interdesk_store::timers::{self, TimerKind};
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
        let (scope, id) = (wish.scope(), self.0);
        let Some(conversation) = conversations::lock(conn, scope, id).await? else {
            return Err(Halt::Refused(ResolveOutcome::NotFound));
        };
        check(&conversation, wish.viewer).map_err(Halt::Refused)?;
        let mut events = wish.events(&conversation);
        let version = end_episode(wish, conn, &conversation, &mut events).await?;
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
    match is_foreign && !viewer.steers_others() {
        true => Err(ResolveOutcome::NotYours),
        false => Ok(()),
    }
}

/// Ends the episode of a locked conversation with its work, and returns the version after it; what the
/// conversation says about it is the caller's to write.
pub(crate) async fn end_episode(
    wish: &Wish<'_>,
    conn: &Conn,
    conversation: &Conversation,
    events: &mut Events<'_>,
) -> Result<i64, Error> {
    let (scope, now) = (wish.scope(), wish.now());
    if let Some(item) = hands::lock_live(conn, scope, conversation.id).await? {
        end_work(wish, conn, &item, events).await?;
    }
    let (episode, agent) = (conversation.episode_id, wish.viewer.agent);
    let version = events.push(Event::ConversationResolved {
        conversation: conversation.id,
        episode,
    });
    episodes::mark_resolved(conn, scope, episode, Some(agent), now).await?;
    Ok(version)
}

/// Ends the live work item: its agent finishes the paperwork, or is done where the queue gives no time
/// for it; cancelled where it waited.
async fn end_work(
    wish: &Wish<'_>,
    conn: &Conn,
    item: &Held,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let (scope, now) = (wish.scope(), wish.now());
    let (work_item, queue) = (item.id, item.queue_id);
    let (WorkItemState::Active, Some(agent)) = (item.state, item.agent_id) else {
        return end_work_at_once(wish, conn, item, events).await;
    };
    let policy = queue_policy(wish.desk, conn, scope, (queue, work_item), now).await?;
    if policy.wrap_up_seconds == 0 {
        return end_work_at_once(wish, conn, item, events).await;
    }
    leave(wish, conn, item, events).await?;
    let until = now + Duration::seconds(policy.wrap_up_seconds.into());
    hands::mark_wrap_up(conn, scope, work_item, until).await?;
    let timer = (TimerKind::WrapUpEnds, work_item.0);
    set_timer(wish.desk, conn, scope, timer, until).await?;
    events.push(Event::WrapUpBegun {
        conversation: item.conversation_id,
        work_item,
        queue,
        agent,
        until,
    });
    Ok(())
}

/// Ends the live work item without time for paperwork, and whoever has it has room at once.
pub(crate) async fn end_work_at_once(
    wish: &Wish<'_>,
    conn: &Conn,
    item: &Held,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let (scope, now) = (wish.scope(), wish.now());
    let (conversation, work_item, queue) = (item.conversation_id, item.id, item.queue_id);
    let (WorkItemState::Active, Some(agent)) = (item.state, item.agent_id) else {
        rescind(conn, scope, item, now, events).await?;
        work_items::mark_ended(conn, scope, work_item, WorkItemState::Cancelled, now).await?;
        events.push(Event::WorkItemCancelled {
            conversation,
            work_item,
            queue,
        });
        return Ok(());
    };
    leave(wish, conn, item, events).await?;
    loads::release(conn, scope, agent, item.units, Some(now)).await?;
    work_items::mark_ended(conn, scope, work_item, WorkItemState::Done, now).await?;
    events.push(Event::WorkItemDone {
        conversation,
        work_item,
        queue,
        agent,
    });
    Ok(())
}

/// Ends what else hangs on work that an agent has.
async fn leave(
    wish: &Wish<'_>,
    conn: &Conn,
    item: &Held,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let (scope, now) = (wish.scope(), wish.now());
    end_asked(conn, scope, item, HandoverState::Cancelled, now, events).await?;
    timers::cancel(conn, scope, TimerKind::OwnerAbsent, item.id.0).await?;
    Ok(())
}

/// Takes a pending offer back; its agent did not work, so they stay as idle as they were.
pub(crate) async fn rescind(
    conn: &Conn,
    scope: TenantScope,
    item: &Held,
    now: DateTime<Utc>,
    events: &mut Events<'_>,
) -> Result<(), Error> {
    let Some(offer) = offers::lock_pending(conn, scope, item.id).await? else {
        return Ok(());
    };
    offers::mark_ended(conn, scope, offer.id, OfferState::Rescinded, now).await?;
    loads::release(conn, scope, offer.agent_id, item.units, None).await?;
    events.push(Event::OfferRescinded {
        conversation: item.conversation_id,
        work_item: item.id,
        offer: offer.id,
        agent: offer.agent_id,
        queue: item.queue_id,
    });
    metrics::counter!("interdesk_offers_total", "state" => "rescinded").increment(1);
    Ok(())
}
