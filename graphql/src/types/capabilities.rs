//! What a channel can do.

use crate::Long;
use async_graphql::{Enum, SimpleObject};
use interdesk_channels::{self as channels, Within, channel};
use interdesk_domain::inbox::ChannelKind;

/// What can be written on a channel, and what becomes of it. All of it holds for the channel as
/// such; `replyState` of the conversation says what may be written now.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Capabilities {
    /// The kinds of content that can be written: the names of `ReplyContent`'s kinds in lower case, with
    /// `_` between words, such as `text` and `form_request`.
    pub(crate) content: Vec<&'static str>,
    /// The kinds of content that can be written to groups; empty where there are no groups.
    pub(crate) group_content: Vec<&'static str>,
    /// The kinds of files that can be written, such as `image` and `document`.
    pub(crate) media: Vec<&'static str>,
    /// What holds for files of each kind.
    pub(crate) files: Vec<FileCapability>,
    /// The longest text, counted in `textUnit`.
    pub(crate) max_text: usize,
    /// The longest caption under a file, counted in `textUnit`.
    pub(crate) max_caption: usize,
    /// What the provider counts texts in.
    pub(crate) text_unit: TextUnit,
    /// What becomes of a text that is longer than `maxText`.
    pub(crate) long_text: LongText,
    /// How long after the customer's last message free words may be written; null for ever.
    pub(crate) reply_window_seconds: Option<u64>,
    /// Who may write first.
    pub(crate) start: WhoStarts,
    /// Whether a message can quote another.
    pub(crate) replies: bool,
    /// Whether we can react to a message.
    pub(crate) reactions: bool,
    /// Whether a message of ours can be changed.
    pub(crate) edits: bool,
    /// For how long after it was sent; null for ever, or where it cannot be changed.
    pub(crate) edit_seconds: Option<u64>,
    /// Whether a message of ours can be taken back.
    pub(crate) deletes: bool,
    /// For how long after it was sent; null for ever, or where it cannot be taken back.
    pub(crate) delete_seconds: Option<u64>,
    /// Whether a message of ours can be one that is gone at a moment: `expiresInSeconds` of a reply.
    pub(crate) expiry: bool,
    /// Whether the customer can be shown that somebody is typing.
    pub(crate) typing: bool,
    /// Whether the customer can be shown that their message was read.
    pub(crate) mark_read: bool,
    /// Whether the provider tells that messages arrived.
    pub(crate) delivery_receipts: bool,
    /// Whether the provider tells that messages were seen.
    pub(crate) read_receipts: bool,
    /// Whether the provider keeps approved templates, which may go outside the reply window.
    pub(crate) templates: bool,
    /// Whether there are conversations with several customers.
    pub(crate) groups: bool,
    /// Whether customers write from another provider's messaging network: `thirdPartyInbox` says
    /// whether their conversations are listed with all others. Chats, mailboxes and apps of the
    /// workspace's own are not third-party.
    pub(crate) third_party: bool,
    /// How fast messages may leave; a faster reply waits its turn, in the order of its conversation.
    pub(crate) paces: Vec<Pace>,
    /// Whether a repeated try has one effect; without it a try without an answer ends as `UNKNOWN`.
    pub(crate) idempotency_key: bool,
}

/// How fast messages may leave. Where the provider grants an account more or less, that holds.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Pace {
    /// Of what.
    pub(crate) of: PaceOf,
    /// How many may leave at once after a rest.
    pub(crate) burst: u32,
    /// After how long one more is allowed, in milliseconds.
    pub(crate) every_ms: f64,
}

/// What a pace is kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "channels::PaceOf")]
pub(crate) enum PaceOf {
    /// Everything that leaves through one account.
    Account,
    /// What goes to one customer, outside groups.
    Person,
    /// What goes to one group.
    Group,
}

/// What holds for files of one kind.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FileCapability {
    /// The kind, such as `image`.
    pub(crate) kind: &'static str,
    /// The media types that are taken, `image/*` for all of a family; empty where any is.
    pub(crate) types: Vec<&'static str>,
    /// The largest size in bytes; null where the channel itself has no limit.
    pub(crate) max_bytes: Option<Long>,
}

/// What a provider counts texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "channels::TextUnit")]
pub(crate) enum TextUnit {
    /// Characters (Unicode scalar values).
    Characters,
    /// UTF-16 code units, as JavaScript counts: most emoji are two.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// What becomes of a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "channels::LongText")]
pub(crate) enum LongText {
    /// It goes as several messages.
    Split,
    /// It is refused.
    Refuse,
}

/// Who may write first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "channels::Start")]
pub(crate) enum WhoStarts {
    /// The customer alone.
    Customer,
    /// The customer; we with a template.
    Template,
    /// Either side.
    Anybody,
}

impl Capabilities {
    /// Tells what a kind of channel can do.
    pub(crate) fn of(kind: ChannelKind) -> Self {
        let known = channel(kind).capabilities();
        Self {
            content: known.content.to_vec(),
            group_content: match known.groups {
                true => known.kinds(true).to_vec(),
                false => Vec::new(),
            },
            media: known.media.iter().map(|it| it.kind.as_str()).collect(),
            files: known.media.iter().map(FileCapability::from).collect(),
            max_text: known.max_text.most,
            max_caption: known.max_caption.most,
            text_unit: known.max_text.unit.into(),
            long_text: known.long_text.into(),
            reply_window_seconds: known.reply_window.map(|window| window.as_secs()),
            start: known.start.into(),
            replies: known.replies,
            reactions: known.reactions,
            edits: known.edits.is_possible(),
            edit_seconds: seconds(known.edits),
            deletes: known.deletes.is_possible(),
            delete_seconds: seconds(known.deletes),
            expiry: known.expiry,
            typing: known.typing,
            mark_read: known.mark_read,
            delivery_receipts: known.delivery_receipts,
            read_receipts: known.read_receipts,
            templates: known.templates,
            groups: known.groups,
            third_party: known.third_party,
            paces: known.paces.iter().map(Pace::from).collect(),
            idempotency_key: known.idempotency_key,
        }
    }
}

impl From<&channels::Pace> for Pace {
    fn from(pace: &channels::Pace) -> Self {
        Self {
            of: pace.of.into(),
            burst: pace.burst,
            every_ms: pace.every.as_secs_f64() * 1_000.0,
        }
    }
}

impl From<&channels::MediaLimit> for FileCapability {
    fn from(limit: &channels::MediaLimit) -> Self {
        Self {
            kind: limit.kind.as_str(),
            types: limit.types.to_vec(),
            max_bytes: limit.max_bytes.map(Long::from),
        }
    }
}

fn seconds(within: Within) -> Option<u64> {
    match within {
        Within::For(duration) => Some(duration.as_secs()),
        Within::Never | Within::Ever => None,
    }
}
