//! An agent refuses what they were offered; it waits again, at its old place.

use crate::accept::{Answerable, answerable, lock_own};
use crate::hands::{MAX_REASON, queue_policy, rest_from};
use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error};
use chrono::{DateTime, Utc};
use interdesk_domain::event::Event;
use interdesk_domain::handover::DeclineReason;
use interdesk_domain::id::*;
use interdesk_domain::message::storable;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::model::Rest;
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
    decline_because(desk, viewer, (offer, Why::default()), key, context).await
}

/// Why an agent refuses.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Why {
    /// In one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeclineReason>,
    /// In their own words, of which the first five hundred characters are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Puts the offered work back, with a reason; the policy of the queue says whether and when the viewer
/// may be offered it again.
pub async fn decline_because(
    desk: &Desk,
    viewer: &Viewer,
    (offer, why): (OfferId, Why),
    key: Option<&str>,
    context: &Context,
) -> Result<DeclineOutcome, Error> {
    let wish = Wish::new(desk, viewer, key, context);
    let outcome = wish.fulfil(&Decline(offer, why)).await?;
    if matches!(outcome, DeclineOutcome::Declined { .. }) {
        metrics::counter!("interdesk_offers_total", "state" => "declined").increment(1);
    }
    Ok(outcome)
}

/// To refuse an offer.
#[derive(Serialize)]
struct Decline(OfferId, Why);

impl Verb for Decline {
    type Outcome = DeclineOutcome;
    const OPERATION: &'static str = "offer_decline";
    const KEY_REUSED: DeclineOutcome = DeclineOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<DeclineOutcome, Halt<DeclineOutcome>> {
        let (scope, at) = (wish.scope(), wish.now());
        let Some((conversation, offer)) = lock_own(conn, wish.viewer, self.0).await? else {
            return Err(Halt::Refused(DeclineOutcome::NotFound));
        };
        check(&offer, at).map_err(Halt::Refused)?;
        let mut events = wish.events(&conversation);
        let version = events.push(Event::OfferDeclined {
            conversation: conversation.id,
            work_item: offer.work_item_id,
            offer: offer.id,
            agent: offer.agent_id,
            queue: offer.queue_id,
            reason: self.1.reason,
        });
        let work = (offer.queue_id, offer.work_item_id);
        let policy = queue_policy(wish.desk, conn, scope, work, at).await?;
        let end = End {
            state: OfferState::Declined,
            at,
            version,
            rest: rest_from(policy.after_decline, at),
        };
        give_back(conn, scope, &conversation, &offer, end).await?;
        if self.1.reason.is_some() || self.1.note.is_some() {
            let note = self.1.note.as_deref().map(|note| {
                let short: String = note.chars().take(MAX_REASON).collect();
                storable(&short).into_owned()
            });
            offers::set_reason(conn, scope, offer.id, self.1.reason, note.as_deref()).await?;
        }
        outbox::append(conn, events.list()).await?;
        Ok(DeclineOutcome::Declined {
            work_item: offer.work_item_id,
            conversation: conversation.id,
            version,
        })
    }
}

fn check(offer: &Offer, now: DateTime<Utc>) -> Result<(), DeclineOutcome> {
    match answerable(offer, now) {
        Answerable::Yes => Ok(()),
        Answerable::Ended(OfferState::Accepted) => Err(DeclineOutcome::Accepted),
        Answerable::Ended(OfferState::Declined) => Err(DeclineOutcome::AlreadyDeclined),
        Answerable::Ended(OfferState::Expired) | Answerable::Late => Err(DeclineOutcome::Expired),
        Answerable::Ended(_) => Err(DeclineOutcome::Rescinded),
    }
}

/// How an offer ends without an agent.
pub(crate) struct End {
    /// Declined or expired.
    pub(crate) state: OfferState,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The conversation's version after the event.
    pub(crate) version: i64,
    /// Whether and when the agent may be offered the same again.
    pub(crate) rest: Rest,
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
    offers::set_rest(conn, scope, offer.id, end.rest).await?;
    work_items::mark_queued_again(conn, scope, offer.work_item_id, offer.epoch).await?;
    loads::release(conn, scope, offer.agent_id, offer.units, None).await?;
    let (status, assignee_id) = (conversation.status, conversation.assignee_id);
    let change = Change {
        status,
        assignee_id,
        version: end.version,
    };
    conversations::update(conn, scope, conversation.id, &change).await?;
    Ok(())
}
