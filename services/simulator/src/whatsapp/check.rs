//! What the Graph API refuses about a send before it looks at the customer.

use serde_json::Value;

use super::refusal::Refusal;

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
        "interactive" => interactive(object)?,
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

fn media(kind: &str, object: &Value) -> Result<String, Refusal> {
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

fn interactive(object: &Value) -> Result<String, Refusal> {
    let action = &object["action"];
    let kind = object["type"].as_str().unwrap_or_default();
    if kind == "button" {
        let buttons = list(&action["buttons"], "buttons", 3)?;
        for button in buttons {
            limited(&button["reply"], "reply", "id", 1, 256)?;
            limited(&button["reply"], "reply", "title", 1, 20)?;
        }
    } else if kind == "list" {
        limited(action, "action", "button", 1, 20)?;
        let sections = list(&action["sections"], "sections", 10)?;
        let mut rows = 0;
        for section in sections {
            for row in list(&section["rows"], "rows", 10)? {
                limited(row, "row", "id", 1, 200)?;
                limited(row, "row", "title", 1, 24)?;
                limited(row, "row", "description", 0, 72)?;
                rows += 1;
            }
        }
        if rows > 10 {
            return Err(invalid("Total row count exceed max allowed count: 10"));
        }
    } else if kind.is_empty() {
        return Err(Refusal::new(
            131008,
            "Parameter 'interactive.type' is mandatory",
        ));
    }
    let longest = if kind == "list" { 4096 } else { 1024 };
    limited(&object["footer"], "footer", "text", 0, 60)?;
    limited(&object["body"], "body", "text", 1, longest)
}

fn list<'a>(value: &'a Value, name: &str, most: usize) -> Result<&'a [Value], Refusal> {
    match value.as_array() {
        Some(list) if (1..=most).contains(&list.len()) => Ok(list),
        _ => Err(invalid(format!(
            "Param {name} must have 1 to {most} elements"
        ))),
    }
}

fn required(object: &Value, name: &str, key: &str) -> Result<(), Refusal> {
    match object[key].as_str() {
        Some(value) if !value.is_empty() => Ok(()),
        _ => Err(Refusal::new(
            131008,
            format!("Parameter '{name}.{key}' is mandatory"),
        )),
    }
}

fn limited(
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

fn invalid(details: impl Into<String>) -> Refusal {
    Refusal::new(100, details)
}
