//! Refusals that need no call: the channel could not carry the message anyway.

use crate::{Capabilities, Length, SendError, sound};
use chrono::Duration;
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::message::{Content, Media};

/// Returns a refusal that no later try will change.
pub(crate) fn permanent(reason: FailureReason, detail: impl Into<String>) -> SendError {
    refused(reason, false, detail, None)
}

/// Returns a refusal that a later try may overcome.
pub(crate) fn retryable(
    reason: FailureReason,
    detail: impl Into<String>,
    retry_after: Option<Duration>,
) -> SendError {
    refused(reason, true, detail, retry_after)
}

/// Returns the refusal of a file that has to be with the provider before its message.
pub(crate) fn not_uploaded() -> SendError {
    retryable(
        FailureReason::Other,
        "the file was not handed to the provider before its message",
        None,
    )
}

/// Returns the refusal of content that the channel cannot carry.
pub(crate) fn unsupported(detail: impl Into<String>) -> SendError {
    permanent(FailureReason::UnsupportedContent, detail)
}

/// Refuses content that the channel cannot carry, or not to a group, as [`check`] does.
pub(crate) fn check_in(
    content: &Content,
    capabilities: &Capabilities,
    in_group: bool,
) -> Result<(), SendError> {
    check(content, capabilities)?;
    let (kind, kinds) = (content.kind(), capabilities.kinds(in_group));
    match kinds.contains(&kind) {
        true => Ok(()),
        false => Err(unsupported(format!(
            "this channel cannot send a message of kind {kind} to a group; it carries {}",
            kinds.join(", ")
        ))),
    }
}

/// Refuses content that the channel cannot carry, by kind and by length as the provider counts it.
pub(crate) fn check(content: &Content, capabilities: &Capabilities) -> Result<(), SendError> {
    let kind = content.kind();
    if !capabilities.content.contains(&kind) {
        return Err(unsupported(format!(
            "this channel cannot send a message of kind {kind}"
        )));
    }
    sound(content)?;
    for media in content.files() {
        file(media, capabilities)?;
    }
    match content {
        Content::Text { text } if text.trim().is_empty() => {
            Err(unsupported("a message needs words"))
        }
        Content::Text { text } => fits("text", text, capabilities.max_text),
        Content::Choices(choices) => fits("text", &choices.text, capabilities.max_text),
        Content::Composite(composite) if !composite.is_sound() => Err(unsupported(
            "a message needs a part, at most 1024, and none deeper than 4 levels",
        )),
        Content::Composite(composite) => {
            let words = composite.text().unwrap_or_default();
            fits("text", words, capabilities.max_text)
        }
        Content::Media { caption, .. } => {
            let words = caption.as_deref().unwrap_or_default();
            fits("caption", words, capabilities.max_caption)
        }
        _ => Ok(()),
    }
}

fn file(media: &Media, capabilities: &Capabilities) -> Result<(), SendError> {
    let kind = media.kind.as_str();
    let Some(limit) = capabilities.file(media.kind) else {
        let detail = format!("this channel cannot send a file as {kind}");
        return Err(unsupported(detail));
    };
    if !limit.takes(media.mime_type.as_deref()) {
        return Err(unsupported(format!(
            "this channel sends as {kind} only {}: send the file as a document",
            limit.types.join(", ")
        )));
    }
    match (media.size, limit.max_bytes) {
        (Some(size), Some(most)) if size > most => Err(unsupported(format!(
            "the file has {size} bytes, this channel carries {most} as {kind}: make it smaller"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a text that is too long as the provider counts it.
pub(crate) fn fits(what: &str, text: &str, limit: Length) -> Result<(), SendError> {
    if limit.holds(text) {
        return Ok(());
    }
    let (length, most) = (limit.unit.measure(text), limit.most);
    Err(unsupported(format!(
        "the {what} has {length} characters, this channel carries at most {most}: shorten it or send it in parts"
    )))
}

fn refused(
    reason: FailureReason,
    retryable: bool,
    detail: impl Into<String>,
    retry_after: Option<Duration>,
) -> SendError {
    let failure = Failure {
        reason,
        retryable,
        provider_code: None,
        detail: detail.into(),
    };
    SendError::Refused {
        failure,
        retry_after,
    }
}
