//! What a webhook tells: one body holds any number of updates.

use super::{AccountNews, Content, Membership, Origin};
use crate::delivery::{DeliveryState, Failure};
use crate::id::ConversationId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing that a webhook tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The provider's name of our account (a phone number id), where the body carries it.
    ///
    /// One callback may serve several inboxes; the inbox is found by it.
    pub account: Option<String>,
    /// When it happened by the provider's clock; `None` where the body says nothing believable.
    pub at: Option<DateTime<Utc>>,
    /// What happened.
    pub kind: UpdateKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateKind {
    /// A message arrived, or was written by us in the provider's own app.
    Message(Box<InboundMessage>),
    /// The author replaced a message.
    Edit {
        /// The provider's id of the replaced message.
        target: String,
        /// What it holds now.
        content: Content,
    },
    /// What a message holds came after it, which said only that there is something.
    ContentArrived {
        /// The provider's id of the message.
        target: String,
        /// What it holds.
        content: Content,
    },
    /// The author took a message back.
    Delete {
        /// The provider's id of the message.
        target: String,
    },
    /// Somebody reacted to a message or withdrew that.
    Reaction(Reaction),
    /// The provider tells how far one of our messages got.
    Receipt(Receipt),
    /// One person's address was replaced by another: both are the same person.
    AddressChanged {
        /// The address that was valid.
        from: Address,
        /// The address that is valid now.
        to: Address,
    },
    /// One person has a further address.
    AddressAdded {
        /// An address that is valid.
        known: Address,
        /// The further one.
        also: Address,
    },
    /// Somebody opened the app by a link that a visitor of a web chat was given: both are one person,
    /// as far as whoever has the link is that visitor.
    LinkFollowed {
        /// Who, as the app names them.
        by: Sender,
        /// The visitor's session that the link was made for.
        session: Uuid,
        /// When the link ceases to be good.
        until: DateTime<Utc>,
    },
    /// Somebody answers a message that went to their address alone, in a conversation: the address is
    /// theirs, if they said so there.
    AddressAnswered {
        /// Who, as the channel names them.
        by: Sender,
        /// The conversation of our message.
        conversation: ConversationId,
    },
    /// One of us has a customer under a name in the provider's own app.
    Called {
        /// Whom.
        who: Address,
        /// The name; `None` where they are no longer in that address book.
        name: Option<String>,
    },
    /// Something to read beside the messages, which nobody has to answer: who came into a group, what a
    /// program answered for a person.
    Notice(Box<Notice>),
    /// Somebody came into a group, left it, or is something else in it.
    Membership(Box<Membership>),
    /// A group goes on under another id.
    GroupMoved {
        /// The provider's id of before.
        from: String,
        /// The provider's id from now on.
        to: String,
    },
    /// The provider told how an account is, or what became of a template.
    Account(Box<AccountNews>),
    /// The customer allowed or forbade us to write.
    Consent {
        /// Who.
        who: Address,
        /// Whether we may write.
        allowed: bool,
        /// Whether the word is about advertisements alone.
        marketing: bool,
        /// The provider's word for it.
        detail: String,
    },
    /// Somebody is writing; it passes by itself.
    Typing {
        /// Who.
        who: Address,
    },
    /// Something we keep as it came and do nothing about: account notices, unknown kinds.
    Other {
        /// The provider's word for it.
        kind: String,
        /// The JSON of it, exactly as it came.
        raw: String,
    },
}

