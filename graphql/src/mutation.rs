//! What agents do. Each mutation takes one `input` and returns a payload: the object as it is now, a
//! `status`, and a `refusal` where it changed nothing. Only faults are errors.
//!
//! `@idempotent(key: "…")` on a mutation's field gives it one effect however often it is sent; where
//! people outside are reached it is not done without (`@needsKey`). What all of them have in common
//! is in `frame`.

mod api_key;
mod aside;
mod attachment;
mod change;
mod contact;
mod directive;
mod frame;
mod merge;
mod notification;
mod offer;
mod password_reset;
mod policy;
mod presence;
mod provider_sign_in;
mod reply;
mod resolve;
mod rest;
mod second_factor;
mod seen;
mod session;
mod setup;
mod sign_in;
mod speaker;
mod start;
mod third_party;
mod typing;
mod work;
mod worked;

pub(crate) use directive::{idempotent, key};
pub(crate) use frame::{Frame, find_change_seq, is_change_seq, needs_key};

use async_graphql::{MergedObject, SimpleObject};
use interdesk_flow::quota::Quota;

/// What agents do.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sign_in::SignIn,
    provider_sign_in::ProviderSignIn,
    session::SessionMutation,
    password_reset::PasswordResetMutation,
    second_factor::SecondFactorMutation,
    api_key::ApiKeyMutation,
    presence::PresenceMutation,
    offer::OfferMutation,
    reply::ReplyMutation,
    resolve::ResolveMutation,
    contact::ContactMutation,
    start::StartMutation,
    attachment::AttachmentMutation,
    typing::TypingMutation,
    seen::SeenMutation,
    notification::NotificationMutation,
    third_party::ThirdPartyMutation,
    policy::PolicyMutation,
    setup::AgentMutation,
    setup::TeamMutation,
    setup::InboxMutation,
    setup::QueueMutation,
    setup::RoleMutation,
    setup::IdentityProviderMutation,
    setup::ContactUpdateMutation,
    setup::WorkspaceMutation,
    change::ChangeMutation,
    rest::RestMutation,
    merge::MergeMutation,
    work::WorkMutation,
    speaker::SpeakerMutation,
    aside::AsideMutation,
);

/// Why a mutation changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct Refusal {
    /// The stable name of the reason; each has a page in the documentation.
    pub code: &'static str,
    /// What to tell people.
    pub message: String,
    /// The argument that it is about, from the field on; empty where it is about none.
    pub path: Vec<String>,
}

impl Refusal {
    /// Refuses for a reason that is about no argument.
    fn of(code: &'static str, message: impl Into<String>) -> Option<Self> {
        Some(Self {
            code,
            message: message.into(),
            path: Vec::new(),
        })
    }

    /// Refuses for what an argument of the input says.
    fn at(argument: &'static str, code: &'static str, message: impl Into<String>) -> Option<Self> {
        Some(Self {
            code,
            message: message.into(),
            path: vec!["input".to_owned(), argument.to_owned()],
        })
    }

    fn not_found(argument: &'static str, what: &str) -> Option<Self> {
        Self::at(argument, "NOT_FOUND", format!("there is no such {what}"))
    }

    fn quota_exceeded(quota: Quota) -> Option<Self> {
        let name = quota.as_str();
        let message = format!(
            "the workspace has used up its quota {name}, ask whoever runs this installation for more"
        );
        Self::of("QUOTA_EXCEEDED", message)
    }

    fn key_reused() -> Option<Self> {
        let message = "the key was used for another mutation, choose a fresh one";
        Self::of("KEY_REUSED", message)
    }
}
