//! What happened at the desk, as subscribers see it.

use super::{Actor, Agent, Conversation, Message, Nullable, Offer, Transfer, WorkItem};
use crate::live::Logged;
use crate::viewer::outside;
use crate::{Cursor, Long, loaders};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::*;
use std::sync::Arc;

/// Something that happened at the desk.
#[derive(Debug, Clone)]
pub(crate) struct DeskEvent {
    logged: Arc<Logged>,
    envelope: Arc<Envelope>,
}

impl DeskEvent {
    /// Shows an event of the log; absent where this program is too old to read it.
    pub(crate) fn show(logged: Arc<Logged>) -> Option<Self> {
        let envelope = logged.envelope.clone()?;
        Some(Self { logged, envelope })
    }

    /// Returns what kind of event it is.
    pub(crate) fn name(&self) -> &'static str {
        self.envelope.event.kind()
    }

    /// Returns what kind of thing changed.
    pub(crate) fn aggregate(&self) -> AggregateKind {
        self.envelope.aggregate.kind
    }

    /// Returns the conversation that it is about.
    pub(crate) fn of_conversation(&self) -> Option<ConversationId> {
        Self::conversation_of(&self.envelope)
    }

    /// Returns the conversation that an event is about.
    pub(crate) fn conversation_of(envelope: &Envelope) -> Option<ConversationId> {
        match envelope.aggregate.kind {
            AggregateKind::Conversation => Some(ConversationId(envelope.aggregate.id)),
            _ => subjects(&envelope.event).conversation,
        }
    }

    /// Returns the agent whom an event is about.
    pub(crate) fn agent_of(event: &Event) -> Option<AgentId> {
        subjects(event).agent
    }

    /// Returns the offer that an event is about.
    pub(crate) fn offer_of(event: &Event) -> Option<OfferId> {
        subjects(event).offer
    }

    /// Returns the ids that the event names.
    fn subjects(&self) -> Subjects {
        subjects(&self.envelope.event)
    }
}

/// Something that happened at the desk. What it names is read when it is shown, so it may be newer
/// than the event.
#[Object]
impl DeskEvent {
    /// Names the event.
    pub(crate) async fn id(&self) -> ID {
        outside(self.envelope.id)
    }

    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        Cursor::of_event(self.envelope.tenant, self.logged.seq)
    }

    /// The place in the workspace's order, from 1 without a gap.
    async fn seq(&self) -> Long {
        self.logged.seq.into()
    }

    /// What happened, in the past tense, such as `message_received` or `offer_made`. New kinds may
    /// come; pass over what you do not know.
    async fn kind(&self) -> &'static str {
        self.name()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.envelope.occurred_at
    }

    /// Who did it.
    async fn actor(&self) -> Actor {
        Actor(self.envelope.actor)
    }

    /// The version of the conversation, agent or contact after the event.
    async fn version(&self) -> Long {
        self.envelope.aggregate.version.into()
    }

    /// The conversation; null where it is about none.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        match self.envelope.aggregate.kind {
            AggregateKind::Conversation => {
                loaders::one(context, ConversationId(self.envelope.aggregate.id)).await
            }
            AggregateKind::Episode => loaders::one(context, self.subjects().conversation?).await,
            _ => None,
        }
    }

    /// The message; null where it is about none.
    async fn message(&self, context: &Context<'_>) -> Nullable<Message> {
        loaders::one(context, self.subjects().message?).await
    }

    /// The offer; null where it is about none.
    async fn offer(&self, context: &Context<'_>) -> Nullable<Offer> {
        loaders::one(context, self.subjects().offer?).await
    }

    /// The transfer; null where it is about none.
    async fn transfer(&self, context: &Context<'_>) -> Nullable<Transfer> {
        loaders::one(context, self.subjects().transfer?).await
    }

    /// The work; null where it is about none.
    async fn work_item(&self, context: &Context<'_>) -> Nullable<WorkItem> {
        loaders::one(context, work_item(&self.envelope.event)?).await
    }

    /// The agent whom it is about; null where it is about none. Who did it is the `actor`.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.subjects().agent?).await
    }

    /// The W3C `traceparent` of the request that did it.
    async fn traceparent(&self) -> Option<&str> {
        self.envelope.trace.as_deref()
    }
}

/// What an event is about.
#[derive(Debug, Default)]
struct Subjects {
    conversation: Option<ConversationId>,
    message: Option<MessageId>,
    offer: Option<OfferId>,
    agent: Option<AgentId>,
    transfer: Option<TransferId>,
}

