//! What a reply may hold.

use super::interactive::{
    CallInvitationInput, CarouselInput, ChoicesInput, FormRequestInput, LinkInput, RequestInput,
};
use crate::types::TemplatePlace;
use crate::{Error, Long};
use async_graphql::{Enum, InputObject, OneofObject};
use interdesk_domain::message::{self as domain, Content, MediaSource, VariableValue};

/// What to say: exactly one of these.
#[derive(OneofObject)]
pub(in crate::mutation) enum ReplyContent {
    /// Words.
    Text(String),
    /// A file by its link.
    Media(MediaInput),
    /// A place on earth.
    Location(LocationInput),
    /// A message that the provider keeps approved.
    Template(TemplateInput),
    /// Words with choices to pick from, as buttons or a list; the customer's answer names the choice.
    Choices(ChoicesInput),
    /// Words with a button that opens an address.
    Link(LinkInput),
    /// Words with a button that opens a form which the provider keeps; the answers are a
    /// `FormContent`.
    FormRequest(FormRequestInput),
    /// Asks the customer where they are; the answer is a `LocationContent`.
    LocationRequest(RequestInput),
    /// Asks the customer for their own contact card; the answer is a `ContactsContent` whose card is
    /// `own`.
    ContactRequest(RequestInput),
    /// Asks the customer whether we may call them; the answer is a `FormContent`.
    CallPermissionRequest(RequestInput),
    /// Words with a button by which the customer calls us.
    CallInvitation(CallInvitationInput),
    /// Words with cards to leaf through.
    Carousel(CarouselInput),
}

/// A file by its link.
#[derive(InputObject)]
pub(in crate::mutation) struct MediaInput {
    /// What to show it as.
    kind: MediaKind,
    /// Where the provider fetches it: an `https` link.
    url: String,
    /// Words under it.
    caption: Option<String>,
    /// The name to show.
    file_name: Option<String>,
    /// The media type.
    mime_type: Option<String>,
}

