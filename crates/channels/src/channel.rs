//! The contract of a channel.
//!
//! An adapter is a folder: `verify` and `parse` are pure (bytes in, updates out), `send` is the only
//! part that does IO. Nothing here knows the database.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use interdesk_domain::delivery::Failure;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Content, MediaKind, Update};
use serde::{Deserialize, Serialize};

/// A kind of app, as the desk uses it.
#[async_trait::async_trait]
pub trait Channel: Send + Sync {
    /// Returns which channel this is.
    fn kind(&self) -> ChannelKind;

    /// Returns what the channel can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Answers a provider's question whether this address is ours; `None` where the channel has
    /// no such handshake. The text is the body of the answer.
    fn handshake(
        &self,
        query: &[(String, String)],
        credentials: &Credentials,
    ) -> Option<Result<String, VerifyError>>;

    /// Proves that a webhook comes from the provider, over the raw bytes, in constant time.
    fn verify(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), VerifyError>;

    /// Translates a body into updates.
    ///
    /// Fails only where the body as a whole cannot be read; a part that is not understood becomes
    /// `Unsupported` or `Other` with its raw JSON, and never takes a batch-mate with it.
    fn parse(&self, body: &[u8]) -> Result<Vec<Update>, ParseError>;

    /// Hands one message to the provider.
    async fn send(
        &self,
        client: &reqwest::Client,
        account: &Account<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError>;
}

/// A webhook request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Header names in lower case, with their values.
    pub headers: &'a [(String, String)],
    /// The raw bytes.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Returns the value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The secrets of one inbox, decrypted; only the parts that its channel needs are set.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Credentials {
    /// Proves us to the provider's API (WhatsApp access token, Telegram bot token).
    pub access_token: Option<String>,
    /// Signs what comes in (WhatsApp app secret, Telegram secret token, `whsec_…`). Several during
    /// a rotation: any one suffices.
    pub webhook_secrets: Vec<String>,
    /// Public keys (`whpk_…`) that may sign what comes in.
    pub webhook_public_keys: Vec<String>,
    /// The word of WhatsApp's handshake.
    pub verify_token: Option<String>,
    /// Signs what goes out to a third-party app: `whsec_…` or `whsk_…`.
    pub signing_secret: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

/// The account that a message leaves through.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The provider's id of the account (phone number id, bot id).
    pub account_id: &'a str,
    /// Where to call: the provider's base URL, or the third-party app's callback.
    pub endpoint: &'a str,
    /// The inbox's secrets.
    pub credentials: &'a Credentials,
    /// The moment, for signatures.
    pub now: DateTime<Utc>,
}

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Our id of this try; carried to the provider wherever it takes one, so that receipts and
    /// echoes find back.
    pub attempt: String,
    /// Our id of the message: the same over all tries, the idempotency key where there is one.
    pub message: String,
    /// Whom to write to, best address first.
    pub to: Vec<Address>,
    /// The group to write to instead.
    pub group: Option<String>,
    /// What to do.
    pub action: Action,
    /// The provider's id of the message that this answers.
    pub reply_to: Option<String>,
}

/// What an outgoing call does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Writes a message.
    Write(Content),
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
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The provider's id of our message; later receipts name it. `None` where it gives none.
    pub provider_id: Option<String>,
}

/// Why a request is not from the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header that proves the sender is missing.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// The signature or secret does not match.
    #[error("signature does not match")]
    Mismatch,
    /// The request is too old or from the future: a replay.
    #[error("timestamp is more than {0} seconds off")]
    Stale(i64),
    /// The inbox has no secret to compare with.
    #[error("the inbox has no {0} configured")]
    NotConfigured(&'static str),
}

/// Why a body as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is no JSON of the documented shape.
    #[error("body is not readable: {0}")]
    Unreadable(String),
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

/// What a channel can do, as data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capabilities {
    /// The kinds of content that can be written, by the name that [`Content::kind`] returns.
    pub content: &'static [&'static str],
    /// The kinds of files that can be written.
    pub media: &'static [MediaKind],
    /// The longest text in UTF-16 code units or characters, as the provider counts.
    pub max_text: usize,
    /// The longest caption.
    pub max_caption: usize,
    /// How long after the customer's last message free text may be written; `None` for ever.
    pub reply_window: Option<std::time::Duration>,
    /// Whether messages can quote another.
    pub replies: bool,
    /// Whether we can react.
    pub reactions: bool,
    /// Whether sent messages can be replaced.
    pub edits: bool,
    /// Whether sent messages can be taken back.
    pub deletes: bool,
    /// Whether the provider tells that messages arrived.
    pub delivery_receipts: bool,
    /// Whether the provider tells that messages were seen.
    pub read_receipts: bool,
    /// Whether the provider keeps approved templates.
    pub templates: bool,
    /// Whether there are groups.
    pub groups: bool,
    /// Whether a repeated send with the same key has one effect.
    pub idempotency_key: bool,
    /// Whether we may write first.
    pub may_start: bool,
}

/// The bytes of a webhook together with its headers, owned.
#[derive(Debug, Clone)]
pub struct OwnedRequest {
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The raw bytes.
    pub body: Bytes,
}

impl OwnedRequest {
    /// Borrows it for [`Channel::verify`].
    pub fn as_request(&self) -> Request<'_> {
        Request {
            headers: &self.headers,
            body: &self.body,
        }
    }
}
