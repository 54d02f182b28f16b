//! What a channel can do, as data: no screen and no rule has to guess.

use interdesk_domain::message::MediaKind;
use serde::Serialize;
use std::time::Duration;

/// What can be written on a channel, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capabilities {
    /// The kinds of content that can be written, by the name that
    /// [`Content::kind`](interdesk_domain::message::Content::kind) returns.
    pub content: &'static [&'static str],
    /// The kinds of content that can be written to groups, where those are fewer.
    pub group_content: Option<&'static [&'static str]>,
    /// The kinds of files that can be written.
    pub media: &'static [MediaLimit],
    /// The longest text.
    pub max_text: Length,
    /// The longest caption.
    pub max_caption: Length,
    /// What becomes of a longer text.
    pub long_text: LongText,
    /// How long after the customer's last message free words may be written; `None` for ever.
    pub reply_window: Option<Duration>,
    /// Who may write first.
    pub start: Start,
    /// Whether messages can quote another.
    pub replies: bool,
    /// Whether we can react.
    pub reactions: bool,
    /// Whether sent messages can be replaced.
    pub edits: Within,
    /// Whether sent messages can be taken back.
    pub deletes: Within,
    /// Whether a message can be sent that the customer's app lets go at a moment.
    pub expiry: bool,
    /// Whether we can show that we are writing.
    pub typing: bool,
    /// Whether we can show that a message was read.
    pub mark_read: bool,
    /// Whether in groups each message is shown as read by itself; elsewhere one stands for all before it.
    pub group_reads_apart: bool,
    /// Whether the provider tells that messages arrived.
    pub delivery_receipts: bool,
    /// Whether the provider tells that messages were seen.
    pub read_receipts: bool,
    /// Whether the provider keeps approved templates.
    pub templates: bool,
    /// Whether there are groups.
    pub groups: bool,
    /// Whether a repeated send with the same key has one effect.
    pub idempotency_key: bool,
    /// Whether a file can be sent by the id under which the provider keeps it.
    pub provider_files: bool,
    /// Whether writing needs an address that the channel knows; `false` where the receiver finds the
    /// customer by the conversation.
    pub needs_address: bool,
    /// Whether the customer's app fetches what we write: sending is letting it be seen, and nothing
    /// is called.
    pub fetched: bool,
    /// Whether the provider charges for messages that arrive and are no templates, so that they are
    /// counted by month.
    pub charges_for_service: bool,
    /// How fast messages may leave; what comes faster waits its turn.
    pub paces: &'static [Pace],
    /// For how long the customer sees that somebody is writing, unless it is said again.
    pub typing_lasts: Duration,
    /// Whether customers write from another provider's messaging network, so that their
    /// conversations can be listed apart; `false` for apps and addresses of the tenant's own.
    pub third_party: bool,
    /// What comes from customers.
    pub inbound: Inbound,
}

/// How fast messages may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// Of what.
    pub of: PaceOf,
    /// How many may leave at once after a rest.
    pub burst: u32,
    /// How long one more takes to be allowed.
    pub every: Duration,
}

/// What a pace is kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceOf {
    /// Everything that leaves through one account.
    Account,
    /// What goes to one customer, outside groups.
    Person,
    /// What goes to one group.
    Group,
}

impl Pace {
    /// So many a second, of everything that leaves through one account.
    pub const fn account(per_second: u32) -> Self {
        let per_second = if per_second == 0 { 1 } else { per_second };
        Self {
            of: PaceOf::Account,
            burst: per_second,
            every: Duration::from_micros(1_000_000 / per_second as u64),
        }
    }
}

impl PaceOf {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Person => "person",
            Self::Group => "group",
        }
    }
}

/// What comes from customers on a channel, and how it comes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inbound {
    /// What proves that it comes from the provider.
    pub proof: Proof,
    /// The kinds of content, by the name that
    /// [`Content::kind`](interdesk_domain::message::Content::kind) returns.
    pub content: &'static [&'static str],
    /// The kinds of files.
    pub media: &'static [MediaKind],
    /// Whether one body may hold several messages.
    pub batches: bool,
    /// Whether a message tells which one it answers.
    pub replies: bool,
    /// Whether a message tells that it was passed on.
    pub forwards: bool,
    /// Whether edits are told.
    pub edits: bool,
    /// Whether deletions are told.
    pub deletes: bool,
    /// Whether reactions are told.
    pub reactions: bool,
    /// Whether it is told when a message is to be gone.
    pub expiry: bool,
    /// Whether each reaction is an event of its own: a further one stands beside it, and it is
    /// withdrawn by a deletion that names it.
    pub reaction_events: bool,
    /// Whether it is told that a customer forbids or allows us to write.
    pub consent: bool,
    /// Whether it is told that an address changed.
    pub address_changes: bool,
    /// Whether it is told what one of us wrote in the provider's own app.
    pub own_messages: bool,
    /// Whether it is told who comes into groups and leaves them.
    pub members: bool,
    /// Whether it is told how well the account is.
    pub account_news: bool,
    /// Whether a contact card tells that it is the sender's own.
    pub own_cards: bool,
    /// Whether somebody vouches for the names of customers, who do not give them to themselves.
    pub names_vouched: bool,
}

