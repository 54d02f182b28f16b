//! The right to speak in a conversation changes hands.

use super::Refusal;
use super::worked::{About, Asked, NOT_FOUND, WorkStatus, Worked, show};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Conversation, Nullable};
use crate::viewer::sought;
use crate::{Error, Long};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::ConversationId;
use interdesk_flow::speaker;

#[derive(Default)]
pub(super) struct SpeakerMutation;

#[Object]
impl SpeakerMutation {
    /// Gives the right to speak to the viewer; whoever had it has it no more. A person takes it from
    /// an assistant at any moment.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn speaker_take(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which conversation.")] input: SpeakerTakeInput,
    ) -> Option<Result<SpeakerTakePayload, Error>> {
        Some(take(context, &input.conversation_id).await)
    }

    /// Gives the right to speak back to whose work it is.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn speaker_give_back(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which conversation.")] input: SpeakerGiveBackInput,
    ) -> Option<Result<SpeakerGiveBackPayload, Error>> {
        Some(give_back(context, &input.conversation_id).await)
    }
}

/// In which conversation the viewer wants to speak.
#[derive(InputObject)]
struct SpeakerTakeInput {
    /// Which.
    conversation_id: ID,
}

/// In which conversation the viewer does not want to speak any more.
#[derive(InputObject)]
struct SpeakerGiveBackInput {
    /// Which.
    conversation_id: ID,
}

/// What became of taking the right to speak.
#[derive(SimpleObject)]
struct SpeakerTakePayload {
    /// What became of it.
    status: WorkStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The conversation as it is now; null where there is no such conversation.
    conversation: Nullable<Conversation>,
    /// The epoch of the right: an assistant's replies name it.
    epoch: Option<Long>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of giving the right to speak back.
#[derive(SimpleObject)]
struct SpeakerGiveBackPayload {
    /// What became of it.
    status: WorkStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The conversation as it is now; null where there is no such conversation.
    conversation: Nullable<Conversation>,
    /// The epoch of the right after it.
    epoch: Option<Long>,
    /// The conversation's version after it.
    version: Option<Long>,
}

fn about(conversation: Option<ConversationId>) -> About {
    About {
        conversation,
        argument: "conversationId",
        ..About::default()
    }
}

async fn take(context: &Context<'_>, id: &ID) -> Result<SpeakerTakePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            speaker::take(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    let Worked {
        status,
        refusal,
        conversation,
        epoch,
        version,
        ..
    } = show(context, about(id), outcome).await;
    Ok(SpeakerTakePayload {
        status,
        refusal,
        conversation,
        epoch,
        version,
    })
}

async fn give_back(context: &Context<'_>, id: &ID) -> Result<SpeakerGiveBackPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            speaker::give_back(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    let Worked {
        status,
        refusal,
        conversation,
        epoch,
        version,
        ..
    } = show(context, about(id), outcome).await;
    Ok(SpeakerGiveBackPayload {
        status,
        refusal,
        conversation,
        epoch,
        version,
    })
}
