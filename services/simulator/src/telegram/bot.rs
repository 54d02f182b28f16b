//! `POST /bot<token>/<method>`.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};

use super::{
    change,
    refusal::Refusal,
    send::{Sent, send},
    update::{bot_user, local},
};
use crate::{
    Account, Customer,
    account::Telegram,
    chaos::Fault,
    clock::now,
    customer::Media,
    form::Form,
    journal::{Accepted, Rejected},
    world::World,
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
    let method = method.to_ascii_lowercase();
    if let Some(sent) = sent(&method) {
        return send(world, request, &bot, &form, sent);
    }
    match method.as_str() {
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
        "editmessagetext" => change::edit(world, &bot, &form),
        "deletemessage" => change::delete(world, &bot, &form),
        "setmessagereaction" => change::react(world, &bot, &form),
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

fn sent(method: &str) -> Option<Sent> {
    Some(match method {
        "sendmessage" => Sent::Text,
        "sendphoto" => Sent::Media(Media::Image, "photo"),
        "senddocument" => Sent::Media(Media::Document, "document"),
        "sendvideo" => Sent::Media(Media::Video, "video"),
        "sendanimation" => Sent::Media(Media::Video, "animation"),
        "sendvoice" => Sent::Media(Media::Voice, "voice"),
        "sendaudio" => Sent::Media(Media::Audio, "audio"),
        "sendsticker" => Sent::Media(Media::Sticker, "sticker"),
        "sendlocation" => Sent::Location,
        "sendvenue" => Sent::Venue,
        _ => return None,
    })
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
    let Ok(bot) = authorised(&world, &token) else {
        return Refusal::unauthorized().response();
    };
    let key = bot.bot_id.to_string();
    if world.dice.strikes(&key, Fault::FailMedia) {
        return Refusal::of(500).response();
    }
    if world.dice.strikes(&key, Fault::ExpireMedia) {
        return Refusal::not_found().response();
    }
    let id = file_path.split('/').nth(1).unwrap_or_default();
    match world.files.find(id) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime_type)
            .body(file.bytes),
        None => Refusal::not_found().response(),
    }
}

/// Finds the customer behind `chat_id`; a bot cannot write to a stranger.
pub(super) fn customer(world: &World, bot: &Telegram, form: &Form) -> Result<Customer, Refusal> {
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

/// Journals what was taken.
pub(super) fn accept(
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
