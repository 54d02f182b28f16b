//! `/{phone_number_id}/smb_app_data`, `/{phone_number_id}/groups` and what hangs on a group.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data, Path},
};
use serde_json::{Value, json};

use super::{
    check::{limited, list},
    graph::{authorised, bearer, knows_token},
    past,
    refusal::Refusal,
};
use crate::{chaos::lock, world::World};

/// Groups of the simulated numbers, and what was brought of their Business apps.
#[derive(Default)]
pub(crate) struct Groups {
    known: Mutex<BTreeMap<String, Group>>,
    brought: Mutex<BTreeSet<(String, String)>>,
}

/// One group.
#[derive(Clone)]
struct Group {
    link: String,
    requests: Vec<String>,
    people: Vec<String>,
}

/// How many people may be in a group.
const MOST_PEOPLE: usize = 8;

impl Groups {
    /// Lets somebody follow the link of a group: they ask to be let in.
    pub(crate) fn knock(&self, group: &str, who: &str) -> bool {
        let mut known = lock(&self.known);
        let Some(group) = known.get_mut(group) else {
            return false;
        };
        group.requests.push(who.to_owned());
        true
    }

    /// Lists who is in a group; nothing where there is none.
    pub(crate) fn people(&self, group: &str) -> Option<Vec<String>> {
        lock(&self.known)
            .get(group)
            .map(|group| group.people.clone())
    }

    /// Names the groups that there are.
    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.known).keys().cloned().collect()
    }
}

/// Takes the wish to have contacts or history brought: each once.
pub(crate) async fn bring(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (_, number) = path.into_inner();
    answer(&world, bring_once(&world, &number, &request, &read(&body)))
}

fn bring_once(
    world: &Arc<World>,
    number: &str,
    request: &HttpRequest,
    body: &Value,
) -> Result<Value, Refusal> {
    let account = authorised(world, request, number)?;
    product(body)?;
    let kind = body["sync_type"].as_str().unwrap_or_default();
    if !matches!(kind, "smb_app_state_sync" | "history") {
        return Err(Refusal::new(
            100,
            "Param sync_type must be one of {smb_app_state_sync, history}",
        ));
    }
    if !account.coexistence {
        return Err(Refusal::new(
            100,
            "The number is not one of the WhatsApp Business app.",
        ));
    }
    let place = (number.to_owned(), kind.to_owned());
    if !lock(&world.groups.brought).insert(place) {
        return Err(Refusal::new(
            2_593_107,
            "The synchronization was requested before; it can be requested once.",
        ));
    }
    match kind {
        "history" => past::history(world, &account),
        _ => past::contacts(world, &account),
    }
    Ok(json!({
        "messaging_product": "whatsapp",
        "request_id": world.ids.prefixed("R"),
    }))
}

/// Shuts customers out or lets them in again: of those that wrote.
pub(crate) async fn block_users(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (_, number) = path.into_inner();
    answer(&world, shut_out(&world, &number, &request, &read(&body)))
}

fn shut_out(
    world: &World,
    number: &str,
    request: &HttpRequest,
    body: &Value,
) -> Result<Value, Refusal> {
    authorised(world, request, number)?;
    product(body)?;
    let shuts = request.method() == Method::POST;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for asked in list(&body["block_users"], "block_users", 1..=64)? {
        let who = asked["user"].as_str().unwrap_or_default();
        let mut customers = lock(&world.customers);
        match customers.find(number, who) {
            Some(customer) => {
                customer.shut_out = shuts;
                done.push(json!({ "input": who, "wa_id": who }));
            }
            None => failed.push(json!({ "input": who, "errors": [{ "code": 139_100 }] })),
        }
    }
    let named = if shuts {
        "added_users"
    } else {
        "removed_users"
    };
    Ok(json!({
        "messaging_product": "whatsapp",
        "block_users": { named: done, "failed_users": failed },
    }))
}

/// Makes a group.
pub(crate) async fn add_group(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (_, number) = path.into_inner();
    answer(&world, make(&world, &number, &request, &read(&body)))
}

