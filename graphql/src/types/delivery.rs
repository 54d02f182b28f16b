//! How far our messages got.

use crate::Error;
use async_graphql::{Enum, SimpleObject};
use interdesk_domain::delivery as domain;

/// How far a message of ours got.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Delivery {
    /// How far.
    pub(crate) state: DeliveryState,
    /// How often it was tried.
    pub(crate) attempts: i32,
    /// Why it failed or waits; null where nothing went wrong.
    pub(crate) failure: Option<DeliveryFailure>,
}

/// Why a message did not get out.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct DeliveryFailure {
    /// The stable name of the reason.
    pub(crate) reason: FailureReason,
    /// Whether the same message may go through later.
    pub(crate) retryable: bool,
    /// What to tell the agent.
    pub(crate) detail: String,
}

impl Delivery {
    /// Reads how far a message got, and why not further.
    pub(crate) fn read(
        state: domain::DeliveryState,
        attempts: i32,
        failure: Option<&serde_json::Value>,
    ) -> Result<Self, Error> {
        let failure = match failure {
            Some(stored) => Some(serde_json::from_value::<domain::Failure>(stored.clone())?.into()),
            None => None,
        };
        Ok(Self {
            state: state.into(),
            attempts,
            failure,
        })
    }
}

impl From<domain::Failure> for DeliveryFailure {
    fn from(failure: domain::Failure) -> Self {
        Self {
            reason: failure.reason.into(),
            retryable: failure.retryable,
            detail: failure.detail,
        }
    }
}

/// How far a message of ours got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::DeliveryState")]
pub(crate) enum DeliveryState {
    /// Committed here; not tried yet, or waiting for the next try.
    Queued,
    /// A try is under way.
    Sending,
    /// A try ended without an answer: the provider may or may not have it.
    Unknown,
    /// The provider has it.
    Sent,
    /// The customer's app has it.
    Delivered,
    /// The customer has seen it.
    Read,
    /// It will not arrive; the reason says why.
    Failed,
}

/// Why a message did not get out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::FailureReason")]
pub(crate) enum FailureReason {
    /// The reply window is closed; a template may go.
    WindowClosed,
    /// The customer blocked us, opted out or never opted in.
    NotOptedIn,
    /// The provider does not know the recipient.
    RecipientUnknown,
    /// The channel cannot carry this content.
    UnsupportedContent,
    /// The provider refuses the content.
    RefusedContent,
    /// Credentials or account are refused; an administrator has to act.
    AccountRefused,
    /// Too much at once; it is tried again.
    RateLimited,
    /// The provider is unwell; it is tried again.
    ProviderUnavailable,
    /// No answer came: the provider may or may not have it.
    NoAnswer,
    /// The provider has it and holds it back for now; it goes out later or fails.
    HeldByProvider,
    /// Everything else.
    Other,
}
