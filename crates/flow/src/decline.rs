//! An agent refuses what they were offered; it waits again, at its old place.

use crate::accept::{Answerable, answerable, lock_own};
use crate::once::{Once, Recall};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::OfferState;
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::offers::Offer;
use interdesk_store::{Conn, loads, offers, outbox, work_items};
use serde::{Deserialize, Serialize};

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum DeclineOutcome {
    /// The work waits for somebody else.
    Declined {
        /// Which work.
        work_item: WorkItemId,
        /// Which conversation.
        conversation: ConversationId,
        /// The conversation's version.
        version: i64,
    },
    /// No such offer to this agent.
    NotFound,
    /// The deadline passed.
    Expired,
    /// It was taken back.
    Rescinded,
    /// The agent took it before.
    Accepted,
    /// The agent refused it before.
    AlreadyDeclined,
    /// The key was used for something else.
    KeyReused,
}

/// Puts the offered work back into its queue and frees the viewer's unit of capacity.
pub async fn decline(
    desk: &Desk,
    viewer: &Viewer,
    offer: OfferId,
    key: Option<&str>,
    context: &Context,
) -> Result<DeclineOutcome, Error> {
    let outcome = conflict::retry(|| decline_once(desk, viewer, offer, key, context)).await?;
    if matches!(outcome, DeclineOutcome::Declined { .. }) {
        metrics::counter!("interdesk_offers_total", "state" => "declined").increment(1);
    }
    Ok(outcome)
}

async fn decline_once(
    desk: &Desk,
    viewer: &Viewer,
    offer: OfferId,
    key: Option<&str>,
    context: &Context,
) -> Result<DeclineOutcome, Error> {
    let scope = viewer.scope();
    let once = Once::new(viewer, key, "offer_decline", &offer)?;
    let transaction = desk.database.begin(scope).await?;
    let found = load(desk, &transaction, viewer, offer).await?;
    let answer = match once.recall(&transaction).await? {
        Recall::Fresh => found,
        Recall::Replay(outcome) => Err(outcome),
        Recall::Mismatch => Err(DeclineOutcome::KeyReused),
    };
    let (conversation, offer) = match answer {
        Ok(found) => found,
        Err(refusal) => {
            transaction.rollback().await?;
            return Ok(refusal);
        }
    };
    let mut events =
        Events::of_conversation(desk, scope, conversation.id, conversation.version, context);
    let version = events.push(Event::OfferDeclined {
        conversation: conversation.id,
        work_item: offer.work_item_id,
        offer: offer.id,
        agent: offer.agent_id,
        queue: offer.queue_id,
    });
    let end = End {
        state: OfferState::Declined,
        at: desk.now(),
        version,
    };
    give_back(&transaction, scope, &conversation, &offer, end).await?;
    outbox::append(&transaction, events.list()).await?;
    let (work_item, conversation) = (offer.work_item_id, conversation.id);
    let outcome = DeclineOutcome::Declined {
        work_item,
        conversation,
        version,
    };
    once.remember(&transaction, &outcome, desk.now()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(outcome)
}

type Found = Result<(Conversation, Offer), DeclineOutcome>;

async fn load(desk: &Desk, conn: &Conn, viewer: &Viewer, id: OfferId) -> Result<Found, Error> {
    let Some((conversation, offer)) = lock_own(conn, viewer, id).await? else {
        return Ok(Err(DeclineOutcome::NotFound));
    };
    let refusal = match answerable(&offer, desk.now()) {
        Answerable::Yes => return Ok(Ok((conversation, offer))),
        Answerable::Ended(OfferState::Accepted) => DeclineOutcome::Accepted,
        Answerable::Ended(OfferState::Declined) => DeclineOutcome::AlreadyDeclined,
        Answerable::Ended(OfferState::Expired) | Answerable::Late => DeclineOutcome::Expired,
        Answerable::Ended(_) => DeclineOutcome::Rescinded,
    };
    Ok(Err(refusal))
}

/// How an offer ends without an agent.
pub(crate) struct End {
    /// Declined or expired.
    pub(crate) state: OfferState,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The conversation's version after the event.
    pub(crate) version: i64,
}

/// Ends a locked offer and lets its work wait again; the agent's unit is free, but who refuses has
/// not worked, so they have been idle for as long as before.
pub(crate) async fn give_back(
    conn: &Conn,
    scope: TenantScope,
    conversation: &Conversation,
    offer: &Offer,
    end: End,
) -> Result<(), Error> {
    offers::mark_ended(conn, scope, offer.id, end.state, end.at).await?;
    work_items::mark_queued_again(conn, scope, offer.work_item_id, offer.epoch).await?;
    loads::release(conn, scope, offer.agent_id, None).await?;
    let (status, assignee_id) = (conversation.status, conversation.assignee_id);
    let change = Change {
        status,
        assignee_id,
        version: end.version,
    };
    conversations::update(conn, scope, conversation.id, &change).await?;
    Ok(())
}
