//! What WhatsApp documents of the lengths and numbers of interactive messages.
//!
//! The pages are those below
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/>, which each limit
//! names; lengths count characters.

use crate::unfit::short;
use crate::{Length, Unfit};
use interdesk_domain::message::{
    CallInvitation, Card, CardButton, Carousel, Choices, Content, FormRequest, Link, MediaKind,
};

/// The words of everything interactive but lists (`messages/interactive-reply-buttons-messages`,
/// `messages/interactive-cta-url-messages`, `messages/location-request-messages`).
const TEXT: usize = 1024;

/// A heading and small words below (same pages).
const MARGIN: usize = 60;

/// The words on a button (same pages, and `calling/call-button-messages-deep-links`).
const BUTTON: usize = 20;

/// What a button gives back (`messages/interactive-reply-buttons-messages`).
const BUTTON_ID: usize = 256;

/// The words on the button that opens a form (`flows/guides/sendingaflow`).
const FORM_BUTTON: usize = 30;

/// The words on a card (`messages/interactive-media-carousel-messages`).
const CARD: usize = 160;

/// Line breaks in the words on a card (same page).
const CARD_BREAKS: usize = 2;

/// Cards of a carousel (same page).
const CARDS: std::ops::RangeInclusive<usize> = 2..=10;

/// Minutes for which a button to call works (`calling/call-button-messages-deep-links`).
const CALL_MINUTES: u32 = 43_200;

/// What a call tells of the button that began it (same page).
const CALL_PAYLOAD: usize = 512;

/// How much of everything a form of choices takes.
struct Limits {
    choices: usize,
    id: usize,
    title: usize,
    text: usize,
}

/// `messages/interactive-reply-buttons-messages`.
const BUTTONS: Limits = Limits {
    choices: 3,
    id: BUTTON_ID,
    title: BUTTON,
    text: TEXT,
};

/// `messages/interactive-list-messages`.
const LIST: Limits = Limits {
    choices: 10,
    id: 200,
    title: 24,
    text: 4096,
};

/// Refuses what is longer or more than WhatsApp documents.
pub(super) fn judge(content: &Content) -> Result<(), Unfit> {
    match content {
        Content::Choices(choices) => self::choices(choices),
        Content::Link(link) => self::link(link),
        Content::FormRequest(form) => self::form(form),
        Content::LocationRequest(request)
        | Content::ContactRequest(request)
        | Content::CallPermissionRequest(request) => most("text", &request.text, TEXT),
        Content::CallInvitation(invitation) => self::invitation(invitation),
        Content::Carousel(carousel) => self::carousel(carousel),
        _ => Ok(()),
    }
}

fn choices(choices: &Choices) -> Result<(), Unfit> {
    let limits = match &choices.list {
        None => &BUTTONS,
        Some(_) => &LIST,
    };
    let count = choices.all().count();
    if !(1..=limits.choices).contains(&count) {
        let detail = format!(
            "WhatsApp takes 1 to {} choices of this form, here are {count}: offer fewer, or use a list",
            limits.choices
        );
        return Err(Unfit::at("sections", detail));
    }
    most("text", &choices.text, limits.text)?;
    margins(choices.header.as_deref(), choices.footer.as_deref())?;
    most("list", choices.list.as_deref().unwrap_or_default(), BUTTON)?;
    for (at, section) in choices.sections.iter().enumerate() {
        let path = format!("sections.{at}");
        let title = section.title.as_deref().unwrap_or_default();
        most(&format!("{path}.title"), title, 24)?;
        for (at, choice) in section.choices.iter().enumerate() {
            let path = format!("{path}.choices.{at}");
            most(&format!("{path}.id"), &choice.id, limits.id)?;
            most(&format!("{path}.title"), &choice.title, limits.title)?;
            let description = choice.description.as_deref().unwrap_or_default();
            most(&format!("{path}.description"), description, 72)?;
        }
    }
    Ok(())
}

fn link(link: &Link) -> Result<(), Unfit> {
    most("text", &link.text, TEXT)?;
    margins(link.header.as_deref(), link.footer.as_deref())?;
    most("title", &link.title, BUTTON)?;
    let shown = [MediaKind::Image, MediaKind::Video, MediaKind::Document];
    match &link.media {
        Some(media) if !shown.contains(&media.kind) => Err(Unfit::at(
            "media.kind",
            "WhatsApp shows an image, a video or a document above a link: choose one of these",
        )),
        _ => Ok(()),
    }
}

