//! `POST /{version}/{phone_number_id}/messages`.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AUTHORIZATION,
    web::{Bytes, Data, Path},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{check, interactive, phone_of, refusal, refusal::Refusal, user_id};
use crate::{
    account::{Account, WhatsApp},
    arrive::Arrival,
    chaos::{Fault, lock},
    clock::now,
    customer::{Customer, Line},
    journal::{Accepted, Rejected},
    server::Connection,
    world::World,
};

/// Takes a send, a reaction or a read mark.
pub(crate) async fn send(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let world = world.into_inner();
    let (_, phone_number_id) = path.into_inner();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match take(&world, &phone_number_id, &request, &body).await {
        Ok(response) => response,
        Err(refusal) => {
            world.journal.reject(Rejected {
                account: phone_number_id,
                attempt_id: tracker(&body),
                status: refusal.status,
                code: refusal.code,
                reason: format!("{} {}", refusal.message, refusal.details)
                    .trim()
                    .to_owned(),
                at: now(),
            });
            refusal.response(world.ids.prefixed("A"))
        }
    }
}

async fn take(
    world: &Arc<World>,
    phone_number_id: &str,
    request: &HttpRequest,
    body: &Value,
) -> Result<HttpResponse, Refusal> {
    let account = authorised(world, request, phone_number_id)?;
    world.dawdle(phone_number_id).await;
    misbehave(world, phone_number_id)?;
    if body["messaging_product"] != "whatsapp" {
        return Err(Refusal::new(
            100,
            "The parameter messaging_product is required.",
        ));
    }
    if body["status"] == "read" {
        return read_mark(world, &account, body);
    }
    let (kind, words) = check::content(body)?;
    let recipient = recipient(body)?;
    let chaos = world.dice.chaos(phone_number_id);
    let failing = world.dice.strikes(phone_number_id, Fault::FailSend);
    let code = if chaos.fail_code == 0 {
        131026
    } else {
        chaos.fail_code
    };
    if failing && !chaos.fail_later {
        return Err(Refusal::new(code, refusal::details(code)));
    }
    let wamid = world.ids.wamid();
    let (customer, blocked) = admit(world, &account, &recipient, body, &kind, &wamid, &words)?;
    let cut = world.dice.strikes(phone_number_id, Fault::Cut);
    let attempt_id = tracker(body);
    world.journal.accept(Accepted {
        account: phone_number_id.to_owned(),
        attempt_id: attempt_id.clone(),
        provider_id: wamid.clone(),
        to: customer.id.clone(),
        kind: kind.clone(),
        text: words,
        at: now(),
        answer_cut: cut,
        repeats: 0,
    });
    let fails = (failing || blocked).then_some(if failing { code } else { 131026 });
    let account = Account::WhatsApp(account);
    let early = world.dice.strikes(phone_number_id, Fault::EarlyReceipt);
    let held = kind == "template" && world.dice.strikes(phone_number_id, Fault::HoldTemplate);
    let arrival = Arrival {
        customer: customer.clone(),
        provider_id: wamid.clone(),
        attempt_id,
        fails,
        held_ms: held.then_some(chaos.hold_ms),
        only_sent: kind == "reaction",
        sent_before: early,
        answer: interactive::answer(body, &wamid),
    };
    if early {
        world.receipt_now(&account, &arrival, "sent").await;
    }
    world.arrive(&account, arrival);
    if cut {
        Connection::cut(request);
    }
    let status = (kind == "template").then_some(match held {
        true => "held_for_quality_assessment",
        false => "accepted",
    });
    Ok(HttpResponse::Ok().json(answer(&recipient, &customer, &wamid, status)))
}

/// Finds the account behind a path and checks the bearer token.
pub(crate) fn authorised(
    world: &World,
    request: &HttpRequest,
    phone_number_id: &str,
) -> Result<WhatsApp, Refusal> {
    let token = bearer(request);
    let Some(Account::WhatsApp(account)) = world.account(phone_number_id) else {
        return Err(match token.is_some_and(|token| knows_token(world, token)) {
            true => Refusal::no_object(phone_number_id),
            false => Refusal::new(190, ""),
        });
    };
    match token == Some(account.access_token.as_str()) {
        true => Ok(account),
        false => Err(Refusal::new(190, "")),
    }
}

/// Reads the bearer token of a call.
pub(crate) fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Says whether any WhatsApp account has this token.
pub(crate) fn knows_token(world: &World, token: &str) -> bool {
    world.accounts().iter().any(|account| match account {
        Account::WhatsApp(account) => account.access_token == token,
        _ => false,
    })
}

