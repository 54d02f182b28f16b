//! `POST /app/{account}/callback`: where the app takes the desk's replies.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};

use crate::{
    Account, Customer,
    account::Webhook,
    arrive::Arrival,
    chaos::{Fault, lock},
    clock::now,
    customer::Line,
    journal::{Accepted, Rejected},
    server::Connection,
    signature::{self, Signed},
    world::World,
};

/// Message ids remembered for idempotency.
const REMEMBERED: usize = 1_000_000;

/// Which of the desk's messages the app has taken, under which ids.
#[derive(Default)]
pub(crate) struct Callbacks {
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    external_ids: HashMap<(String, String), String>,
    order: VecDeque<(String, String)>,
}

impl Callbacks {
    /// Notes a message. Gives its external id and whether it is new.
    fn note(
        &self,
        account: &str,
        message_id: &str,
        new: impl FnOnce() -> String,
    ) -> (String, bool) {
        let key = (account.to_owned(), message_id.to_owned());
        let mut taken = lock(&self.taken);
        if let Some(external_id) = taken.external_ids.get(&key) {
            return (external_id.clone(), false);
        }
        if taken.order.len() == REMEMBERED
            && let Some(oldest) = taken.order.pop_front()
        {
            taken.external_ids.remove(&oldest);
        }
        let external_id = new();
        taken.order.push_back(key.clone());
        taken.external_ids.insert(key, external_id.clone());
        (external_id, true)
    }
}

struct Refusal {
    status: u16,
    reason: String,
    retry_after: Option<u64>,
}

fn refuse(status: u16, reason: impl Into<String>) -> Refusal {
    Refusal {
        status,
        reason: reason.into(),
        retry_after: None,
    }
}

/// Takes one event of the desk.
pub(crate) async fn take(
    world: Data<World>,
    account: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let world = world.into_inner();
    match receive(&world, &account, &request, &body).await {
        Ok(response) => response,
        Err(refusal) => {
            let event: Value = serde_json::from_slice(&body).unwrap_or_default();
            let attempt_id = text(&event["data"]["message"]["id"]);
            world.journal.reject(Rejected {
                account: account.into_inner(),
                attempt_id,
                status: refusal.status,
                code: refusal.status.into(),
                reason: refusal.reason.clone(),
                at: now(),
            });
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = HttpResponse::build(status);
            if let Some(seconds) = refusal.retry_after {
                response.insert_header(("retry-after", seconds.to_string()));
            }
            response.json(json!({ "error": refusal.reason }))
        }
    }
}

async fn receive(
    world: &Arc<World>,
    key: &str,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    let Some(Account::Webhook(app)) = world.account(key) else {
        return Err(refuse(404, "unknown app"));
    };
    if !signed(&app, request, body) {
        return Err(refuse(401, "wrong signature or timestamp"));
    }
    let event: Value =
        serde_json::from_slice(body).map_err(|_| refuse(400, "the body is not json"))?;
    world.dawdle(key).await;
    misbehave(world, key)?;
    if event["type"] != "reply.created" {
        return Ok(HttpResponse::NoContent().finish());
    }
    reply(world, &app, request, &event["data"]["message"])
}

fn signed(app: &Webhook, request: &HttpRequest, body: &Bytes) -> bool {
    let header = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    let (Some(id), Some(timestamp), Some(signatures)) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    ) else {
        return false;
    };
    let signed = Signed {
        id,
        timestamp,
        signatures,
        body,
    };
    signature::verify(
        signed,
        &app.secret,
        app.desk_public_key.as_deref(),
        now().timestamp(),
    )
}

fn misbehave(world: &World, key: &str) -> Result<(), Refusal> {
    let chaos = world.dice.chaos(key);
    if world.dice.strikes(key, Fault::Reject429) {
        let mut refusal = refuse(429, "too many requests");
        refusal.retry_after = Some(chaos.retry_after_s);
        return Err(refusal);
    }
    if world.dice.strikes(key, Fault::Fail5xx) {
        return Err(refuse(503, "the app is down"));
    }
    Ok(())
}

fn reply(
    world: &Arc<World>,
    app: &Webhook,
    request: &HttpRequest,
    message: &Value,
) -> Result<HttpResponse, Refusal> {
    let attempt_id = text(&message["id"]).ok_or_else(|| refuse(400, "message.id is missing"))?;
    // Several attempts at one message share its key; an app without the key has the id.
    let key = text(&message["key"]).unwrap_or_else(|| attempt_id.clone());
    let to = addressee(message).ok_or_else(|| {
        refuse(
            400,
            "message.recipient.id and message.conversation_id are missing",
        )
    })?;
    let failing = world.dice.strikes(&app.id, Fault::FailSend);
    let chaos = world.dice.chaos(&app.id);
    let code = if chaos.fail_code == 0 {
        422
    } else {
        chaos.fail_code
    };
    if failing && !chaos.fail_later {
        let status = u16::try_from(code).unwrap_or(422);
        return Err(refuse(status, "the app refuses the message"));
    }
    let new_id = || world.ids.prefixed("app-");
    let (external_id, new) = world.callbacks.note(&app.id, &key, new_id);
    let cut = world.dice.strikes(&app.id, Fault::Cut);
    let answer = HttpResponse::Ok().json(json!({ "external_id": external_id }));
    if !new {
        world.journal.repeat(&app.id, &external_id);
        if cut {
            Connection::cut(request);
        }
        return Ok(answer);
    }
    let words = message["text"].as_str().unwrap_or_default().to_owned();
    let customer = remember(world, app, &to, &external_id, &words);
    let attachments = message["attachments"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    world.journal.accept(Accepted {
        account: app.id.clone(),
        attempt_id: Some(attempt_id.clone()),
        provider_id: external_id.clone(),
        to,
        kind: if attachments { "attachments" } else { "text" }.to_owned(),
        text: words,
        at: now(),
        answer_cut: cut,
        repeats: 0,
    });
    // Only now: a caller who is cut off may call again at once and has to be found in the journal.
    if cut {
        Connection::cut(request);
    }
    let blocked = world.remembered(&app.id, &customer.id, |memory| memory.blocked);
    let arrival = Arrival {
        customer,
        provider_id: external_id,
        attempt_id: Some(attempt_id),
        fails: (failing || blocked == Some(true)).then_some(code),
        held_ms: None,
        only_sent: false,
        sent_before: false,
        answer: None,
    };
    world.arrive(&Account::Webhook(app.clone()), arrival);
    Ok(answer)
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Finds whom a reply is for: the person, or the one person in the room.
fn addressee(message: &Value) -> Option<String> {
    text(&message["recipient"]["id"]).or_else(|| {
        let room = text(&message["conversation_id"])?;
        room.strip_prefix("room-").map(str::to_owned)
    })
}

fn remember(world: &World, app: &Webhook, to: &str, id: &str, words: &str) -> Customer {
    let mut customers = lock(&world.customers);
    let memory = customers.meet(&app.id, &Customer::new(to), now());
    memory.remember(Line {
        id: id.to_owned(),
        from_desk: true,
        text: words.to_owned(),
        at: now(),
        reaction: None,
    });
    memory.customer.clone()
}