/// A message as a channel gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundMessage {
    /// The provider's id, unique within the inbox: repeats are recognised by it.
    pub provider_id: String,
    /// Who wrote.
    pub author: Author,
    /// The group it was written in; `None` for a conversation between two.
    pub group: Option<String>,
    /// The room it was written in, where only who is in there tells whether it is a group: it is
    /// once two customers are known to have been in.
    pub room: Option<String>,
    /// What it holds.
    pub content: Content,
    /// The provider's id of the message that it answers.
    pub reply_to: Option<String>,
    /// Where it comes from and what it belongs to.
    pub origin: Origin,
    /// The JSON of it, exactly as it came; kept where `content` does not tell the whole.
    pub raw: Option<String>,
    /// Other ids by which somebody may name the same message: a mailbox's own, a bridge's.
    pub other_ids: Vec<String>,
    /// The provider's ids of earlier messages of the same thread, the nearest first. Where a
    /// channel has threads instead of chats, the conversation is the one that holds any of them.
    pub thread: Vec<String>,
    /// What the adapter wants to know again when this conversation is answered: a room, a subject,
    /// the ids to reference. Only the adapter reads it.
    pub state: Option<String>,
    /// When the author wants it gone.
    pub expires: Option<Expiry>,
    /// Whether it was written before the desk had the inbox, and is brought to it later: it is kept in its
    /// place, and nobody has to answer it.
    pub imported: bool,
}

impl InboundMessage {
    /// Makes a message of which nothing else is told.
    pub fn new(provider_id: String, author: Author, content: Content) -> Self {
        Self {
            provider_id,
            author,
            group: None,
            room: None,
            content,
            reply_to: None,
            origin: Origin::default(),
            raw: None,
            other_ids: Vec::new(),
            thread: Vec::new(),
            state: None,
            expires: None,
            imported: false,
        }
    }
}

/// Something to read on a timeline, which opens nothing and asks nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// On which timeline; where there is none it is kept as it came.
    pub place: NoticePlace,
    /// What tells a repeat from something new.
    pub id: String,
    /// The provider's word for it.
    pub kind: String,
    /// The words to show.
    pub text: String,
    /// The JSON of it, exactly as it came.
    pub raw: String,
}

/// The conversation that a notice belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticePlace {
    /// That of a group, by the provider's id.
    Group(String),
    /// The one that holds an earlier message.
    Thread {
        /// The provider's ids of earlier messages, the nearest first.
        earlier: Vec<String>,
        /// Who tells; they take part in the conversation, or it is not theirs to add to.
        by: Address,
    },
}

/// When a message wants to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// At a moment.
    At(DateTime<Utc>),
    /// So many seconds after it was read.
    SecondsAfterReading(u32),
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// A customer.
    Customer(Sender),
    /// One of us, in the provider's own app; `to` is the customer.
    Ourselves {
        /// The customer it went to.
        to: Sender,
    },
}

impl Author {
    /// Returns the customer, whichever side wrote.
    pub fn customer(&self) -> &Sender {
        match self {
            Self::Customer(sender) | Self::Ourselves { to: sender } => sender,
        }
    }
}

/// A customer as a channel names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sender {
    /// The addresses given, the one that keys the person first. Empty where the provider names
    /// nobody; such a message is kept under an address made from its own id.
    pub addresses: Vec<Address>,
    /// The name they gave themselves.
    pub name: Option<String>,
    /// The language of their app (BCP 47).
    pub locale: Option<String>,
}

/// One typed address on one network.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// Where the customer is: `whatsapp`, `telegram`, or what a bridge names.
    pub network: String,
    /// What kind of value it is: `phone`, `bsuid`, `user`, `username`.
    pub namespace: String,
    /// The value in the provider's canonical form.
    pub value: String,
}

/// A reaction or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The provider's id of the message reacted to; it may be unknown to us, or not yet known.
    pub target: String,
    /// Who reacted.
    pub by: Sender,
    /// The reactions that stand now; empty when withdrawn.
    pub emojis: Vec<String>,
    /// The provider's id of the reaction itself, where it has one.
    pub provider_id: Option<String>,
}

/// How far one of our messages got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's id of our message, where the body carries it.
    pub provider_id: Option<String>,
    /// Our own attempt id, where the provider gave it back.
    pub attempt: Option<String>,
    /// How far it got.
    pub state: DeliveryState,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The one recipient of a group that this is about.
    pub recipient: Option<String>,
}
