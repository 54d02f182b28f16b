//! Interactive messages: what the Graph API refuses about them, and how a customer answers each.

use serde_json::{Value, json};

use super::{
    check::{invalid, limited, list, media, required},
    refusal::Refusal,
};
use crate::customer::Content;

/// Checks an interactive object against its documented limits; gives the words in it.
pub(super) fn check(object: &Value) -> Result<String, Refusal> {
    let action = &object["action"];
    let kind = object["type"].as_str().unwrap_or_default();
    match kind {
        "button" => {
            for button in list(&action["buttons"], "buttons", 1..=3)? {
                limited(&button["reply"], "reply", "id", 1, 256)?;
                limited(&button["reply"], "reply", "title", 1, 20)?;
            }
        }
        "list" => self::rows(action)?,
        "cta_url" => opening(action)?,
        "flow" => flow(action)?,
        "location_request_message" => named(action, "send_location")?,
        "request_contact_info" | "call_permission_request" => named(action, kind)?,
        "voice_call" => call(action)?,
        "carousel" => carousel(object)?,
        "" => {
            return Err(Refusal::new(
                131008,
                "Parameter 'interactive.type' is mandatory",
            ));
        }
        _ => return Err(invalid("Param interactive['type'] is not a known type")),
    }
    header(kind, &object["header"])?;
    limited(&object["footer"], "footer", "text", 0, 60)?;
    let longest = if kind == "list" { 4096 } else { 1024 };
    limited(&object["body"], "body", "text", 1, longest)
}

fn rows(action: &Value) -> Result<(), Refusal> {
    limited(action, "action", "button", 1, 20)?;
    let mut rows = 0;
    for section in list(&action["sections"], "sections", 1..=10)? {
        for row in list(&section["rows"], "rows", 1..=10)? {
            limited(row, "row", "id", 1, 200)?;
            limited(row, "row", "title", 1, 24)?;
            limited(row, "row", "description", 0, 72)?;
            rows += 1;
        }
    }
    match rows > 10 {
        true => Err(invalid("Total row count exceed max allowed count: 10")),
        false => Ok(()),
    }
}

fn named(action: &Value, name: &str) -> Result<(), Refusal> {
    match action["name"] == name {
        true => Ok(()),
        false => Err(invalid(format!("Param action['name'] must be {name}"))),
    }
}

fn opening(action: &Value) -> Result<(), Refusal> {
    named(action, "cta_url")?;
    let parameters = &action["parameters"];
    limited(parameters, "parameters", "display_text", 1, 20)?;
    required(parameters, "parameters", "url")?;
    let url = parameters["url"].as_str().unwrap_or_default();
    match url.starts_with("https://") || url.starts_with("http://") {
        true => Ok(()),
        false => Err(invalid("Param parameters['url'] is not a valid URI.")),
    }
}

fn flow(action: &Value) -> Result<(), Refusal> {
    named(action, "flow")?;
    let parameters = &action["parameters"];
    if parameters["flow_message_version"] != "3" {
        return Err(invalid(
            "Param parameters['flow_message_version'] must be 3",
        ));
    }
    required(parameters, "parameters", "flow_id")?;
    limited(parameters, "parameters", "flow_cta", 1, 30)?;
    let payload = &parameters["flow_action_payload"];
    if payload.is_null() {
        return Ok(());
    }
    if parameters["flow_action"] == "data_exchange" {
        return Err(invalid("flow_action_payload goes with navigate alone"));
    }
    let empty = |data: &Value| data.as_object().is_none_or(|members| members.is_empty());
    match payload.get("data").is_some_and(empty) {
        true => Err(invalid(
            "flow_action_payload['data'] must be a non-empty object",
        )),
        false => Ok(()),
    }
}