/// What an app shows a file as.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::MediaKind")]
pub(in crate::mutation) enum MediaKind {
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

/// A place on earth (WGS 84).
#[derive(InputObject)]
pub(in crate::mutation) struct LocationInput {
    /// Degrees north, −90 to 90.
    latitude: f64,
    /// Degrees east, −180 to 180.
    longitude: f64,
    /// The name of the place.
    name: Option<String>,
    /// The postal address.
    address: Option<String>,
}

/// A message that the provider keeps approved.
#[derive(InputObject)]
pub(in crate::mutation) struct TemplateInput {
    /// Its name with the provider.
    name: String,
    /// Its language, for example `en_US`.
    language: String,
    /// What fills the places of its body, in order.
    #[graphql(default)]
    parameters: Vec<String>,
    /// What fills its other places, and those of its body where they have names or want more than
    /// words.
    #[graphql(default)]
    variables: Vec<TemplateVariableInput>,
}

/// What fills one place of a template.
#[derive(InputObject)]
struct TemplateVariableInput {
    /// Which part of the template.
    place: TemplatePlace,
    /// Which button, counted from zero; needed for buttons alone.
    button: Option<u8>,
    /// The place's name, for templates that name theirs.
    name: Option<String>,
    /// What to put there.
    value: TemplateValueInput,
}

/// What to put into a place: exactly one of these.
#[derive(OneofObject)]
enum TemplateValueInput {
    /// Words; on a button the rest of its link.
    Text(String),
    /// An amount of money.
    Money(MoneyInput),
    /// A date and time, in words.
    DateTime(String),
    /// A file by its link.
    Media(MediaInput),
    /// A place on earth.
    Location(LocationInput),
    /// A code that a button copies.
    Code(String),
    /// What a pressed button gives back.
    Payload(String),
}

/// An amount of money.
#[derive(InputObject)]
struct MoneyInput {
    /// Thousandths of the currency's unit.
    thousandths: Long,
    /// The currency (ISO 4217).
    currency: String,
    /// The words where it cannot be formatted.
    text: String,
}

/// Reads what to say.
pub(in crate::mutation) fn content(input: ReplyContent) -> Result<Content, Error> {
    match input {
        ReplyContent::Text(text) => Ok(Content::Text { text }),
        ReplyContent::Media(input) => {
            let caption = input.caption.clone();
            let media = linked(input, "content.media.url")?;
            Ok(Content::Media { media, caption })
        }
        ReplyContent::Location(place) => Ok(Content::Location(location(place)?)),
        ReplyContent::Template(template) => Ok(Content::Template(domain::Template {
            name: template.name,
            language: template.language,
            parameters: template.parameters,
            variables: template
                .variables
                .into_iter()
                .map(variable)
                .collect::<Result<_, _>>()?,
        })),
        ReplyContent::Choices(choices) => Ok(Content::Choices(choices.into())),
        ReplyContent::Link(link) => Ok(Content::Link(link.read()?)),
        ReplyContent::FormRequest(form) => Ok(Content::FormRequest(form.into())),
        ReplyContent::LocationRequest(request) => Ok(Content::LocationRequest(request.into())),
        ReplyContent::ContactRequest(request) => Ok(Content::ContactRequest(request.into())),
        ReplyContent::CallPermissionRequest(request) => {
            Ok(Content::CallPermissionRequest(request.into()))
        }
        ReplyContent::CallInvitation(invitation) => Ok(Content::CallInvitation(invitation.into())),
        ReplyContent::Carousel(carousel) => Ok(Content::Carousel(carousel.read()?)),
    }
}

fn variable(input: TemplateVariableInput) -> Result<domain::Variable, Error> {
    let bad = |text: &str| Error::BadInput(text.to_owned());
    let place = match (input.place, input.button) {
        (TemplatePlace::Header, None) => domain::Place::Header,
        (TemplatePlace::Body, None) => domain::Place::Body,
        (TemplatePlace::Button, Some(index)) => domain::Place::Button(index),
        (TemplatePlace::Button, None) => {
            return Err(bad(
                "content.template.variables.button is needed for buttons",
            ));
        }
        (_, Some(_)) => {
            return Err(bad(
                "content.template.variables.button is for buttons alone",
            ));
        }
    };
    let value = match input.value {
        TemplateValueInput::Text(text) => VariableValue::Text { text },
        TemplateValueInput::Money(money) => VariableValue::Money {
            thousandths: money.thousandths.0,
            currency: money.currency,
            text: money.text,
        },
        TemplateValueInput::DateTime(text) => VariableValue::DateTime { text },
        TemplateValueInput::Media(file) => VariableValue::Media {
            media: linked(file, "content.template.variables.media.url")?,
        },
        TemplateValueInput::Location(place) => VariableValue::Location {
            location: location(place)?,
        },
        TemplateValueInput::Code(code) => VariableValue::Code { code },
        TemplateValueInput::Payload(payload) => VariableValue::Payload { payload },
    };
    let name = input.name;
    Ok(domain::Variable { place, name, value })
}

fn location(place: LocationInput) -> Result<domain::Location, Error> {
    if place.latitude.abs() > 90.0 || place.longitude.abs() > 180.0 {
        let text = "content.location must lie on earth: at most 90 and 180 degrees";
        return Err(Error::BadInput(text.to_owned()));
    }
    Ok(domain::Location {
        latitude: place.latitude,
        longitude: place.longitude,
        name: place.name,
        address: place.address,
    })
}

/// Reads a file by its link; `place` names where the link stands.
pub(super) fn linked(input: MediaInput, place: &str) -> Result<domain::Media, Error> {
    match input.url.starts_with("https://") {
        true => Ok(media(input)),
        false => Err(Error::BadInput(format!("{place} must be an https link"))),
    }
}

fn media(input: MediaInput) -> domain::Media {
    domain::Media {
        kind: input.kind.into(),
        source: MediaSource::Url(input.url),
        mime_type: input.mime_type,
        file_name: input.file_name,
        size: None,
        sha256: None,
    }
}
