//! An agent takes what they were offered.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::event::Event;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::{OfferState, WorkItemState};
use interdesk_store::conversations::{self, Change, Conversation};
use interdesk_store::offers::Offer;
use interdesk_store::{Conn, offers, outbox, speakers, work_items};
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
    /// The agent is an assistant, and all assistants are stopped.
    AssistantsStopped,
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
    let wish = Wish::new(desk, viewer, key, context);
    let outcome = wish.fulfil(&Accept(offer)).await?;
    if matches!(outcome, AcceptOutcome::Accepted { .. }) {
        metrics::counter!("interdesk_offers_total", "state" => "accepted").increment(1);
    }
    Ok(outcome)
}

/// To take an offer.
#[derive(Serialize)]
struct Accept(OfferId);

impl Verb for Accept {
    type Outcome = AcceptOutcome;
    const OPERATION: &'static str = "offer_accept";
    const KEY_REUSED: AcceptOutcome = AcceptOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<AcceptOutcome, Halt<AcceptOutcome>> {
        let (scope, now) = (wish.scope(), wish.now());
        let Some((conversation, offer)) = lock_own(conn, wish.viewer, self.0).await? else {
            return Err(Halt::Refused(AcceptOutcome::NotFound));
        };
        check(&offer, now).map_err(Halt::Refused)?;
        if wish.standing().is_stopped() {
            return Err(Halt::Refused(AcceptOutcome::AssistantsStopped));
        }
        let mut events = wish.events(&conversation);
        let version = events.push(Event::OfferAccepted {
            conversation: conversation.id,
            work_item: offer.work_item_id,
            offer: offer.id,
            agent: offer.agent_id,
            queue: offer.queue_id,
        });
        offers::mark_ended(conn, scope, offer.id, OfferState::Accepted, now).await?;
        work_items::mark_active(conn, scope, offer.work_item_id, offer.epoch).await?;
        let change = Change {
            status: ConversationStatus::Open,
            assignee_id: Some(wish.viewer.agent),
            version,
        };
        conversations::update(conn, scope, conversation.id, &change).await?;
        speakers::follow(conn, scope, conversation.id, change.assignee_id, now).await?;
        outbox::append(conn, events.list()).await?;
        Ok(AcceptOutcome::Accepted {
            work_item: offer.work_item_id,
            conversation: conversation.id,
            version,
        })
    }
}

fn check(offer: &Offer, now: DateTime<Utc>) -> Result<(), AcceptOutcome> {
    match answerable(offer, now) {
        Answerable::Yes => Ok(()),
        Answerable::Ended(OfferState::Accepted) => Err(AcceptOutcome::AlreadyAccepted),
        Answerable::Ended(OfferState::Declined) => Err(AcceptOutcome::Declined),
        Answerable::Ended(OfferState::Expired) | Answerable::Late => Err(AcceptOutcome::Expired),
        Answerable::Ended(_) => Err(AcceptOutcome::Rescinded),
    }
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
    scope: TenantScope,
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
