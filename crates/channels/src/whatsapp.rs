//! WhatsApp Business Cloud API.

mod content;
mod errors;
mod message;
mod parse;
mod people;
mod send;
mod status;
mod verify;

use crate::{
    Account, Capabilities, Channel, Credentials, Outgoing, ParseError, Request, SendError, Sent,
    VerifyError,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{MediaKind, Update};
use std::time::Duration;

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Whatsapp;

const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "location", "contacts", "template"],
    media: &[
        MediaKind::Image,
        MediaKind::Video,
        MediaKind::Audio,
        MediaKind::Voice,
        MediaKind::Sticker,
        MediaKind::Document,
    ],
    max_text: 4096,
    max_caption: 1024,
    reply_window: Some(Duration::from_secs(24 * 60 * 60)),
    replies: true,
    reactions: true,
    edits: false,
    deletes: false,
    delivery_receipts: true,
    read_receipts: true,
    templates: true,
    groups: true,
    idempotency_key: false,
    may_start: true,
};

#[async_trait::async_trait]
impl Channel for Whatsapp {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Whatsapp
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn handshake(
        &self,
        query: &[(String, String)],
        credentials: &Credentials,
    ) -> Option<Result<String, VerifyError>> {
        Some(verify::handshake(query, credentials))
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
