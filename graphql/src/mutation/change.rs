//! An agent changes what was sent.

use super::{Refusal, key, needs_key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Message, MessageChange, Nullable};
use crate::viewer::{desk, request, sought, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_domain::id::{ChangeId, MessageId};
use interdesk_flow::change::{self, Change, ChangeMessage, ChangeOutcome};

#[derive(Default)]
pub(super) struct ChangeMutation;

#[Object]
impl ChangeMutation {
    /// Puts other words in the place of a message of ours, where `capabilities` have `edits`. The
    /// message shows them once the provider took them; what it held before is kept.
    #[graphql(
        directive = requires::apply(Some(Permission::ConversationsAnswer)),
        directive = needs_key::apply()
    )]
    async fn message_edit(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which message, and its words.")] input: MessageEditInput,
    ) -> Option<Result<MessageChangePayload, Error>> {
        Some(change(context, &input.message_id, Change::Edit(input.text)).await)
    }

    /// Takes a message of ours back, where `capabilities` have `deletes`; what it held is kept here.
    #[graphql(
        directive = requires::apply(Some(Permission::ConversationsAnswer)),
        directive = needs_key::apply()
    )]
    async fn message_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which message.")] input: MessageDeleteInput,
    ) -> Option<Result<MessageChangePayload, Error>> {
        Some(change(context, &input.message_id, Change::Delete).await)
    }

    /// Puts our reaction on a message of either side, in the place of the one that we had, or
    /// withdraws it, where `capabilities` have `reactions`.
    #[graphql(
        directive = requires::apply(Some(Permission::ConversationsAnswer)),
        directive = needs_key::apply()
    )]
    async fn reaction_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which message, and the emoji.")] input: ReactionSetInput,
    ) -> Option<Result<MessageChangePayload, Error>> {
        Some(change(context, &input.message_id, Change::React(input.emoji)).await)
    }
}

/// Which message, and its words.
#[derive(InputObject)]
struct MessageEditInput {
    /// Which message.
    message_id: ID,
    /// What it says from then on.
    text: String,
}

/// Which message.
#[derive(InputObject)]
struct MessageDeleteInput {
    /// Which message.
    message_id: ID,
}

/// Which message, and the emoji.
#[derive(InputObject)]
struct ReactionSetInput {
    /// Which message.
    message_id: ID,
    /// The emoji; null withdraws ours.
    emoji: Option<String>,
}

/// What became of it.
#[derive(SimpleObject)]
struct MessageChangePayload {
    /// What became of it.
    status: MessageChangeStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The change that is on its way; null where it was refused.
    change: Nullable<MessageChange>,
    /// The message as it is now; null where there is no such message.
    message: Nullable<Message>,
    /// The conversation's version after it.
    version: Option<Long>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum MessageChangeStatus {
    /// It is stored and on its way; its `delivery` tells how far it got.
    Queued,
    /// There is no such message.
    NotFound,
    /// The conversation is not the viewer's.
    NotYours,
    /// It is the customer's, or was written in the provider's own app.
    NotOurs,
    /// It has not left yet, or did not get there.
    NotSent,
    /// It was taken back, or its time is over.
    Gone,
    /// The app does not allow it.
    Unsupported,
    /// The app allowed it for a while.
    TooLate,
    /// The reply window is closed.
    WindowClosed,
    /// The customer does not let us write.
    NotOptedIn,
    /// The key was used for something else.
    KeyReused,
}

async fn change(
    context: &Context<'_>,
    id: &ID,
    wanted: Change,
) -> Result<MessageChangePayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let message: Option<MessageId> = sought(context, id).await?;
    let outcome = match message {
        Some(message) => {
            let wanted = ChangeMessage {
                message,
                change: wanted,
            };
            change::change(desk(context)?, viewer, &wanted, key.as_deref(), &request).await?
        }
        None => ChangeOutcome::NotFound,
    };
    let (change, version) = match &outcome {
        ChangeOutcome::Queued { change, version } => (Some(*change), Some((*version).into())),
        _ => (None, None),
    };
    let (status, refusal) = judge(outcome);
    let change = match change {
        Some(id) => loaders::one::<_, ChangeId, _>(context, id).await,
        None => None,
    };
    let message = match message {
        Some(id) => loaders::one(context, id).await,
        None => None,
    };
    Ok(MessageChangePayload {
        status,
        refusal,
        change,
        message,
        version,
    })
}

fn judge(outcome: ChangeOutcome) -> (MessageChangeStatus, Option<Refusal>) {
    use MessageChangeStatus as Status;
    let about = |code, message: &str| Refusal::at("messageId", code, message);
    match outcome {
        ChangeOutcome::Queued { .. } => (Status::Queued, None),
        ChangeOutcome::NotFound => (Status::NotFound, Refusal::not_found("messageId", "message")),
        ChangeOutcome::NotYours => {
            let message = "a colleague has this conversation, or nobody yet; accept it first";
            (Status::NotYours, about("NOT_YOURS", message))
        }
        ChangeOutcome::NotOurs => {
            let message = "only what was written here can be changed from here";
            (Status::NotOurs, about("NOT_OURS", message))
        }
        ChangeOutcome::NotSent => {
            let message = "the message is not with the customer; wait until it is sent";
            (Status::NotSent, about("NOT_SENT", message))
        }
        ChangeOutcome::Gone => {
            let message = "the message was taken back, or its time is over";
            (Status::Gone, about("MESSAGE_GONE", message))
        }
        ChangeOutcome::Unsupported { detail } => {
            (Status::Unsupported, about("UNSUPPORTED_CONTENT", &detail))
        }
        ChangeOutcome::TooLate { until } => {
            let message = format!("the app allowed it until {until}; send another message");
            (Status::TooLate, about("CHANGE_TOO_LATE", &message))
        }
        ChangeOutcome::WindowClosed { closed_at } => {
            let message = format!(
                "the reply window is closed since {closed_at}; wait until the customer writes"
            );
            (Status::WindowClosed, about("WINDOW_CLOSED", &message))
        }
        ChangeOutcome::NotOptedIn => {
            let message = "the customer opted out of this app; wait until they opt in again";
            (Status::NotOptedIn, about("NOT_OPTED_IN", message))
        }
        ChangeOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    }
}
