//! A conversation is done.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Conversation, Nullable};
use crate::viewer::{desk, request, sought, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::ConversationId;
use interdesk_flow::resolve::{self, ResolveOutcome};

#[derive(Default)]
pub(super) struct ResolveMutation;

#[Object]
impl ResolveMutation {
    /// Ends the present episode; the customer's next message begins another.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_resolve(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationResolveInput,
    ) -> Option<Result<ConversationResolvePayload, Error>> {
        Some(resolve(context, &input.conversation_id).await)
    }
}

/// Which conversation is done.
#[derive(InputObject)]
struct ConversationResolveInput {
    /// Which.
    conversation_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
struct ConversationResolvePayload {
    /// What became of it.
    status: ConversationResolveStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The conversation as it is now; null where there is no such conversation.
    conversation: Nullable<Conversation>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ConversationResolveStatus {
    /// The episode is over.
    Resolved,
    /// There is no such conversation.
    NotFound,
    /// It was over already.
    AlreadyResolved,
    /// Somebody else has it.
    NotYours,
    /// The key was used for something else.
    KeyReused,
}

async fn resolve(context: &Context<'_>, id: &ID) -> Result<ConversationResolvePayload, Error> {
    use ConversationResolveStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let id: Option<ConversationId> = sought(context, id).await?;
    let request = request(context, viewer);
    let outcome = match id {
        Some(id) => resolve::resolve(desk(context)?, viewer, id, key.as_deref(), &request).await?,
        None => ResolveOutcome::NotFound,
    };
    let mut now = None;
    let (status, refusal) = match outcome {
        ResolveOutcome::Resolved { version } => {
            now = Some(version.into());
            (Status::Resolved, None)
        }
        ResolveOutcome::NotFound => (
            Status::NotFound,
            Refusal::not_found("conversationId", "conversation"),
        ),
        ResolveOutcome::AlreadyResolved => {
            let message = "the conversation is resolved already";
            let refusal = Refusal::at("conversationId", "ALREADY_RESOLVED", message);
            (Status::AlreadyResolved, refusal)
        }
        ResolveOutcome::NotYours => {
            let message = "a colleague has this conversation";
            (
                Status::NotYours,
                Refusal::at("conversationId", "NOT_YOURS", message),
            )
        }
        ResolveOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    let conversation = match id {
        Some(id) => loaders::one(context, id).await,
        None => None,
    };
    Ok(ConversationResolvePayload {
        status,
        refusal,
        conversation,
        version: now,
    })
}
