//! Matrix's error answers: `errcode` decides.

use crate::http::{self, Answer};
use crate::json::Fields;
use crate::{SendError, refusal};
use chrono::Duration;
use interdesk_domain::delivery::{Failure, FailureReason};

/// The longest wait that is believed.
const LONGEST_WAIT: i64 = 86_400_000;

/// Returns the object of an answer that says yes, or why it says no.
pub(super) fn check(answer: &Answer) -> Result<Fields<'_>, SendError> {
    let root = answer.object("the homeserver")?;
    match answer.is_success() {
        true => Ok(root),
        false => Err(refused(answer, &root)),
    }
}

/// Returns the code of an error; `None` where there is none that could be read.
pub(super) fn code(answer: &Answer) -> Option<String> {
    let root = answer.object("the homeserver").ok()?;
    root.words("errcode")
}

fn refused(answer: &Answer, root: &Fields<'_>) -> SendError {
    let Some(code) = root.words("errcode") else {
        return answer.unexplained();
    };
    let said = root.words("error").unwrap_or_default();
    let (reason, retryable, words) = class(&code, answer.status);
    let told = root
        .integer("retry_after_ms")
        .filter(|wait| (0..=LONGEST_WAIT).contains(wait))
        .map(Duration::milliseconds);
    let failure = Failure {
        reason,
        retryable,
        provider_code: Some(code.chars().take(64).collect()),
        detail: format!("{words} ({})", http::excerpt(&said)),
    };
    SendError::Refused {
        failure,
        // The header is the present way to say it, the member an older one.
        retry_after: answer.retry_after.or(told),
    }
}

fn class(code: &str, status: u16) -> (FailureReason, bool, &'static str) {
    use FailureReason::{
        AccountRefused, NotOptedIn, Other, ProviderUnavailable, RateLimited, RecipientUnknown,
        RefusedContent,
    };
    match (code, status) {
        ("M_LIMIT_EXCEEDED", _) | (_, 429) => (RateLimited, true, "too many messages at once"),
        (_, 500..) => (
            ProviderUnavailable,
            true,
            "the homeserver is unwell at the moment",
        ),
        (
            "M_UNKNOWN_TOKEN"
            | "M_MISSING_TOKEN"
            | "M_EXCLUSIVE"
            | "M_USER_DEACTIVATED"
            | "M_USER_LOCKED"
            | "M_USER_SUSPENDED"
            | "M_UNRECOGNIZED"
            | "M_APPSERVICE_LOGIN_UNSUPPORTED",
            _,
        )
        | (_, 401) => (
            AccountRefused,
            false,
            "the homeserver refused the desk: compare its registration file with the inbox",
        ),
        ("M_FORBIDDEN" | "M_GUEST_ACCESS_FORBIDDEN", _) => (
            NotOptedIn,
            false,
            "the customer left the room or does not let the desk in",
        ),
        ("M_NOT_FOUND", _) | (_, 404) => (
            RecipientUnknown,
            false,
            "the homeserver does not know this customer or room",
        ),
        ("M_UNSUPPORTED_ROOM_VERSION" | "M_INCOMPATIBLE_ROOM_VERSION", _) => (
            RecipientUnknown,
            false,
            "the homeserver cannot enter this room",
        ),
        (
            "M_TOO_LARGE" | "M_BAD_JSON" | "M_NOT_JSON" | "M_INVALID_PARAM" | "M_MISSING_PARAM"
            | "M_UNKNOWN" | "M_BAD_STATE",
            _,
        ) => (RefusedContent, false, "the homeserver refused the message"),
        _ => (Other, false, "the homeserver refused the message"),
    }
}

/// Turns the lack of an answer to a preparing call into a later try: the message itself was not
/// sent yet, and everything that prepares it may be repeated.
pub(super) fn preparing(error: SendError) -> SendError {
    match error {
        SendError::NoAnswer(detail) => {
            refusal::retryable(FailureReason::ProviderUnavailable, detail, None)
        }
        refused => refused,
    }
}
