//! What the kit writes: a message of every kind.

use super::text;
use interdesk_domain::message::{
    Call, CallInvitation, CallState, Card, CardButton, Carousel, Choice, Choices, Composite,
    ContactCard, Content, FormRequest, Link, Location, Media, MediaKind, MediaSource, Request,
    Section, Template,
};

pub(super) const FILES: [(&str, MediaKind); 7] = [
    ("an image", MediaKind::Image),
    ("a film", MediaKind::Video),
    ("an animation", MediaKind::Animation),
    ("sound", MediaKind::Audio),
    ("a spoken note", MediaKind::Voice),
    ("a sticker", MediaKind::Sticker),
    ("a document", MediaKind::Document),
];

/// Returns a file of a kind, by its link.
pub(super) fn file(kind: MediaKind) -> Content {
    Content::Media {
        media: Media {
            kind,
            source: MediaSource::Url("https://example.org/file".to_owned()),
            mime_type: None,
            file_name: Some("file".to_owned()),
            size: None,
            sha256: None,
        },
        caption: None,
    }
}

/// Returns a message of every kind, with its name.
pub(super) fn contents() -> Vec<(&'static str, Content)> {
    let choice = |id: &str| Choice {
        id: id.to_owned(),
        title: id.to_owned(),
        description: None,
    };
    let choices = |list: Option<&str>| {
        Content::Choices(Choices {
            text: "Which?".to_owned(),
            list: list.map(str::to_owned),
            sections: vec![Section {
                title: list.map(str::to_owned),
                choices: vec![choice("a"), choice("b")],
            }],
            ..Choices::default()
        })
    };
    let words = |words: &str| Some(words.to_owned());
    vec![
        ("a text", text("Hello")),
        (
            "a place",
            Content::Location(Location {
                latitude: 52.5,
                longitude: 13.4,
                name: words("Corner shop"),
                address: words("1 Example Street"),
            }),
        ),
        (
            "a contact card",
            Content::Contacts {
                cards: vec![ContactCard {
                    name: "Customer 12".to_owned(),
                    phones: vec!["+15550001012".to_owned()],
                    emails: Vec::new(),
                    vcard: None,
                    own: false,
                }],
            },
        ),
        (
            "a template",
            Content::Template(Template {
                name: "late_parcel".to_owned(),
                language: "en_US".to_owned(),
                ..Template::default()
            }),
        ),
        ("choices as buttons", choices(None)),
        ("choices as a list", choices(Some("Pick"))),
        ("a button that opens an address", Content::Link(link())),
        (
            "a button that opens a form",
            Content::FormRequest(FormRequest {
                text: "When may we come?".to_owned(),
                header: words("Visit"),
                footer: words("It takes a minute"),
                form: "1200034".to_owned(),
                token: None,
                title: "Choose a day".to_owned(),
                screen: words("DAYS"),
                data: words("{\"street\":\"1 Example Street\"}"),
            }),
        ),
        (
            "a request for the place",
            Content::LocationRequest(request("Where are you?")),
        ),
        (
            "a request for the contact card",
            Content::ContactRequest(request("By which number may we call?")),
        ),
        (
            "a request to be let call",
            Content::CallPermissionRequest(request("May we call you?")),
        ),
        (
            "a button that calls us",
            Content::CallInvitation(CallInvitation {
                text: "Call us".to_owned(),
                title: words("Call"),
                minutes: Some(60),
                payload: words("order-12"),
            }),
        ),
        (
            "cards with addresses",
            carousel([opening("One"), opening("Two")]),
        ),
        (
            "cards with choices",
            carousel([
                CardButton::Choice(choice("a")),
                CardButton::Choice(choice("b")),
            ]),
        ),
        (
            "a message of several parts",
            Content::Composite(Composite::of(
                words("Order 12"),
                words("Hello"),
                words("<p>Hello</p>"),
                Vec::new(),
            )),
        ),
        (
            "what only the app itself says",
            Content::Notice {
                kind: "notice".to_owned(),
                text: "Hello".to_owned(),
            },
        ),
        (
            "a call",
            Content::Call(Call {
                state: CallState::Ringing,
                video: false,
                seconds: None,
            }),
        ),
    ]
}

/// Returns a button that opens an address.
pub(super) fn link() -> Link {
    Link {
        text: "Your order is on its way".to_owned(),
        header: Some("Order 12".to_owned()),
        media: None,
        footer: Some("Example shop".to_owned()),
        title: "Where is it?".to_owned(),
        url: "https://example.org/orders/12".to_owned(),
    }
}

fn opening(title: &str) -> CardButton {
    CardButton::Link {
        title: title.to_owned(),
        url: "https://example.org/plants".to_owned(),
    }
}

fn request(text: &str) -> Request {
    Request {
        text: text.to_owned(),
        title: None,
    }
}

fn carousel(buttons: [CardButton; 2]) -> Content {
    let cards = buttons.map(|button| Card {
        media: Media {
            kind: MediaKind::Image,
            source: MediaSource::Url("https://example.org/plant.jpg".to_owned()),
            mime_type: None,
            file_name: None,
            size: None,
            sha256: None,
        },
        text: Some("A plant".to_owned()),
        buttons: vec![button],
    });
    Content::Carousel(Carousel {
        text: "Which one?".to_owned(),
        cards: cards.into(),
    })
}
