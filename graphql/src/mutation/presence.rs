//! An agent says what they are.

use super::{Refusal, key};
use crate::types::{Agent, Nullable, Presence};
use crate::viewer::{desk, request, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use interdesk_flow::presence::{self, PresenceOutcome};

#[derive(Default)]
pub(super) struct PresenceMutation;

#[Object]
impl PresenceMutation {
    /// Says what the viewer is: only who is online is offered work.
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
    /// What the viewer is.
    presence: Presence,
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
    /// The key was used for something else.
    KeyReused,
}

async fn set(context: &Context<'_>, input: PresenceSetInput) -> Result<PresenceSetPayload, Error> {
    use PresenceSetStatus as Status;
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let to = input.presence.into();
    let outcome = presence::set(desk(context)?, viewer, to, key.as_deref(), &request).await?;
    let (status, refusal, version) = match outcome {
        PresenceOutcome::Changed { version, .. } => (Status::Changed, None, Some(version.into())),
        PresenceOutcome::Unchanged { version, .. } => {
            (Status::Unchanged, None, Some(version.into()))
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
