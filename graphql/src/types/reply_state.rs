//! Whether a reply may be written now.

use async_graphql::Enum;
use chrono::{DateTime, Utc};

/// Whether a reply may be written now. It is what a composer needs to know before the agent
/// types; a reply is checked again when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ReplyState {
    /// Anything may be written, at any time.
    Always,
    /// Anything may be written, until `canReplyUntil`.
    UntilWindowCloses,
    /// Free words are over or never began; a template may be sent.
    TemplateOnly,
    /// Nothing may be sent before the customer writes again.
    WaitForCustomer,
    /// The customer opted out of this app; nothing may be sent before they opt in again.
    Forbidden,
}

impl ReplyState {
    /// Tells what holds at a moment, where the window closes then and there are templates or not.
    pub(crate) fn at(
        now: DateTime<Utc>,
        closes: Option<DateTime<Utc>>,
        templates: bool,
        forbidden: bool,
    ) -> Self {
        match closes {
            _ if forbidden => Self::Forbidden,
            None => Self::Always,
            Some(until) if until > now => Self::UntilWindowCloses,
            Some(_) if templates => Self::TemplateOnly,
            Some(_) => Self::WaitForCustomer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn for_ever_open_closed_never_opened_and_forbidden_are_five_things() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).expect("a moment");
        let hours = |hours| Some(now + Duration::hours(hours));
        let cases = [
            (None, true, false, ReplyState::Always),
            (hours(1), true, false, ReplyState::UntilWindowCloses),
            (hours(0), true, false, ReplyState::TemplateOnly),
            (hours(-1), false, false, ReplyState::WaitForCustomer),
            (None, false, true, ReplyState::Forbidden),
            (hours(1), true, true, ReplyState::Forbidden),
        ];
        for (closes, templates, forbidden, expected) in cases {
            let state = ReplyState::at(now, closes, templates, forbidden);
            assert_eq!(state, expected, "{closes:?} {forbidden}");
        }
    }
}
