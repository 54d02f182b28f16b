//! The contract of a channel.
//!
//! An adapter is a folder: `verify` and `parse` are pure (bytes in, updates out), `send` is the only
//! part that does IO. Nothing here knows the database, nor how the bytes came: a webhook, a mailbox
//! and a socket end in the same three calls.

use crate::{
    Capabilities, Download, FetchError, FileWay, Incoming, Outgoing, PaceOf, ParseError, Reply,
    SendContext, SendError, Sent, Unfit, Upload, Uploaded, VerifyError, refusal,
};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, Content, Examined, Media, Update};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A kind of app, as the desk uses it.
#[async_trait::async_trait]
pub trait Channel: Send + Sync {
    /// Returns which channel this is.
    fn kind(&self) -> ChannelKind;

    /// Returns what the channel can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Returns whether a path below the inbox's own is one of the channel's; the inbox's own is
    /// empty.
    fn serves(&self, path: &str) -> bool {
        path.is_empty()
    }

    /// Answers a request that asks instead of telling: whether this address is ours, whether a
    /// room exists. `None` where it is no such question.
    fn handshake(
        &self,
        _incoming: &Incoming<'_>,
        _credentials: &Credentials,
    ) -> Option<Result<Reply, VerifyError>> {
        None
    }

    /// Proves that something comes from the provider, over the raw bytes, in constant time.
    fn verify(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), VerifyError>;

    /// Translates what came into updates.
    ///
    /// Fails only where the body as a whole cannot be read; a part that is not understood becomes
    /// `Unsupported` or `Other` with its raw form, and never takes a batch-mate with it. The
    /// credentials are for channels that sign single parts, such as a reply token in an address;
    /// they are empty when a kept body is read again.
    fn parse(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Update>, ParseError>;

    /// Returns the address that opens the app at this inbox and brings a token with the person's first
    /// message; `None` where the app has no such links or the inbox's public name is not set.
    fn app_link(&self, _credentials: &Credentials, _token: &str) -> Option<String> {
        None
    }

    /// Returns what the provider wants to hear when everything is stored.
    fn acknowledgement(&self) -> Reply {
        Reply::empty()
    }

    /// Returns under which words of [`UpdateKind::Other`](interdesk_domain::message::UpdateKind)
    /// something is kept that asks us to act, an invitation for example.
    fn asks(&self) -> &'static [&'static str] {
        &[]
    }

    /// Does what something asks that was kept, given as it came. It may be asked again. Returns what
    /// was learnt by it, as a body to [`parse`](Self::parse); empty where nothing was.
    async fn follow(&self, _context: &SendContext<'_>, _raw: &str) -> Result<Vec<u8>, SendError> {
        Ok(Vec::new())
    }

    /// Asks the provider how the account is and which templates it has; `None` where there is
    /// nobody to ask. `business_account` is what was learnt of it before.
    async fn examine(
        &self,
        _context: &SendContext<'_>,
        _business_account: Option<&str>,
    ) -> Result<Option<Examined>, SendError> {
        Ok(None)
    }

    /// Returns from when on the secrets have to be [renewed](Self::renew); `None` where they last.
    fn renewal_due(&self, _credentials: &Credentials) -> Option<DateTime<Utc>> {
        None
    }

    /// Asks the provider for secrets in the place of those that end, and returns all of them.
    async fn renew(&self, _context: &SendContext<'_>) -> Result<Credentials, SendError> {
        Err(refusal::unsupported("the secrets of this channel last"))
    }

    /// Tells whether somebody takes part in a conversation of which the adapter remembers this, although
    /// they never wrote there: they were copied in.
    fn admits(&self, _state: &str, _who: &Address) -> bool {
        false
    }

    /// Returns what else has to wait with a message that was refused as one too many; `None` where it
    /// waits alone.
    fn slows(&self, failure: &Failure, _in_group: bool) -> Option<PaceOf> {
        (failure.reason == FailureReason::RateLimited).then_some(PaceOf::Account)
    }

    /// Returns whether the customer can be shown that a message of theirs was read.
    fn shows_reading(&self, _target: &str) -> bool {
        self.capabilities().mark_read
    }

    /// Refuses a content for what its provider documents beyond [`capabilities`](Self::capabilities):
    /// lengths of single members, numbers of buttons. Asked before a reply is stored, and again by
    /// [`send`](Self::send).
    fn judge(&self, _content: &Content) -> Result<(), Unfit> {
        Ok(())
    }

    /// Returns how long free words may be written to somebody who is known under these names, where that
    /// differs from what holds for the channel as such.
    fn reply_window(&self, _namespaces: &[String]) -> Option<Duration> {
        self.capabilities().reply_window
    }

    /// Returns how files that the desk keeps reach the provider.
    fn file_way(&self) -> FileWay {
        FileWay::Link
    }

    /// Finds where the bytes of a customer's file can be read now, asking the provider where it
    /// has to be asked. The bytes themselves are read by the caller.
    async fn fetch(
        &self,
        _context: &SendContext<'_>,
        media: &Media,
    ) -> Result<Download, FetchError> {
        Download::of_link(media)
    }

    /// Hands a file to the provider ahead of the message that shows it; asked of channels whose
    /// [`file_way`](Self::file_way) is [`FileWay::Upload`].
    async fn upload(
        &self,
        _context: &SendContext<'_>,
        _file: &Upload<'_>,
    ) -> Result<Uploaded, SendError> {
        Err(refusal::unsupported(
            "this channel takes no files ahead of a message",
        ))
    }

    /// Hands one message to the provider.
    async fn send(&self, context: &SendContext<'_>, outgoing: &Outgoing)
    -> Result<Sent, SendError>;
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
    /// What else one channel alone needs, by the names that its page in `docs/channels.md` lists.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

impl Credentials {
    /// Returns what one channel alone needs; empty counts as absent.
    pub fn other(&self, name: &str) -> Option<&str> {
        let value = self.others.get(name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Returns whether customers see who of the desk writes to them, where the channel can show it.
    pub(crate) fn shows_agents(&self) -> bool {
        self.other("show_agents") == Some("yes")
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}
