//! `POST /bot<token>/<method>`.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};

use super::{
    entities,
    refusal::Refusal,
    update::{bot_user, chat, local, media_content},
};
use crate::{
    Account, Customer,
    account::Telegram,
    chaos::{Fault, lock},
    clock::now,
    customer::{Line, Media},
    form::Form,
    journal::{Accepted, Rejected},
    media::File,
    server::Connection,
    world::{Arrival, World},
};

/// Takes one call of any method.
pub(crate) async fn call(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let world = world.into_inner();
    let (token, method) = path.into_inner();
    let form = Form::read(&request, &body);
    let outcome = match form {
        Some(form) => take(&world, &request, &token, &method, form).await,
        None => Err(Refusal::bad("can't parse the request body")),
    };
    match outcome {
        Ok(result) => HttpResponse::Ok().json(json!({ "ok": true, "result": result })),
        Err(refusal) => {
            let bot_id = token.split(':').next().unwrap_or_default();
            world.journal.reject(Rejected {
                account: bot_id.to_owned(),
                attempt_id: None,
                status: refusal.code,
                code: refusal.code.into(),
                reason: format!("{method}: {}", refusal.description),
                at: now(),
            });
            refusal.response()
        }
    }
}

async fn take(
    world: &Arc<World>,
    request: &HttpRequest,
    token: &str,
    method: &str,
    form: Form,
) -> Result<Value, Refusal> {
    let bot = authorised(world, token)?;
    let key = bot.bot_id.to_string();
    world.dawdle(&key).await;
    if world.dice.strikes(&key, Fault::Reject429) {
        return Err(Refusal::too_many(world.dice.chaos(&key).retry_after_s));
    }
    if world.dice.strikes(&key, Fault::Fail5xx) {
        return Err(Refusal::of(500));
    }
    // Method names are not case-sensitive.
    match method.to_ascii_lowercase().as_str() {
        "getme" => {
            let mut me = bot_user(&bot);
            me["can_join_groups"] = true.into();
            me["can_read_all_group_messages"] = false.into();
            me["supports_inline_queries"] = false.into();
            Ok(me)
        }
        "setwebhook" => set_webhook(world, bot, &form),
        "deletewebhook" => {
            world.put_account(Account::Telegram(Telegram {
                webhook_url: String::new(),
                ..bot
            }));
            Ok(true.into())
        }
        "getwebhookinfo" => Ok(webhook_info(world, &bot)),
        "getfile" => get_file(world, &form),
        "sendmessage" => send(world, request, &bot, &form, Sent::Text),
        "sendphoto" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Image, "photo"),
        ),
        "senddocument" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Document, "document"),
        ),
        "sendvideo" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Video, "video"),
        ),
        "sendvoice" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Voice, "voice"),
        ),
        "sendaudio" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Audio, "audio"),
        ),
        "sendsticker" => send(
            world,
            request,
            &bot,
            &form,
            Sent::Media(Media::Sticker, "sticker"),
        ),
        "sendlocation" => send(world, request, &bot, &form, Sent::Location),
        "editmessagetext" => edit(world, &bot, &form),
        "deletemessage" => delete(world, &bot, &form),
        "setmessagereaction" => react(world, &bot, &form),
        "sendchataction" => {
            let customer = customer(world, &bot, &form)?;
            if form.text("action").is_none_or(str::is_empty) {
                return Err(Refusal::bad("wrong parameter action in request"));
            }
            accept(
                world,
                &bot,
                &customer,
                "chat_action",
                form.text("action"),
                "0",
                false,
            );
            Ok(true.into())
        }
        "answercallbackquery" => match form.text("callback_query_id") {
            Some(id) if !id.is_empty() => Ok(true.into()),
            _ => Err(Refusal::bad(
                "query is too old and response timeout expired or query ID is invalid",
            )),
        },
        _ => Err(Refusal::not_found()),
    }
}

fn authorised(world: &World, token: &str) -> Result<Telegram, Refusal> {
    let bot_id = token.split(':').next().unwrap_or_default();
    match world.account(bot_id) {
        Some(Account::Telegram(bot)) if bot.token == token => Ok(bot),
        _ => Err(Refusal::unauthorized()),
    }
}

