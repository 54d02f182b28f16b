//! An agent has read what the customer wrote.

use super::Refusal;
use crate::access::requires;
use crate::types::Conversation;
use crate::types::Permission;
use crate::viewer::{desk, parse, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::ConversationId;
use interdesk_flow::expiry;
use interdesk_flow::signal::{self, Kind};

#[derive(Default)]
pub(super) struct SeenMutation;

#[Object]
impl SeenMutation {
    /// Shows the customer that their last message and all before it were read, where their app is
    /// told such things.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_seen(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationSeenInput,
    ) -> Option<Result<ConversationSeenPayload, Error>> {
        Some(show(context, &input.conversation_id).await)
    }
}

/// Which conversation the viewer has read.
#[derive(InputObject)]
struct ConversationSeenInput {
    /// Which.
    conversation_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
struct ConversationSeenPayload {
    /// What became of it.
    status: ConversationSeenStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ConversationSeenStatus {
    /// It is on its way to the customer's app.
    Shown,
    /// The customer's app is not told such things.
    NotShown,
    /// There is no such conversation.
    NotFound,
    /// Somebody else has it, or nobody yet.
    NotYours,
}

async fn show(context: &Context<'_>, id: &ID) -> Result<ConversationSeenPayload, Error> {
    use ConversationSeenStatus as Status;
    let viewer = viewer(context)?;
    let answer = |status, refusal| Ok(ConversationSeenPayload { status, refusal });
    let not_found = Refusal::not_found("conversationId", "conversation");
    let Some(id) = parse::<ConversationId>(id) else {
        return answer(Status::NotFound, not_found);
    };
    let found = loaders::one::<Conversation, _, _>(context, id).await;
    let Some(conversation) = found.transpose()? else {
        return answer(Status::NotFound, not_found);
    };
    if conversation.0.assignee_id != Some(viewer.agent) && !viewer.steers_others() {
        let message = "a colleague has this conversation, or nobody yet";
        let refusal = Refusal::at("conversationId", "NOT_YOURS", message);
        return answer(Status::NotYours, refusal);
    }
    // Some messages are to be gone so long after they were read.
    expiry::begin_reading(desk(context)?, viewer.scope(), id).await?;
    let shown = signal::show(desk(context)?, viewer.scope(), id, Kind::Read).await?;
    let status = if shown {
        Status::Shown
    } else {
        Status::NotShown
    };
    answer(status, None)
}
