//! Telegram Bot API.

mod content;
mod entities;
mod errors;
mod examine;
mod files;
mod id;
mod keyboard;
mod member;
mod parse;
mod people;
mod send;
#[cfg(feature = "kit")]
mod subject;
mod verify;
pub mod webhook;

#[cfg(feature = "kit")]
pub(crate) use subject::subject;

use crate::app_link::AppLinks;
use crate::{
    Capabilities, Channel, Credentials, Download, FetchError, FileWay, Inbound, Incoming, Length,
    LongText, MediaLimit, Outgoing, Pace, PaceOf, ParseError, Proof, SendContext, SendError, Sent,
    Start, Unfit, VerifyError, Within,
};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Content, Examined, Media, MediaKind, Update};
use std::time::Duration;

/// The adapter; all that differs between inboxes comes as arguments.
#[derive(Debug)]
pub(crate) struct Telegram;

const MB: u64 = 1024 * 1024;

/// How long a business account's chat is answered after the customer's last message.
const BUSINESS_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Files of the desk go within the call, up to these sizes; those named by an address Telegram
/// fetches itself, up to 5 MB for pictures and 20 MB for others.
const CAPABILITIES: Capabilities = Capabilities {
    content: &[
        "text",
        "media",
        "location",
        "choices",
        "link",
        "location_request",
        "contact_request",
    ],
    // Buttons that share something exist in chats between two alone.
    group_content: Some(&["text", "media", "location", "choices", "link"]),
    media: &[
        MediaLimit::of(MediaKind::Image, &["image/*"], 10 * MB),
        MediaLimit::of(MediaKind::Video, &["video/mp4"], 50 * MB),
        MediaLimit::of(MediaKind::Animation, &["image/gif", "video/mp4"], 50 * MB),
        MediaLimit::of(MediaKind::Audio, &["audio/mpeg", "audio/mp4"], 50 * MB),
        MediaLimit::of(
            MediaKind::Voice,
            &["audio/ogg", "audio/mpeg", "audio/mp4"],
            50 * MB,
        ),
        MediaLimit::of(MediaKind::Sticker, &["image/webp", "video/webm"], 50 * MB),
        MediaLimit::of(MediaKind::Document, &[], 50 * MB),
    ],
    max_text: Length::utf16(4096),
    max_caption: Length::utf16(1024),
    long_text: LongText::Split,
    start: Start::Customer,
    replies: true,
    reactions: true,
    edits: Within::Ever,
    deletes: Within::For(Duration::from_secs(48 * 60 * 60)),
    typing: true,
    groups: true,
    provider_files: true,
    paces: &[
        Pace::account(30),
        // Short bursts are allowed.
        Pace {
            of: PaceOf::Person,
            burst: 3,
            every: Duration::from_secs(1),
        },
        Pace {
            of: PaceOf::Group,
            burst: 20,
            every: Duration::from_secs(3),
        },
    ],
    typing_lasts: Duration::from_secs(5),
    third_party: true,
    inbound: Inbound {
        proof: Proof::Word,
        content: &[
            "text",
            "media",
            "location",
            "contacts",
            "answer",
            "form",
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
        forwards: true,
        edits: true,
        deletes: true,
        reactions: true,
        consent: true,
        own_messages: true,
        members: true,
        account_news: true,
        own_cards: true,
        ..Inbound::NONE
    },
    ..Capabilities::NONE
};

#[async_trait::async_trait]
impl Channel for Telegram {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Telegram
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
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
        let posts = credentials.other("channel_posts") == Some("yes");
        let updates = parse::parse(incoming.body, posts)?;
        Ok(AppLinks::to(self.kind(), &credentials.webhook_secrets).mark(updates))
    }

    fn app_link(&self, credentials: &Credentials, token: &str) -> Option<String> {
        let name = credentials.other("username")?.trim_start_matches('@');
        Some(format!("https://t.me/{name}?start={token}"))
    }

    fn slows(&self, failure: &Failure, in_group: bool) -> Option<PaceOf> {
        let limited = failure.reason == FailureReason::RateLimited;
        // A group has a limit of its own, which is met long before that of the bot.
        limited.then_some(match in_group {
            true => PaceOf::Group,
            false => PaceOf::Account,
        })
    }

    fn asks(&self) -> &'static [&'static str] {
        &[parse::PRESSED]
    }

    async fn follow(&self, context: &SendContext<'_>, raw: &str) -> Result<Vec<u8>, SendError> {
        send::answer_press(context, raw).await.map(|()| Vec::new())
    }

    /// Read marks are those of connected business accounts.
    fn shows_reading(&self, target: &str) -> bool {
        id::MessageId::parse(target).is_some_and(|id| id.connection.is_some())
    }

    async fn examine(
        &self,
        context: &SendContext<'_>,
        _: Option<&str>,
    ) -> Result<Option<Examined>, SendError> {
        examine::examine(context).await.map(Some)
    }

    fn judge(&self, content: &Content) -> Result<(), Unfit> {
        keyboard::judge(content)
    }

    /// Chats of connected business accounts are answered within a day of the customer's words
    /// (<https://core.telegram.org/bots/api#businessbotrights>); the bot's own at any time.
    fn reply_window(&self, namespaces: &[String]) -> Option<Duration> {
        let business = namespaces.iter().any(|name| name == people::BUSINESS_CHAT);
        business.then_some(BUSINESS_WINDOW)
    }

    fn file_way(&self) -> FileWay {
        FileWay::Inline
    }

    async fn fetch(
        &self,
        context: &SendContext<'_>,
        media: &Media,
    ) -> Result<Download, FetchError> {
        files::fetch(context, media).await
    }

    async fn send(
        &self,
        context: &SendContext<'_>,
        outgoing: &Outgoing,
    ) -> Result<Sent, SendError> {
        send::send(context, outgoing).await
    }
}
