//! WhatsApp Business Cloud API.

mod account;
mod address_book;
pub mod business;
mod call;
mod content;
mod errors;
mod examine;
mod fit;
mod group;
mod interactive;
mod media;
mod message;
mod offer;
mod parse;
mod people;
mod send;
mod status;
#[cfg(feature = "kit")]
mod subject;
mod templates;
mod verify;

#[cfg(feature = "kit")]
pub(crate) use subject::subject;

use crate::app_link::AppLinks;
use crate::{
    Capabilities, Channel, Credentials, Download, FetchError, FileWay, Inbound, Incoming, Length,
    LongText, MediaLimit, Outgoing, Pace, PaceOf, ParseError, Proof, Reply, SendContext, SendError,
    Sent, Start, Unfit, Upload, Uploaded, VerifyError,
};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::Failure;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Content, Examined, Media, MediaKind, Update};
use std::time::Duration;

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Whatsapp;

const MB: u64 = 1024 * 1024;

const CAPABILITIES: Capabilities = Capabilities {
    content: &[
        "text",
        "media",
        "location",
        "contacts",
        "template",
        "choices",
        "link",
        "form_request",
        "location_request",
        "contact_request",
        "call_permission_request",
        "call_invitation",
        "carousel",
    ],
    group_content: Some(&["text", "media", "template"]),
    media: &[
        MediaLimit::of(MediaKind::Image, &["image/jpeg", "image/png"], 5 * MB),
        MediaLimit::of(MediaKind::Video, &["video/mp4", "video/3gpp"], 16 * MB),
        MediaLimit::of(
            MediaKind::Audio,
            &[
                "audio/aac",
                "audio/amr",
                "audio/mpeg",
                "audio/mp4",
                "audio/ogg",
            ],
            16 * MB,
        ),
        MediaLimit::of(MediaKind::Voice, &["audio/ogg"], 16 * MB),
        // An animated one may have 500 kB; which of them it is, the type does not tell.
        MediaLimit::of(MediaKind::Sticker, &["image/webp"], 500 * 1024),
        MediaLimit::of(MediaKind::Document, &[], 100 * MB),
    ],
    max_text: Length::characters(4096),
    max_caption: Length::characters(1024),
    long_text: LongText::Split,
    reply_window: Some(Duration::from_secs(24 * 60 * 60)),
    start: Start::Template,
    replies: true,
    reactions: true,
    typing: true,
    mark_read: true,
    group_reads_apart: true,
    delivery_receipts: true,
    read_receipts: true,
    templates: true,
    groups: true,
    provider_files: true,
    charges_for_service: true,
    // A number that WhatsApp upgraded sends 1,000 a second, one shared with the Business app 20.
    paces: &[
        Pace::account(80),
        Pace {
            of: PaceOf::Person,
            burst: 45,
            every: Duration::from_secs(6),
        },
    ],
    typing_lasts: Duration::from_secs(25),
    third_party: true,
    inbound: Inbound {
        proof: Proof::Body,
        content: &[
            "text",
            "media",
            "location",
            "contacts",
            "answer",
            "form",
            "order",
            "call",
            "unsupported",
        ],
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
        forwards: true,
        edits: true,
        deletes: true,
        reactions: true,
        expiry: false,
        reaction_events: false,
        consent: true,
        address_changes: true,
        own_messages: true,
        members: true,
        account_news: true,
        own_cards: true,
        names_vouched: false,
    },
    ..Capabilities::NONE
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
        incoming: &Incoming<'_>,
        credentials: &Credentials,
    ) -> Option<Result<Reply, VerifyError>> {
        let asks = incoming.http()?.method == "GET";
        asks.then(|| verify::handshake(incoming, credentials))
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
        let updates = parse::parse(incoming.body)?;
        Ok(AppLinks::to(self.kind(), &credentials.webhook_secrets).mark(updates))
    }

    fn app_link(&self, credentials: &Credentials, token: &str) -> Option<String> {
        let phone = people::digits(credentials.other("phone_number")?.to_owned());
        Some(format!("https://wa.me/{phone}?text=Ref%20{token}"))
    }

    async fn examine(
        &self,
        context: &SendContext<'_>,
        business_account: Option<&str>,
    ) -> Result<Option<Examined>, SendError> {
        examine::examine(context, business_account).await.map(Some)
    }

    fn slows(&self, failure: &Failure, in_group: bool) -> Option<PaceOf> {
        errors::slows(failure, in_group)
    }

    fn judge(&self, content: &Content) -> Result<(), Unfit> {
        fit::judge(content)
    }

    fn file_way(&self) -> FileWay {
        FileWay::Upload
    }

    async fn fetch(
        &self,
        context: &SendContext<'_>,
        media: &Media,
    ) -> Result<Download, FetchError> {
        media::fetch(context, media).await
    }

    async fn upload(
        &self,
        context: &SendContext<'_>,
        file: &Upload<'_>,
    ) -> Result<Uploaded, SendError> {
        media::upload(context, file).await
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(context, outgoing).await
    }
}
