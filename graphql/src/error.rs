//! The one place where faults become GraphQL errors.
//!
//! Three kinds: the caller's (typed, safe to show), ours (logged once, hidden), passing (try later).
//! Refusals of mutations are no errors but data, see [`crate::mutation`]. Every code, of errors and
//! of refusals alike, is stable and has a page in `docs/errors/`.

use async_graphql::{ErrorExtensionValues, Pos, ServerError};
use interdesk_domain::permission::Permission;
use interdesk_flow::quota::Quota;
use std::time::Duration;

/// Why a field could not be answered.
///
/// It has no `Display` on purpose: async-graphql would then turn it into an error without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Nobody is signed in, or somebody who was disabled since.
    Unauthenticated,
    /// The operator of the installation keeps the workspace out.
    Suspended,
    /// The points of the workspace's minute are used up.
    QuotaExceeded {
        /// Which quota.
        quota: Quota,
        /// How long until there is room again.
        wait: Duration,
    },
    /// The role does not allow it.
    Forbidden(Permission),
    /// An argument cannot be taken as it is; the text says how to mend it.
    BadInput(String),
    /// The mutation reaches people outside, and nothing keeps it from doing so twice.
    KeyRequired,
    /// The event log does not reach back to the cursor.
    ResyncRequired,
    /// The operation is nested too deeply.
    TooDeep {
        /// How deeply.
        depth: usize,
        /// How deeply it may be.
        limit: usize,
    },
    /// The operation costs too much.
    TooCostly {
        /// How much.
        cost: usize,
        /// How much it may.
        limit: usize,
    },
    /// The document is larger than it may be.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A fragment spreads itself, at once or by others.
    EndlessFragment(String),
    /// The points of this minute are used up.
    RateLimited {
        /// How long until enough of them are there.
        wait: Duration,
    },
    /// The database or the cache is away; it is worth another try.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Error {
    /// Places it in the document.
    pub(crate) fn at(self, place: Pos) -> ServerError {
        async_graphql::Error::from(self).into_server_error(place)
    }

    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Suspended => "WORKSPACE_SUSPENDED",
            Self::QuotaExceeded { .. } => "QUOTA_EXCEEDED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::BadInput(_) => "BAD_INPUT",
            Self::KeyRequired => "KEY_REQUIRED",
            Self::ResyncRequired => "RESYNC_REQUIRED",
            Self::TooDeep { .. } => "TOO_DEEP",
            Self::TooCostly { .. } => "TOO_COSTLY",
            Self::TooLarge { .. } => "OPERATION_TOO_LARGE",
            Self::EndlessFragment(_) => "GRAPHQL_VALIDATION_FAILED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Tells whether the same may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        is_retryable(self.code())
    }

    fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "sign in first".to_owned(),
            Self::Suspended => {
                "the workspace is suspended, ask whoever runs this installation".to_owned()
            }
            Self::QuotaExceeded { quota, wait } => format!(
                "the workspace has used up its quota {}, try again in {} seconds",
                quota.as_str(),
                wait.as_millis().div_ceil(1_000)
            ),
            Self::Forbidden(permission) => {
                format!("this needs the permission {}", name(*permission))
            }
            Self::BadInput(text) => text.clone(),
            Self::KeyRequired => {
                "this reaches people outside, put @idempotent(key: \"…\") on the field, with a fresh \
                 key for each wish and the same one to repeat it"
                    .to_owned()
            }
            Self::ResyncRequired => {
                "the log does not reach back to this cursor, load the state anew and subscribe \
                 without one"
                    .to_owned()
            }
            Self::TooDeep { depth, limit } => {
                format!("the operation is {depth} levels deep, at most {limit} are allowed")
            }
            Self::TooCostly { cost, limit } => {
                format!("the operation costs {cost} points, at most {limit} are allowed")
            }
            Self::TooLarge { what, count, limit } => {
                format!("the document has {count} {what}, at most {limit} are allowed")
            }
            Self::EndlessFragment(name) => format!("the fragment {name} spreads itself"),
            Self::RateLimited { wait } => format!(
                "the points of this minute are used up, try again in {} seconds",
                wait.as_millis().div_ceil(1_000)
            ),
            Self::Unavailable => "not available right now, try again".to_owned(),
            Self::Internal => "something went wrong on our side".to_owned(),
        }
    }

    fn extend(&self, extensions: &mut ErrorExtensionValues) {
        extensions.set("code", self.code());
        extensions.set("retryable", self.is_retryable());
        if let Self::Forbidden(permission) = self {
            extensions.set("permission", name(*permission));
        }
        if let Self::QuotaExceeded { quota, .. } = self {
            extensions.set("quota", quota.as_str());
        }
    }
}

/// Names a permission as the schema does.
fn name(permission: Permission) -> String {
    permission.as_str().to_uppercase()
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        error.extend(&mut extensions);
        Self {
            extensions: Some(extensions),
            ..Self::new(error.message())
        }
    }
}

impl From<Error> for ServerError {
    fn from(error: Error) -> Self {
        error.at(Pos::default())
    }
}

