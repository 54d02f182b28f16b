//! Telegram's error answers: the code decides, the text only refines.

use crate::SendError;
use crate::http::{self, Answer};
use crate::json::Fields;
use chrono::Duration;
use interdesk_domain::delivery::{Failure, FailureReason};

/// Reads an answer with `ok: false`.
pub(super) fn refused(answer: &Answer, root: &Fields<'_>) -> SendError {
    let code = root
        .integer("error_code")
        .unwrap_or_else(|| answer.status.into());
    let description = root.words("description").unwrap_or_default();
    let (reason, retryable, words) = class(code, &description.to_lowercase());
    let parameters = root.object("parameters").unwrap_or_default();
    let wait = parameters
        .integer("retry_after")
        .filter(|wait| (0..=86_400).contains(wait));
    SendError::Refused {
        failure: Failure {
            reason,
            retryable,
            provider_code: Some(code.to_string()),
            detail: format!("{words} ({})", http::excerpt(&description)),
        },
        retry_after: wait.map(Duration::seconds).or(answer.retry_after),
    }
}

fn class(code: i64, description: &str) -> (FailureReason, bool, &'static str) {
    use FailureReason::{
        AccountRefused, NotOptedIn, Other, ProviderUnavailable, RateLimited, RecipientUnknown,
        RefusedContent, UnsupportedContent, WindowClosed,
    };
    let says = |words: &str| description.contains(words);
    match code {
        429 => (RateLimited, true, "too many messages at once"),
        500.. => (
            ProviderUnavailable,
            true,
            "Telegram is unwell at the moment",
        ),
        401 | 404 => (
            AccountRefused,
            false,
            "Telegram refused the bot: an administrator has to act",
        ),
        // Answers of a business account: only where the customer wrote within a day.
        400 | 403 if says("business_peer") => (
            WindowClosed,
            false,
            "the customer last wrote to the business account over 24 hours ago",
        ),
        400 | 403 if says("business connection") || says("business_connection") => (
            AccountRefused,
            false,
            "the business account does not let the bot write: its owner has to act",
        ),
        409 => (
            AccountRefused,
            false,
            "somebody else takes the bot's updates: an administrator has to act",
        ),
        403 if says("deactivated") => (RecipientUnknown, false, "the customer's account is gone"),
        403 if says("can't initiate") => (
            NotOptedIn,
            false,
            "the customer has not written to this bot yet",
        ),
        403 => (
            NotOptedIn,
            false,
            "the customer blocked this bot or removed it from the chat",
        ),
        400 if says("too long") => (
            UnsupportedContent,
            false,
            "the text is too long for Telegram",
        ),
        400 if says("chat not found") || says("user not found") => {
            (RecipientUnknown, false, "Telegram does not know this chat")
        }
        400 if says("file") || says("url") || says("media") => {
            (RefusedContent, false, "Telegram could not take the file")
        }
        400 => (RefusedContent, false, "Telegram refused the message"),
        _ => (Other, false, "Telegram refused the message"),
    }
}