fn make(
    world: &World,
    number: &str,
    request: &HttpRequest,
    body: &Value,
) -> Result<Value, Refusal> {
    let account = authorised(world, request, number)?;
    product(body)?;
    limited(body, "group", "subject", 1, 128)?;
    limited(body, "group", "description", 0, 2048)?;
    let mode = &body["join_approval_mode"];
    if !mode.is_null() && mode != "auto_approve" && mode != "approval_required" {
        return Err(Refusal::new(100, "Param join_approval_mode is not valid"));
    }
    if account.coexistence {
        return Err(Refusal::new(
            131_215,
            "Numbers of the WhatsApp Business app have no groups.",
        ));
    }
    let group = Group {
        link: link(world),
        requests: Vec::new(),
        people: Vec::new(),
    };
    let id = world.ids.prefixed("G");
    lock(&world.groups.known).insert(id, group);
    Ok(json!({ "messaging_product": "whatsapp", "request_id": world.ids.prefixed("R") }))
}

/// Shows the link of a group, or makes another.
pub(crate) async fn invite_link(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let anew = request.method() == Method::POST;
    let outcome = change(&world, &path.1, &request, |group| {
        if anew {
            group.link = link(&world);
        }
        Ok(json!({ "messaging_product": "whatsapp", "invite_link": group.link }))
    });
    answer(&world, outcome)
}

/// Lists who asks to be let in, lets them in, or turns them away.
pub(crate) async fn join_requests(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (method, body) = (request.method().clone(), read(&body));
    let outcome = change(&world, &path.1, &request, |group| {
        if method == Method::GET {
            let all = group.requests.iter();
            let all = all.map(|who| json!({ "join_request_id": format!("J{who}"), "wa_id": who }));
            return Ok(json!({ "data": all.collect::<Value>() }));
        }
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for id in list(&body["join_requests"], "join_requests", 1..=MOST_PEOPLE)? {
            let who = id.as_str().and_then(|id| id.strip_prefix('J'));
            let place = group
                .requests
                .iter()
                .position(|one| Some(one.as_str()) == who);
            let room = method == Method::DELETE || group.people.len() < MOST_PEOPLE;
            match place.filter(|_| room) {
                Some(place) => {
                    let who = group.requests.remove(place);
                    if method == Method::POST {
                        group.people.push(who);
                    }
                    done.push(id.clone());
                }
                None => failed.push(json!({ "join_request_id": id })),
            }
        }
        let name = match method == Method::POST {
            true => "approved_join_requests",
            false => "rejected_join_requests",
        };
        Ok(json!({ "messaging_product": "whatsapp", name: done, "failed_join_requests": failed }))
    });
    answer(&world, outcome)
}

/// Takes people out of a group.
pub(crate) async fn remove(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let body = read(&body);
    let outcome = change(&world, &path.1, &request, |group| {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for one in list(&body["participants"], "participants", 1..=MOST_PEOPLE)? {
            let who = one["user"].as_str().unwrap_or_default();
            match group.people.iter().position(|known| known == who) {
                Some(place) => {
                    group.people.remove(place);
                    done.push(json!({ "user": who }));
                }
                None => failed.push(json!({ "user": who })),
            }
        }
        Ok(json!({
            "messaging_product": "whatsapp",
            "removed_participants": done,
            "failed_participants": failed,
        }))
    });
    answer(&world, outcome)
}

/// Deletes a group.
pub(crate) async fn delete(
    world: Data<World>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let outcome = change(&world, &path.1, &request, |_| {
        Ok(json!({ "success": true }))
    });
    if outcome.is_ok() {
        lock(&world.groups.known).remove(&path.1);
    }
    answer(&world, outcome)
}

fn change(
    world: &World,
    id: &str,
    request: &HttpRequest,
    act: impl FnOnce(&mut Group) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    if !bearer(request).is_some_and(|token| knows_token(world, token)) {
        return Err(Refusal::new(190, ""));
    }
    match lock(&world.groups.known).get_mut(id) {
        Some(group) => act(group),
        None => Err(Refusal::no_object(id)),
    }
}

fn link(world: &World) -> String {
    format!("https://chat.whatsapp.com/{}", world.ids.prefixed("L"))
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn product(body: &Value) -> Result<(), Refusal> {
    match body["messaging_product"] == "whatsapp" {
        true => Ok(()),
        false => Err(Refusal::new(
            100,
            "The parameter messaging_product is required.",
        )),
    }
}

fn answer(world: &World, outcome: Result<Value, Refusal>) -> HttpResponse {
    match outcome {
        Ok(body) => HttpResponse::Ok().json(body),
        Err(refusal) => refusal.response(world.ids.prefixed("A")),
    }
}
