//! What asks the customer to act.

use super::content::{MediaInput, linked};
use crate::Error;
use async_graphql::{InputObject, OneofObject};
use interdesk_domain::message as domain;

/// Words with choices to pick from.
#[derive(InputObject)]
pub(in crate::mutation) struct ChoicesInput {
    /// The words above the choices.
    text: String,
    /// A heading.
    header: Option<String>,
    /// Small words below.
    footer: Option<String>,
    /// The words on the button that opens a list; without them each choice is a button.
    list: Option<String>,
    /// The choices, grouped; buttons have one group.
    sections: Vec<SectionInput>,
}

/// A group of choices.
#[derive(InputObject)]
struct SectionInput {
    /// The words above it.
    title: Option<String>,
    /// The choices, in the order to show.
    choices: Vec<ChoiceInput>,
}

/// One choice.
#[derive(InputObject)]
struct ChoiceInput {
    /// The id by which the customer's answer names it.
    id: String,
    /// The words on it.
    title: String,
    /// More words, where the app has a place for them.
    description: Option<String>,
}

/// Words with a button that opens an address.
#[derive(InputObject)]
pub(in crate::mutation) struct LinkInput {
    /// The words.
    text: String,
    /// A heading; instead of a file.
    header: Option<String>,
    /// A picture, film or document above the words; instead of a heading. Its caption is not shown.
    media: Option<MediaInput>,
    /// Small words below.
    footer: Option<String>,
    /// The words on the button.
    title: String,
    /// The address: `https` or `http`.
    url: String,
}

/// Words with a button that opens a form which the provider keeps.
#[derive(InputObject)]
pub(in crate::mutation) struct FormRequestInput {
    /// The words.
    text: String,
    /// A heading.
    header: Option<String>,
    /// Small words below.
    footer: Option<String>,
    /// The form's id with the provider.
    form: String,
    /// What comes back with the answers, to know what they answer; the message's id where none is
    /// given.
    token: Option<String>,
    /// The words on the button.
    title: String,
    /// The screen to begin with; the form's first where none is given.
    screen: Option<String>,
    /// What that screen is given, as the text of a JSON object.
    data: Option<String>,
}

/// Asks the customer to share something of theirs.
#[derive(InputObject)]
pub(in crate::mutation) struct RequestInput {
    /// The words.
    text: String,
    /// The words on the button, where the app leaves them to us.
    title: Option<String>,
}

/// Words with a button by which the customer calls us.
#[derive(InputObject)]
pub(in crate::mutation) struct CallInvitationInput {
    /// The words.
    text: String,
    /// The words on the button; the app's own where none are given.
    title: Option<String>,
    /// For how many minutes the button works; as long as the app has it where none is given.
    minutes: Option<u32>,
    /// What the call tells of the button that began it.
    payload: Option<String>,
}

/// Words with cards to leaf through.
#[derive(InputObject)]
pub(in crate::mutation) struct CarouselInput {
    /// The words above the cards.
    text: String,
    /// The cards, in the order to show.
    cards: Vec<CardInput>,
}

/// One card to leaf to.
#[derive(InputObject)]
struct CardInput {
    /// The picture or film on it. Its caption is not shown.
    media: MediaInput,
    /// The words on it.
    text: Option<String>,
    /// Its buttons.
    buttons: Vec<CardButtonInput>,
}

/// A button on a card: exactly one of these.
#[derive(OneofObject)]
enum CardButtonInput {
    /// It opens an address.
    Link(LinkButtonInput),
    /// The customer picks it, and the answer names the choice.
    Choice(ChoiceInput),
}

/// A button that opens an address.
#[derive(InputObject)]
struct LinkButtonInput {
    /// The words on it.
    title: String,
    /// The address: `https` or `http`.
    url: String,
}

impl LinkInput {
    /// Reads it.
    pub(super) fn read(self) -> Result<domain::Link, Error> {
        let media = self
            .media
            .map(|media| linked(media, "content.link.media.url"));
        Ok(domain::Link {
            text: self.text,
            header: self.header,
            media: media.transpose()?,
            footer: self.footer,
            title: self.title,
            url: self.url,
        })
    }
}

impl CarouselInput {
    /// Reads it.
    pub(super) fn read(self) -> Result<domain::Carousel, Error> {
        let cards = self.cards.into_iter().map(CardInput::read);
        Ok(domain::Carousel {
            text: self.text,
            cards: cards.collect::<Result<_, _>>()?,
        })
    }
}

impl CardInput {
    fn read(self) -> Result<domain::Card, Error> {
        Ok(domain::Card {
            media: linked(self.media, "content.carousel.cards.media.url")?,
            text: self.text,
            buttons: self.buttons.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<CardButtonInput> for domain::CardButton {
    fn from(button: CardButtonInput) -> Self {
        match button {
            CardButtonInput::Link(link) => Self::Link {
                title: link.title,
                url: link.url,
            },
            CardButtonInput::Choice(choice) => Self::Choice(choice.into()),
        }
    }
}

impl From<ChoicesInput> for domain::Choices {
    fn from(choices: ChoicesInput) -> Self {
        let sections = choices.sections.into_iter().map(|section| domain::Section {
            title: section.title,
            choices: section.choices.into_iter().map(Into::into).collect(),
        });
        Self {
            text: choices.text,
            header: choices.header,
            footer: choices.footer,
            list: choices.list,
            sections: sections.collect(),
        }
    }
}

impl From<ChoiceInput> for domain::Choice {
    fn from(choice: ChoiceInput) -> Self {
        Self {
            id: choice.id,
            title: choice.title,
            description: choice.description,
        }
    }
}

impl From<FormRequestInput> for domain::FormRequest {
    fn from(form: FormRequestInput) -> Self {
        Self {
            text: form.text,
            header: form.header,
            footer: form.footer,
            form: form.form,
            token: form.token,
            title: form.title,
            screen: form.screen,
            data: form.data,
        }
    }
}

impl From<RequestInput> for domain::Request {
    fn from(request: RequestInput) -> Self {
        Self {
            text: request.text,
            title: request.title,
        }
    }
}

impl From<CallInvitationInput> for domain::CallInvitation {
    fn from(invitation: CallInvitationInput) -> Self {
        Self {
            text: invitation.text,
            title: invitation.title,
            minutes: invitation.minutes,
            payload: invitation.payload,
        }
    }
}
