//! Matrix, as an application service of one homeserver.
//!
//! The homeserver pushes transactions to the inbox's webhook path and is written to as one user of
//! its own, the inbox's bot, or as one for each agent. Every conversation with one person is one room; a
//! room with several is a group.

mod asked;
mod content;
mod errors;
mod examine;
mod files;
mod ghost;
mod id;
mod member;
mod parse;
mod registration;
mod room;
mod send;
#[cfg(feature = "kit")]
mod subject;
mod verify;

pub use registration::{Registration, RegistrationError};
#[cfg(feature = "kit")]
pub(crate) use subject::subject;

use crate::{
    Capabilities, Channel, Credentials, Download, FetchError, FileWay, Inbound, Incoming, Length,
    LongText, MediaLimit, Outgoing, ParseError, Proof, Reply, SendContext, SendError, Sent, Start,
    Upload, Uploaded, VerifyError, Within,
};
use chrono::{DateTime, Utc};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Examined, Media, MediaKind, Update};

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Matrix;

/// An event holds 65,536 bytes of JSON, and an edit carries its words twice.
const LONGEST: Length = Length::bytes(30_000);

const CAPABILITIES: Capabilities = Capabilities {
    content: &["text", "media", "location", "composite"],
    media: &[
        MediaLimit::any(MediaKind::Image),
        MediaLimit::any(MediaKind::Video),
        MediaLimit::any(MediaKind::Animation),
        MediaLimit::any(MediaKind::Audio),
        MediaLimit::any(MediaKind::Voice),
        MediaLimit::any(MediaKind::Sticker),
        MediaLimit::any(MediaKind::Document),
    ],
    max_text: LONGEST,
    max_caption: LONGEST,
    long_text: LongText::Split,
    start: Start::Anybody,
    replies: true,
    reactions: true,
    edits: Within::Ever,
    deletes: Within::Ever,
    typing: true,
    mark_read: true,
    read_receipts: true,
    groups: true,
    idempotency_key: true,
    provider_files: true,
    third_party: true,
    inbound: Inbound {
        proof: Proof::Word,
        content: &["text", "media", "location", "notice", "unsupported"],
        media: &[
            MediaKind::Image,
            MediaKind::Video,
            MediaKind::Audio,
            MediaKind::Voice,
            MediaKind::Sticker,
            MediaKind::Document,
        ],
        batches: true,
        replies: true,
        edits: true,
        deletes: true,
        reactions: true,
        reaction_events: true,
        consent: true,
        members: true,
        ..Inbound::NONE
    },
    ..Capabilities::NONE
};

#[async_trait::async_trait]
impl Channel for Matrix {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Matrix
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn serves(&self, path: &str) -> bool {
        // Unknown paths below the inbox are answered in the protocol's own words.
        path.starts_with('/')
    }

    fn handshake(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
    ) -> Option<Result<Reply, VerifyError>> {
        asked::answer(incoming, credentials)
    }

    fn verify(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<(), VerifyError> {
        verify::verify(incoming, credentials)
    }

    fn parse(
        &self,
        incoming: &Incoming<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Update>, ParseError> {
        parse::parse(incoming.body, credentials)
    }

    fn acknowledgement(&self) -> Reply {
        Reply::json(200, "{}".to_owned())
    }

    async fn examine(
        &self,
        context: &SendContext<'_>,
        _business_account: Option<&str>,
    ) -> Result<Option<Examined>, SendError> {
        examine::examine(context).await.map(Some)
    }

    fn asks(&self) -> &'static [&'static str] {
        &[parse::INVITATION, parse::MOVED]
    }

    async fn follow(&self, context: &SendContext<'_>, raw: &str) -> Result<Vec<u8>, SendError> {
        room::follow(context, raw).await
    }

    fn file_way(&self) -> FileWay {
        FileWay::Upload
    }

    async fn fetch(
        &self,
        context: &SendContext<'_>,
        media: &Media,
    ) -> Result<Download, FetchError> {
        files::fetch(context, media)
    }

    async fn upload(
        &self,
        context: &SendContext<'_>,
        file: &Upload<'_>,
    ) -> Result<Uploaded, SendError> {
        files::upload(context, file).await
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(context, outgoing).await
    }
}
