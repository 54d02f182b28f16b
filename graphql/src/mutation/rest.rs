//! A conversation is put off, goes on, ends for good or is made more important.

use super::worked::{About, Asked, NOT_FOUND, payload, show};
use crate::access::requires;
use crate::types::Permission;
use crate::viewer::sought;
use crate::{Error, Long};
use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::id::ConversationId;
use interdesk_flow::close::{self, Close};
use interdesk_flow::hold::{self, Hold};
use interdesk_flow::prioritise;
use interdesk_flow::snooze::{self, Snooze};

#[derive(Default)]
pub(super) struct RestMutation;

#[Object]
impl RestMutation {
    /// Puts a conversation on hold: a third party has to act. The customer's next message opens it.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_hold(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and why.")] input: ConversationHoldInput,
    ) -> Option<Result<ConversationHoldPayload, Error>> {
        Some(hold(context, input).await)
    }

    /// Lets a conversation go on that was on hold.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_unhold(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationUnholdInput,
    ) -> Option<Result<ConversationUnholdPayload, Error>> {
        Some(unhold(context, &input.conversation_id).await)
    }

    /// Puts a conversation off until a moment, or until the customer's next message.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_snooze(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and until when.")] input: ConversationSnoozeInput,
    ) -> Option<Result<ConversationSnoozePayload, Error>> {
        Some(snooze(context, input).await)
    }

    /// Ends a snooze before its time.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_wake(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationWakeInput,
    ) -> Option<Result<ConversationWakePayload, Error>> {
        Some(wake(context, &input.conversation_id).await)
    }

    /// Closes a conversation for good, and resolves it where it was not: the customer's next message
    /// begins another one.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_close(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationCloseInput,
    ) -> Option<Result<ConversationClosePayload, Error>> {
        Some(close(context, input).await)
    }

    /// Gives a conversation and its work another priority: each step weighs double.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_priority_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and its priority.")]
        input: ConversationPrioritySetInput,
    ) -> Option<Result<ConversationPrioritySetPayload, Error>> {
        Some(prioritise(context, input).await)
    }
}

/// Which conversation waits for a third party, and for what.
#[derive(InputObject)]
struct ConversationHoldInput {
    /// Which.
    conversation_id: ID,
    /// What it waits for, in 500 characters at most.
    reason: String,
    /// The conversation's version that the agent saw last: where others wrote since, it is refused.
    last_seen_version: Option<Long>,
}

/// Which conversation goes on.
#[derive(InputObject)]
struct ConversationUnholdInput {
    /// Which.
    conversation_id: ID,
}

/// Which conversation is put off, and until when.
#[derive(InputObject)]
struct ConversationSnoozeInput {
    /// Which.
    conversation_id: ID,
    /// Until when, within a year.
    until: DateTime<Utc>,
    /// Whether its agent keeps the work meanwhile, with the units that it takes; else it sleeps in its
    /// queue and is routed anew when it wakes.
    #[graphql(default = true)]
    keep: bool,
    /// The conversation's version that the agent saw last: where others wrote since, it is refused.
    last_seen_version: Option<Long>,
}

/// Which conversation wakes.
#[derive(InputObject)]
struct ConversationWakeInput {
    /// Which.
    conversation_id: ID,
}

/// Which conversation is closed.
#[derive(InputObject)]
struct ConversationCloseInput {
    /// Which.
    conversation_id: ID,
    /// The conversation's version that the agent saw last: where others wrote since, it is refused.
    last_seen_version: Option<Long>,
}

/// Which conversation gets which priority.
#[derive(InputObject)]
struct ConversationPrioritySetInput {
    /// Which.
    conversation_id: ID,
    /// From -5 to 10; 0 is ordinary.
    priority: i32,
}

payload! {
    /// What became of putting a conversation on hold.
    ConversationHoldPayload
}
payload! {
    /// What became of letting a conversation go on.
    ConversationUnholdPayload
}
payload! {
    /// What became of putting a conversation off.
    ConversationSnoozePayload
}
payload! {
    /// What became of waking a conversation.
    ConversationWakePayload
}
payload! {
    /// What became of closing a conversation.
    ConversationClosePayload
}
payload! {
    /// What became of giving a conversation another priority.
    ConversationPrioritySetPayload
}

fn about(conversation: Option<ConversationId>) -> About {
    About {
        conversation,
        argument: "conversationId",
        ..About::default()
    }
}

async fn hold(
    context: &Context<'_>,
    input: ConversationHoldInput,
) -> Result<ConversationHoldPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.conversation_id).await?;
    let outcome = match id {
        Some(conversation) => {
            let hold = Hold {
                conversation,
                reason: input.reason,
                last_seen_version: input.last_seen_version.map(|version| version.0),
            };
            let key = asked.key.as_deref();
            hold::hold(asked.desk, asked.viewer, &hold, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn unhold(context: &Context<'_>, id: &ID) -> Result<ConversationUnholdPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            hold::unhold(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn snooze(
    context: &Context<'_>,
    input: ConversationSnoozeInput,
) -> Result<ConversationSnoozePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.conversation_id).await?;
    let outcome = match id {
        Some(conversation) => {
            let snooze = Snooze {
                conversation,
                until: input.until,
                keep: input.keep,
                last_seen_version: input.last_seen_version.map(|version| version.0),
            };
            let key = asked.key.as_deref();
            snooze::snooze(asked.desk, asked.viewer, &snooze, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn wake(context: &Context<'_>, id: &ID) -> Result<ConversationWakePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            snooze::wake(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn close(
    context: &Context<'_>,
    input: ConversationCloseInput,
) -> Result<ConversationClosePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.conversation_id).await?;
    let outcome = match id {
        Some(conversation) => {
            let close = Close {
                conversation,
                last_seen_version: input.last_seen_version.map(|version| version.0),
            };
            let key = asked.key.as_deref();
            close::close(asked.desk, asked.viewer, &close, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn prioritise(
    context: &Context<'_>,
    input: ConversationPrioritySetInput,
) -> Result<ConversationPrioritySetPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.conversation_id).await?;
    let outcome = match id {
        Some(id) => {
            // What does not fit is as little a priority as what is out of range.
            let priority = i16::try_from(input.priority).unwrap_or(i16::MAX);
            let (desk, viewer, key) = (asked.desk, asked.viewer, asked.key.as_deref());
            prioritise::prioritise(desk, viewer, id, priority, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}
