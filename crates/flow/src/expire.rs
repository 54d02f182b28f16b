//! An offer's deadline passes; its work waits again.

use crate::accept::{Answerable, answerable, lock};
use crate::decline::{End, give_back};
use crate::hands::{queue_policy, rest_from};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::id::OfferId;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::work_item::OfferState;
use interdesk_store::Conn;
use interdesk_store::timers::Timer;

/// Ends the offer of a claimed timer, unless it has ended already.
///
/// Runs within the transaction in which the caller claimed the timer, and returns the events that
/// the caller appends to the outbox there. Offer and event end at the deadline, not at the moment
/// at which somebody noticed it.
pub async fn expire(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
    timer: &Timer,
    context: &Context,
) -> Result<Vec<Envelope>, Error> {
    let Some((conversation, offer)) = lock(conn, scope, OfferId(timer.subject_id)).await? else {
        return Ok(Vec::new());
    };
    let at = offer.expires_at;
    if let Answerable::Ended(_) = answerable(&offer, at) {
        return Ok(Vec::new());
    }
    let mut events =
        Events::of_conversation(desk, scope, conversation.id, conversation.version, context);
    let version = events.push(Event::OfferExpired {
        conversation: conversation.id,
        work_item: offer.work_item_id,
        offer: offer.id,
        agent: offer.agent_id,
        queue: offer.queue_id,
    });
    let work = (offer.queue_id, offer.work_item_id);
    let policy = queue_policy(desk, conn, scope, work, at).await?;
    let end = End {
        state: OfferState::Expired,
        at,
        version,
        rest: rest_from(policy.after_expiry, at),
    };
    give_back(conn, scope, &conversation, &offer, end).await?;
    metrics::counter!("interdesk_offers_total", "state" => "expired").increment(1);
    let mut events = events.into_list();
    events.iter_mut().for_each(|event| event.occurred_at = at);
    Ok(events)
}
