//! Meta's error codes, as an agent can act on them.

use crate::PaceOf;
use crate::json::Fields;
use chrono::Duration;
use interdesk_domain::delivery::{Failure, FailureReason};

/// Returns what a refusal as one too many is about. A number that is slowed down because of spam reports
/// still answers its customers; what was refused waits alone.
pub(super) fn slows(failure: &Failure, in_group: bool) -> Option<PaceOf> {
    let limited = failure.reason == FailureReason::RateLimited;
    match failure.provider_code.as_deref() {
        _ if !limited => None,
        Some("131048") => None,
        Some("131056") => Some(PaceOf::Person),
        Some("131208") if in_group => Some(PaceOf::Group),
        _ => Some(PaceOf::Account),
    }
}

/// Returns how long to leave WhatsApp alone after an error, where that is known of it: the minute of an
/// upgrade, the hours of a number that is slowed down.
pub(super) fn rest(code: Option<&str>) -> Option<Duration> {
    match code? {
        "131057" => Some(Duration::minutes(1)),
        "131048" => Some(Duration::hours(1)),
        _ => None,
    }
}

/// Reads an error object, of a status or of an answer.
pub(super) fn failure(error: &Fields<'_>) -> Failure {
    let data = error.object("error_data").unwrap_or_default();
    let details = data.words("details").or_else(|| error.words("details"));
    let Some(code) = error.integer("code") else {
        return Failure {
            reason: FailureReason::Other,
            retryable: false,
            provider_code: None,
            detail: "WhatsApp gave no reason".to_owned(),
        };
    };
    let (reason, retryable, words) = class(code, details.as_deref().unwrap_or_default());
    Failure {
        reason,
        retryable,
        provider_code: Some(code.to_string()),
        detail: match details.or_else(|| error.words("message")) {
            Some(details) => format!("{words} ({})", crate::http::excerpt(&details)),
            None => words.to_owned(),
        },
    }
}

/// Returns reason, whether a later try may work, and what the agent reads.
fn class(code: i64, details: &str) -> (FailureReason, bool, &'static str) {
    use FailureReason::{
        AccountRefused, NotOptedIn, Other, ProviderUnavailable, RateLimited, RecipientUnknown,
        RefusedContent, UnsupportedContent, WindowClosed,
    };
    match code {
        131_047 => (
            WindowClosed,
            false,
            "the customer last wrote over 24 hours ago: send a template",
        ),
        100 if details.contains("must be a template") => {
            (WindowClosed, false, "only a template may be sent now")
        }
        4 | 80_007 | 130_429 | 131_208 => (RateLimited, true, "too many messages at once"),
        131_056 => (
            RateLimited,
            true,
            "too many messages to this customer at once",
        ),
        131_048 => (
            RateLimited,
            true,
            "WhatsApp slows this number down because of spam reports",
        ),
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => (
            ProviderUnavailable,
            true,
            "WhatsApp is unwell at the moment",
        ),
        131_049 | 130_472 | 131_064 => (
            RefusedContent,
            false,
            "WhatsApp holds such messages back from this customer: wait a day",
        ),
        131_050 => (NotOptedIn, false, "the customer stopped marketing messages"),
        131_026 | 131_021 => (
            RecipientUnknown,
            false,
            "this customer cannot be reached on WhatsApp",
        ),
        130_497 => (
            Other,
            false,
            "this account may not write to the customer's country",
        ),
        131_062 => (
            UnsupportedContent,
            false,
            "this kind of message needs the customer's phone number",
        ),
        131_051 => (
            UnsupportedContent,
            false,
            "WhatsApp does not carry this kind of message",
        ),
        131_053 => (RefusedContent, false, "WhatsApp refused the file"),
        132_000..=132_099 => (RefusedContent, false, "WhatsApp refused the template"),
        100 | 131_008 | 131_009 | 135_000 => {
            (RefusedContent, false, "WhatsApp refused the message")
        }
        0
        | 3
        | 10
        | 33
        | 190
        | 200..=299
        | 368
        | 131_005
        | 131_031
        | 131_037
        | 131_042
        | 131_045
        | 133_010 => (
            AccountRefused,
            false,
            "WhatsApp refused the account: an administrator has to act",
        ),
        2_593_107 | 2_593_108 => (
            Other,
            false,
            "WhatsApp brings this once, within 24 hours of the number's connection",
        ),
        131_052 => (RefusedContent, false, "WhatsApp could not fetch the file"),
        138_000..=138_099 => (Other, false, "WhatsApp refused the call"),
        131_020 | 131_041 | 131_059 | 131_201..=131_215 => {
            (Other, false, "WhatsApp refused the message to the group")
        }
        _ => (Other, false, "WhatsApp refused the message"),
    }
}