fn call(action: &Value) -> Result<(), Refusal> {
    named(action, "voice_call")?;
    let parameters = &action["parameters"];
    limited(parameters, "parameters", "display_text", 0, 20)?;
    limited(parameters, "parameters", "payload", 0, 512)?;
    let minutes = &parameters["ttl_minutes"];
    let documented = minutes
        .as_u64()
        .is_some_and(|it| (1..=43_200).contains(&it));
    match minutes.is_null() || documented {
        true => Ok(()),
        false => Err(invalid(
            "Param parameters['ttl_minutes'] must be 1 to 43200",
        )),
    }
}

fn carousel(object: &Value) -> Result<(), Refusal> {
    if !object["header"].is_null() || !object["footer"].is_null() {
        return Err(invalid("A carousel has neither header nor footer"));
    }
    let cards = list(&object["action"]["cards"], "cards", 2..=10)?;
    let shape = |card: &Value| card["action"]["buttons"].as_array().map(Vec::len);
    for (index, card) in cards.iter().enumerate() {
        if card["card_index"].as_u64() != u64::try_from(index).ok() {
            return Err(invalid("Param card_index must count from 0"));
        }
        let header = &card["header"];
        match header["type"].as_str() {
            Some(kind @ ("image" | "video")) => media(kind, &header[kind])?,
            _ => return Err(invalid("Param header['type'] must be image or video")),
        };
        let text = limited(&card["body"], "body", "text", 0, 160)?;
        if text.matches('\n').count() > 2 {
            return Err(invalid("Param body['text'] has more than 2 line breaks"));
        }
        if shape(card) != cards.first().and_then(shape) {
            return Err(invalid(
                "All cards must have the same kind and number of buttons",
            ));
        }
        match shape(card) {
            None => opening(&card["action"])?,
            Some(_) => picks(&card["action"])?,
        }
    }
    Ok(())
}

fn picks(action: &Value) -> Result<(), Refusal> {
    for button in list(&action["buttons"], "buttons", 1..=3)? {
        if button["type"] != "quick_reply" {
            return Err(invalid("Param buttons['type'] must be quick_reply"));
        }
        limited(&button["quick_reply"], "quick_reply", "id", 1, 256)?;
        limited(&button["quick_reply"], "quick_reply", "title", 1, 20)?;
    }
    Ok(())
}

fn header(kind: &str, header: &Value) -> Result<(), Refusal> {
    let Some(shown) = header["type"].as_str() else {
        return match header.is_null() {
            true => Ok(()),
            false => Err(invalid("Param header['type'] is mandatory")),
        };
    };
    match (kind, shown) {
        ("button" | "list" | "cta_url" | "flow", "text") => {
            limited(header, "header", "text", 1, 60).map(drop)
        }
        ("button" | "cta_url", "image" | "video" | "document") => {
            media(shown, &header[shown]).map(drop)
        }
        _ => Err(invalid(format!(
            "A header of type {shown} goes not with {kind}"
        ))),
    }
}

/// Returns what a customer does with an interactive message, who does what it asks.
pub(super) fn answer(body: &Value, wamid: &str) -> Option<Content> {
    let interactive = &body["interactive"];
    let action = &interactive["action"];
    let message_id = wamid.to_owned();
    match interactive["type"].as_str()? {
        "button" => press(&action["buttons"][0]["reply"], message_id),
        "list" => press(&action["sections"][0]["rows"][0], message_id),
        "carousel" => press(
            &action["cards"][0]["action"]["buttons"][0]["quick_reply"],
            message_id,
        ),
        "location_request_message" => Some(Content::Location {
            latitude: 52.5,
            longitude: 13.4,
            name: None,
        }),
        "request_contact_info" => Some(Content::OwnCard { message_id }),
        "call_permission_request" => Some(Content::CallPermission {
            message_id,
            allowed: true,
        }),
        "flow" => Some(Content::Form {
            message_id,
            json: json!({ "flow_token": action["parameters"]["flow_token"], "day": "Monday" })
                .to_string(),
        }),
        _ => None,
    }
}

fn press(button: &Value, message_id: String) -> Option<Content> {
    Some(Content::Button {
        message_id,
        id: button["id"].as_str()?.to_owned(),
        title: button["title"].as_str()?.to_owned(),
    })
}
