//! What the events of the log mean for clocks.

use super::{Moment, Party, State, What};
use crate::event::{Actor, Envelope, Event};
use crate::id::ConversationId;
use crate::routing::limit::Limited;

/// Reads what an event means for clocks, in order; most mean nothing or one thing.
///
/// The desk's own moves are spelled out: who accepts has the conversation open, and who replies waits
/// for the customer. Events of states, priorities, policies and schedules join here as they come to
/// the log.
pub fn moments(envelope: &Envelope) -> Vec<Moment> {
    let by = match envelope.actor {
        Actor::Contact(_) => Party::Customer,
        Actor::Agent(_) => Party::Agent,
        Actor::System | Actor::Operator => Party::System,
    };
    // Without the customer it is one of us who begins, here or in the provider's own app.
    let opener = match by {
        Party::Customer => Party::Customer,
        Party::Agent | Party::System => Party::Agent,
    };
    let what: [Option<What>; 2] = match &envelope.event {
        Event::ConversationOpened { .. } => [Some(What::Opened { by: opener }), None],
        Event::ConversationReopened { .. } => [Some(What::Reopened { by: opener }), None],
        Event::MessageReceived { .. } => [Some(What::CustomerMessage), None],
        // What the desk says by itself is no answer of ours.
        Event::MessageQueued { .. } if matches!(envelope.actor, Actor::System) => [None, None],
        Event::WorkItemLimited {
            outcome: Limited::Answer,
            message: Some(_),
            ..
        } => [Some(What::Became(State::WaitingForCustomer)), None],
        Event::MessageQueued { .. } | Event::MessageEchoed { .. } => {
            let waits = What::Became(State::WaitingForCustomer);
            [Some(What::AgentReply), Some(waits)]
        }
        Event::ReactionChanged { withdrawn, .. } => {
            [(!withdrawn).then_some(What::Reacted { by }), None]
        }
        Event::WorkItemQueued { .. } => [Some(What::Queued), None],
        Event::WorkItemCancelled { .. } => [Some(What::Unqueued), None],
        Event::WorkItemDone { .. } => [Some(What::Released), None],
        Event::OfferMade { offer, .. } => [Some(What::Offered { offer: *offer }), None],
        Event::OfferAccepted { offer, .. } => {
            let offer = Some(*offer);
            [
                Some(What::Accepted { offer }),
                Some(What::Became(State::Open)),
            ]
        }
        Event::WorkItemTaken { .. } => {
            let taken = What::Accepted { offer: None };
            [Some(taken), Some(What::Became(State::Open))]
        }
        Event::OfferDeclined { offer, .. } => [Some(What::Declined { offer: *offer }), None],
        Event::OfferExpired { offer, .. } => [Some(What::Expired { offer: *offer }), None],
        Event::OfferRescinded { offer, .. } => [Some(What::Rescinded { offer: *offer }), None],
        Event::ConversationResolved { .. } => [Some(What::Became(State::Resolved)), None],
        Event::ConversationClosed { .. } => [Some(What::Became(State::Closed)), None],
        Event::MessageThreaded { by, .. } => match by {
            Party::Customer => [Some(What::CustomerMessage), None],
            Party::Agent => {
                let waits = What::Became(State::WaitingForCustomer);
                [Some(What::AgentReply), Some(waits)]
            }
            Party::System => [None, None],
        },
        // The one that is merged ends without a verdict; who waits there waits in the other one.
        Event::ConversationMerged {
            conversation,
            unanswered,
            ..
        } => match (is_own(envelope, *conversation), unanswered) {
            (true, _) => [Some(What::Merged), None],
            (false, true) => [Some(What::CustomerMessage), None],
            (false, false) => [None, None],
        },
        Event::ConversationUnmerged {
            conversation,
            unanswered,
            ..
        } => match (is_own(envelope, *conversation), unanswered) {
            (true, true) => [Some(What::CustomerMessage), None],
            (false, false) => [Some(What::Unasked), None],
            _ => [None, None],
        },
        Event::ConversationHeld { .. } => [Some(What::Became(State::OnHold)), None],
        // Nobody can have what sleeps in a queue, so that it does not wait there for us.
        Event::ConversationSnoozed { queue, .. } => [
            Some(What::Became(State::Snoozed)),
            queue.map(|_| What::Unqueued),
        ],
        Event::ConversationWoken { queue, .. } => {
            [Some(What::Became(State::Open)), queue.map(|_| What::Queued)]
        }
        Event::ConversationStatusChanged { to, .. } => [Some(What::Became((*to).into())), None],
        Event::PriorityChanged { to, .. } => [Some(What::PriorityChanged(*to)), None],
        Event::WorkItemReleased { .. } => [Some(What::Released), Some(What::Queued)],
        Event::WorkItemTransferred { to, .. } => match to {
            Some(_) => [Some(What::Accepted { offer: None }), None],
            None => [Some(What::Released), Some(What::Queued)],
        },
        Event::WrapUpBegun { .. } => [Some(What::Released), None],
        _ => [None, None],
    };
    let moments = what.into_iter().flatten().map(|what| Moment {
        at: envelope.occurred_at,
        event: envelope.id,
        what,
    });
    moments.collect()
}

/// Tells whether an event is told in the conversation that it names, and not in the other one.
fn is_own(envelope: &Envelope, conversation: ConversationId) -> bool {
    envelope.aggregate.id == conversation.0
}

/// Cuts a conversation's history into its episodes.
pub fn episodes(history: &[Moment]) -> impl Iterator<Item = &[Moment]> {
    let mut rest = history;
    std::iter::from_fn(move || {
        let begins = |moment: &Moment| matches!(moment.what, What::Reopened { .. });
        let end = rest
            .iter()
            .skip(1)
            .position(begins)
            .map_or(rest.len(), |place| place + 1);
        let (episode, after) = rest.split_at(end);
        rest = after;
        (!episode.is_empty()).then_some(episode)
    })
}