/// Names the work that an event is about.
fn work_item(event: &Event) -> Option<WorkItemId> {
    match event {
        Event::WorkItemQueued { work_item, .. }
        | Event::WorkItemTaken { work_item, .. }
        | Event::WorkItemCancelled { work_item, .. }
        | Event::WorkItemLimited { work_item, .. }
        | Event::WorkItemDone { work_item, .. }
        | Event::WorkItemReleased { work_item, .. }
        | Event::WorkItemTransferred { work_item, .. }
        | Event::TransferAsked { work_item, .. }
        | Event::TransferEnded { work_item, .. }
        | Event::WrapUpBegun { work_item, .. }
        | Event::WrapUpEnded { work_item, .. }
        | Event::OfferMade { work_item, .. }
        | Event::OfferAccepted { work_item, .. }
        | Event::OfferDeclined { work_item, .. }
        | Event::OfferExpired { work_item, .. }
        | Event::OfferRescinded { work_item, .. } => Some(*work_item),
        _ => None,
    }
}

fn subjects(event: &Event) -> Subjects {
    match event {
        Event::SlaWarned { conversation, .. }
        | Event::SlaBreached { conversation, .. }
        | Event::SlaStepped { conversation, .. }
        | Event::SlaFulfilled { conversation, .. }
        | Event::DeadlineChanged { conversation, .. }
        | Event::LadderWidened { conversation, .. }
        | Event::SlaClocksChanged { conversation, .. } => Subjects {
            conversation: Some(*conversation),
            ..Subjects::default()
        },
        Event::NotificationMade {
            conversation,
            agent,
            ..
        } => Subjects {
            conversation: Some(*conversation),
            agent: *agent,
            ..Subjects::default()
        },
        Event::AgentAdded { agent }
        | Event::AgentSignedIn { agent }
        | Event::AgentAccountLinked { agent, .. }
        | Event::AgentUpdated { agent, .. }
        | Event::AgentPresenceChanged { agent, .. }
        | Event::WorkItemTaken { agent, .. }
        | Event::WorkItemDone { agent, .. }
        | Event::WorkItemReleased { agent, .. }
        | Event::WrapUpBegun { agent, .. }
        | Event::WrapUpEnded { agent, .. }
        | Event::SpeakerTaken { agent, .. } => Subjects {
            agent: Some(*agent),
            ..Subjects::default()
        },
        Event::WorkItemTransferred { transfer, to, .. } => Subjects {
            agent: *to,
            transfer: Some(*transfer),
            ..Subjects::default()
        },
        Event::TransferAsked { transfer, to, .. } | Event::TransferEnded { transfer, to, .. } => {
            Subjects {
                agent: Some(*to),
                transfer: Some(*transfer),
                ..Subjects::default()
            }
        }
        Event::OfferMade { offer, agent, .. }
        | Event::OfferAccepted { offer, agent, .. }
        | Event::OfferDeclined { offer, agent, .. }
        | Event::OfferExpired { offer, agent, .. }
        | Event::OfferRescinded { offer, agent, .. } => Subjects {
            offer: Some(*offer),
            agent: Some(*agent),
            ..Subjects::default()
        },
        Event::MessageReceived { message, .. }
        | Event::MessageEchoed { message, .. }
        | Event::MessageImported { message, .. }
        | Event::GroupChanged { message, .. }
        | Event::NoticeReceived { message, .. }
        | Event::MessageEdited { message, .. }
        | Event::MessageDeleted { message, .. }
        | Event::MessageExpired { message, .. }
        | Event::MessageThreaded { message, .. }
        | Event::ReactionChanged { message, .. }
        | Event::MessageQueued { message, .. }
        | Event::MessageChangeQueued { message, .. }
        | Event::MessageChangeFailed { message, .. }
        | Event::MessageRetryDue { message, .. }
        | Event::DeliveryChanged { message, .. }
        | Event::AttachmentStored { message, .. }
        | Event::AttachmentFailed { message, .. }
        | Event::AttachmentRetried { message, .. } => Subjects {
            message: Some(*message),
            ..Subjects::default()
        },
        Event::GroupMemberChanged { conversation, .. } => Subjects {
            conversation: *conversation,
            ..Subjects::default()
        },
        Event::WorkItemLimited { message, .. } => Subjects {
            message: *message,
            ..Subjects::default()
        },
        Event::ThirdPartyInboxChosen { agent, .. } => Subjects {
            agent: *agent,
            ..Subjects::default()
        },
        _ => Subjects::default(),
    }
}