fn misbehave(world: &World, account: &str) -> Result<(), Refusal> {
    if world.dice.strikes(account, Fault::Reject429) {
        let mut refusal = Refusal::new(130429, refusal::details(130429));
        refusal.retry_after = Some(world.dice.chaos(account).retry_after_s);
        return Err(refusal);
    }
    if world.dice.strikes(account, Fault::Fail5xx) {
        return Err(Refusal::new(131000, refusal::details(131000)));
    }
    Ok(())
}

fn read_mark(world: &World, account: &WhatsApp, body: &Value) -> Result<HttpResponse, Refusal> {
    let id = body["message_id"].as_str().unwrap_or_default();
    if !id.starts_with("wamid.") {
        return Err(Refusal::new(
            131009,
            "Param message_id is not a valid whatsapp message id.",
        ));
    }
    let typing = !body["typing_indicator"].is_null();
    world.journal.accept(Accepted {
        account: account.phone_number_id.clone(),
        attempt_id: None,
        provider_id: id.to_owned(),
        to: String::new(),
        kind: if typing {
            "read_mark_and_typing"
        } else {
            "read_mark"
        }
        .to_owned(),
        text: String::new(),
        at: now(),
        answer_cut: false,
        repeats: 0,
    });
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}

/// How the desk addressed a customer.
enum Recipient {
    Phone { input: String, digits: String },
    UserId(String),
}

fn recipient(body: &Value) -> Result<Recipient, Refusal> {
    if let Some(to) = body["to"].as_str().filter(|to| !to.is_empty()) {
        let digits: String = to.chars().filter(char::is_ascii_digit).collect();
        return match (7..=15).contains(&digits.len()) {
            true => Ok(Recipient::Phone {
                input: to.to_owned(),
                digits,
            }),
            false => Err(Refusal::new(
                131009,
                "Param to is not a valid phone number.",
            )),
        };
    }
    match body["recipient"].as_str().filter(|id| !id.is_empty()) {
        Some(id) => Ok(Recipient::UserId(id.to_owned())),
        None => Err(Refusal::new(
            131008,
            "Parameter 'to' or 'recipient' is mandatory",
        )),
    }
}

/// Lets a send pass to its customer, or refuses it for the customer's sake.
/// Gives the customer and whether the customer blocked the number.
fn admit(
    world: &World,
    account: &WhatsApp,
    recipient: &Recipient,
    body: &Value,
    kind: &str,
    wamid: &str,
    words: &str,
) -> Result<(Customer, bool), Refusal> {
    let id = match recipient {
        Recipient::Phone { digits, .. } => digits.clone(),
        Recipient::UserId(user_id) => {
            phone_of(user_id).ok_or_else(|| Refusal::new(131026, refusal::details(131026)))?
        }
    };
    let now = now();
    let mut customers = lock(&world.customers);
    let stranger = customers.find(&account.phone_number_id, &id).is_none();
    let window = TimeDelta::from_std(world.settings.window).unwrap_or(TimeDelta::MAX);
    let open = match customers.find(&account.phone_number_id, &id) {
        Some(memory) => memory.wrote_at.is_some_and(|at| now - at < window),
        None => world.settings.strangers,
    };
    if !open && kind != "template" {
        return Err(Refusal::new(131047, refusal::details(131047)));
    }
    let memory = customers.meet(&account.phone_number_id, &Customer::new(id), now);
    if stranger && world.settings.strangers {
        memory.wrote_at = Some(now);
    }
    if kind == "reaction" {
        let target = body["reaction"]["message_id"].as_str().unwrap_or_default();
        if !stranger && !memory.knows(target) {
            return Err(Refusal::new(
                131009,
                "Param reaction['message_id'] is not valid.",
            ));
        }
    }
    if !memory.take_token(now) {
        return Err(Refusal::new(131056, refusal::details(131056)));
    }
    memory.remember(Line {
        id: wamid.to_owned(),
        from_desk: true,
        text: words.to_owned(),
        at: now,
        reaction: None,
    });
    Ok((memory.customer.clone(), memory.blocked))
}

fn answer(recipient: &Recipient, customer: &Customer, wamid: &str, status: Option<&str>) -> Value {
    let contact = match recipient {
        Recipient::Phone { input, .. } => json!({ "input": input, "wa_id": customer.id }),
        Recipient::UserId(id) => json!({ "input": id, "user_id": user_id(customer) }),
    };
    let mut message = json!({ "id": wamid });
    if let Some(status) = status {
        message["message_status"] = status.into();
    }
    json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] })
}

fn tracker(body: &Value) -> Option<String> {
    body["biz_opaque_callback_data"].as_str().map(str::to_owned)
}
