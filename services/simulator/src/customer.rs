//! Customers: who they are, what they can do, and what the provider remembers
//! of them.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Messages that a provider remembers per customer.
const REMEMBERED: usize = 64;
/// WhatsApp's pair limit: a burst of 45, then one message in six seconds.
const BURST: f64 = 45.0;
const SECONDS_PER_MESSAGE: f64 = 6.0;

/// One customer of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The phone number without plus (WhatsApp), the user id (Telegram) or any
    /// text (webhook).
    pub id: String,
    /// The name in the customer's profile.
    pub name: String,
    /// Whether a username hides the phone number (WhatsApp).
    #[serde(default)]
    pub hide_phone: bool,
}

impl Customer {
    /// Makes a customer whose name comes from the last characters of the id.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
        let short = digits.get(digits.len().saturating_sub(4)..);
        let short = short.filter(|short| !short.is_empty()).unwrap_or(&id);
        let name = format!("Customer {short}");
        Self {
            id,
            name,
            hide_phone: false,
        }
    }
}

/// What a customer does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Writes a text.
    Text {
        /// The text.
        text: String,
    },
    /// Sends a file; the bytes are a small sample.
    Media {
        /// What kind of file.
        media: Media,
        /// The words under it.
        #[serde(default)]
        caption: Option<String>,
    },
    /// Shares a place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The name of the place.
        #[serde(default)]
        name: Option<String>,
    },
    /// Shares somebody's card.
    Contact {
        /// The name on the card.
        name: String,
        /// The number on the card.
        phone: String,
    },
    /// Shares their own card, as a message asked.
    OwnCard {
        /// The message.
        message_id: String,
    },
    /// Completes the form that a message opened.
    Form {
        /// The message.
        message_id: String,
        /// The answers, as the text of a JSON object.
        json: String,
    },
    /// Says whether they may be called, as a message asked.
    CallPermission {
        /// The message.
        message_id: String,
        /// Whether they may.
        allowed: bool,
    },
    /// Reacts to a message.
    Reaction {
        /// The message.
        message_id: String,
        /// The emoji; empty withdraws the reaction.
        emoji: String,
    },
    /// Presses a button under a message.
    Button {
        /// The message.
        message_id: String,
        /// The button's id or callback data.
        id: String,
        /// The button's label.
        title: String,
    },
    /// Changes an earlier message.
    Edit {
        /// The message.
        message_id: String,
        /// The new text.
        text: String,
    },
    /// Deletes an earlier message.
    Delete {
        /// The message.
        message_id: String,
    },
    /// Goes on by another number; WhatsApp alone tells of it.
    NumberChange {
        /// The new number, as digits.
        to: String,
    },
    /// Sends something that no program of today knows.
    Unknown,
    /// Blocks the account.
    Block,
    /// Unblocks the account.
    Unblock,
}

impl Content {
    /// Makes a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// Names the kind for the journal.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { media, .. } => media.name(),
            Self::Location { .. } => "location",
            Self::Contact { .. } => "contact",
            Self::OwnCard { .. } => "own_card",
            Self::Form { .. } => "form",
            Self::CallPermission { .. } => "call_permission",
            Self::Reaction { .. } => "reaction",
            Self::Button { .. } => "button",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::NumberChange { .. } => "number_change",
            Self::Unknown => "unknown",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    /// Reads the words in it.
    pub fn words(&self) -> &str {
        match self {
            Self::Text { text } | Self::Edit { text, .. } => text,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
            Self::Location { name, .. } => name.as_deref().unwrap_or_default(),
            Self::Contact { name, .. } => name,
            Self::Reaction { emoji, .. } => emoji,
            Self::Button { title, .. } => title,
            Self::Form { json, .. } => json,
            Self::OwnCard { .. }
            | Self::CallPermission { .. }
            | Self::Delete { .. }
            | Self::NumberChange { .. }
            | Self::Unknown
            | Self::Block
            | Self::Unblock => "",
        }
    }
}

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A photo.
    Image,
    /// A film.
    Video,
    /// A piece of music.
    Audio,
    /// A voice note.
    Voice,
    /// Any file.
    Document,
    /// A sticker.
    Sticker,
}

impl Media {
    /// Names the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Returns the bytes that customers send as this kind.
    pub fn bytes(self) -> &'static [u8] {
        crate::media::sample(self).2
    }
}

