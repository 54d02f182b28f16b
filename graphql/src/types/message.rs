//! Messages and pages of them.

use super::{
    Agent, Attachment, Authenticity, Contact, Conversation, Delivery, Inbox, MessageChange,
    MessageContent, MessageOrigin, MessageRecipient, Nullable, object,
};
use crate::loaders::{
    self, AttachmentsOf, ChangesOf, MailTraceOf, MessagesOf, ProviderId, ReactionsTo, RecipientsOf,
    RevisionsOf, ShownIn,
};
use crate::page::{PageArguments, PageInfo, cut};
use crate::viewer::outside;
use crate::{Cursor, Error, Long};
use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use interdesk_domain::id::ConversationId;
use interdesk_store::read::messages as rows;
use interdesk_store::read::shown::Spot;

object! {
    /// One message, either way.
    Message(rows::Message)
}

/// One message, either way.
#[Object]
impl Message {
    /// Names the message.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Which way it went.
    async fn direction(&self) -> Direction {
        match self.0.direction.as_str() {
            "in" => Direction::In,
            _ => Direction::Out,
        }
    }

    /// Who wrote it; null for what one of us wrote in the provider's own app, and for what the desk
    /// says itself.
    async fn author(&self, context: &Context<'_>) -> Nullable<Author> {
        if let Some(agent) = self.0.agent_id {
            return loaders::one::<Agent, _, _>(context, agent)
                .await
                .map(|a| a.map(Author::Agent));
        }
        let contact = loaders::one::<Contact, _, _>(context, self.0.contact_id?).await;
        contact.map(|contact| contact.map(Author::Contact))
    }

    /// Whom ours goes to, of the contacts of the person; null for the customer's and in a group.
    async fn recipient(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, self.0.recipient_id?).await
    }

    /// What it holds; null once its author took it back or its time is over.
    async fn content(&self) -> Nullable<MessageContent> {
        match self.is_gone() {
            false => Some(MessageContent::read(&self.0.content)),
            true => None,
        }
    }

    /// The words of it, whatever it holds; empty once its author took it back or its time is over.
    async fn text(&self) -> &str {
        if self.is_gone() { "" } else { &self.0.text }
    }

    /// When it was sent, by the provider's clock where it came from there.
    async fn sent_at(&self) -> DateTime<Utc> {
        self.0.sent_at
    }

    /// When it was stored here.
    async fn stored_at(&self) -> DateTime<Utc> {
        self.0.stored_at
    }

    /// How far it got; null for the customer's.
    async fn delivery(&self) -> Nullable<Delivery> {
        let state = self.0.delivery?;
        Some(Delivery::read(
            state,
            self.0.attempts,
            self.0.failure.as_ref(),
        ))
    }

    /// How far ours got with each of a group, as far as the provider told; empty for others.
    #[graphql(directive = crate::cost::list_size::apply(1, None, None))]
    async fn recipients(&self, context: &Context<'_>) -> Nullable<Vec<MessageRecipient>> {
        if self.0.delivery.is_none() {
            return Some(Ok(Vec::new()));
        }
        let found = loaders::all(context, RecipientsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(MessageRecipient).collect()))
    }

    /// The files that came or go with it, in order; empty once its author took it back or
    /// its time is over.
    // Most messages have one at most.
    async fn attachments(&self, context: &Context<'_>) -> Nullable<Vec<Attachment>> {
        if self.is_gone() {
            return Some(Ok(Vec::new()));
        }
        let found = loaders::all(context, AttachmentsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(Attachment).collect()))
    }

    /// What stands on it, by whom.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn reactions(&self, context: &Context<'_>) -> Nullable<Vec<Reaction>> {
        let Some(id) = self.0.provider_id.clone() else {
            return Some(Ok(Vec::new()));
        };
        let found = loaders::all(context, ReactionsTo(self.0.inbox_id, id)).await;
        Some(found.map(|found| found.into_iter().map(Reaction::from).collect()))
    }

    /// What a server that the inbox trusts found out about who sent it; null for what is no mail of a
    /// customer.
    async fn authenticity(&self, context: &Context<'_>) -> Nullable<Authenticity> {
        if self.0.direction != "in" {
            return None;
        }
        let kept: Option<Result<Option<String>, Error>> =
            loaders::one(context, MailTraceOf(self.0.id)).await;
        match kept? {
            Ok(raw) => Authenticity::read(&raw?).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Where it comes from and what it belongs to, as far as its app tells; null where it tells nothing or
    /// its author took it back.
    async fn origin(&self) -> Option<MessageOrigin> {
        let told = self.0.origin.as_ref().filter(|_| !self.is_gone())?;
        MessageOrigin::read(told)
    }

    /// The message that it answers; null where it answers none, or none that is known here.
    async fn reply_to(&self, context: &Context<'_>) -> Nullable<Message> {
        let id = self.0.reply_to.clone()?;
        loaders::one(context, ProviderId(self.0.inbox_id, id)).await
    }

    /// How often its author replaced it.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// What agents changed about it since it was sent, in order, with how far each change got.
    #[graphql(directive = crate::cost::list_size::apply(2, None, None))]
    async fn changes(&self, context: &Context<'_>) -> Nullable<Vec<MessageChange>> {
        let found = loaders::all(context, ChangesOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(MessageChange).collect()))
    }

    /// What it held before each edit, the first version first; empty once its time is over.
    #[graphql(directive = crate::cost::list_size::apply(2, None, None))]
    async fn versions(&self, context: &Context<'_>) -> Nullable<Vec<MessageVersion>> {
        if self.0.revision == 0 {
            return Some(Ok(Vec::new()));
        }
        let found = loaders::all(context, RevisionsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(MessageVersion).collect()))
    }

    /// When its author took it back; null while it stands.
    async fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.0.deleted_at
    }

    /// Until when it is shown, as its author wants; null for ever, and while
    /// `expiresAfterReadingSeconds` waits for somebody to read it.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// How long after `conversationSeen` or a reply it is gone, in seconds; null where its author did
    /// not ask for that.
    async fn expires_after_reading_seconds(&self) -> Option<i32> {
        self.0.expires_after
    }

    /// When its time was over and everything it held was deleted; null while it is shown.
    async fn expired_at(&self) -> Option<DateTime<Utc>> {
        self.0.expired_at
    }

    /// The app that carried it.
    async fn inbox(&self, context: &Context<'_>) -> Nullable<Inbox> {
        loaders::one(context, self.0.inbox_id).await
    }

    /// The conversation that it belongs to, by whose thread it came or went; where that is merged, its
    /// `mergedInto` shows it.
    async fn conversation(&self, context: &Context<'_>) -> Nullable<Conversation> {
        loaders::one(context, self.0.conversation_id).await
    }

    /// The version of its `conversation` at this message: the order within it.
    async fn version(&self) -> Long {
        self.0.version.into()
    }
}

