//! What asks the customer to act: buttons that lead somewhere, requests, cards to leaf through
//! (outgoing only).

use super::{Choice, Media};
use serde::{Deserialize, Serialize};

/// Words with a button that opens an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The words.
    pub text: String,
    /// A heading; instead of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A picture, film or document above the words; instead of a heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// Small words below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The words on the button.
    pub title: String,
    /// The address: `https` or `http`.
    pub url: String,
}

/// Words with a button that opens a form which the provider keeps; the answers come back as
/// [`Content::Form`](super::Content::Form).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormRequest {
    /// The words.
    pub text: String,
    /// A heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Small words below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// The form's id with the provider.
    pub form: String,
    /// What comes back with the answers, to know what they answer; our id of the message where none
    /// is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The words on the button.
    pub title: String,
    /// The screen to begin with; the form's first where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
    /// What that screen is given, as the text of a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Words with a button by which the customer shares something of theirs: where they are, or how to
/// reach them. It comes back as a place or a contact card.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The words.
    pub text: String,
    /// The words on the button, where the app leaves them to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Words with a button by which the customer calls us.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallInvitation {
    /// The words.
    pub text: String,
    /// The words on the button; the app's own where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For how many minutes the button works; as long as the app has it where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// What the call tells of the button that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// Words with cards to leaf through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carousel {
    /// The words above the cards.
    pub text: String,
    /// The cards, in the order to show.
    pub cards: Vec<Card>,
}

/// One card to leaf to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The picture or film on it.
    pub media: Media,
    /// The words on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its buttons.
    pub buttons: Vec<CardButton>,
}

/// A button on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "button", rename_all = "snake_case")]
pub enum CardButton {
    /// It opens an address.
    Link {
        /// The words on it.
        title: String,
        /// The address: `https` or `http`.
        url: String,
    },
    /// The customer picks it, and the answer names the choice.
    Choice(Choice),
}

impl CardButton {
    /// Returns the words on it.
    pub fn title(&self) -> &str {
        match self {
            Self::Link { title, .. } => title,
            Self::Choice(choice) => &choice.title,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, MediaKind, MediaSource};
    use super::*;

    fn picture() -> Media {
        Media {
            kind: MediaKind::Image,
            source: MediaSource::Url("https://example.org/plant.jpg".to_owned()),
            mime_type: None,
            file_name: None,
            size: None,
            sha256: None,
        }
    }

    fn request(text: &str) -> Request {
        Request {
            text: text.to_owned(),
            title: None,
        }
    }

    #[test]
    fn everything_that_asks_the_customer_to_act_reads_back_and_is_found_by_its_words() {
        let link = CardButton::Link {
            title: "Look".to_owned(),
            url: "https://example.org".to_owned(),
        };
        let pick = CardButton::Choice(Choice {
            id: "a".to_owned(),
            title: "Take it".to_owned(),
            description: None,
        });
        let card = |button: &CardButton| Card {
            media: picture(),
            text: None,
            buttons: vec![button.clone()],
        };
        let all = [
            Content::Link(Link {
                text: "words".to_owned(),
                header: None,
                media: Some(picture()),
                footer: None,
                title: "Look".to_owned(),
                url: "https://example.org".to_owned(),
            }),
            Content::FormRequest(FormRequest {
                text: "words".to_owned(),
                header: Some("Form".to_owned()),
                footer: None,
                form: "12".to_owned(),
                token: None,
                title: "Fill in".to_owned(),
                screen: Some("FIRST".to_owned()),
                data: Some("{\"a\":1}".to_owned()),
            }),
            Content::LocationRequest(request("words")),
            Content::ContactRequest(request("words")),
            Content::CallPermissionRequest(request("words")),
            Content::CallInvitation(CallInvitation {
                text: "words".to_owned(),
                minutes: Some(60),
                ..CallInvitation::default()
            }),
            Content::Carousel(Carousel {
                text: "words".to_owned(),
                cards: vec![card(&link), card(&pick)],
            }),
        ];
        for mut content in all {
            let json = serde_json::to_value(&content).expect("JSON");
            assert_eq!(json["type"], content.kind());
            let read: Content = serde_json::from_value(json).expect("content");
            assert_eq!(read, content);
            assert_eq!(content.text(), "words");
            let files = content.files().len();
            let expected = match content.kind() {
                "link" => 1,
                "carousel" => 2,
                _ => 0,
            };
            assert_eq!((files, content.files_mut().len()), (expected, expected));
        }
    }
}
