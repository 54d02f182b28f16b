//! Two conversations of one person become one, and two again.

use super::worked::{About, Asked, NOT_FOUND, payload, show};
use crate::access::requires;
use crate::types::Permission;
use crate::viewer::sought;
use crate::{Error, Long};
use async_graphql::{Context, ID, InputObject, Object};
use interdesk_domain::id::ConversationId;
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::merge::{self, Merge};
use interdesk_flow::unmerge::{self, Unmerge};

#[derive(Default)]
pub(super) struct MergeMutation;

#[Object]
impl MergeMutation {
    /// Merges a conversation into another one of the same person, which goes on for both: it shows the
    /// messages of both, and each is answered by the app that it came by. Work and clocks of the merged
    /// one end; who waits for an answer there waits in the other one.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_merge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation, and into which.")] input: ConversationMergeInput,
    ) -> Option<Result<ConversationMergePayload, Error>> {
        Some(merge(context, input).await)
    }

    /// Undoes a merge: each shows its own messages again, also those that came since, and what the
    /// merged one owes its customer it owes again.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn conversation_unmerge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversation.")] input: ConversationUnmergeInput,
    ) -> Option<Result<ConversationUnmergePayload, Error>> {
        Some(unmerge(context, &input.conversation_id).await)
    }
}

/// Which conversation is merged, and into which.
#[derive(InputObject)]
struct ConversationMergeInput {
    /// Which ends.
    conversation_id: ID,
    /// Which goes on for both.
    into_conversation_id: ID,
    /// The version of the one that ends that the agent saw last: where others wrote since, it is refused.
    last_seen_version: Option<Long>,
    /// The version of the other one that the agent saw last: where others wrote since, it is refused.
    into_last_seen_version: Option<Long>,
}

/// Which conversation stands for itself again.
#[derive(InputObject)]
struct ConversationUnmergeInput {
    /// The one that was merged.
    conversation_id: ID,
}

payload! {
    /// What became of merging: the conversation is the one that goes on.
    ConversationMergePayload
}
payload! {
    /// What became of undoing a merge: the conversation is the one that stands for itself again.
    ConversationUnmergePayload
}

fn about(conversation: Option<ConversationId>) -> About {
    About {
        conversation,
        argument: "conversationId",
        ..About::default()
    }
}

async fn merge(
    context: &Context<'_>,
    input: ConversationMergeInput,
) -> Result<ConversationMergePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.conversation_id).await?;
    let into = sought(context, &input.into_conversation_id).await?;
    let outcome = match (id, into) {
        (Some(conversation), Some(into)) => {
            let merge = Merge {
                conversation,
                into,
                last_seen_version: input.last_seen_version.map(|version| version.0),
                into_last_seen_version: input.into_last_seen_version.map(|version| version.0),
            };
            let key = asked.key.as_deref();
            merge::merge(asked.desk, asked.viewer, &merge, key, &asked.request).await?
        }
        (None, _) => NOT_FOUND,
        (_, None) => WorkOutcome::Refused {
            reason: WorkRefusal::IntoNotFound,
        },
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn unmerge(context: &Context<'_>, id: &ID) -> Result<ConversationUnmergePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(conversation) => {
            let (key, unmerge) = (asked.key.as_deref(), Unmerge { conversation });
            unmerge::unmerge(asked.desk, asked.viewer, &unmerge, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}