impl Message {
    /// Tells whether nothing of it is shown any more.
    fn is_gone(&self) -> bool {
        self.0.deleted_at.is_some() || self.0.expired_at.is_some()
    }
}

object! {
    /// What a message held before an edit.
    MessageVersion(rows::Revision)
}

/// What a message held before an edit.
#[Object]
impl MessageVersion {
    /// Which version, from 0.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// What it held.
    async fn content(&self) -> Nullable<MessageContent> {
        Some(MessageContent::read(&self.0.content))
    }

    /// When it was replaced.
    async fn replaced_at(&self) -> DateTime<Utc> {
        self.0.replaced_at
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Direction {
    /// From the customer.
    In,
    /// From us.
    Out,
}

/// Who wrote a message.
#[derive(Debug, Clone, Union)]
pub(crate) enum Author {
    /// One of us.
    Agent(Agent),
    /// A customer.
    Contact(Contact),
}

/// What stands on a message.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Reaction {
    /// The address of who reacted.
    pub(crate) author: String,
    /// What stands.
    pub(crate) emojis: Vec<String>,
    /// When it changed last.
    pub(crate) changed_at: DateTime<Utc>,
}

impl From<rows::Reaction> for Reaction {
    fn from(row: rows::Reaction) -> Self {
        Self {
            author: row.author,
            emojis: row.emojis,
            changed_at: row.changed_at,
        }
    }
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct MessageConnection {
    /// The messages with their places.
    pub(crate) edges: Vec<MessageEdge>,
    /// The messages alone.
    pub(crate) nodes: Vec<Message>,
    /// What lies around the page.
    pub(crate) page_info: PageInfo,
}

/// A message and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct MessageEdge {
    /// The place.
    pub(crate) cursor: Cursor,
    /// The message.
    pub(crate) node: Message,
}

impl MessageConnection {
    /// Loads a page of a conversation's messages.
    pub(crate) async fn load(
        context: &Context<'_>,
        (conversation, has_merged): (ConversationId, bool),
        arguments: &PageArguments,
    ) -> Result<Self, Error> {
        let place = |message: &rows::Message| {
            let of = message.conversation_id;
            let (version, of) = (message.version, (of != conversation).then_some(of));
            Cursor::of_shown(Spot { version, of })
        };
        let (found, page_info) = if has_merged {
            let window = arguments.window(Cursor::shown)?;
            let found = loaders::all(context, ShownIn(conversation, window)).await?;
            cut(found, &window, place)
        } else {
            let window = arguments.window(Cursor::message)?;
            let found = loaders::all(context, MessagesOf(conversation, window)).await?;
            cut(found, &window, place)
        };
        let nodes: Vec<Message> = found.into_iter().map(Message).collect();
        let edges = nodes
            .iter()
            .map(|node| MessageEdge {
                cursor: place(&node.0),
                node: node.clone(),
            })
            .collect();
        Ok(Self {
            edges,
            nodes,
            page_info,
        })
    }
}