impl From<interdesk_store::Error> for Error {
    fn from(error: interdesk_store::Error) -> Self {
        Self::hide(error.is_passing(), &error)
    }
}

impl From<interdesk_flow::Error> for Error {
    fn from(error: interdesk_flow::Error) -> Self {
        match error {
            interdesk_flow::Error::Disabled => Self::Unauthenticated,
            interdesk_flow::Error::Suspended => Self::Suspended,
            error => Self::hide(error.is_passing(), &error),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::hide(false, &error)
    }
}

impl Error {
    /// Logs a fault of ours and returns what the caller may know of it.
    pub(crate) fn hide(is_passing: bool, error: &dyn std::error::Error) -> Self {
        if is_passing {
            tracing::warn!(error = %error, "a GraphQL field is not available");
            return Self::Unavailable;
        }
        tracing::error!(error = %error, "a GraphQL field failed");
        Self::Internal
    }
}

/// Tells whether the same may succeed a moment later, by the code of an error.
pub fn is_retryable(code: &str) -> bool {
    matches!(
        code,
        "QUOTA_EXCEEDED" | "RATE_LIMITED" | "TOO_MANY_OPERATIONS" | "UNAVAILABLE"
    )
}

/// The codes of everything that may be refused or go wrong, in the schema and in its transports.
pub const CODES: &[&str] = &[
    "ALREADY_ACTIVE",
    "ALREADY_ASKED",
    "ALREADY_LINKED",
    "ALREADY_RESOLVED",
    "ASSISTANTS_STOPPED",
    "AT_CAPACITY",
    "BAD_BODY",
    "BAD_CREDENTIALS",
    "BAD_INPUT",
    "BAD_JSON",
    "BAD_PARAMETER",
    "BAD_PRIORITY",
    "BAD_TIME",
    "BAD_VARIABLES",
    "BATCHING_NOT_SUPPORTED",
    "BODY_TOO_LARGE",
    "CHANGE_TOO_LATE",
    "CODE_NEEDED",
    "CONVERSATION_OPEN",
    "CONVERSATION_RESOLVED",
    "DOCUMENT_NOT_TRUSTED",
    "DOCUMENT_UNKNOWN",
    "FILE_TOO_LARGE",
    "FILE_TYPE_REFUSED",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "HAS_MERGED",
    "INTERNAL",
    "IN_GROUP",
    "IN_USE",
    "KEY_REQUIRED",
    "KEY_REUSED",
    "LAST_ADMIN",
    "LINK_EXPIRED",
    "MERGED",
    "MESSAGE_GONE",
    "METHOD_NOT_ALLOWED",
    "NAME_TAKEN",
    "NOTHING_WAITS",
    "NOT_ACCEPTABLE",
    "NOT_ACTIVE",
    "NOT_ADMITTED",
    "NOT_ALLOWED",
    "NOT_AVAILABLE",
    "NOT_A_MEMBER",
    "NOT_FAILED",
    "NOT_FOUND",
    "NOT_LINKED",
    "NOT_MERGED",
    "NOT_ON_HOLD",
    "NOT_OPTED_IN",
    "NOT_OURS",
    "NOT_SENT",
    "NOT_SNOOZED",
    "NOT_SPEAKER",
    "NOT_WAITING",
    "NOT_WRAPPING_UP",
    "NOT_YOURS",
    "OFFER_ACCEPTED",
    "OFFER_DECLINED",
    "OFFER_EXPIRED",
    "OFFER_RESCINDED",
    "OPERATION_NOT_FOUND",
    "OPERATION_TOO_LARGE",
    "OTHER_PERSON",
    "POLICY_INVALID",
    "PROVIDER_REFUSED",
    "PROVIDER_UNAVAILABLE",
    "QUOTA_EXCEEDED",
    "RATE_LIMITED",
    "REASON_TOO_LONG",
    "RECIPIENT_UNKNOWN",
    "REDIRECT_REFUSED",
    "RESYNC_REQUIRED",
    "SAME_PERSON",
    "SECOND_FACTOR_OFF",
    "SECOND_FACTOR_ON",
    "SESSION_OVER",
    "SETUP_INVALID",
    "SIGN_IN_EXPIRED",
    "STALE_CONTEXT",
    "STALE_VERSION",
    "SUBSCRIPTION_NEEDS_STREAM",
    "TEMPLATE_NOT_APPROVED",
    "TEMPLATE_UNKNOWN",
    "TEMPLATE_VARIABLES",
    "TOKEN_EXPIRED",
    "TOKEN_USED",
    "TOO_COSTLY",
    "TOO_DEEP",
    "TOO_MANY_OPERATIONS",
    "TOO_MANY_TRIES",
    "TRANSFER_ENDED",
    "TRANSFER_EXPIRED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNCHANGED",
    "UNSUPPORTED_CONTENT",
    "UNSUPPORTED_MEDIA_TYPE",
    "WINDOW_CLOSED",
    "WORKSPACE_SUSPENDED",
];
