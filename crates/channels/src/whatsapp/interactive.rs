//! `interactive`: what asks the customer to act, as WhatsApp writes it.

use super::offer::reference;
use crate::{SendError, refusal};
use interdesk_domain::message::{
    CallInvitation, Card, CardButton, Carousel, Choice, Choices, Content, FormRequest, Link, Media,
    MediaKind, Request,
};
use serde_json::{Map, Value, json};

/// Writes what asks the customer to act; `message` is our id of the message.
pub(super) fn object(content: &Content, message: &str) -> Result<Value, SendError> {
    match content {
        Content::Choices(choices) => Ok(self::choices(choices)),
        Content::Link(link) => self::link(link),
        Content::FormRequest(form) => Ok(self::form(form, message)),
        Content::LocationRequest(request) => Ok(self::request(
            "location_request_message",
            "send_location",
            request,
        )),
        Content::ContactRequest(request) => {
            let kind = "request_contact_info";
            Ok(self::request(kind, kind, request))
        }
        Content::CallPermissionRequest(request) => {
            let kind = "call_permission_request";
            Ok(self::request(kind, kind, request))
        }
        Content::CallInvitation(invitation) => Ok(self::invitation(invitation)),
        Content::Carousel(carousel) => self::carousel(carousel),
        other => {
            let detail = format!("WhatsApp cannot send a message of kind {}", other.kind());
            Err(refusal::unsupported(detail))
        }
    }
}

fn choices(choices: &Choices) -> Value {
    let (kind, action) = match &choices.list {
        None => {
            let button = |choice: &Choice| json!({ "type": "reply", "reply": { "id": choice.id, "title": choice.title } });
            let buttons = choices.all().map(button).collect::<Value>();
            ("button", json!({ "buttons": buttons }))
        }
        Some(list) => {
            let sections = choices.sections.iter().map(|section| {
                json!({
                    "title": section.title,
                    "rows": section.choices.iter().map(row).collect::<Value>(),
                })
            });
            let sections = sections.collect::<Value>();
            ("list", json!({ "button": list, "sections": sections }))
        }
    };
    let mut object = around(kind, &choices.text, action);
    margins(&mut object, &choices.header, &choices.footer);
    object
}

fn row(choice: &Choice) -> Value {
    let mut row = json!({ "id": choice.id, "title": choice.title });
    if let Some(description) = &choice.description {
        row["description"] = description.as_str().into();
    }
    row
}

fn link(link: &Link) -> Result<Value, SendError> {
    let mut object = around("cta_url", &link.text, opening(&link.title, &link.url));
    margins(&mut object, &link.header, &link.footer);
    if let Some(media) = &link.media {
        object["header"] = file(media)?;
    }
    Ok(object)
}

fn opening(title: &str, url: &str) -> Value {
    json!({ "name": "cta_url", "parameters": { "display_text": title, "url": url } })
}

/// WhatsApp begins with the first screen where none is named.
fn form(form: &FormRequest, message: &str) -> Value {
    let mut parameters = json!({
        "flow_message_version": "3",
        "flow_id": form.form,
        "flow_token": form.token.as_deref().unwrap_or(message),
        "flow_cta": form.title,
    });
    let mut first = Map::new();
    if let Some(screen) = &form.screen {
        first.insert("screen".to_owned(), screen.as_str().into());
    }
    let data = form.data.as_deref().map(serde_json::from_str::<Value>);
    if let Some(Ok(data)) = data {
        first.insert("data".to_owned(), data);
    }
    if !first.is_empty() {
        parameters["flow_action"] = "navigate".into();
        parameters["flow_action_payload"] = first.into();
    }
    let action = json!({ "name": "flow", "parameters": parameters });
    let mut object = around("flow", &form.text, action);
    margins(&mut object, &form.header, &form.footer);
    object
}

/// The words on the button are WhatsApp's own.
fn request(kind: &str, name: &str, request: &Request) -> Value {
    around(kind, &request.text, json!({ "name": name }))
}

fn invitation(invitation: &CallInvitation) -> Value {
    let mut action = json!({ "name": "voice_call" });
    let mut parameters = Map::new();
    if let Some(title) = &invitation.title {
        parameters.insert("display_text".to_owned(), title.as_str().into());
    }
    if let Some(minutes) = invitation.minutes {
        parameters.insert("ttl_minutes".to_owned(), minutes.into());
    }
    if let Some(payload) = &invitation.payload {
        parameters.insert("payload".to_owned(), payload.as_str().into());
    }
    if !parameters.is_empty() {
        action["parameters"] = parameters.into();
    }
    around("voice_call", &invitation.text, action)
}

fn carousel(carousel: &Carousel) -> Result<Value, SendError> {
    let cards = carousel.cards.iter().enumerate();
    let cards = cards.map(|(index, card)| self::card(index, card));
    let cards = cards.collect::<Result<Vec<_>, _>>()?;
    Ok(around(
        "carousel",
        &carousel.text,
        json!({ "cards": cards }),
    ))
}

fn card(index: usize, card: &Card) -> Result<Value, SendError> {
    let link = card.buttons.iter().find_map(|button| match button {
        CardButton::Link { title, url } => Some(opening(title, url)),
        CardButton::Choice(_) => None,
    });
    let picks = || {
        let picks = card.buttons.iter().filter_map(|button| match button {
            CardButton::Choice(choice) => Some(json!({
                "type": "quick_reply",
                "quick_reply": { "id": choice.id, "title": choice.title },
            })),
            CardButton::Link { .. } => None,
        });
        json!({ "buttons": picks.collect::<Value>() })
    };
    let mut object = json!({
        "card_index": index,
        // Cards with buttons to pick are of this type too.
        "type": "cta_url",
        "header": file(&card.media)?,
        "action": link.unwrap_or_else(picks),
    });
    if let Some(text) = &card.text {
        object["body"] = json!({ "text": text });
    }
    Ok(object)
}

fn file(media: &Media) -> Result<Value, SendError> {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        _ => "document",
    };
    let mut object = json!({ "type": kind });
    object[kind] = reference(&media.source)?;
    if let ("document", Some(name)) = (kind, &media.file_name) {
        object[kind]["filename"] = name.as_str().into();
    }
    Ok(object)
}

fn around(kind: &str, text: &str, action: Value) -> Value {
    json!({ "type": kind, "body": { "text": text }, "action": action })
}

fn margins(object: &mut Value, header: &Option<String>, footer: &Option<String>) {
    if let Some(header) = header {
        object["header"] = json!({ "type": "text", "text": header });
    }
    if let Some(footer) = footer {
        object["footer"] = json!({ "text": footer });
    }
}
