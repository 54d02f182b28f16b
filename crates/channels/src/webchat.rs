//! Web chat: the widget on a tenant's page.
//!
//! The desk itself is the provider. The ingestion service takes the widget's requests, says in our own
//! canonical JSON what a visitor did, and hands that to this adapter like any webhook; what agents
//! write is kept, and the widget fetches it. Tokens of sessions and signed identities are here too,
//! because they prove who speaks.

pub mod identity;
pub mod parse;
mod send;
pub mod settings;
#[cfg(feature = "kit")]
mod subject;
pub mod ticket;
pub mod token;
pub mod told;
mod verify;

#[cfg(feature = "kit")]
pub(crate) use subject::subject;

use crate::{
    Capabilities, Channel, Credentials, Inbound, Incoming, Length, LongText, MediaLimit, Outgoing,
    ParseError, Proof, SendContext, SendError, Sent, Start, Unfit, VerifyError, Within,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Content, MediaKind, Update};

/// The network of visitors.
const NETWORK: &str = "webchat";

/// The longest text that either side may write, in characters.
pub const MOST_CHARACTERS: usize = 8_000;

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Webchat;

const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "choices", "link"],
    media: &[
        MediaLimit::any(MediaKind::Image),
        MediaLimit::any(MediaKind::Video),
        MediaLimit::any(MediaKind::Animation),
        MediaLimit::any(MediaKind::Audio),
        MediaLimit::any(MediaKind::Voice),
        MediaLimit::any(MediaKind::Sticker),
        MediaLimit::any(MediaKind::Document),
    ],
    max_text: Length::characters(MOST_CHARACTERS),
    max_caption: Length::characters(MOST_CHARACTERS),
    long_text: LongText::Refuse,
    start: Start::Customer,
    replies: true,
    reactions: true,
    edits: Within::Ever,
    deletes: Within::Ever,
    typing: true,
    delivery_receipts: true,
    read_receipts: true,
    idempotency_key: true,
    needs_address: false,
    fetched: true,
    inbound: Inbound {
        proof: Proof::Word,
        content: &["text", "media", "answer", "notice", "unsupported"],
        media: &[
            MediaKind::Image,
            MediaKind::Video,
            MediaKind::Audio,
            MediaKind::Document,
        ],
        replies: true,
        edits: true,
        deletes: true,
        reactions: true,
        // Only pages name their visitors, and sign what they say.
        names_vouched: true,
        ..Inbound::NONE
    },
    ..Capabilities::NONE
};

#[async_trait::async_trait]
impl Channel for Webchat {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Webchat
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    /// Nothing: visitors come by the widget's own paths, never by a webhook's.
    fn serves(&self, _path: &str) -> bool {
        false
    }

    fn verify(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        verify::verify(incoming, credentials, now)
    }

    fn parse(&self, incoming: &Incoming<'_>, _: &Credentials) -> Result<Vec<Update>, ParseError> {
        parse::parse(incoming.body)
    }

    fn judge(&self, content: &Content) -> Result<(), Unfit> {
        send::judge(content)
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(context, outgoing)
    }
}
