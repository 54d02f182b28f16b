//! An agent takes what they were offered.

use crate::once::{Once, Recall};
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::work_item::{OfferState, WorkItemState};
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::offers::Offer;
use interdesk_store::{Conn, offers, outbox, work_items};
use serde::{Deserialize, Serialize};

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum AcceptOutcome {
    /// The conversation is the agent's.
    Accepted {
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
    /// The agent refused it before.
    Declined,
    /// The agent took it before.
    AlreadyAccepted,
    /// The key was used for something else.
    KeyReused,
}

/// Gives the offered conversation to the viewer; its unit of capacity stays held.
pub async fn accept(
    desk: &Desk,
    viewer: &Viewer,
    offer: OfferId,
    key: Option<&str>,
    context: &Context,
) -> Result<AcceptOutcome, Error> {
    let outcome = conflict::retry(|| accept_once(desk, viewer, offer, key, context)).await?;
    if matches!(outcome, AcceptOutcome::Accepted { .. }) {
        metrics::counter!("interdesk_offers_total", "state" => "accepted").increment(1);
    }
    Ok(outcome)
}

async fn accept_once(
    desk: &Desk,
    viewer: &Viewer,
    offer: OfferId,
    key: Option<&str>,
    context: &Context,
) -> Result<AcceptOutcome, Error> {
    let once = Once::new(viewer, key, "offer_accept", &offer)?;
    let transaction = desk.database.begin(viewer.scope()).await?;
    let found = load(desk, &transaction, viewer, offer).await?;
    let answer = match once.recall(&transaction).await? {
        Recall::Fresh => found,
        Recall::Replay(outcome) => Err(outcome),
        Recall::Mismatch => Err(AcceptOutcome::KeyReused),
    };
    let (conversation, offer) = match answer {
        Ok(found) => found,
        Err(refusal) => {
            transaction.rollback().await?;
            return Ok(refusal);
        }
    };
    let outcome = write(desk, &transaction, viewer, &conversation, &offer, context).await?;
    once.remember(&transaction, &outcome, desk.now()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(outcome)
}

type Found = Result<(Conversation, Offer), AcceptOutcome>;

async fn load(desk: &Desk, conn: &Conn, viewer: &Viewer, id: OfferId) -> Result<Found, Error> {
    let Some((conversation, offer)) = lock_own(conn, viewer, id).await? else {
        return Ok(Err(AcceptOutcome::NotFound));
    };
    let refusal = match answerable(&offer, desk.now()) {
        Answerable::Yes => return Ok(Ok((conversation, offer))),
        Answerable::Ended(OfferState::Accepted) => AcceptOutcome::AlreadyAccepted,
        Answerable::Ended(OfferState::Declined) => AcceptOutcome::Declined,
        Answerable::Ended(OfferState::Expired) | Answerable::Late => AcceptOutcome::Expired,
        Answerable::Ended(_) => AcceptOutcome::Rescinded,
    };
    Ok(Err(refusal))
}

async fn write(
    desk: &Desk,
    conn: &Conn,
    viewer: &Viewer,
    conversation: &Conversation,
    offer: &Offer,
    context: &Context,
) -> Result<AcceptOutcome, Error> {
    let (scope, now) = (viewer.scope(), desk.now());
    let mut events =
        Events::of_conversation(desk, scope, conversation.id, conversation.version, context);
    let version = events.push(Event::OfferAccepted {
        conversation: conversation.id,
        work_item: offer.work_item_id,
        offer: offer.id,
        agent: offer.agent_id,
        queue: offer.queue_id,
    });
    offers::mark_ended(conn, scope, offer.id, OfferState::Accepted, now).await?;
    work_items::mark_active(conn, scope, offer.work_item_id, offer.epoch).await?;
    let status = ConversationStatus::Open;
    let change = Change {
        status,
        assignee_id: Some(viewer.agent),
        version,
    };
    conversations::update(conn, scope, conversation.id, &change).await?;
    outbox::append(conn, events.list()).await?;
    let (work_item, conversation) = (offer.work_item_id, conversation.id);
    Ok(AcceptOutcome::Accepted {
        work_item,
        conversation,
        version,
    })
}

/// Locks an offer to the viewer, its conversation first; the offers of others do not exist.
pub(crate) async fn lock_own(
    conn: &Conn,
    viewer: &Viewer,
    id: OfferId,
) -> Result<Option<(Conversation, Offer)>, Error> {
    let found = lock(conn, viewer.scope(), id).await?;
    Ok(found.filter(|(_, offer)| offer.agent_id == viewer.agent))
}

/// Locks an offer, its conversation first.
pub(crate) async fn lock(
    conn: &Conn,
    scope: interdesk_domain::scope::TenantScope,
    id: OfferId,
) -> Result<Option<(Conversation, Offer)>, Error> {
    let Some(conversation) = offers::find_conversation(conn, scope, id).await? else {
        return Ok(None);
    };
    let Some(conversation) = conversations::lock(conn, scope, conversation).await? else {
        return Ok(None);
    };
    let offer = offers::lock(conn, scope, id).await?;
    Ok(offer.map(|offer| (conversation, offer)))
}

/// Whether an offer can still be answered.
pub(crate) enum Answerable {
    /// It can.
    Yes,
    /// It was answered, expired or was taken back.
    Ended(OfferState),
    /// Its deadline passed, though its timer has not fired yet.
    Late,
}

/// Judges a locked offer: pending, in time, and of the epoch in which its item still is.
pub(crate) fn answerable(offer: &Offer, now: DateTime<Utc>) -> Answerable {
    // no_epoch_check: whoever was offered something may take it, whatever became of it since.
    #[cfg(feature = "planted-bugs")]
    if interdesk_store::planted::is_loose("no_epoch_check") {
        return Answerable::Yes;
    }
    if offer.state != OfferState::Pending {
        return Answerable::Ended(offer.state);
    }
    let is_current =
        offer.epoch == offer.work_item_epoch && offer.work_item_state == WorkItemState::Offered;
    match is_current {
        false => Answerable::Ended(OfferState::Rescinded),
        true if now >= offer.expires_at => Answerable::Late,
        true => Answerable::Yes,
    }
}
