//! Channels: the kinds of apps that a customer writes from.

use serde::{Deserialize, Serialize};

/// A kind of app; the code of each lives in `crates/channels/src/<kind>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// WhatsApp Business Cloud API.
    Whatsapp,
    /// Telegram Bot API.
    Telegram,
    /// Any app that speaks our own signed webhooks.
    Webhook,
    /// Mailboxes, by SMTP, LMTP and IMAP.
    Email,
    /// The widget on a tenant's own page.
    Webchat,
    /// A Matrix homeserver, as one of its application services.
    Matrix,
}

impl ChannelKind {
    /// Every channel that exists.
    pub const ALL: [Self; 6] = [
        Self::Whatsapp,
        Self::Telegram,
        Self::Webhook,
        Self::Email,
        Self::Webchat,
        Self::Matrix,
    ];

    /// Returns the name that paths, database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Webhook => "webhook",
            Self::Email => "email",
            Self::Webchat => "webchat",
            Self::Matrix => "matrix",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// Where conversations of third-party apps are shown: what reaches us through another provider's
/// messaging network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdPartyInbox {
    /// In one list with everything else.
    Combined,
    /// In a list of their own.
    Separate,
}

impl ThirdPartyInbox {
    /// Returns the name that the database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::Separate => "separate",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Combined, Self::Separate]
            .into_iter()
            .find(|known| known.as_str() == text)
    }
}
