//! What messages hold.

mod interactive;

use crate::{Error, Long};
use async_graphql::{SimpleObject, Union};
use interactive::RequestedKind;
pub(crate) use interactive::{
    CallInvitationContent, CarouselContent, FormRequestContent, LinkContent, RequestContent,
};
use interdesk_domain::message as domain;

/// What a message holds.
#[derive(Debug, Clone, Union)]
pub(crate) enum MessageContent {
    /// Words.
    Text(TextContent),
    /// A file.
    Media(MediaContent),
    /// A place.
    Location(LocationContent),
    /// Address-book cards.
    Contacts(ContactsContent),
    /// A choice that the customer made.
    Answer(AnswerContent),
    /// A form that the customer completed.
    Form(FormContent),
    /// An order from a catalogue.
    Order(OrderContent),
    /// An approved message of ours.
    Template(TemplateContent),
    /// Words with choices to pick from.
    Choices(ChoicesContent),
    /// Words with a button that opens an address.
    Link(LinkContent),
    /// Words with a button that opens a form.
    FormRequest(FormRequestContent),
    /// A request for the customer's place, their contact card, or to be let call them.
    Request(RequestContent),
    /// Words with a button by which the customer calls us.
    CallInvitation(CallInvitationContent),
    /// Words with cards to leaf through.
    Carousel(CarouselContent),
    /// A message of several parts, such as a mail.
    Composite(CompositeContent),
    /// A call.
    Call(CallContent),
    /// Something the app itself said.
    Notice(NoticeContent),
    /// Something that cannot be shown yet.
    Unsupported(UnsupportedContent),
}

/// Words.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TextContent {
    /// The words, as the customer's app shows them without formatting.
    pub(crate) text: String,
}

/// A file with an optional caption.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct MediaContent {
    /// What the app shows it as: `image`, `voice`, `document` and so on.
    pub(crate) kind: &'static str,
    /// The link that the file was given by; null where the provider keeps it under an id of its own.
    pub(crate) url: Option<String>,
    /// The declared media type; never trust it.
    pub(crate) mime_type: Option<String>,
    /// The name that the sender gave; never a path.
    pub(crate) file_name: Option<String>,
    /// The size in bytes, where it was told.
    pub(crate) size: Option<Long>,
    /// Words under it.
    pub(crate) caption: Option<String>,
}

/// A place on earth (WGS 84).
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct LocationContent {
    /// Degrees north, −90 to 90.
    pub(crate) latitude: f64,
    /// Degrees east, −180 to 180.
    pub(crate) longitude: f64,
    /// The name of the place.
    pub(crate) name: Option<String>,
    /// The postal address.
    pub(crate) address: Option<String>,
}

/// Address-book cards.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ContactsContent {
    /// The cards, in the order given.
    pub(crate) cards: Vec<ContactCard>,
}

/// An address-book card.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ContactCard {
    /// The name to show.
    pub(crate) name: String,
    /// Phone numbers as they came.
    pub(crate) phones: Vec<String>,
    /// E-mail addresses as they came.
    pub(crate) emails: Vec<String>,
    /// Whether the app says that it is the sender's own card.
    pub(crate) own: bool,
}

/// The customer picked something that was offered: a button, a row of a list.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AnswerContent {
    /// Our own id of the choice.
    pub(crate) choice_id: String,
    /// The words on the choice.
    pub(crate) title: String,
    /// More words, where the channel has them.
    pub(crate) description: Option<String>,
}

/// The customer completed a form.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FormContent {
    /// The form's name.
    pub(crate) name: String,
    /// The answers as a JSON text, exactly as they came.
    pub(crate) json: String,
}

/// The customer ordered from a catalogue.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct OrderContent {
    /// The catalogue.
    pub(crate) catalog: String,
    /// A note of the customer.
    pub(crate) note: Option<String>,
    /// What was ordered.
    pub(crate) items: Vec<OrderItem>,
}

/// One line of an order.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct OrderItem {
    /// The shop's own product id.
    pub(crate) product: String,
    /// How many.
    pub(crate) quantity: f64,
    /// The price of one, as a decimal text.
    pub(crate) price: String,
    /// The currency (ISO 4217).
    pub(crate) currency: String,
}

/// A message that the provider keeps approved and only fills in.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct TemplateContent {
    /// Its name with the provider.
    pub(crate) name: String,
    /// Its language, for example `en_US`.
    pub(crate) language: String,
    /// What fills the places of its body, in order.
    pub(crate) parameters: Vec<String>,
}

/// Words with choices to pick from; the customer's answer names the choice.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ChoicesContent {
    /// The words above the choices.
    pub(crate) question: String,
    /// A heading.
    pub(crate) header: Option<String>,
    /// Small words below.
    pub(crate) footer: Option<String>,
    /// The words on the button that opens a list; null where each choice is a button.
    pub(crate) list: Option<String>,
    /// The choices, in the order to show.
    pub(crate) choices: Vec<Choice>,
}

/// One choice.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Choice {
    /// Our own id of it.
    pub(crate) choice_id: String,
    /// The words on it.
    pub(crate) title: String,
    /// More words, where the channel has a place for them.
    pub(crate) description: Option<String>,
}

