//! Somebody chooses where third-party apps are shown.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Agent, Nullable, ThirdPartyInbox, Workspace, workspace};
use crate::viewer::{desk, request, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use interdesk_flow::third_party::{self, Choice, ChoiceOutcome};

#[derive(Default)]
pub(super) struct ThirdPartyMutation;

#[Object]
impl ThirdPartyMutation {
    /// Chooses where conversations of third-party apps are shown: for the viewer, or for everybody
    /// who made no choice of their own. It is a view; no conversation changes.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn third_party_inbox_choose(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "For whom, and what.")] input: ThirdPartyInboxChooseInput,
    ) -> Option<Result<ThirdPartyInboxChoosePayload, Error>> {
        Some(choose(context, input).await)
    }
}

/// For whom, and what.
#[derive(InputObject)]
struct ThirdPartyInboxChooseInput {
    /// Where; null is the workspace's choice again, for the viewer alone.
    choice: Option<ThirdPartyInbox>,
    /// Whether it is chosen for the workspace; for supervisors and administrators.
    #[graphql(default)]
    for_workspace: bool,
}

/// What became of it.
#[derive(SimpleObject)]
struct ThirdPartyInboxChoosePayload {
    /// What became of it.
    status: ThirdPartyInboxChooseStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The viewer as they are now.
    agent: Nullable<Agent>,
    /// The workspace as it is now.
    workspace: Nullable<Workspace>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ThirdPartyInboxChooseStatus {
    /// It is that now.
    Changed,
    /// It was that already.
    Unchanged,
    /// The viewer may not choose for the workspace.
    NotAllowed,
    /// The key was used for something else.
    KeyReused,
}

async fn choose(
    context: &Context<'_>,
    input: ThirdPartyInboxChooseInput,
) -> Result<ThirdPartyInboxChoosePayload, Error> {
    use ThirdPartyInboxChooseStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let choice = match (input.for_workspace, input.choice) {
        (false, choice) => Choice::Own(choice.map(Into::into)),
        (true, Some(choice)) => Choice::Workspace(choice.into()),
        (true, None) => {
            let text = "choice must be COMBINED or SEPARATE for the workspace";
            return Err(Error::BadInput(text.to_owned()));
        }
    };
    let key = key.as_deref();
    let outcome = third_party::choose(desk(context)?, viewer, choice, key, &request).await?;
    let (status, refusal) = match outcome {
        ChoiceOutcome::Changed => (Status::Changed, None),
        ChoiceOutcome::Unchanged => (Status::Unchanged, None),
        ChoiceOutcome::NotAllowed => {
            let message = "only supervisors and administrators choose for the workspace";
            let refusal = Refusal::at("forWorkspace", "NOT_ALLOWED", message);
            (Status::NotAllowed, refusal)
        }
        ChoiceOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused()),
    };
    Ok(ThirdPartyInboxChoosePayload {
        status,
        refusal,
        agent: loaders::one(context, viewer.agent).await,
        workspace: workspace(context).await,
    })
}
