//! An agent is writing.

use super::Refusal;
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Conversation, Inbox};
use crate::viewer::{desk, parse, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_channels::channel;
use interdesk_domain::id::ConversationId;
use interdesk_flow::signal::{self, Kind};
use interdesk_flow::typing;

#[derive(Default)]
pub(super) struct TypingMutation;

#[Object]
impl TypingMutation {
    /// Shows the customer for a few seconds that somebody is writing, and colleagues by `viewing` who;
    /// say it again every three seconds while that is so. Nothing is kept of it.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_typing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which conversation.")] input: ConversationTypingInput,
    ) -> Option<Result<ConversationTypingPayload, Error>> {
        Some(show(context, &input.conversation_id).await)
    }
}

/// In which conversation the viewer is writing.
#[derive(InputObject)]
struct ConversationTypingInput {
    /// Which.
    conversation_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
struct ConversationTypingPayload {
    /// What became of it.
    status: ConversationTypingStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ConversationTypingStatus {
    /// The customer sees it, if they look.
    Shown,
    /// The customer's app is not told such things.
    NotShown,
    /// There is no such conversation.
    NotFound,
    /// Somebody else has it, or nobody yet.
    NotYours,
}

async fn show(context: &Context<'_>, id: &ID) -> Result<ConversationTypingPayload, Error> {
    use ConversationTypingStatus as Status;
    let viewer = viewer(context)?;
    let refused = |status, refusal| Ok(ConversationTypingPayload { status, refusal });
    let not_found = Refusal::not_found("conversationId", "conversation");
    let Some(id) = parse::<ConversationId>(id) else {
        return refused(Status::NotFound, not_found);
    };
    let found = loaders::one::<Conversation, _, _>(context, id).await;
    let Some(conversation) = found.transpose()? else {
        return refused(Status::NotFound, not_found);
    };
    // Colleagues see it in any case; a cache that is away shows nothing and breaks nothing.
    let _ = typing::write(desk(context)?, id, viewer.agent).await;
    if conversation.0.assignee_id != Some(viewer.agent) && !viewer.steers_others() {
        let message = "a colleague has this conversation, or nobody yet";
        let refusal = Refusal::at("conversationId", "NOT_YOURS", message);
        return refused(Status::NotYours, refusal);
    }
    let inbox = loaders::one::<Inbox, _, _>(context, conversation.0.inbox_id).await;
    let fetches = inbox.transpose()?.is_some_and(|inbox| {
        let capabilities = channel(inbox.0.channel).capabilities();
        capabilities.typing && capabilities.fetched
    });
    if !fetches {
        let shown = signal::show(desk(context)?, viewer.scope(), id, Kind::Typing).await?;
        let status = if shown {
            Status::Shown
        } else {
            Status::NotShown
        };
        return refused(status, None);
    }
    // A cache that is away shows nothing and breaks nothing.
    let noted = typing::note_agent(desk(context)?, id).await;
    let status = match noted {
        Ok(()) => Status::Shown,
        Err(_) => Status::NotShown,
    };
    refused(status, None)
}