/// What a customer is about to do, with its circumstances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The act.
    #[serde(flatten)]
    pub content: Content,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
}

impl From<Content> for Draft {
    fn from(content: Content) -> Self {
        Self {
            content,
            reply_to: None,
        }
    }
}

/// One remembered message of a chat.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) from_desk: bool,
    pub(crate) text: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) reaction: Option<String>,
}

/// What the provider remembers of one customer.
pub(crate) struct Memory {
    pub(crate) customer: Customer,
    pub(crate) wrote_at: Option<DateTime<Utc>>,
    pub(crate) blocked: bool,
    /// Whether the business shut them out: what they write reaches nobody.
    pub(crate) shut_out: bool,
    /// What the customer will say, one after each reply.
    pub(crate) script: VecDeque<Content>,
    /// Replies that arrived since the customer last opened a talk.
    pub(crate) replies: u32,
    lines: VecDeque<Line>,
    forgot: bool,
    tokens: f64,
    counted_at: DateTime<Utc>,
}

impl Memory {
    fn new(customer: Customer, now: DateTime<Utc>) -> Self {
        Self {
            customer,
            wrote_at: None,
            blocked: false,
            shut_out: false,
            script: VecDeque::new(),
            replies: 0,
            lines: VecDeque::new(),
            forgot: false,
            tokens: BURST,
            counted_at: now,
        }
    }

    /// Remembers a message, and forgets the oldest beyond the bound.
    pub(crate) fn remember(&mut self, line: Line) {
        if self.lines.len() == REMEMBERED {
            self.lines.pop_front();
            self.forgot = true;
        }
        self.lines.push_back(line);
    }

    /// Finds a remembered message.
    pub(crate) fn line(&mut self, id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.id == id)
    }

    /// Says whether a message may exist in this chat.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.forgot || self.lines.iter().any(|line| line.id == id)
    }

    /// Forgets a message that was deleted.
    pub(crate) fn forget(&mut self, id: &str) {
        self.lines.retain(|line| line.id != id);
    }

    /// Takes one message from the pair limit.
    pub(crate) fn take_token(&mut self, now: DateTime<Utc>) -> bool {
        let seconds = (now - self.counted_at).num_milliseconds().max(0) as f64 / 1000.0;
        self.counted_at = now;
        self.tokens = BURST.min(self.tokens + seconds / SECONDS_PER_MESSAGE);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

/// All customers, the oldest forgotten beyond the bound.
pub(crate) struct Customers {
    limit: usize,
    known: HashMap<(String, String), Memory>,
    order: VecDeque<(String, String)>,
}

impl Customers {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Finds a customer.
    pub(crate) fn find(&mut self, account: &str, id: &str) -> Option<&mut Memory> {
        self.known.get_mut(&(account.to_owned(), id.to_owned()))
    }

    /// Finds a customer or begins to remember one.
    pub(crate) fn meet(
        &mut self,
        account: &str,
        customer: &Customer,
        now: DateTime<Utc>,
    ) -> &mut Memory {
        let key = (account.to_owned(), customer.id.clone());
        if !self.known.contains_key(&key) {
            if self.order.len() == self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.known
            .entry(key)
            .or_insert_with(|| Memory::new(customer.clone(), now))
    }

    /// Counts the remembered customers.
    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_oldest_customer_is_forgotten_beyond_the_bound() {
        let now = DateTime::UNIX_EPOCH;
        let mut customers = Customers::new(2);
        for id in ["1", "2", "2", "3"] {
            customers.meet("a", &Customer::new(id), now);
        }
        assert_eq!(customers.count(), 2);
        assert!(customers.find("a", "1").is_none());
        assert!(customers.find("a", "3").is_some());
    }

    #[test]
    fn the_pair_limit_allows_a_burst_and_then_one_message_in_six_seconds() {
        let start = DateTime::UNIX_EPOCH;
        let mut memory = Memory::new(Customer::new("1"), start);
        assert_eq!((0..60).filter(|_| memory.take_token(start)).count(), 45);
        assert!(!memory.take_token(start + TimeDelta::seconds(5)));
        assert!(memory.take_token(start + TimeDelta::seconds(7)));
    }

    #[test]
    fn customers_are_named_after_their_last_digits() {
        assert_eq!(Customer::new("15550100012").name, "Customer 0012");
        assert_eq!(Customer::new("user-9").name, "Customer 9");
        assert_eq!(Customer::new("visitor").name, "Customer visitor");
    }
}
