//! Transfers: how work left the hands that it was in.

use super::{Agent, Conversation, Nullable, Queue, WorkItem, object};
use crate::loaders;
use crate::viewer::outside;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::handover as domain;
use interdesk_store::transfers::Transfer as Row;

object! {
    /// How work left the hands that it was in.
    Transfer(Row)
}

/// How work left the hands that it was in.
#[Object]
impl Transfer {
    /// Names the transfer.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// How it left.
    async fn kind(&self) -> TransferKind {
        self.0.kind.into()
    }

    /// Where it stands: a colleague is asked first, everything else is done at once.
    async fn state(&self) -> TransferState {
        self.0.state.into()
    }

    /// The work.
    async fn work_item(&self, context: &Context<'_>) -> Nullable<WorkItem> {
        loaders::one(context, self.0.work_item_id).await
    }

    /// The conversation that it is about.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// Who had it.
    async fn from_agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.from_agent_id).await
    }

    /// Its queue before.
    async fn from_queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.from_queue_id).await
    }

    /// Who got it or was asked; null where it went to a queue.
    async fn to_agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.to_agent_id?).await
    }

    /// Its queue afterwards.
    async fn to_queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.to_queue_id).await
    }

    /// Why, in words; empty where nobody said.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who did it; null for a rule of the desk.
    async fn made_by(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.made_by?).await
    }

    /// When it was begun.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// Until when the colleague may answer; null where nobody was asked.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When it was done, or was not; null while the answer is awaited.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

/// How work left its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::HandoverKind")]
pub(crate) enum TransferKind {
    /// They gave it back to its queue.
    Release,
    /// They were away for too long.
    Absence,
    /// They put it off and let it go meanwhile.
    Snooze,
    /// It went to somebody or somewhere else at once.
    Cold,
    /// A colleague was asked first.
    Warm,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::HandoverState")]
pub(crate) enum TransferState {
    /// The colleague is asked; who has it keeps it.
    Asked,
    /// It changed hands.
    Done,
    /// The colleague said no; it stayed.
    Declined,
    /// The colleague did not answer in time; it stayed.
    Expired,
    /// It was taken back, or there was nothing to hand over any more.
    Cancelled,
}
