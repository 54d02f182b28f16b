//! Buttons: under a message those that answer or open an address, in place of the customer's keys
//! those that share something.

use super::{CAPABILITIES, send};
use crate::unfit::short;
use crate::{SendError, Unfit};
use interdesk_domain::message::{Choices, Content, Link, Request};
use serde_json::{Value, json};

/// How much a button may give back, in bytes (<https://core.telegram.org/bots/api#inlinekeyboardbutton>).
const MAX_CALLBACK_BYTES: usize = 64;

/// Stands on a button that shares something, where nobody gave words for it: signs need no language.
const SIGNS: [(&str, &str); 2] = [
    ("request_location", "\u{1F4CD}"),
    ("request_contact", "\u{1F4DE}"),
];

/// Refuses what Telegram documents that it does not take.
pub(super) fn judge(content: &Content) -> Result<(), Unfit> {
    match content {
        Content::Choices(choices) => {
            if choices.all().next().is_none() {
                let detail = "there is no choice to pick: offer one";
                return Err(Unfit::at("sections", detail));
            }
            for (at, section) in choices.sections.iter().enumerate() {
                for (place, choice) in section.choices.iter().enumerate() {
                    if choice.id.is_empty() || choice.id.len() > MAX_CALLBACK_BYTES {
                        let path = format!("sections.{at}.choices.{place}.id");
                        let detail = format!(
                            "Telegram takes ids of choices of 1 to {MAX_CALLBACK_BYTES} bytes: shorten it"
                        );
                        return Err(Unfit::at(&path, detail));
                    }
                }
            }
            short("text", &words_of_choices(choices), CAPABILITIES.max_text)
        }
        Content::Link(link) => {
            let limit = match link.media {
                Some(_) => CAPABILITIES.max_caption,
                None => CAPABILITIES.max_text,
            };
            short("text", &words_of_link(link), limit)
        }
        Content::LocationRequest(request) | Content::ContactRequest(request) => {
            short("text", &request.text, CAPABILITIES.max_text)
        }
        _ => Ok(()),
    }
}

/// Writes choices as buttons, one below the other; what Telegram has no place for joins the words.
pub(super) fn choices(choices: &Choices) -> Value {
    let rows = choices
        .all()
        .map(|choice| json!([{ "text": choice.title, "callback_data": choice.id }]));
    let rows = rows.collect::<Value>();
    json!({ "text": words_of_choices(choices), "reply_markup": { "inline_keyboard": rows } })
}

fn words_of_choices(choices: &Choices) -> String {
    let described = choices.all().filter_map(|choice| {
        let description = choice.description.as_ref()?;
        Some(format!("{}: {description}", choice.title))
    });
    let words = choices.header.iter().cloned();
    let words = words.chain([choices.text.clone()]).chain(described);
    let words: Vec<_> = words.chain(choices.footer.clone()).collect();
    words.join("\n\n")
}

/// Writes a button that opens an address, under words or under a file.
pub(super) fn link(link: &Link) -> Result<(&'static str, Value), SendError> {
    let words = words_of_link(link);
    let (method, mut body) = match &link.media {
        Some(media) => send::file(media, Some(&words))?,
        None => ("sendMessage", json!({ "text": words })),
    };
    let button = json!({ "text": link.title, "url": link.url });
    body["reply_markup"] = json!({ "inline_keyboard": [[button]] });
    Ok((method, body))
}

fn words_of_link(link: &Link) -> String {
    let words = [link.header.as_ref(), Some(&link.text), link.footer.as_ref()];
    let words: Vec<_> = words.into_iter().flatten().map(String::as_str).collect();
    words.join("\n\n")
}

/// Writes a button that shares something; it goes when it was pressed.
pub(super) fn request(request: &Request, member: &str) -> Value {
    let sign = SIGNS.iter().find(|(name, _)| *name == member);
    let sign = sign.map_or("", |(_, sign)| *sign);
    let mut button = json!({ "text": request.title.as_deref().unwrap_or(sign) });
    button[member] = true.into();
    json!({
        "text": request.text,
        "reply_markup": {
            "keyboard": [[button]],
            "resize_keyboard": true,
            "one_time_keyboard": true,
        },
    })
}
