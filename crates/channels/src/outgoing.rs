//! What goes out, and what became of it.

use crate::{Credentials, Files, Uploaded};
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::delivery::Failure;
use interdesk_domain::id::FileId;
use interdesk_domain::message::{Address, Content};

/// What a call to a provider needs.
#[derive(Debug, Clone, Copy)]
pub struct SendContext<'a> {
    /// The HTTP client, for providers that are spoken to by HTTP: it follows no redirects.
    pub client: &'a reqwest::Client,
    /// The provider's id of the account that it leaves through (phone number id, bot id, mailbox).
    pub account_id: &'a str,
    /// Where to call: the provider's base URL, the third-party app's callback, the mail server.
    pub endpoint: &'a str,
    /// The inbox's secrets.
    pub credentials: &'a Credentials,
    /// The moment, for signatures.
    pub now: DateTime<Utc>,
    /// What the adapter remembered of this conversation when it last heard or wrote: a room, the
    /// ids to reference. Only the adapter reads it.
    pub state: Option<&'a str>,
    /// Opens files that the desk keeps, for channels that carry them within the message.
    pub files: &'a dyn Files,
    /// Tells whether a URL leads where nobody may be called, for channels that connect by
    /// themselves; `client` looks by itself.
    pub forbids: fn(&str) -> bool,
}

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Our id of this try; carried to the provider wherever it takes one, so that receipts and
    /// echoes find back.
    pub attempt: String,
    /// Our id of the message: the same over all tries, the idempotency key where there is one.
    pub message: String,
    /// Our id of the conversation, for channels where we open the room.
    pub conversation: String,
    /// Whom to write to, best address first.
    pub to: Vec<Address>,
    /// The group to write to instead.
    pub group: Option<String>,
    /// In whose name; `None` where a program writes.
    pub writer: Option<Writer>,
    /// What to do.
    pub action: Action,
    /// The provider's id of the message that this answers.
    pub reply_to: Option<String>,
    /// When it is to be gone from the customer's app; only where the channel carries that.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An agent, as customers may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The same for everything that they write; letters and digits.
    pub id: String,
    /// What they are called.
    pub name: String,
}

/// What an outgoing call does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Writes a message.
    Write(Content),
    /// Puts other words in the place of a message of ours.
    Replace {
        /// The provider's id of the message.
        target: String,
        /// What it holds from now on.
        content: Content,
    },
    /// Takes a message of ours back.
    Delete {
        /// The provider's id of the message.
        target: String,
    },
    /// Reacts to the provider's message; an empty emoji withdraws.
    React {
        /// The provider's id of the message.
        target: String,
        /// The emoji, or an empty text.
        emoji: String,
    },
    /// Shows the customer that their message was read.
    MarkRead {
        /// The provider's id of the message.
        target: String,
    },
    /// Shows the customer that somebody is writing; it passes by itself.
    Typing {
        /// The provider's id of the customer's last message, which some channels want to know.
        last: Option<String>,
    },
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// The provider's ids of our message; later receipts name any of them. The first one is what
    /// the message is known by; none where the provider gives none.
    pub provider_ids: Vec<String>,
    /// What to remember of the conversation; `None` leaves what is remembered.
    pub state: Option<String>,
    /// Files that went with the message and that the provider keeps under ids of its own.
    pub files: Vec<(FileId, Uploaded)>,
    /// The address that was written to and the one by which the provider knows the same person,
    /// where these differ.
    pub same: Option<(Address, Address)>,
    /// Why the provider, which has the message, holds it back for now; none where it sends it.
    pub held: Option<Failure>,
}

impl Sent {
    /// Tells the one id that the provider gave, or that it gave none.
    pub fn with(provider_id: Option<String>) -> Self {
        Self {
            provider_ids: provider_id.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// Why a message did not go out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The provider certainly does not have it.
    #[error("the provider refused: {}", failure.detail)]
    Refused {
        /// Why, and whether a later try may work.
        failure: Failure,
        /// When to try again, where the provider said so.
        retry_after: Option<Duration>,
    },
    /// No answer came: the provider may or may not have it.
    #[error("no answer from the provider: {0}")]
    NoAnswer(String),
}
