//! Offers.

use super::{Agent, Conversation, Nullable, Queue, WorkItem, object};
use crate::loaders;
use crate::viewer::outside;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::work_item as domain;
use interdesk_store::read::offers::Offer as Row;

object! {
    /// A work item shown to one agent, with a deadline.
    Offer(Row)
}

/// A work item shown to one agent, with a deadline.
#[Object]
impl Offer {
    /// Names the offer.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Where it stands.
    async fn state(&self) -> OfferState {
        self.0.state.into()
    }

    /// To whom it is shown.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id).await
    }

    /// The conversation that it is about.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// The queue that the work waits in.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.queue_id).await
    }

    /// The work that is offered.
    async fn work_item(&self, context: &Context<'_>) -> Nullable<WorkItem> {
        loaders::one(context, self.0.work_item_id).await
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// Until when the agent may answer.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When it was answered, expired or was taken back; null while it is pending.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::OfferState")]
pub(crate) enum OfferState {
    /// Waits for the agent until its deadline.
    Pending,
    /// The agent took it.
    Accepted,
    /// The agent refused it.
    Declined,
    /// The deadline passed.
    Expired,
    /// Taken back.
    Rescinded,
}
