//! An agent says what they are.

use super::{Refusal, key};
use crate::access::requires;
use crate::types::Permission;
use crate::types::{Agent, Nullable, Presence};
use crate::viewer::{desk, parse, request, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use interdesk_flow::presence::{self, PresenceOutcome};

#[derive(Default)]
pub(super) struct PresenceMutation;

#[Object]
impl PresenceMutation {
    /// Says what the viewer is: only who is online is offered work.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsAnswer)))]
    async fn presence_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What the viewer is.")] input: PresenceSetInput,
    ) -> Option<Result<PresenceSetPayload, Error>> {
        Some(set(context, input).await)
    }
}

/// What the viewer is.
#[derive(InputObject)]
struct PresenceSetInput {
    /// What the viewer is; left out where a reason says it.
    presence: Option<Presence>,
    /// A word of the workspace's own, which stands for one of these.
    reason_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
struct PresenceSetPayload {
    /// What became of it.
    status: PresenceSetStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// The viewer as they are now.
    agent: Nullable<Agent>,
    /// The agent's version after it.
    version: Option<Long>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum PresenceSetStatus {
    /// The viewer is that now.
    Changed,
    /// The viewer was that already.
    Unchanged,
    /// The workspace has no such word.
    NotFound,
    /// The key was used for something else.
    KeyReused,
}

async fn set(context: &Context<'_>, input: PresenceSetInput) -> Result<PresenceSetPayload, Error> {
    use PresenceSetStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let (desk, key) = (desk(context)?, key.as_deref());
    let outcome = match (input.presence, input.reason_id) {
        (Some(to), None) => presence::set(desk, viewer, to.into(), key, &request).await?,
        (None, Some(reason)) => match parse(&reason) {
            Some(reason) => presence::set_reason(desk, viewer, reason, key, &request).await?,
            None => PresenceOutcome::ReasonNotFound,
        },
        _ => {
            let text = "give presence or reasonId, one of them";
            return Err(Error::BadInput(text.to_owned()));
        }
    };
    let (status, refusal, version) = match outcome {
        PresenceOutcome::Changed { version, .. } => (Status::Changed, None, Some(version.into())),
        PresenceOutcome::Unchanged { version, .. } => {
            (Status::Unchanged, None, Some(version.into()))
        }
        PresenceOutcome::ReasonNotFound => {
            let refusal = Refusal::not_found("reasonId", "word for a presence");
            (Status::NotFound, refusal, None)
        }
        PresenceOutcome::KeyReused => (Status::KeyReused, Refusal::key_reused(), None),
    };
    let agent = loaders::one(context, viewer.agent).await;
    Ok(PresenceSetPayload {
        status,
        refusal,
        agent,
        version,
    })
}
