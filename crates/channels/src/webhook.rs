//! Any own or third-party app that speaks our signed webhooks.
//!
//! What both sides send is described in `docs/schemas/webhook-event.schema.json`.

mod content;
mod parse;
mod send;

use crate::standard_webhooks::{self, Keys};
use crate::{
    Account, Capabilities, Channel, Credentials, Outgoing, ParseError, Request, SendError, Sent,
    VerifyError,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{MediaKind, Update};

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Webhook;

const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "location", "contacts"],
    media: &[
        MediaKind::Image,
        MediaKind::Video,
        MediaKind::Animation,
        MediaKind::Audio,
        MediaKind::Voice,
        MediaKind::Sticker,
        MediaKind::Document,
    ],
    max_text: 65_536,
    max_caption: 65_536,
    reply_window: None,
    replies: true,
    reactions: true,
    edits: false,
    deletes: false,
    delivery_receipts: true,
    read_receipts: true,
    templates: false,
    groups: true,
    idempotency_key: true,
    may_start: true,
};

#[async_trait::async_trait]
impl Channel for Webhook {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Webhook
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
        now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        let keys = Keys {
            secrets: &credentials.webhook_secrets,
            public_keys: &credentials.webhook_public_keys,
        };
        standard_webhooks::verify(request, keys, now)
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
