//! What we offer: buttons, lists and templates, as WhatsApp writes them.

use crate::{Length, SendError, refusal};
use interdesk_domain::message::{
    Choice, Choices, Media, MediaKind, MediaSource, Place, Template, Variable, VariableValue,
};
use serde_json::{Value, json};

/// How much of everything a form of offer takes.
struct Limits {
    choices: usize,
    id: usize,
    title: usize,
    text: usize,
}

const BUTTONS: Limits = Limits {
    choices: 3,
    id: 256,
    title: 20,
    text: 1024,
};

const LIST: Limits = Limits {
    choices: 10,
    id: 200,
    title: 24,
    text: 4096,
};

/// Writes choices as buttons or, where the list has a name, as a list.
pub(super) fn interactive(choices: &Choices) -> Result<Value, SendError> {
    let limits = match &choices.list {
        None => &BUTTONS,
        Some(_) => &LIST,
    };
    check(choices, limits)?;
    let action = match &choices.list {
        None => {
            let button = |choice: &Choice| json!({ "type": "reply", "reply": { "id": choice.id, "title": choice.title } });
            json!({ "buttons": choices.all().map(button).collect::<Value>() })
        }
        Some(list) => {
            fits("name of the list", list, 20)?;
            let sections = choices.sections.iter().map(|section| {
                json!({
                    "title": section.title,
                    "rows": section.choices.iter().map(row).collect::<Value>(),
                })
            });
            json!({ "button": list, "sections": sections.collect::<Value>() })
        }
    };
    let kind = if choices.list.is_some() {
        "list"
    } else {
        "button"
    };
    let mut object = json!({
        "type": kind,
        "body": { "text": choices.text },
        "action": action,
    });
    if let Some(header) = &choices.header {
        object["header"] = json!({ "type": "text", "text": header });
    }
    if let Some(footer) = &choices.footer {
        object["footer"] = json!({ "text": footer });
    }
    Ok(object)
}

fn row(choice: &Choice) -> Value {
    let mut row = json!({ "id": choice.id, "title": choice.title });
    if let Some(description) = &choice.description {
        row["description"] = description.as_str().into();
    }
    row
}

fn check(choices: &Choices, limits: &Limits) -> Result<(), SendError> {
    let count = choices.all().count();
    if !(1..=limits.choices).contains(&count) {
        return Err(refusal::unsupported(format!(
            "WhatsApp takes 1 to {} choices of this form, here are {count}",
            limits.choices
        )));
    }
    fits("text above the choices", &choices.text, limits.text)?;
    fits("heading", choices.header.as_deref().unwrap_or_default(), 60)?;
    fits("footer", choices.footer.as_deref().unwrap_or_default(), 60)?;
    for choice in choices.all() {
        fits("id of a choice", &choice.id, limits.id)?;
        fits("title of a choice", &choice.title, limits.title)?;
        let description = choice.description.as_deref().unwrap_or_default();
        fits("description of a choice", description, 72)?;
    }
    for section in &choices.sections {
        let title = section.title.as_deref().unwrap_or_default();
        fits("title of a section", title, 24)?;
    }
    Ok(())
}

fn fits(what: &str, text: &str, most: usize) -> Result<(), SendError> {
    refusal::fits(what, text, Length::characters(most))
}

/// Writes a template with everything that fills it.
pub(super) fn filled(template: &Template) -> Result<Value, SendError> {
    let mut object = json!({
        "name": template.name,
        "language": { "code": template.language },
    });
    let mut components = Vec::new();
    let text = |text: &String| json!({ "type": "text", "text": text });
    let body: Vec<Value> = template.parameters.iter().map(text).collect();
    let mut places: Vec<Place> = template.variables.iter().map(|one| one.place).collect();
    places.sort_unstable();
    places.dedup();
    if !body.is_empty() {
        if places.contains(&Place::Body) {
            let detail = "a template is filled by parameters or by variables of its body, not both";
            return Err(refusal::unsupported(detail));
        }
        components.push(json!({ "type": "body", "parameters": body }));
    }
    for place in places {
        let own = template.variables.iter().filter(|one| one.place == place);
        let own: Vec<&Variable> = own.collect();
        let mut component = match place {
            Place::Header => json!({ "type": "header" }),
            Place::Body => json!({ "type": "body" }),
            Place::Button(index) => {
                let pressed = |one: &&Variable| matches!(one.value, VariableValue::Payload { .. });
                let kind = if own.iter().any(pressed) {
                    "quick_reply"
                } else {
                    "url"
                };
                json!({ "type": "button", "sub_type": kind, "index": index.to_string() })
            }
        };
        let parameters = own.into_iter().map(parameter);
        component["parameters"] = parameters.collect::<Result<Vec<_>, _>>()?.into();
        components.push(component);
    }
    if !components.is_empty() {
        object["components"] = components.into();
    }
    Ok(object)
}

fn parameter(variable: &Variable) -> Result<Value, SendError> {
    let mut object = match &variable.value {
        VariableValue::Text { text } => json!({ "type": "text", "text": text }),
        VariableValue::Money {
            thousandths,
            currency,
            text,
        } => json!({
            "type": "currency",
            "currency": { "fallback_value": text, "code": currency, "amount_1000": thousandths },
        }),
        VariableValue::DateTime { text } => {
            json!({ "type": "date_time", "date_time": { "fallback_value": text } })
        }
        VariableValue::Media { media } => file(media)?,
        VariableValue::Location { location } => {
            json!({ "type": "location", "location": location })
        }
        VariableValue::Payload { payload } => json!({ "type": "payload", "payload": payload }),
    };
    if let Some(name) = &variable.name {
        object["parameter_name"] = name.as_str().into();
    }
    Ok(object)
}

fn file(media: &Media) -> Result<Value, SendError> {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
        other => {
            let kind = other.as_str();
            let detail = format!("a template of WhatsApp takes no file of this kind ({kind})");
            return Err(refusal::unsupported(detail));
        }
    };
    let mut object = json!({ "type": kind });
    object[kind] = reference(&media.source)?;
    Ok(object)
}

/// Names a file as WhatsApp does.
pub(super) fn reference(source: &MediaSource) -> Result<Value, SendError> {
    match source {
        MediaSource::ProviderId(id) => Ok(json!({ "id": id })),
        MediaSource::Url(link) => Ok(json!({ "link": link })),
        MediaSource::Stored(_) => Err(refusal::not_uploaded()),
    }
}