impl Inbound {
    /// Nothing at all.
    pub const NONE: Self = Self {
        proof: Proof::Transport,
        content: &[],
        media: &[],
        batches: false,
        replies: false,
        forwards: false,
        edits: false,
        deletes: false,
        reactions: false,
        expiry: false,
        reaction_events: false,
        consent: false,
        address_changes: false,
        own_messages: false,
        members: false,
        account_news: false,
        own_cards: false,
        names_vouched: false,
    };
}

/// What proves that something comes from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A secret word beside the body.
    Word,
    /// A signature over the body.
    Body,
    /// A signature over the body and the time.
    BodyAndTime,
    /// Whoever took the bytes has proven it: a listener, a mailbox.
    Transport,
}

impl Capabilities {
    /// Nothing at all: what an adapter does not declare it cannot do.
    pub const NONE: Self = Self {
        content: &[],
        group_content: None,
        media: &[],
        max_text: Length::characters(0),
        max_caption: Length::characters(0),
        long_text: LongText::Refuse,
        reply_window: None,
        start: Start::Customer,
        replies: false,
        reactions: false,
        edits: Within::Never,
        deletes: Within::Never,
        expiry: false,
        typing: false,
        mark_read: false,
        group_reads_apart: false,
        delivery_receipts: false,
        read_receipts: false,
        templates: false,
        groups: false,
        idempotency_key: false,
        provider_files: false,
        needs_address: true,
        fetched: false,
        charges_for_service: false,
        paces: &[],
        typing_lasts: Duration::from_secs(6),
        third_party: false,
        inbound: Inbound::NONE,
    };

    /// Returns the kinds of content that can be written to a customer, or to a group.
    pub fn kinds(&self, in_group: bool) -> &'static [&'static str] {
        match self.group_content {
            Some(kinds) if in_group => kinds,
            _ => self.content,
        }
    }

    /// Returns what holds for files of a kind; `None` where they cannot be written.
    pub fn file(&self, kind: MediaKind) -> Option<&'static MediaLimit> {
        self.media.iter().find(|limit| limit.kind == kind)
    }
}

/// What holds for files of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MediaLimit {
    /// The kind.
    pub kind: MediaKind,
    /// The types that are taken (RFC 6838), `image/*` for all of a family; none named is any.
    pub types: &'static [&'static str],
    /// The largest size; `None` where there is no limit of the channel's own.
    pub max_bytes: Option<u64>,
}

impl MediaLimit {
    /// Any type and any size of a kind.
    pub const fn any(kind: MediaKind) -> Self {
        Self {
            kind,
            types: &[],
            max_bytes: None,
        }
    }

    /// Returns whether files of a declared type are taken; what nobody declared is left to the
    /// provider.
    pub fn takes(&self, mime_type: Option<&str>) -> bool {
        let Some(declared) = mime_type.filter(|_| !self.types.is_empty()) else {
            return true;
        };
        let declared = declared.split(';').next().unwrap_or_default().trim();
        let same = |known: &&str| match known.strip_suffix('*') {
            Some(family) => declared.starts_with(family),
            None => declared.eq_ignore_ascii_case(known),
        };
        self.types.iter().any(same)
    }

    /// Some types up to a size.
    pub const fn of(kind: MediaKind, types: &'static [&'static str], max_bytes: u64) -> Self {
        Self {
            kind,
            types,
            max_bytes: Some(max_bytes),
        }
    }
}

/// A length in the unit that the provider counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Length {
    /// The most.
    pub most: usize,
    /// Of what.
    pub unit: TextUnit,
}

impl Length {
    /// A number of characters (Unicode scalar values).
    pub const fn characters(most: usize) -> Self {
        let unit = TextUnit::Characters;
        Self { most, unit }
    }

    /// A number of UTF-16 code units.
    pub const fn utf16(most: usize) -> Self {
        let unit = TextUnit::Utf16;
        Self { most, unit }
    }

    /// A number of bytes of UTF-8.
    pub const fn bytes(most: usize) -> Self {
        let unit = TextUnit::Bytes;
        Self { most, unit }
    }

    /// Returns whether a text is short enough.
    pub fn holds(self, text: &str) -> bool {
        self.unit.measure(text) <= self.most
    }
}

/// What providers count texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl TextUnit {
    /// Counts a text.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// What becomes of a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LongText {
    /// It goes as several messages.
    Split,
    /// It is refused; nobody wants it in parts.
    Refuse,
}

/// Who may write first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The customer alone.
    Customer,
    /// The customer; we with a template.
    Template,
    /// Either side.
    Anybody,
}

/// How long something can be done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Not at all.
    Never,
    /// So long after it was sent.
    For(Duration),
    /// At any time.
    Ever,
}

impl Within {
    /// Returns whether it can be done at all.
    pub fn is_possible(self) -> bool {
        self != Self::Never
    }
}
