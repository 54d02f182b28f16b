//! `reply_markup`: what the Bot API refuses about it, and how a customer answers it.

use serde_json::Value;

use super::refusal::Refusal;
use crate::{customer::Content, form::Form};

/// Checks the buttons of a send.
pub(super) fn check(form: &Form) -> Result<(), Refusal> {
    for button in buttons(form, "inline_keyboard") {
        titled(&button)?;
        let acts = ["callback_data", "url"];
        let acts = acts.iter().filter(|name| !button[**name].is_null()).count();
        if acts != 1 {
            let what = "text buttons are unallowed in the inline keyboard";
            return Err(Refusal::bad(what));
        }
        if let Some(data) = button["callback_data"].as_str()
            && !(1..=64).contains(&data.len())
        {
            return Err(Refusal::bad("BUTTON_DATA_INVALID"));
        }
        if let Some(url) = button["url"].as_str()
            && !["https://", "http://", "tg://"]
                .iter()
                .any(|it| url.starts_with(it))
        {
            return Err(Refusal::bad("BUTTON_URL_INVALID"));
        }
    }
    let keys = buttons(form, "keyboard");
    for button in &keys {
        titled(button)?;
    }
    match !keys.is_empty() && form.text("business_connection_id").is_some() {
        true => Err(Refusal::bad("BUSINESS_CONNECTION_NOT_ALLOWED")),
        false => Ok(()),
    }
}

fn titled(button: &Value) -> Result<(), Refusal> {
    match button["text"].as_str().is_some_and(|text| !text.is_empty()) {
        true => Ok(()),
        false => Err(Refusal::bad(
            "can't parse keyboard button: Field \"text\" must be of type String",
        )),
    }
}

/// Returns what a customer does with the first button, who does what it asks.
pub(super) fn answer(form: &Form, message_id: &str) -> Option<Content> {
    let message_id = message_id.to_owned();
    if let Some(button) = buttons(form, "inline_keyboard").first() {
        return Some(Content::Button {
            message_id,
            id: button["callback_data"].as_str()?.to_owned(),
            title: button["text"].as_str()?.to_owned(),
        });
    }
    let keys = buttons(form, "keyboard");
    let key = keys.first()?;
    match (&key["request_location"], &key["request_contact"]) {
        (Value::Bool(true), _) => Some(Content::Location {
            latitude: 52.5,
            longitude: 13.4,
            name: None,
        }),
        (_, Value::Bool(true)) => Some(Content::OwnCard { message_id }),
        _ => Some(Content::text(key["text"].as_str()?)),
    }
}

fn buttons(form: &Form, keyboard: &str) -> Vec<Value> {
    let markup: Value = form.json("reply_markup").unwrap_or_default();
    let rows = markup[keyboard].as_array().into_iter().flatten();
    let buttons = rows.filter_map(Value::as_array).flatten();
    buttons.cloned().collect()
}
