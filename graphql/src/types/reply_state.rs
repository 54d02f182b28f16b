//! Whether a reply may be written now.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use interdesk_channels::Capabilities;
use interdesk_flow::reply::window_closes;

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
    /// Tells what holds at a moment.
    pub(crate) fn at(
        now: DateTime<Utc>,
        capabilities: &Capabilities,
        last_customer_message_at: Option<DateTime<Utc>>,
        forbidden: bool,
    ) -> Self {
        match window_closes(capabilities, last_customer_message_at) {
            _ if forbidden => Self::Forbidden,
            None => Self::Always,
            Some(until) if until > now => Self::UntilWindowCloses,
            Some(_) if capabilities.templates => Self::TemplateOnly,
            Some(_) => Self::WaitForCustomer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use interdesk_channels::channel;
    use interdesk_domain::inbox::ChannelKind;

    #[test]
    fn for_ever_open_closed_never_opened_and_forbidden_are_five_things() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).expect("a moment");
        let whatsapp = channel(ChannelKind::Whatsapp).capabilities();
        let webhook = channel(ChannelKind::Webhook).capabilities();
        let without_templates = Capabilities {
            templates: false,
            ..whatsapp.clone()
        };
        let hours = |hours| Some(now - Duration::hours(hours));
        let cases = [
            (webhook, None, false, ReplyState::Always),
            (whatsapp, hours(23), false, ReplyState::UntilWindowCloses),
            (whatsapp, hours(24), false, ReplyState::TemplateOnly),
            (whatsapp, None, false, ReplyState::TemplateOnly),
            (
                &without_templates,
                hours(25),
                false,
                ReplyState::WaitForCustomer,
            ),
            (webhook, hours(1), true, ReplyState::Forbidden),
            (whatsapp, hours(1), true, ReplyState::Forbidden),
        ];
        for (capabilities, last, forbidden, expected) in cases {
            let state = ReplyState::at(now, capabilities, last, forbidden);
            assert_eq!(state, expected, "{last:?} {forbidden}");
        }
    }
}
