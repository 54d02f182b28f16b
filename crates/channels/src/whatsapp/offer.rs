//! Templates, as WhatsApp fills them, and how files are named.

use crate::{SendError, refusal};
use interdesk_domain::message::{
    Media, MediaKind, MediaSource, Place, Template, Variable, VariableValue,
};
use serde_json::{Value, json};

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
                let kind = match own.first().map(|one| &one.value) {
                    Some(VariableValue::Payload { .. }) => "quick_reply",
                    Some(VariableValue::Code { .. }) => "copy_code",
                    _ => "url",
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
        VariableValue::Code { code } => json!({ "type": "coupon_code", "coupon_code": code }),
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
