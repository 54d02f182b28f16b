//! Any own or third-party app that speaks our signed webhooks.
//!
//! What both sides send is described in `docs/schemas/webhook-event.schema.json`.

mod content;
mod parse;
mod send;
#[cfg(feature = "kit")]
mod subject;

#[cfg(feature = "kit")]
pub(crate) use subject::subject;

use crate::standard_webhooks::{self, Keys};
use crate::{
    Capabilities, Channel, Credentials, Inbound, Incoming, Length, LongText, MediaLimit, Outgoing,
    ParseError, Proof, SendContext, SendError, Sent, Start, VerifyError, Within,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{MediaKind, Update};

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Webhook;

const CAPABILITIES: Capabilities = Capabilities {
    content: &[
        "text",
        "media",
        "location",
        "contacts",
        "choices",
        "link",
        "form_request",
        "location_request",
        "contact_request",
        "call_permission_request",
        "call_invitation",
        "carousel",
        "composite",
    ],
    media: &[
        MediaLimit::any(MediaKind::Image),
        MediaLimit::any(MediaKind::Video),
        MediaLimit::any(MediaKind::Animation),
        MediaLimit::any(MediaKind::Audio),
        MediaLimit::any(MediaKind::Voice),
        MediaLimit::any(MediaKind::Sticker),
        MediaLimit::any(MediaKind::Document),
    ],
    max_text: Length::characters(65_536),
    max_caption: Length::characters(65_536),
    long_text: LongText::Refuse,
    start: Start::Anybody,
    replies: true,
    reactions: true,
    edits: Within::Ever,
    deletes: Within::Ever,
    expiry: true,
    typing: true,
    mark_read: true,
    delivery_receipts: true,
    read_receipts: true,
    groups: true,
    idempotency_key: true,
    needs_address: false,
    inbound: Inbound {
        proof: Proof::BodyAndTime,
        content: &[
            "text",
            "media",
            "location",
            "contacts",
            "answer",
            "form",
            "order",
            "notice",
            "composite",
            "call",
            "unsupported",
        ],
        media: &[
            MediaKind::Image,
            MediaKind::Video,
            MediaKind::Animation,
            MediaKind::Audio,
            MediaKind::Voice,
            MediaKind::Sticker,
            MediaKind::Document,
        ],
        replies: true,
        edits: true,
        deletes: true,
        reactions: true,
        expiry: true,
        own_cards: true,
        ..Inbound::NONE
    },
    ..Capabilities::NONE
};

#[async_trait::async_trait]
impl Channel for Webhook {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Webhook
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn verify(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        let keys = Keys {
            secrets: &credentials.webhook_secrets,
            public_keys: &credentials.webhook_public_keys,
        };
        standard_webhooks::verify(incoming, keys, now)
    }

    fn parse(&self, incoming: &Incoming<'_>, _: &Credentials) -> Result<Vec<Update>, ParseError> {
        parse::parse(incoming.body)
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(context, outgoing).await
    }
}