fn form(form: &FormRequest) -> Result<(), Unfit> {
    most("text", &form.text, TEXT)?;
    margins(form.header.as_deref(), form.footer.as_deref())?;
    most("title", &form.title, FORM_BUTTON)
}

fn invitation(invitation: &CallInvitation) -> Result<(), Unfit> {
    most("text", &invitation.text, TEXT)?;
    let title = invitation.title.as_deref().unwrap_or_default();
    most("title", title, BUTTON)?;
    let payload = invitation.payload.as_deref().unwrap_or_default();
    most("payload", payload, CALL_PAYLOAD)?;
    match invitation.minutes {
        Some(minutes) if !(1..=CALL_MINUTES).contains(&minutes) => {
            let detail =
                format!("WhatsApp takes 1 to {CALL_MINUTES} minutes (30 days): choose fewer");
            Err(Unfit::at("minutes", detail))
        }
        _ => Ok(()),
    }
}

fn carousel(carousel: &Carousel) -> Result<(), Unfit> {
    most("text", &carousel.text, TEXT)?;
    let count = carousel.cards.len();
    if !CARDS.contains(&count) {
        let (least, most) = (CARDS.start(), CARDS.end());
        let detail = format!(
            "WhatsApp takes {least} to {most} cards, here are {count}: add or leave out some"
        );
        return Err(Unfit::at("cards", detail));
    }
    let first = carousel.cards.first().map(buttons).unwrap_or_default();
    for (at, card) in carousel.cards.iter().enumerate() {
        let path = format!("cards.{at}");
        self::card(&path, card)?;
        if buttons(card) != first {
            let detail = "all cards of WhatsApp have the same kind and number of buttons: make them \
                          alike";
            return Err(Unfit::at(&format!("{path}.buttons"), detail));
        }
    }
    Ok(())
}

/// Counts the buttons of a card that open addresses and those to pick.
fn buttons(card: &Card) -> (usize, usize) {
    let links = card.buttons.iter();
    let links = links.filter(|button| matches!(button, CardButton::Link { .. }));
    let links = links.count();
    (links, card.buttons.len() - links)
}

fn card(path: &str, card: &Card) -> Result<(), Unfit> {
    if !matches!(card.media.kind, MediaKind::Image | MediaKind::Video) {
        let detail = "WhatsApp shows an image or a video on a card: choose one of these";
        return Err(Unfit::at(&format!("{path}.media.kind"), detail));
    }
    let text = card.text.as_deref().unwrap_or_default();
    let place = format!("{path}.text");
    most(&place, text, CARD)?;
    if text.matches('\n').count() > CARD_BREAKS {
        let detail = format!("WhatsApp takes {CARD_BREAKS} line breaks on a card: join some lines");
        return Err(Unfit::at(&place, detail));
    }
    match buttons(card) {
        (1, 0) | (0, 1..=BUTTONS_OF_A_CARD) => {}
        _ => {
            let detail = format!(
                "WhatsApp takes one button with an address on a card, or 1 to {BUTTONS_OF_A_CARD} to \
                 pick from: leave out the others"
            );
            return Err(Unfit::at(&format!("{path}.buttons"), detail));
        }
    }
    for (at, button) in card.buttons.iter().enumerate() {
        let path = format!("{path}.buttons.{at}");
        most(&format!("{path}.title"), button.title(), BUTTON)?;
        if let CardButton::Choice(choice) = button {
            most(&format!("{path}.id"), &choice.id, BUTTON_ID)?;
        }
    }
    Ok(())
}

/// Buttons to pick on a card. The page says "one or more"; as many as under a message.
const BUTTONS_OF_A_CARD: usize = 3;

fn margins(header: Option<&str>, footer: Option<&str>) -> Result<(), Unfit> {
    most("header", header.unwrap_or_default(), MARGIN)?;
    most("footer", footer.unwrap_or_default(), MARGIN)
}

fn most(path: &str, text: &str, most: usize) -> Result<(), Unfit> {
    short(path, text, Length::characters(most))
}