/// A message of several parts, such as a mail.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CompositeContent {
    /// What it is about, where it has a subject.
    pub(crate) subject: Option<String>,
    /// The words without formatting; null where there is no such part.
    pub(crate) plain: Option<String>,
    /// The same words as HTML, exactly as they came: make it safe before it is shown.
    pub(crate) html: Option<String>,
    /// The files that came with it.
    pub(crate) files: Vec<MediaContent>,
}

/// A call, as far as it is work for somebody: the desk does not carry the voice.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct CallContent {
    /// How far it got: `ringing`, `ended` or `missed`.
    pub(crate) state: &'static str,
    /// Whether pictures were wished too.
    pub(crate) video: bool,
    /// How many seconds it lasted, where the provider tells.
    pub(crate) seconds: Option<Long>,
}

/// Something that the app itself said, for example that a number changed.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct NoticeContent {
    /// What kind of notice, in the provider's word.
    pub(crate) notice: String,
    /// The words to show.
    pub(crate) words: String,
}

/// Something that cannot be shown yet; the raw body is kept.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct UnsupportedContent {
    /// The provider's word for it.
    pub(crate) provider_kind: String,
    /// What to show instead.
    pub(crate) detail: String,
}

impl MessageContent {
    /// Reads stored content.
    pub(crate) fn read(stored: &serde_json::Value) -> Result<Self, Error> {
        Ok(serde_json::from_value::<domain::Content>(stored.clone())?.into())
    }
}

impl From<domain::Content> for MessageContent {
    fn from(content: domain::Content) -> Self {
        use domain::Content;
        match content {
            Content::Text { text } => Self::Text(TextContent { text }),
            Content::Media { media, caption } => Self::Media(file(media, caption)),
            Content::Location(place) => Self::Location(LocationContent {
                latitude: place.latitude,
                longitude: place.longitude,
                name: place.name,
                address: place.address,
            }),
            Content::Contacts { cards } => Self::Contacts(ContactsContent {
                cards: cards.into_iter().map(card).collect(),
            }),
            Content::Answer {
                id,
                title,
                description,
            } => Self::Answer(AnswerContent {
                choice_id: id,
                title,
                description,
            }),
            Content::Form { name, json } => Self::Form(FormContent { name, json }),
            Content::Order {
                catalog,
                text,
                items,
            } => {
                let items = items.into_iter().map(line).collect();
                Self::Order(OrderContent {
                    catalog,
                    note: text,
                    items,
                })
            }
            Content::Template(template) => Self::Template(TemplateContent {
                name: template.name,
                language: template.language,
                parameters: template.parameters,
            }),
            Content::Choices(choices) => Self::Choices(offered(choices)),
            Content::Link(link) => Self::Link(link.into()),
            Content::FormRequest(form) => Self::FormRequest(form.into()),
            Content::LocationRequest(request) => {
                Self::Request(RequestContent::of(RequestedKind::Location, request))
            }
            Content::ContactRequest(request) => {
                Self::Request(RequestContent::of(RequestedKind::Contact, request))
            }
            Content::CallPermissionRequest(request) => {
                Self::Request(RequestContent::of(RequestedKind::CallPermission, request))
            }
            Content::CallInvitation(invitation) => Self::CallInvitation(invitation.into()),
            Content::Carousel(carousel) => Self::Carousel(carousel.into()),
            Content::Composite(composite) => Self::Composite(CompositeContent {
                plain: composite.text().map(str::to_owned),
                html: composite.html().map(str::to_owned),
                files: composite
                    .files()
                    .into_iter()
                    .map(|media| file(media.clone(), None))
                    .collect(),
                subject: composite.subject,
            }),
            Content::Call(call) => Self::Call(CallContent {
                state: call.state.as_str(),
                video: call.video,
                seconds: call.seconds.map(Long::from),
            }),
            Content::Notice { kind, text } => Self::Notice(NoticeContent {
                notice: kind,
                words: text,
            }),
            Content::Unsupported { kind, detail } => Self::Unsupported(UnsupportedContent {
                provider_kind: kind,
                detail,
            }),
        }
    }
}

fn file(media: domain::Media, caption: Option<String>) -> MediaContent {
    MediaContent {
        kind: media.kind.as_str(),
        url: match media.source {
            domain::MediaSource::Url(url) => Some(url),
            domain::MediaSource::ProviderId(_) | domain::MediaSource::Stored(_) => None,
        },
        mime_type: media.mime_type,
        file_name: media.file_name,
        size: media.size.map(Long::from),
        caption,
    }
}

fn offered(choices: domain::Choices) -> ChoicesContent {
    let all = choices.sections.into_iter().flat_map(|one| one.choices);
    let all = all.map(Choice::from);
    ChoicesContent {
        question: choices.text,
        header: choices.header,
        footer: choices.footer,
        list: choices.list,
        choices: all.collect(),
    }
}

impl From<domain::Choice> for Choice {
    fn from(choice: domain::Choice) -> Self {
        Self {
            choice_id: choice.id,
            title: choice.title,
            description: choice.description,
        }
    }
}

fn card(card: domain::ContactCard) -> ContactCard {
    ContactCard {
        name: card.name,
        phones: card.phones,
        emails: card.emails,
        own: card.own,
    }
}

fn line(item: domain::OrderItem) -> OrderItem {
    OrderItem {
        product: item.product,
        quantity: item.quantity,
        price: item.price,
        currency: item.currency,
    }
}
