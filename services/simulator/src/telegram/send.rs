//! The send methods of the Bot API.

use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::{
    bot::{accept, customer},
    entities, markup,
    refusal::Refusal,
    update::{bot_user, chat, media_content, message},
};
use crate::{
    Account, Customer,
    account::Telegram,
    arrive::Arrival,
    chaos::{Fault, lock},
    clock::now,
    customer::{Line, Media},
    form::Form,
    media::File,
    server::Connection,
    world::World,
};

/// What a send method carries.
pub(super) enum Sent {
    Text,
    Media(Media, &'static str),
    Location,
    Venue,
}

/// Takes a send method: checks, remembers, journals, lets it arrive.
pub(super) fn send(
    world: &Arc<World>,
    request: &HttpRequest,
    bot: &Telegram,
    form: &Form,
    sent: Sent,
) -> Result<Value, Refusal> {
    let key = bot.bot_id.to_string();
    let customer = customer(world, bot, form)?;
    let chaos = world.dice.chaos(&key);
    if world.dice.strikes(&key, Fault::FailSend) {
        let code = u16::try_from(chaos.fail_code).unwrap_or_default();
        return Err(Refusal::of(if code == 0 { 400 } else { code }));
    }
    markup::check(form)?;
    let (kind, words, content) = content(world, &key, form, &sent)?;
    let quoted = quoted(world, bot, &customer, form)?;
    let message_id = world.ids.telegram();
    let line = Line {
        id: message_id.to_string(),
        from_desk: true,
        text: words.clone(),
        at: now(),
        reaction: None,
    };
    lock(&world.customers)
        .meet(&key, &customer, now())
        .remember(line);
    let cut = world.dice.strikes(&key, Fault::Cut);
    let id = message_id.to_string();
    accept(world, bot, &customer, kind, Some(&words), &id, cut);
    let mut message = message(&customer, message_id, now(), content);
    message["from"] = bot_user(bot);
    message["chat"] = chat(&customer);
    if let Some(quoted) = quoted {
        message["reply_to_message"] = quoted;
    }
    if let Some(markup) = form.json("reply_markup") {
        message["reply_markup"] = markup;
    }
    let arrival = Arrival {
        provider_id: format!("{}:{id}", customer.id),
        customer,
        attempt_id: None,
        fails: None,
        held_ms: None,
        only_sent: false,
        sent_before: false,
        answer: markup::answer(form, &id),
    };
    world.arrive(&Account::Telegram(bot.clone()), arrival);
    if cut {
        Connection::cut(request);
    }
    Ok(message)
}

fn content(
    world: &World,
    account: &str,
    form: &Form,
    sent: &Sent,
) -> Result<(&'static str, String, Value), Refusal> {
    let mode = form.text("parse_mode");
    match *sent {
        Sent::Text => {
            let text = entities::plain(form.text("text").unwrap_or_default(), mode)?;
            let text = text_between(text.trim(), 1, 4096, "message")?;
            Ok(("text", text.clone(), json!({ "text": text })))
        }
        Sent::Media(media, field) => {
            let caption = entities::plain(form.text("caption").unwrap_or_default(), mode)?;
            let caption = text_between(caption.trim(), 0, 1024, "message caption")?;
            let file = file(world, account, form, media, field)?;
            let shown = (!caption.is_empty()).then_some(caption.as_str());
            let content = media_content(media, &file, shown);
            Ok((media.name(), caption, content))
        }
        Sent::Location => Ok((
            "location",
            String::new(),
            json!({ "location": place(form)? }),
        )),
        Sent::Venue => {
            let place = place(form)?;
            let title = form.text("title").unwrap_or_default().to_owned();
            let address = form.text("address").unwrap_or_default();
            if title.is_empty() || address.is_empty() {
                return Err(Refusal::bad("title or address is empty"));
            }
            let venue = json!({ "location": place, "title": title, "address": address });
            Ok(("venue", title, json!({ "location": place, "venue": venue })))
        }
    }
}

fn place(form: &Form) -> Result<Value, Refusal> {
    let degrees = |name| form.json(name).and_then(|value: Value| value.as_f64());
    match (degrees("latitude"), degrees("longitude")) {
        (Some(latitude), Some(longitude)) => {
            Ok(json!({ "latitude": latitude, "longitude": longitude }))
        }
        _ => Err(Refusal::bad("latitude or longitude is empty")),
    }
}

/// Checks the length of a text.
pub(super) fn text_between(
    text: &str,
    least: usize,
    most: usize,
    what: &str,
) -> Result<String, Refusal> {
    match text.chars().count() {
        length if length < least => Err(Refusal::bad(&format!("{what} text is empty"))),
        length if length > most => Err(Refusal::bad(&format!("{what} is too long"))),
        _ => Ok(text.to_owned()),
    }
}

/// Finds the file of a send: uploaded, by id, or by address (which is not fetched).
fn file(
    world: &World,
    account: &str,
    form: &Form,
    media: Media,
    field: &str,
) -> Result<File, Refusal> {
    if let Some(part) = form.files.iter().find(|part| part.name == field) {
        let file = File {
            id: world.ids.digits(),
            name: part.file_name.clone(),
            mime_type: part.mime_type.clone(),
            bytes: part.bytes.clone(),
        };
        world.files.take(account, file.clone());
        return Ok(file);
    }
    let given = form.text(field).unwrap_or_default();
    if given.is_empty() {
        return Err(Refusal::bad(&format!("there is no {field} in the request")));
    }
    if given.starts_with("http://") || given.starts_with("https://") {
        let file = File::sample(media, world.ids.digits());
        world.files.keep(file.clone());
        return Ok(file);
    }
    let wrong = || Refusal::bad("wrong file identifier/HTTP URL specified");
    world.files.find(given).ok_or_else(wrong)
}

fn quoted(
    world: &World,
    bot: &Telegram,
    customer: &Customer,
    form: &Form,
) -> Result<Option<Value>, Refusal> {
    let Some(parameters) = form.json("reply_parameters") else {
        return Ok(None);
    };
    let id = parameters["message_id"]
        .as_u64()
        .unwrap_or_default()
        .to_string();
    let key = bot.bot_id.to_string();
    let found = world.remembered(&key, &customer.id, |memory| memory.knows(&id));
    match found {
        Some(true) => Ok(Some(json!({
            "message_id": id.parse::<u64>().unwrap_or_default(),
            "chat": chat(customer),
            "date": now().timestamp(),
        }))),
        _ if parameters["allow_sending_without_reply"] == true => Ok(None),
        _ => Err(Refusal::bad("message to be replied not found")),
    }
}
