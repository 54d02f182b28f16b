//! What a message holds.

use super::{CallInvitation, Carousel, Choices, Composite, FormRequest, Link, Request, Template};
use crate::id::FileId;
use serde::{Deserialize, Serialize};

/// What a message holds; stored as JSON with `type` as its tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text {
        /// The words, UTF-8, as the customer's app would show them without formatting.
        text: String,
    },
    /// A file with an optional caption.
    Media {
        /// The file.
        media: Media,
        /// Words under it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A place on earth.
    Location(Location),
    /// One or more address-book cards.
    Contacts {
        /// The cards, in the order given.
        cards: Vec<ContactCard>,
    },
    /// The customer picked something that we offered (a button, a list row).
    Answer {
        /// Our own id of the choice, as the provider gave it back.
        id: String,
        /// The words on the choice.
        title: String,
        /// More words, where the channel has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// The customer completed a form.
    Form {
        /// The form's name.
        name: String,
        /// The answers as a JSON text, exactly as they came.
        json: String,
    },
    /// The customer ordered from a catalogue.
    Order {
        /// The catalogue.
        catalog: String,
        /// A note of the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What was ordered.
        items: Vec<OrderItem>,
    },
    /// A message that the provider keeps approved and only fills in (outgoing only).
    Template(Template),
    /// Words with choices to pick from (outgoing only); an answer names the choice.
    Choices(Choices),
    /// Words with a button that opens an address (outgoing only).
    Link(Link),
    /// Words with a button that opens a form (outgoing only).
    FormRequest(FormRequest),
    /// Asks the customer where they are (outgoing only); the answer is a place.
    LocationRequest(Request),
    /// Asks the customer for their own contact card (outgoing only), which is the answer.
    ContactRequest(Request),
    /// Asks the customer whether we may call them (outgoing only); the answer is a form.
    CallPermissionRequest(Request),
    /// Words with a button by which the customer calls us (outgoing only).
    CallInvitation(CallInvitation),
    /// Words with cards to leaf through (outgoing only).
    Carousel(Carousel),
    /// Several parts as one message: renditions of its words, files, a subject.
    Composite(Composite),
    /// The customer calls, or called.
    Call(Call),
    /// Something the app itself said, for example that a number changed.
    Notice {
        /// What kind of notice, in the provider's word.
        kind: String,
        /// The words to show.
        text: String,
    },
    /// Something we cannot show yet; the raw body is kept beside it.
    Unsupported {
        /// The provider's word for it.
        kind: String,
        /// What the agent reads instead.
        detail: String,
    },
}

impl Content {
    /// Returns the name of the kind, as the JSON tag has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { .. } => "media",
            Self::Location(_) => "location",
            Self::Contacts { .. } => "contacts",
            Self::Answer { .. } => "answer",
            Self::Form { .. } => "form",
            Self::Order { .. } => "order",
            Self::Template(_) => "template",
            Self::Choices(_) => "choices",
            Self::Link(_) => "link",
            Self::FormRequest(_) => "form_request",
            Self::LocationRequest(_) => "location_request",
            Self::ContactRequest(_) => "contact_request",
            Self::CallPermissionRequest(_) => "call_permission_request",
            Self::CallInvitation(_) => "call_invitation",
            Self::Carousel(_) => "carousel",
            Self::Composite(_) => "composite",
            Self::Call(_) => "call",
            Self::Notice { .. } => "notice",
            Self::Unsupported { .. } => "unsupported",
        }
    }

    /// Returns the words that lists and search show for it.
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text } | Self::Notice { text, .. } => text,
            Self::Media { caption, media } => caption
                .as_deref()
                .or(media.file_name.as_deref())
                .unwrap_or(media.kind.as_str()),
            Self::Location(location) => location.name.as_deref().unwrap_or("location"),
            Self::Contacts { cards } => cards.first().map_or("contacts", |card| &card.name),
            Self::Answer { title, .. } => title,
            Self::Form { name, .. } => name,
            Self::Order { text, .. } => text.as_deref().unwrap_or("order"),
            Self::Template(template) => &template.name,
            Self::Choices(choices) => &choices.text,
            Self::Link(link) => &link.text,
            Self::FormRequest(form) => &form.text,
            Self::LocationRequest(request)
            | Self::ContactRequest(request)
            | Self::CallPermissionRequest(request) => &request.text,
            Self::CallInvitation(invitation) => &invitation.text,
            Self::Carousel(carousel) => &carousel.text,
            Self::Composite(composite) => {
                let words = composite.text().filter(|text| !text.trim().is_empty());
                words.or(composite.subject.as_deref()).unwrap_or("message")
            }
            Self::Call(_) => "call",
            Self::Unsupported { detail, .. } => detail,
        }
    }

    /// Returns all files that come with it.
    pub fn files(&self) -> Vec<&Media> {
        match self {
            Self::Media { media, .. } => vec![media],
            Self::Composite(composite) => composite.files(),
            Self::Link(link) => link.media.iter().collect(),
            Self::Carousel(carousel) => carousel.cards.iter().map(|card| &card.media).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns all files that come with it, to put other sources in.
    pub fn files_mut(&mut self) -> Vec<&mut Media> {
        match self {
            Self::Media { media, .. } => vec![media],
            Self::Composite(composite) => composite.files_mut(),
            Self::Link(link) => link.media.iter_mut().collect(),
            Self::Carousel(carousel) => {
                let cards = carousel.cards.iter_mut();
                cards.map(|card| &mut card.media).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the file that it is.
    pub fn media(&self) -> Option<&Media> {
        match self {
            Self::Media { media, .. } => Some(media),
            _ => None,
        }
    }
}

/// A file of a message, by reference; the bytes are fetched and sent apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What the app shows it as.
    pub kind: MediaKind,
    /// Where the bytes are.
    pub source: MediaSource,
    /// The declared type (RFC 6838), never trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The name the customer gave; never a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The SHA-256 of the bytes, in lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// The provider's own id, to be fetched with the inbox's credentials.
    ProviderId(String),
    /// A link.
    Url(String),
    /// The desk itself keeps them.
    Stored(FileId),
}

/// What an app shows a file as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A still picture.
    Image,
    /// A film.
    Video,
    /// A silent loop.
    Animation,
    /// Sound.
    Audio,
    /// A spoken note.
    Voice,
    /// A sticker.
    Sticker,
    /// Any other file.
    Document,
}

impl MediaKind {
    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Image,
            Self::Video,
            Self::Animation,
            Self::Audio,
            Self::Voice,
            Self::Sticker,
            Self::Document,
        ];
        all.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the name that JSON and database use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Animation => "animation",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Sticker => "sticker",
            Self::Document => "document",
        }
    }
}

/// A place on earth (WGS 84).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// An address-book card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCard {
    /// The name to show.
    pub name: String,
    /// Phone numbers as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// E-mail addresses as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// The whole card as a vCard (RFC 6350), where the channel gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcard: Option<String>,
    /// Whether the app says that it is the sender's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderItem {
    /// The shop's own product id.
    pub product: String,
    /// How many.
    pub quantity: f64,
    /// The price of one, as a decimal text.
    pub price: String,
    /// The currency (ISO 4217).
    pub currency: String,
}

/// A call, as far as it is work for somebody: the desk does not carry the voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// How far it got.
    pub state: CallState,
    /// Whether pictures were wished too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub video: bool,
    /// How long it lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// How far a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// The customer calls.
    Ringing,
    /// Somebody spoke, and it is over.
    Ended,
    /// Nobody took it.
    Missed,
}

impl CallState {
    /// Returns the name that JSON uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Ended => "ended",
            Self::Missed => "missed",
        }
    }
}
