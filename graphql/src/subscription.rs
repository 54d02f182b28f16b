//! What agents watch: views of the event log, one file each.

mod conversation;
mod desk_events;
mod inbox;
mod left;
mod offers;
mod presence;
mod queue_stats;
mod sla_clocks;
mod viewing;

pub(crate) use left::ConversationLeft;

use async_graphql::MergedSubscription;

/// What agents watch. Where there is no `after` a subscription begins with what stands, and then tells
/// what changes, each with its `cursor`. After a lost connection subscribe again with the last cursor,
/// and nothing is missed or doubled. A cursor that is too old, or was given while other conversations
/// were seen, is answered with the error `RESYNC_REQUIRED`: subscribe without one.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct Live(
    desk_events::DeskEvents,
    conversation::ConversationSubscription,
    inbox::InboxSubscription,
    offers::OfferSubscription,
    presence::PresenceSubscription,
    queue_stats::QueueStatsSubscription,
    sla_clocks::SlaClocksSubscription,
    viewing::ViewingSubscription,
);
