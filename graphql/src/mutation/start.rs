//! An agent writes first.

use super::reply::{ReplyAlternative, ReplyContent, content, judge};
use super::{Refusal, key, needs_key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Conversation, Message, Nullable};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::{ContactId, InboxId};
use interdesk_flow::start::{self, NewConversation, StartOutcome};

#[derive(Default)]
pub(super) struct StartMutation;

#[Object]
impl StartMutation {
    /// Writes to a person first. It begins an episode that the viewer has at once, as work within
    /// their capacity; the customer's answer comes to them. What may be written is what a reply may:
    /// where the app takes a template alone, or nothing before the customer wrote, that is the refusal.
    #[graphql(
        directive = requires::apply(Some(Permission::ConversationsAnswer)),
        directive = needs_key::apply()
    )]
    async fn conversation_start(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "To whom, by which inbox, and what.")] input: ConversationStartInput,
    ) -> Option<Result<ConversationStartPayload, Error>> {
        Some(start(context, input).await)
    }
}

/// To whom to write first.
#[derive(InputObject)]
struct ConversationStartInput {
    /// To whom.
    contact_id: ID,
    /// By which inbox.
    inbox_id: ID,
    /// What to say: exactly one of its kinds.
    content: ReplyContent,
}

/// What became of it.
#[derive(SimpleObject)]
struct ConversationStartPayload {
    /// What became of it.
    status: ConversationStartStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The conversation that began, or the one that is open already; null where there is none.
    conversation: Nullable<Conversation>,
    /// The message; null where it was refused.
    message: Nullable<Message>,
    /// The conversation's version after it.
    version: Option<Long>,
    /// What would work instead, the best first; empty where nothing was refused for where it goes.
    instead: Vec<ReplyAlternative>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ConversationStartStatus {
    /// It began, and the message is on its way.
    Started,
    /// There is no such contact or inbox, or the inbox is switched off.
    NotFound,
    /// A conversation with the person is open in the inbox's queue.
    AlreadyOpen,
    /// The viewer has as much work as they may hold.
    AtCapacity,
    /// The message may not be written: `refusal` and `instead` say why and what could be.
    Refused,
    /// The key was used for something else.
    KeyReused,
}

async fn start(
    context: &Context<'_>,
    input: ConversationStartInput,
) -> Result<ConversationStartPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let contact: Option<ContactId> = parse(&input.contact_id);
    let inbox: Option<InboxId> = parse(&input.inbox_id);
    let content = content(input.content)?;
    let outcome = match (contact, inbox) {
        (None, _) => StartOutcome::NotFound,
        (_, None) => StartOutcome::InboxNotFound,
        (Some(contact), Some(inbox)) => {
            let new = NewConversation {
                contact,
                inbox,
                content,
            };
            start::start(desk(context)?, viewer, &new, key.as_deref(), &request).await?
        }
    };
    show(context, outcome).await
}

async fn show(
    context: &Context<'_>,
    outcome: StartOutcome,
) -> Result<ConversationStartPayload, Error> {
    use ConversationStartStatus as Status;
    let mut payload = ConversationStartPayload {
        status: Status::NotFound,
        refusal: None,
        conversation: None,
        message: None,
        version: None,
        instead: Vec::new(),
    };
    (payload.status, payload.refusal) = match outcome {
        StartOutcome::Started {
            conversation,
            message,
            version,
        } => {
            payload.conversation = loaders::one(context, conversation).await;
            payload.message = loaders::one(context, message).await;
            payload.version = Some(version.into());
            (Status::Started, None)
        }
        StartOutcome::NotFound => (Status::NotFound, Refusal::not_found("contactId", "contact")),
        StartOutcome::InboxNotFound => (Status::NotFound, Refusal::not_found("inboxId", "inbox")),
        StartOutcome::AlreadyOpen { conversation } => {
            payload.conversation = loaders::one(context, conversation).await;
            let message = "a conversation with the person is open, write there";
            let refusal = Refusal::at("contactId", "CONVERSATION_OPEN", message);
            (Status::AlreadyOpen, refusal)
        }
        StartOutcome::AtCapacity => {
            let message = "you have as much work as you may hold, resolve something first";
            (Status::AtCapacity, Refusal::of("AT_CAPACITY", message))
        }
        StartOutcome::Refused { reason } => {
            let judged = judge(&reason);
            payload.instead = judged.instead;
            (Status::Refused, judged.refusal)
        }
        StartOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    Ok(payload)
}