fn set_webhook(world: &World, bot: Telegram, form: &Form) -> Result<Value, Refusal> {
    let url = form.text("url").unwrap_or_default().to_owned();
    // Telegram wants HTTPS; plain HTTP is let through on this machine alone.
    let local = url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost");
    if !(url.is_empty() || url.starts_with("https://") || local) {
        return Err(Refusal::bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    let secret_token = form.text("secret_token").map(str::to_owned);
    if secret_token
        .as_deref()
        .is_some_and(|secret| !is_secret(secret))
    {
        return Err(Refusal::bad("secret token contains unallowed characters"));
    }
    let allowed = form.json("allowed_updates");
    let allowed = allowed.and_then(|list| serde_json::from_value(list).ok());
    let allowed_updates = allowed.or(bot.allowed_updates);
    let bot = Telegram {
        webhook_url: url,
        secret_token,
        allowed_updates,
        ..bot
    };
    world.put_account(Account::Telegram(bot));
    Ok(true.into())
}

fn is_secret(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=256).contains(&text.len()) && text.chars().all(fits)
}

fn webhook_info(world: &World, bot: &Telegram) -> Value {
    let mut info = json!({
        "url": bot.webhook_url,
        "has_custom_certificate": false,
        "pending_update_count": world.courier.pending(),
        "max_connections": 40,
    });
    if let Some(kinds) = &bot.allowed_updates {
        info["allowed_updates"] = json!(kinds);
    }
    if let Some(error) = world.last_error(bot.bot_id) {
        info["last_error_date"] = error.at.into();
        info["last_error_message"] = match error.status {
            Some(status) => format!("Wrong response from the webhook: {status}").into(),
            None => "Connection refused".into(),
        };
    }
    info
}

fn get_file(world: &World, form: &Form) -> Result<Value, Refusal> {
    let id = form.text("file_id").unwrap_or_default();
    let wrong = || Refusal::bad("wrong file_id or the file is temporarily unavailable");
    let file = world.files.find(id).ok_or_else(wrong)?;
    Ok(json!({
        "file_id": id,
        "file_unique_id": format!("u{id}"),
        "file_size": file.bytes.len(),
        "file_path": format!("files/{id}/{}", file.name),
    }))
}

/// Answers `GET /file/bot<token>/<file_path>`.
pub(crate) async fn download(world: Data<World>, path: Path<(String, String)>) -> HttpResponse {
    let (token, file_path) = path.into_inner();
    if authorised(&world, &token).is_err() {
        return Refusal::unauthorized().response();
    }
    let id = file_path.split('/').nth(1).unwrap_or_default();
    match world.files.find(id) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime_type)
            .body(file.bytes),
        None => Refusal::not_found().response(),
    }
}

/// What a send method carries.
enum Sent {
    Text,
    Media(Media, &'static str),
    Location,
}

fn send(
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
    let (kind, words, content) = content(world, form, &sent)?;
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
    let mut message = super::update::message(&customer, message_id, now(), content);
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
        only_sent: false,
        sent_before: false,
        buttons: buttons(form),
    };
    world.arrive(&Account::Telegram(bot.clone()), arrival);
    if cut {
        Connection::cut(request);
    }
    Ok(message)
}

fn content(
    world: &World,
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
            let file = file(world, form, media, field)?;
            let shown = (!caption.is_empty()).then_some(caption.as_str());
            let content = media_content(media, &file, shown);
            Ok((media.name(), caption, content))
        }
        Sent::Location => {
            let degrees = |name| form.json(name).and_then(|value: Value| value.as_f64());
            let (Some(latitude), Some(longitude)) = (degrees("latitude"), degrees("longitude"))
            else {
                return Err(Refusal::bad("latitude or longitude is empty"));
            };
            let place = json!({ "latitude": latitude, "longitude": longitude });
            Ok(("location", String::new(), json!({ "location": place })))
        }
    }
}

fn text_between(text: &str, least: usize, most: usize, what: &str) -> Result<String, Refusal> {
    match text.chars().count() {
        length if length < least => Err(Refusal::bad(&format!("{what} text is empty"))),
        length if length > most => Err(Refusal::bad(&format!("{what} is too long"))),
        _ => Ok(text.to_owned()),
    }
}

