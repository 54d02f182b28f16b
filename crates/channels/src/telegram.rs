//! Telegram Bot API.

mod content;
mod errors;
mod id;
mod parse;
mod people;
mod send;
mod verify;

use crate::{
    Account, Capabilities, Channel, Credentials, Outgoing, ParseError, Request, SendError, Sent,
    VerifyError,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{MediaKind, Update};

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Telegram;

const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "location"],
    media: &[
        MediaKind::Image,
        MediaKind::Video,
        MediaKind::Animation,
        MediaKind::Audio,
        MediaKind::Voice,
        MediaKind::Sticker,
        MediaKind::Document,
    ],
    max_text: 4096,
    max_caption: 1024,
    reply_window: None,
    replies: true,
    reactions: true,
    edits: false,
    deletes: false,
    delivery_receipts: false,
    read_receipts: false,
    templates: false,
    groups: true,
    idempotency_key: false,
    may_start: false,
};

#[async_trait::async_trait]
impl Channel for Telegram {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Telegram
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn handshake(
        &self,
        _query: &[(String, String)],
        _credentials: &Credentials,
    ) -> Option<Result<String, VerifyError>> {
        None
    }

    fn verify(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        verify::verify(request, credentials)
    }

    fn parse(&self, body: &[u8]) -> Result<Vec<Update>, ParseError> {
        parse::parse(body)
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        account: &Account<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(client, account, outgoing).await
    }
}
