//! What the Graph API refuses about a send before it looks at the customer.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{interactive, refusal::Refusal};

/// Checks the content of a send against the documented limits; gives its type and
/// the words in it.
pub(crate) fn content(body: &Value) -> Result<(String, String), Refusal> {
    let kind = body["type"].as_str().unwrap_or("text").to_owned();
    let object = &body[kind.as_str()];
    let missing = || {
        Refusal::new(
            131008,
            format!("Parameter '{kind}' is mandatory for type '{kind}'"),
        )
    };
    if object.is_null() {
        return Err(match KINDS.contains(&kind.as_str()) {
            true => missing(),
            false => invalid(format!(
                "Param type must be one of {{{}}}",
                KINDS.join(", ")
            )),
        });
    }
    let words = match kind.as_str() {
        "text" => text(object)?,
        "image" | "video" | "audio" | "document" | "sticker" => media(&kind, object)?,
        "location" => {
            degrees(&object["latitude"], 90.0, "latitude")?;
            degrees(&object["longitude"], 180.0, "longitude")?;
            String::new()
        }
        "contacts" => match object.as_array().is_some_and(|list| !list.is_empty()) {
            true => String::new(),
            false => return Err(invalid("Param contacts must be a non-empty list")),
        },
        "reaction" => {
            required(object, "reaction", "message_id")?;
            limited(object, "reaction", "emoji", 0, 32)?
        }
        "interactive" => interactive::check(object)?,
        "template" => {
            required(object, "template", "name")?;
            required(&object["language"], "template.language", "code")?;
            object["name"].as_str().unwrap_or_default().to_owned()
        }
        _ => {
            return Err(invalid(format!(
                "Param type must be one of {{{}}}",
                KINDS.join(", ")
            )));
        }
    };
    Ok((kind, words))
}

const KINDS: [&str; 11] = [
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
];

fn text(object: &Value) -> Result<String, Refusal> {
    limited(object, "text", "body", 1, 4096)
}

/// Checks a file; gives the words under it.
pub(super) fn media(kind: &str, object: &Value) -> Result<String, Refusal> {
    let link = object["link"].as_str();
    let id = object["id"].as_str();
    match (id, link) {
        (Some(id), None) if !id.is_empty() => {}
        (None, Some(link)) if link.starts_with("http://") || link.starts_with("https://") => {}
        (None, Some(_)) => {
            return Err(invalid(format!("Param {kind}['link'] is not a valid URI.")));
        }
        _ => return Err(invalid(format!("Param {kind} needs either id or link"))),
    }
    if matches!(kind, "audio" | "sticker") && !object["caption"].is_null() {
        return Err(invalid(format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        )));
    }
    limited(object, kind, "caption", 0, 1024)
}

/// Reads a list of so many elements.
pub(super) fn list<'a>(
    value: &'a Value,
    name: &str,
    range: RangeInclusive<usize>,
) -> Result<&'a [Value], Refusal> {
    match value.as_array() {
        Some(list) if range.contains(&list.len()) => Ok(list),
        _ => Err(invalid(format!(
            "Param {name} must have {} to {} elements",
            range.start(),
            range.end()
        ))),
    }
}

/// Wants a text that is not empty.
pub(super) fn required(object: &Value, name: &str, key: &str) -> Result<(), Refusal> {
    match object[key].as_str() {
        Some(value) if !value.is_empty() => Ok(()),
        _ => Err(Refusal::new(
            131008,
            format!("Parameter '{name}.{key}' is mandatory"),
        )),
    }
}

/// Reads a text of a length.
pub(super) fn limited(
    object: &Value,
    name: &str,
    key: &str,
    least: usize,
    most: usize,
) -> Result<String, Refusal> {
    let text = object[key].as_str().unwrap_or_default();
    let length = text.chars().count();
    if length < least {
        return Err(Refusal::new(
            131008,
            format!("Parameter '{name}.{key}' is mandatory"),
        ));
    }
    if length > most {
        return Err(invalid(format!(
            "Param {name}['{key}'] must be at most {most} characters long."
        )));
    }
    Ok(text.to_owned())
}

fn degrees(value: &Value, most: f64, name: &str) -> Result<(), Refusal> {
    // The documentation's own example writes coordinates as texts.
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match number {
        Some(number) if number.abs() <= most => Ok(()),
        _ => Err(invalid(format!("Param location['{name}'] is not valid"))),
    }
}

/// Refuses a parameter.
pub(super) fn invalid(details: impl Into<String>) -> Refusal {
    Refusal::new(100, details)
}