/// Finds the file of a send: uploaded, by id, or by address (which is not fetched).
fn file(world: &World, form: &Form, media: Media, field: &str) -> Result<File, Refusal> {
    if let Some(part) = form.files.iter().find(|part| part.name == field) {
        let file = File {
            id: world.ids.digits(),
            name: part.file_name.clone(),
            mime_type: part.mime_type.clone(),
            bytes: part.bytes.clone(),
        };
        world.files.keep(file.clone());
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

/// Finds the customer behind `chat_id`; a bot cannot write to a stranger.
fn customer(world: &World, bot: &Telegram, form: &Form) -> Result<Customer, Refusal> {
    let id = match form.fields.get("chat_id") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        _ => return Err(Refusal::bad("chat_id is empty")),
    };
    let known = world.remembered(&bot.bot_id.to_string(), &id, |memory| {
        (memory.customer.clone(), memory.blocked)
    });
    match known {
        Some((_, true)) => Err(Refusal::blocked()),
        Some((customer, false)) => Ok(customer),
        None if world.settings.strangers && id.parse::<i64>().is_ok() => Ok(Customer::new(id)),
        None => Err(Refusal::bad("chat not found")),
    }
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

fn own_message(world: &World, bot: &Telegram, form: &Form) -> Result<(Customer, String), Refusal> {
    let customer = customer(world, bot, form)?;
    let id = form
        .json("message_id")
        .and_then(|id| id.as_u64())
        .unwrap_or_default();
    Ok((customer, id.to_string()))
}

fn edit(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let text = entities::plain(
        form.text("text").unwrap_or_default(),
        form.text("parse_mode"),
    )?;
    let text = text_between(text.trim(), 1, 4096, "message")?;
    let edited = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        let line = memory.line(&id)?;
        let ours = line.from_desk;
        if ours {
            line.text.clone_from(&text);
        }
        Some((ours, line.at))
    });
    let written = match edited.flatten() {
        Some((true, at)) => at,
        Some((false, _)) => return Err(Refusal::bad("message can't be edited")),
        None => return Err(Refusal::bad("message to edit not found")),
    };
    accept(world, bot, &customer, "edit", Some(&text), &id, false);
    let number = id.parse().unwrap_or_default();
    let mut message = super::update::message(&customer, number, written, json!({ "text": text }));
    message["from"] = bot_user(bot);
    message["edit_date"] = now().timestamp().into();
    Ok(message)
}

fn delete(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let found = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        let known = memory.knows(&id);
        memory.forget(&id);
        known
    });
    if found != Some(true) {
        return Err(Refusal::bad("message to delete not found"));
    }
    accept(world, bot, &customer, "delete", None, &id, false);
    Ok(true.into())
}

fn react(world: &World, bot: &Telegram, form: &Form) -> Result<Value, Refusal> {
    let (customer, id) = own_message(world, bot, form)?;
    let found = world.remembered(&bot.bot_id.to_string(), &customer.id, |memory| {
        memory.knows(&id)
    });
    if found != Some(true) {
        return Err(Refusal::bad("message to react not found"));
    }
    let list = form.json("reaction").unwrap_or_else(|| json!([]));
    let reactions = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if reactions.len() > 1 {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    let emoji = reactions
        .first()
        .and_then(|reaction| reaction["emoji"].as_str());
    accept(world, bot, &customer, "reaction", emoji, &id, false);
    Ok(true.into())
}

fn accept(
    world: &World,
    bot: &Telegram,
    customer: &Customer,
    kind: &str,
    words: Option<&str>,
    message_id: &str,
    answer_cut: bool,
) {
    world.journal.accept(Accepted {
        account: bot.bot_id.to_string(),
        attempt_id: None,
        provider_id: format!("{}:{}", customer.id, local(message_id)),
        to: customer.id.clone(),
        kind: kind.to_owned(),
        text: words.unwrap_or_default().to_owned(),
        at: now(),
        answer_cut,
        repeats: 0,
    });
}

fn buttons(form: &Form) -> Vec<(String, String)> {
    let markup = form.json("reply_markup").unwrap_or_default();
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    rows.filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| {
            let data = button["callback_data"].as_str()?;
            Some((data.to_owned(), button["text"].as_str()?.to_owned()))
        })
        .collect()
}
