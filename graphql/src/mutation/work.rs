//! Agents take work, give it back, hand it over and finish it.

use super::worked::{About, Asked, NOT_FOUND, payload, show};
use crate::Error;
use crate::access::requires;
use crate::types::Permission;
use crate::viewer::{parse, sought};
use async_graphql::{Context, Enum, ID, InputObject, Object};
use interdesk_domain::id::{QueueId, TransferId, WorkItemId};
use interdesk_flow::release::{self, Release};
use interdesk_flow::take;
use interdesk_flow::transfer::{self, To, Transfer};
use interdesk_flow::transfer_answer::{self, Say};
use interdesk_flow::wrap_up;

#[derive(Default)]
pub(super) struct WorkMutation;

#[Object]
impl WorkMutation {
    /// Takes what comes first in a queue of the viewer's and what they may have.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn work_pull(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which queue.")] input: WorkPullInput,
    ) -> Option<Result<WorkPullPayload, Error>> {
        Some(pull(context, &input.queue_id).await)
    }

    /// Takes work that waits, whoever routing has in mind for it.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn work_claim(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which work.")] input: WorkClaimInput,
    ) -> Option<Result<WorkClaimPayload, Error>> {
        Some(claim(context, &input.work_item_id).await)
    }

    /// Gives work back to its queue; it keeps its age.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn work_release(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which work, and why.")] input: WorkReleaseInput,
    ) -> Option<Result<WorkReleasePayload, Error>> {
        Some(release(context, input).await)
    }

    /// Hands work over, to a colleague or to a queue. A warm transfer asks the colleague, and who has
    /// the work keeps it until they accept.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn work_transfer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which work, to whom or where, and why.")] input: WorkTransferInput,
    ) -> Option<Result<WorkTransferPayload, Error>> {
        Some(transfer(context, input).await)
    }

    /// Answers whether the viewer takes work over; who asked may take the question back.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn transfer_answer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which transfer, and the answer.")] input: TransferAnswerInput,
    ) -> Option<Result<TransferAnswerPayload, Error>> {
        Some(answer(context, input).await)
    }

    /// Ends the paperwork of work that is done, before its time.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn wrap_up_end(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which work.")] input: WrapUpEndInput,
    ) -> Option<Result<WrapUpEndPayload, Error>> {
        Some(wrap_up_end(context, &input.work_item_id).await)
    }
}

/// Which queue to take work from.
#[derive(InputObject)]
struct WorkPullInput {
    /// Which.
    queue_id: ID,
}

/// Which work to take.
#[derive(InputObject)]
struct WorkClaimInput {
    /// Which.
    work_item_id: ID,
}

/// Which work to give back.
#[derive(InputObject)]
struct WorkReleaseInput {
    /// Which.
    work_item_id: ID,
    /// Why, in 500 characters at most.
    #[graphql(default)]
    reason: String,
}

/// Which work to hand over: to an agent or to a queue, not both.
#[derive(InputObject)]
struct WorkTransferInput {
    /// Which.
    work_item_id: ID,
    /// To whom.
    to_agent_id: Option<ID>,
    /// To which queue.
    to_queue_id: Option<ID>,
    /// Whether the agent is asked first.
    #[graphql(default)]
    warm: bool,
    /// Why, in 500 characters at most.
    #[graphql(default)]
    reason: String,
}

/// Which transfer to answer, and how.
#[derive(InputObject)]
struct TransferAnswerInput {
    /// Which.
    transfer_id: ID,
    /// The answer.
    answer: TransferAnswer,
}

/// What is said to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum TransferAnswer {
    /// The colleague takes it.
    Accept,
    /// The colleague does not; it stays.
    Decline,
    /// Who asked does not ask any more.
    Cancel,
}

/// Which paperwork is finished.
#[derive(InputObject)]
struct WrapUpEndInput {
    /// Of which work.
    work_item_id: ID,
}

payload! {
    /// What became of taking the first work of a queue.
    WorkPullPayload
}
payload! {
    /// What became of taking work.
    WorkClaimPayload
}
payload! {
    /// What became of giving work back.
    WorkReleasePayload
}
payload! {
    /// What became of handing work over.
    WorkTransferPayload
}
payload! {
    /// What became of answering a transfer.
    TransferAnswerPayload
}
payload! {
    /// What became of ending paperwork.
    WrapUpEndPayload
}

fn about(work_item: Option<WorkItemId>) -> About {
    About {
        work_item,
        argument: "workItemId",
        ..About::default()
    }
}

async fn pull(context: &Context<'_>, id: &ID) -> Result<WorkPullPayload, Error> {
    let asked = Asked::read(context)?;
    let id: Option<QueueId> = parse(id);
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            take::pull(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    let about = About {
        argument: "queueId",
        ..About::default()
    };
    Ok(show(context, about, outcome).await.into())
}

async fn claim(context: &Context<'_>, id: &ID) -> Result<WorkClaimPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            take::claim(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn release(
    context: &Context<'_>,
    input: WorkReleaseInput,
) -> Result<WorkReleasePayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.work_item_id).await?;
    let outcome = match id {
        Some(work_item) => {
            let reason = input.reason;
            let release = Release { work_item, reason };
            let key = asked.key.as_deref();
            release::release(asked.desk, asked.viewer, &release, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn transfer(
    context: &Context<'_>,
    input: WorkTransferInput,
) -> Result<WorkTransferPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, &input.work_item_id).await?;
    let to = match (&input.to_agent_id, &input.to_queue_id) {
        (Some(agent), None) => parse(agent).map(|agent| match input.warm {
            true => To::Ask(agent),
            false => To::Agent(agent),
        }),
        (None, Some(_)) if input.warm => {
            let text = "a queue cannot be asked, leave out warm";
            return Err(Error::BadInput(text.to_owned()));
        }
        (None, Some(queue)) => parse(queue).map(To::Queue),
        _ => {
            let text = "give toAgentId or toQueueId, one of them";
            return Err(Error::BadInput(text.to_owned()));
        }
    };
    let outcome = match (id, to) {
        (Some(work_item), Some(to)) => {
            let transfer = Transfer {
                work_item,
                to,
                reason: input.reason,
            };
            let key = asked.key.as_deref();
            transfer::transfer(asked.desk, asked.viewer, &transfer, key, &asked.request).await?
        }
        _ => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}

async fn answer(
    context: &Context<'_>,
    input: TransferAnswerInput,
) -> Result<TransferAnswerPayload, Error> {
    let asked = Asked::read(context)?;
    let id: Option<TransferId> = sought(context, &input.transfer_id).await?;
    let say = match input.answer {
        TransferAnswer::Accept => Say::Accept,
        TransferAnswer::Decline => Say::Decline,
        TransferAnswer::Cancel => Say::Cancel,
    };
    let outcome = match id {
        Some(id) => {
            let (desk, viewer, key) = (asked.desk, asked.viewer, asked.key.as_deref());
            transfer_answer::answer(desk, viewer, (id, say), key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    let is_known = outcome != NOT_FOUND;
    let about = About {
        transfer: id.filter(|_| is_known),
        argument: "transferId",
        ..About::default()
    };
    Ok(show(context, about, outcome).await.into())
}

async fn wrap_up_end(context: &Context<'_>, id: &ID) -> Result<WrapUpEndPayload, Error> {
    let asked = Asked::read(context)?;
    let id = sought(context, id).await?;
    let outcome = match id {
        Some(id) => {
            let key = asked.key.as_deref();
            wrap_up::end(asked.desk, asked.viewer, id, key, &asked.request).await?
        }
        None => NOT_FOUND,
    };
    Ok(show(context, about(id), outcome).await.into())
}
