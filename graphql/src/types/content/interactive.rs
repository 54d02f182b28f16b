//! What asks the customer to act.

use super::{Choice, MediaContent, file};
use async_graphql::{Enum, SimpleObject};
use interdesk_domain::message as domain;

/// Words with a button that opens an address.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct LinkContent {
    /// The words.
    pub(crate) words: String,
    /// A heading.
    pub(crate) header: Option<String>,
    /// The picture, film or document above the words.
    pub(crate) above: Option<MediaContent>,
    /// Small words below.
    pub(crate) footer: Option<String>,
    /// The button.
    pub(crate) button: LinkButton,
}

/// A button that opens an address.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct LinkButton {
    /// The words on it.
    pub(crate) title: String,
    /// The address.
    pub(crate) url: String,
}

/// Words with a button that opens a form; the customer's answers come back as `FormContent`.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FormRequestContent {
    /// The words.
    pub(crate) words: String,
    /// A heading.
    pub(crate) header: Option<String>,
    /// Small words below.
    pub(crate) footer: Option<String>,
    /// The form's id with the provider.
    pub(crate) form: String,
    /// What comes back with the answers; null where that is the message's id.
    pub(crate) token: Option<String>,
    /// The words on the button.
    pub(crate) title: String,
}

/// Asks the customer to share something of theirs.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct RequestContent {
    /// What is asked for.
    pub(crate) asks_for: RequestedKind,
    /// The words.
    pub(crate) words: String,
}

/// What a customer can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "RequestedKind")]
pub(crate) enum RequestedKind {
    /// Where they are: `LocationContent` answers.
    Location,
    /// Their own contact card: `ContactsContent` answers.
    Contact,
    /// That we may call them: `FormContent` answers.
    CallPermission,
}

/// Words with a button by which the customer calls us.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CallInvitationContent {
    /// The words.
    pub(crate) words: String,
    /// The words on the button; null where they are the app's own.
    pub(crate) label: Option<String>,
    /// For how many minutes the button works; null where the app says.
    pub(crate) minutes: Option<u32>,
}

/// Words with cards to leaf through.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CarouselContent {
    /// The words above the cards.
    pub(crate) words: String,
    /// The cards, in the order to show.
    pub(crate) cards: Vec<CarouselCard>,
}

/// One card to leaf to.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CarouselCard {
    /// The picture or film on it.
    pub(crate) media: MediaContent,
    /// The words on it.
    pub(crate) words: Option<String>,
    /// The buttons that open an address.
    pub(crate) links: Vec<LinkButton>,
    /// The choices to pick from.
    pub(crate) choices: Vec<Choice>,
}

impl From<domain::Link> for LinkContent {
    fn from(link: domain::Link) -> Self {
        Self {
            words: link.text,
            header: link.header,
            above: link.media.map(|media| file(media, None)),
            footer: link.footer,
            button: LinkButton {
                title: link.title,
                url: link.url,
            },
        }
    }
}

impl From<domain::FormRequest> for FormRequestContent {
    fn from(form: domain::FormRequest) -> Self {
        Self {
            words: form.text,
            header: form.header,
            footer: form.footer,
            form: form.form,
            token: form.token,
            title: form.title,
        }
    }
}

impl RequestContent {
    /// Shows a request.
    pub(super) fn of(asks_for: RequestedKind, request: domain::Request) -> Self {
        Self {
            asks_for,
            words: request.text,
        }
    }
}

impl From<domain::CallInvitation> for CallInvitationContent {
    fn from(invitation: domain::CallInvitation) -> Self {
        Self {
            words: invitation.text,
            label: invitation.title,
            minutes: invitation.minutes,
        }
    }
}

impl From<domain::Carousel> for CarouselContent {
    fn from(carousel: domain::Carousel) -> Self {
        Self {
            words: carousel.text,
            cards: carousel.cards.into_iter().map(CarouselCard::from).collect(),
        }
    }
}

impl From<domain::Card> for CarouselCard {
    fn from(card: domain::Card) -> Self {
        let (mut links, mut choices) = (Vec::new(), Vec::new());
        for button in card.buttons {
            match button {
                domain::CardButton::Link { title, url } => links.push(LinkButton { title, url }),
                domain::CardButton::Choice(choice) => choices.push(choice.into()),
            }
        }
        Self {
            media: file(card.media, None),
            words: card.text,
            links,
            choices,
        }
    }
}
