//! Nothing leaves: what is written is kept in the desk, and the widget fetches it.
//!
//! Sending is the moment at which it may be seen. That cannot fail on the way, cannot be in doubt, and
//! may be repeated; the message's own id is what receipts name it by.

use super::CAPABILITIES;
use crate::{Action, Outgoing, SendContext, SendError, Sent, Unfit, refusal};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::message::{Content, MediaSource};

/// Lets a message be fetched.
pub(super) fn send(context: &SendContext<'_>, outgoing: &Outgoing) -> Result<Sent, SendError> {
    let secrets = &context.credentials.webhook_secrets;
    if !secrets.iter().any(|secret| !secret.is_empty()) {
        let detail = "the inbox has no session secret, so no visitor can fetch anything";
        return Err(refusal::permanent(FailureReason::AccountRefused, detail));
    }
    match &outgoing.action {
        Action::Write(content) => {
            check(content)?;
            Ok(Sent::with(Some(outgoing.message.clone())))
        }
        Action::Replace { target, content } => {
            check(content)?;
            Ok(Sent::with(Some(target.clone())))
        }
        Action::Delete { .. } | Action::React { .. } | Action::Typing { .. } => Ok(Sent::default()),
        Action::MarkRead { .. } => Err(refusal::unsupported(
            "web chat does not show visitors what was read",
        )),
    }
}

/// Refuses what the widget has no place for.
pub(super) fn judge(content: &Content) -> Result<(), Unfit> {
    match content {
        Content::Link(link) if link.media.is_some() => Err(Unfit::at(
            "media",
            "web chat shows no file above a link: send it apart",
        )),
        _ => Ok(()),
    }
}

fn check(content: &Content) -> Result<(), SendError> {
    refusal::check(content, &CAPABILITIES)?;
    judge(content)?;
    let mut files = content.files().into_iter();
    match files.any(|file| matches!(file.source, MediaSource::ProviderId(_))) {
        true => Err(refusal::unsupported(
            "a file needs a web address on this channel",
        )),
        false => Ok(()),
    }
}
