//! What a visitor did, in our own canonical JSON: the ingestion service writes it, the adapter reads
//! it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// Who did it.
#[derive(Debug, Clone, Serialize)]
pub struct Visitor {
    /// The visitor's id, which their session's token names.
    pub id: Uuid,
    /// The page's own id of a visitor who proved to be logged in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name that the page signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An e-mail address that they left or that the page signed: nobody has checked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The language of their browser (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// What a visitor did, when.
#[derive(Debug, Clone, Serialize)]
pub struct Told<'a> {
    /// Who.
    pub visitor: &'a Visitor,
    /// When it came.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

impl Told<'_> {
    /// Writes the body that the adapter reads.
    pub fn body(&self) -> Vec<u8> {
        // Texts, numbers and moments: nothing that JSON could not hold.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What a visitor may do.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// They wrote.
    Message {
        /// What.
        message: Message,
    },
    /// Their widget has, or shows, messages of ours.
    Receipt {
        /// How far they got.
        receipt: Receipt,
    },
    /// They left an e-mail address to be answered at.
    Email {
        /// The message that tells of it.
        message: Message,
    },
    /// They put other words in the place of theirs.
    Edit {
        /// Which, and which.
        edit: Edit,
    },
    /// They took a message of theirs back.
    Delete {
        /// Which.
        deletion: Deletion,
    },
    /// They reacted to a message, or withdrew that.
    Reaction {
        /// To which, and how.
        reaction: Reaction,
    },
}

/// What a visitor wrote: words, a pick or a file.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Message {
    /// The widget's id of it: the same at each try.
    pub id: String,
    /// The words; with a file its caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The choice that they picked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// The inbox's id of the message that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// Other words for a message. That it is the visitor's own is for whoever writes this to see to.
#[derive(Debug, Clone, Serialize)]
pub struct Edit {
    /// The inbox's id of the message.
    pub target: String,
    /// The words that it has from now on.
    pub text: String,
}

/// The end of a message, likewise of the visitor's own.
#[derive(Debug, Clone, Serialize)]
pub struct Deletion {
    /// The inbox's id of the message.
    pub target: String,
}

/// What a visitor has to say to a message without words.
#[derive(Debug, Clone, Serialize)]
pub struct Reaction {
    /// The inbox's id of the message.
    pub target: String,
    /// What stands from now on; none where it is withdrawn.
    pub emojis: Vec<String>,
}

/// A choice that a visitor picked.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Our id of it.
    pub id: String,
    /// The words on it.
    pub title: String,
}

/// A file that a visitor uploaded before.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// Where the desk keeps it.
    pub id: String,
    /// The type that was found by looking at the bytes.
    pub mime_type: String,
    /// The name that the visitor's machine gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the bytes, in lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// How far messages of ours got.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// `delivered` or `read`.
    pub state: &'static str,
    /// Which.
    pub messages: Vec<String>,
}
