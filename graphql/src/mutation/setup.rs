//! The workspace is set up while it works: agents, teams, queues and what is known of contacts.

mod agent;
mod contact;
mod identity_provider;
mod inbox;
mod queue;
mod role;
mod team;
mod workspace;

pub(super) use agent::AgentMutation;
pub(super) use contact::ContactUpdateMutation;
pub(super) use identity_provider::IdentityProviderMutation;
pub(super) use inbox::InboxMutation;
pub(super) use queue::QueueMutation;
pub(super) use role::RoleMutation;
pub(super) use team::TeamMutation;
pub(super) use workspace::WorkspaceMutation;

use super::{Refusal, key};
use crate::Error;
use crate::types::InputFault;
use crate::viewer::{desk, parse, request, viewer};
use async_graphql::{Context, Enum, ID, MaybeUndefined};
use interdesk_domain::id::ScheduleId;
use interdesk_flow::quota::Quota;
use interdesk_flow::setup::{self, Missing, SetupOutcome, SetupWish};
use uuid::Uuid;

/// What became of a change of how the workspace is set up.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum SetupStatus {
    /// It is so now.
    Changed,
    /// It was so already.
    Unchanged,
    /// Something that is named does not exist.
    NotFound,
    /// The role of the viewer does not allow it, or the agent is in none of their teams.
    NotAllowed,
    /// It cannot be so; `faults` say why.
    Invalid,
    /// Another one has the name or the address.
    NameTaken,
    /// Nobody would be left who configures the workspace.
    LastAdmin,
    /// The workspace has as many agents who may sign in as it may.
    QuotaExceeded,
    /// The key was used for something else.
    KeyReused,
}

/// What is told about a change, beside the object itself.
pub(super) struct Told {
    pub(super) status: SetupStatus,
    pub(super) refusal: Option<Refusal>,
    pub(super) faults: Vec<InputFault>,
    /// What was changed or created.
    pub(super) id: Option<Uuid>,
}

impl Told {
    /// Tells somebody who is signed in that an id names nothing.
    pub(super) fn not_found(context: &Context<'_>, what: Missing) -> Result<Self, Error> {
        viewer(context)?;
        Ok(tell(SetupOutcome::NotFound { what }))
    }
}

/// Wishes for a change as the viewer.
pub(super) async fn change(context: &Context<'_>, wish: &SetupWish) -> Result<Told, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let request = request(context, viewer);
    let outcome = setup::change(desk(context)?, viewer, wish, key.as_deref(), &request).await?;
    Ok(tell(outcome))
}

fn tell(outcome: SetupOutcome) -> Told {
    let mut faults = Vec::new();
    let mut id = None;
    let (status, refusal) = match outcome {
        SetupOutcome::Changed { id: own } => {
            id = Some(own);
            (SetupStatus::Changed, None)
        }
        SetupOutcome::Unchanged { id: own } => {
            id = Some(own);
            (SetupStatus::Unchanged, None)
        }
        SetupOutcome::NotFound { what } => {
            let (argument, what) = named(what);
            (SetupStatus::NotFound, Refusal::not_found(argument, what))
        }
        SetupOutcome::NotAllowed => {
            let text = "the role does not allow it, or the agent is in none of your teams";
            (SetupStatus::NotAllowed, Refusal::of("NOT_ALLOWED", text))
        }
        SetupOutcome::Invalid { faults: found } => {
            let first = found.first().map(ToString::to_string).unwrap_or_default();
            faults = found.into_iter().map(InputFault::from).collect();
            (SetupStatus::Invalid, Refusal::of("SETUP_INVALID", first))
        }
        SetupOutcome::NameTaken => {
            let text = "another one has this name, choose another";
            (SetupStatus::NameTaken, Refusal::of("NAME_TAKEN", text))
        }
        SetupOutcome::LastAdmin => {
            let text = "nobody would be left who configures the workspace, make somebody else an \
                        administrator first";
            (SetupStatus::LastAdmin, Refusal::of("LAST_ADMIN", text))
        }
        SetupOutcome::QuotaExceeded => {
            let refusal = Refusal::quota_exceeded(Quota::Agents);
            (SetupStatus::QuotaExceeded, refusal)
        }
        SetupOutcome::KeyReused => (SetupStatus::KeyReused, Refusal::key_reused()),
    };
    Told {
        status,
        refusal,
        faults,
        id,
    }
}

fn named(what: Missing) -> (&'static str, &'static str) {
    match what {
        Missing::Agent => ("agentId", "agent"),
        Missing::Team => ("teamId", "team"),
        Missing::Queue => ("queueId", "queue"),
        Missing::Schedule => ("scheduleId", "schedule with a version in force"),
        Missing::Contact => ("contactId", "contact"),
        Missing::TimeOff => ("timeOffId", "time off"),
        Missing::Inbox => ("inboxId", "inbox"),
        Missing::Reason => ("reasonId", "word for a presence"),
        Missing::Role => ("roleId", "role of the workspace's own"),
        Missing::IdentityProvider => ("identityProviderId", "identity provider"),
    }
}

/// Reads a schedule that may be left out, given or taken away; `Err` where the id names none.
fn schedule(id: &MaybeUndefined<ID>) -> Result<Option<Option<ScheduleId>>, Missing> {
    match id {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(id) => match parse(id) {
            Some(id) => Ok(Some(Some(id))),
            None => Err(Missing::Schedule),
        },
    }
}

/// Declares a payload: what became of a change, and the object as it is now.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$of:meta])* $field:ident: $object:ty as $id:ty }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(super) struct $name {
            /// What became of it.
            status: crate::mutation::setup::SetupStatus,
            /// Why it was refused; null where it was not.
            refusal: Option<crate::mutation::Refusal>,
            /// Everything that has to be mended before it is taken.
            faults: Vec<crate::types::InputFault>,
            $(#[$of])*
            $field: crate::types::Nullable<$object>,
        }

        impl $name {
            /// Shows what was changed, or else what was asked for.
            async fn of(
                context: &async_graphql::Context<'_>,
                told: crate::mutation::setup::Told,
                asked: Option<$id>,
            ) -> Self {
                let id = told.id.map(<$id>::from).or(asked);
                let shown = match id {
                    Some(id) => crate::loaders::one(context, id).await,
                    None => None,
                };
                Self {
                    status: told.status,
                    refusal: told.refusal,
                    faults: told.faults,
                    $field: shown,
                }
            }
        }
    };
}

use payload;
