//! The client-server API, as far as an application service needs it.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes, Data, Path, Query, ServiceConfig},
};
use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    room::{Reaction, customer_of, of_customer},
};
use crate::{
    Account, Customer,
    account::Matrix,
    arrive::Arrival,
    chaos::{Fault, lock},
    clock::now,
    courier,
    customer::Line,
    journal::Accepted,
    media::File,
    server::Connection,
    world::World,
};

/// The largest event, in bytes.
const LARGEST: usize = 65_536;

type Answer = Result<Value, Refusal>;

/// Mounts the calls.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/_matrix/client/versions", web::get().to(versions))
        .route("/_matrix/client/v3/register", web::post().to(register))
        .route("/_matrix/client/v3/account/whoami", web::get().to(whoami))
        .route(
            "/_matrix/client/v3/rooms/{room}/event/{event}",
            web::get().to(event),
        )
        .route(
            "/_matrix/client/v3/profile/{user}/displayname",
            web::put().to(name),
        )
        .route("/_matrix/client/v3/createRoom", web::post().to(create))
        .route(
            "/_matrix/client/v3/directory/room/{alias}",
            web::get().to(resolve),
        )
        .route("/_matrix/client/v3/join/{room}", web::post().to(join))
        .route(
            "/_matrix/client/v3/rooms/{room}/invite",
            web::post().to(invite),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/state/m.room.member/{user}",
            web::get().to(member),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/send/{kind}/{key}",
            web::put().to(send),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/redact/{event}/{key}",
            web::put().to(redact),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/receipt/m.read/{event}",
            web::post().to(read),
        )
        .route(
            "/_matrix/client/v3/rooms/{room}/typing/{user}",
            web::put().to(typing),
        )
        .route(
            "/_matrix/client/v1/rooms/{room}/relations/{event}/m.annotation/m.reaction",
            web::get().to(relations),
        )
        .route("/_matrix/media/v3/upload", web::post().to(upload))
        .route(
            "/_matrix/client/v1/media/download/{server}/{id}",
            web::get().to(download),
        );
}

fn respond(answer: Answer) -> HttpResponse {
    match answer {
        Ok(body) => HttpResponse::Ok().json(body),
        Err(refusal) => refusal.response(),
    }
}

/// Finds the application service by its token.
fn service(world: &World, request: &HttpRequest) -> Result<Matrix, Refusal> {
    let header = request.headers().get("authorization");
    let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let mut accounts = world.accounts().into_iter();
    accounts
        .find_map(|account| match account {
            Account::Matrix(account) if Some(account.as_token.as_str()) == token => Some(account),
            _ => None,
        })
        .ok_or_else(Refusal::token)
}

/// Finds it, and as whom it calls: its bot, named or not, or a ghost that it made.
fn caller(world: &World, request: &HttpRequest) -> Result<(Matrix, String), Refusal> {
    let account = service(world, request)?;
    let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map(Query::into_inner).unwrap_or_default();
    let user = query.into_iter().find(|(name, _)| name == "user_id");
    let user = user.map_or_else(|| account.user_id.clone(), |(_, user)| user);
    if user != account.user_id && !is_ghost(&account, &user) {
        let words = "Application service cannot masquerade as this user";
        return Err(Refusal::forbidden(words));
    }
    if user != account.user_id && !world.rooms.is_registered(&user) {
        let words = "Application service has not registered this user";
        return Err(Refusal::forbidden(words));
    }
    Ok((account, user))
}

/// Tells whether a user is in the namespace that the application service has for its ghosts.
fn is_ghost(account: &Matrix, user: &str) -> bool {
    let names = |user: &str| {
        let (localpart, server) = user.strip_prefix('@')?.split_once(':')?;
        Some((localpart.to_owned(), server.to_owned()))
    };
    let (Some(bot), Some(user)) = (names(&account.user_id), names(user)) else {
        return false;
    };
    user.1 == bot.1 && user.0.starts_with(&format!("{}_", bot.0))
}

/// Finds it, whoever of its users calls.
fn bot(world: &World, request: &HttpRequest) -> Result<Matrix, Refusal> {
    caller(world, request).map(|(account, _)| account)
}

fn body(bytes: &Bytes) -> Answer {
    serde_json::from_slice(bytes).map_err(|_| Refusal::bad_json("Content not JSON"))
}

async fn versions() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "versions": ["v1.11", "v1.13"] }))
}

async fn register(world: Data<World>, request: HttpRequest, bytes: Bytes) -> HttpResponse {
    let answer = || {
        let account = service(&world, &request)?;
        let body = body(&bytes)?;
        if body["type"] != "m.login.application_service" {
            return Err(Refusal::forbidden("Registration has been disabled"));
        }
        let name = body["username"].as_str().unwrap_or_default();
        let user = format!("@{name}:{}", account.server_name);
        let taken = || Refusal::taken("M_USER_IN_USE", "User ID already taken.");
        match is_ghost(&account, &user) {
            true if world.rooms.register(&user) => Ok(json!({ "user_id": user })),
            true => Err(taken()),
            false if user == account.user_id => Err(taken()),
            false => Err(Refusal::exclusive()),
        }
    };
    respond(answer())
}

async fn whoami(world: Data<World>, request: HttpRequest) -> HttpResponse {
    respond(caller(&world, &request).map(|(_, user)| json!({ "user_id": user })))
}

/// Tells who wrote an event of the desk.
async fn event(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let (room, event) = &*path;
        within(&world, &account, room)?;
        let author = world.rooms.author(event);
        let author = author.ok_or_else(|| Refusal::not_found("Event not found."))?;
        Ok(json!({ "event_id": event, "room_id": room, "sender": author }))
    };
    respond(answer())
}

async fn name(world: Data<World>, request: HttpRequest) -> HttpResponse {
    respond(bot(&world, &request).map(|_| json!({})))
}

async fn create(world: Data<World>, request: HttpRequest, bytes: Bytes) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let body = body(&bytes)?;
        let customer = body["invite"][0].as_str();
        let customer = customer.filter(|user| user.ends_with(&format!(":{}", account.server_name)));
        let customer = customer.ok_or_else(|| Refusal::not_found("Unknown user"))?;
        let room = of_customer(&account, customer);
        if let Some(alias) = body["room_alias_name"].as_str() {
            let alias = format!("#{alias}:{}", account.server_name);
            if !world.rooms.name(&alias, &room) {
                let words = "Room alias already taken";
                return Err(Refusal::taken("M_ROOM_IN_USE", words));
            }
        }
        world.rooms.enter(&room);
        Ok(json!({ "room_id": room }))
    };
    respond(answer())
}

async fn resolve(world: Data<World>, request: HttpRequest, alias: Path<String>) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let room = world.rooms.find(&alias);
        let room = room.ok_or_else(|| Refusal::not_found("Room alias not found"))?;
        Ok(json!({ "room_id": room, "servers": [account.server_name] }))
    };
    respond(answer())
}

async fn join(world: Data<World>, request: HttpRequest, room: Path<String>) -> HttpResponse {
    let answer = || {
        let (account, user) = caller(&world, &request)?;
        if user != account.user_id {
            return match world.rooms.let_in(&room, &user) {
                true => Ok(json!({ "room_id": *room })),
                false => Err(Refusal::forbidden("You are not invited to this room.")),
            };
        }
        if let Some(waited) = world.rooms.join(&room) {
            for parcel in waited {
                courier::post(&world, parcel);
            }
            return Ok(json!({ "room_id": *room }));
        }
        // A run before this one may have asked the bot in.
        if world.settings.strangers && customer_of(&account, &room).is_some() {
            world.rooms.enter(&room);
            return Ok(json!({ "room_id": *room }));
        }
        Err(Refusal::forbidden("You are not invited to this room."))
    };
    respond(answer())
}

async fn invite(
    world: Data<World>,
    request: HttpRequest,
    room: Path<String>,
    bytes: Bytes,
) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let user = text(&body(&bytes)?["user_id"]);
        within(&world, &account, &room)?;
        match world.rooms.is_registered(&user) && world.rooms.ask_in(&room, &user) {
            true => Ok(json!({})),
            false => Err(Refusal::forbidden("The user is already in the room.")),
        }
    };
    respond(answer())
}

/// Finds the customer of a room that the bot is in.
fn within(world: &World, account: &Matrix, room: &str) -> Result<Customer, Refusal> {
    let user = customer_of(account, room);
    let user = user.ok_or_else(|| Refusal::not_found("Unknown room"))?;
    if !world.rooms.is_joined(room) {
        return Err(Refusal::forbidden("User not in room"));
    }
    let known = world.remembered(&account.user_id, &user, |memory| {
        (memory.customer.clone(), memory.blocked)
    });
    match known {
        Some((_, true)) => Err(Refusal::forbidden("You were banned from this room")),
        Some((customer, false)) => Ok(customer),
        None => Ok(Customer::new(user)),
    }
}

async fn member(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let customer = within(&world, &account, &path.0)?;
        match customer.id == path.1 || account.user_id == path.1 {
            true => Ok(json!({ "membership": "join" })),
            false => Err(Refusal::not_found("Event not found.")),
        }
    };
    respond(answer())
}

async fn send(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    bytes: Bytes,
) -> HttpResponse {
    let (room, kind, key) = path.into_inner();
    let world = world.into_inner();
    let (account, user) = match caller(&world, &request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.response(),
    };
    world.dawdle(&account.user_id).await;
    respond(take(
        &world,
        &request,
        (&account, &user),
        (&room, &kind, &key),
        &bytes,
    ))
}

fn take(
    world: &Arc<World>,
    request: &HttpRequest,
    (account, user): (&Matrix, &str),
    (room, kind, key): (&str, &str, &str),
    bytes: &Bytes,
) -> Answer {
    let own = &account.user_id;
    let chaos = world.dice.chaos(own);
    if world.dice.strikes(own, Fault::Reject429) {
        return Err(Refusal::too_many(chaos.retry_after_s));
    }
    if world.dice.strikes(own, Fault::Fail5xx) {
        return Err(Refusal::of(500));
    }
    // The same key on the same path is the same event, whatever it holds now.
    let key_of_path = format!("{user}/{room}/{kind}/{key}");
    if let Some(event) = world.rooms.sent(&key_of_path) {
        return Ok(json!({ "event_id": event }));
    }
    let customer = within(world, account, room)?;
    if user != own && !world.rooms.has(room, user) {
        return Err(Refusal::forbidden("User not in room"));
    }
    if world.dice.strikes(own, Fault::FailSend) {
        let status = u16::try_from(chaos.fail_code).unwrap_or_default();
        return Err(Refusal::of(if status == 0 { 403 } else { status }));
    }
    if bytes.len() > LARGEST {
        return Err(Refusal::too_large());
    }
    let content = body(bytes)?;
    let event = world.ids.prefixed("$");
    let (what, words) = meaning(kind, &content)?;
    if what == "reaction" {
        let reaction = Reaction {
            target: text(&content["m.relates_to"]["event_id"]),
            sender: user.to_owned(),
            key: words.clone(),
        };
        if !world.rooms.react(&event, reaction) {
            let words = "Can't send same reaction twice";
            return Err(Refusal::taken("M_DUPLICATE_ANNOTATION", words));
        }
    }
    let cut = world.dice.strikes(own, Fault::Cut);
    let provider_id = format!("{room}/{event}");
    accept(
        world,
        account,
        &customer,
        &what,
        &words,
        (&provider_id, Some(key)),
        cut,
    );
    world.rooms.remember(key_of_path, event.clone());
    world.rooms.note_author(&event, user);
    if !matches!(what.as_str(), "reaction" | "edit") {
        let line = Line {
            id: event.clone(),
            from_desk: true,
            text: words,
            at: now(),
            reaction: None,
        };
        lock(&world.customers)
            .meet(own, &customer, now())
            .remember(line);
        let arrival = Arrival {
            customer,
            provider_id,
            attempt_id: None,
            fails: None,
            held_ms: None,
            only_sent: false,
            sent_before: true,
            answer: None,
        };
        world.arrive(&Account::Matrix(account.clone()), arrival);
    }
    if cut {
        Connection::cut(request);
    }
    Ok(json!({ "event_id": event }))
}

/// Checks what an event of the desk holds; gives its kind and its words for the journal.
fn meaning(kind: &str, content: &Value) -> Result<(String, String), Refusal> {
    let relation = &content["m.relates_to"];
    let missing = |what: &str| Refusal::bad_json(&format!("'{what}' not in content"));
    match kind {
        "m.reaction" => match relation["key"].as_str() {
            Some(key) if relation["event_id"].is_string() => {
                Ok(("reaction".to_owned(), key.to_owned()))
            }
            _ => Err(missing("m.relates_to")),
        },
        "m.sticker" if content["url"].is_string() => {
            Ok(("sticker".to_owned(), text(&content["body"])))
        }
        "m.room.message" => {
            let msgtype = content["msgtype"]
                .as_str()
                .ok_or_else(|| missing("msgtype"))?;
            let words = content["body"].as_str().ok_or_else(|| missing("body"))?;
            if relation["rel_type"] == "m.replace" {
                let now = content["m.new_content"]["body"].as_str();
                let now = now.ok_or_else(|| missing("m.new_content"))?;
                return Ok(("edit".to_owned(), now.to_owned()));
            }
            let what = match msgtype {
                "m.text" | "m.notice" => "text",
                "m.image" => "image",
                "m.video" => "video",
                "m.audio" => "audio",
                "m.file" => "document",
                "m.location" if content["geo_uri"].is_string() => "location",
                _ => return Err(Refusal::bad_json("Unknown msgtype")),
            };
            if matches!(what, "image" | "video" | "audio" | "document")
                && !text(&content["url"]).starts_with("mxc://")
            {
                return Err(missing("url"));
            }
            Ok((what.to_owned(), words.to_owned()))
        }
        _ => Err(Refusal::forbidden(
            "You don't have permission to post that to the room",
        )),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn redact(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let (room, event, _) = &*path;
        let customer = within(&world, &account, room)?;
        world.rooms.take_back(event);
        world.remembered(&account.user_id, &customer.id, |memory| {
            memory.forget(event)
        });
        let id = format!("{room}/{event}");
        accept(
            &world,
            &account,
            &customer,
            "delete",
            "",
            (&id, None),
            false,
        );
        Ok(json!({ "event_id": world.ids.prefixed("$") }))
    };
    respond(answer())
}

async fn read(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    passing(&world, &request, &path.0, "read_mark", &path.1)
}

async fn typing(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    passing(&world, &request, &path.0, "typing", "typing")
}

fn passing(
    world: &World,
    request: &HttpRequest,
    room: &str,
    kind: &str,
    event: &str,
) -> HttpResponse {
    let answer = || {
        let account = bot(world, request)?;
        let customer = within(world, &account, room)?;
        let id = format!("{room}/{event}");
        accept(world, &account, &customer, kind, "", (&id, None), false);
        Ok(json!({}))
    };
    respond(answer())
}

async fn relations(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let (room, target) = &*path;
        within(&world, &account, room)?;
        let standing = world.rooms.reactions(target).into_iter();
        let chunk = standing.map(|(event, reaction)| {
            let relation = json!({
                "rel_type": "m.annotation",
                "event_id": reaction.target,
                "key": reaction.key,
            });
            json!({
                "type": "m.reaction",
                "event_id": event,
                "room_id": room,
                "sender": reaction.sender,
                "content": { "m.relates_to": relation },
            })
        });
        Ok(json!({ "chunk": chunk.collect::<Vec<_>>() }))
    };
    respond(answer())
}

async fn upload(world: Data<World>, request: HttpRequest, bytes: Bytes) -> HttpResponse {
    let answer = || {
        let account = bot(&world, &request)?;
        let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let query = query.map(Query::into_inner).unwrap_or_default();
        let name = query.into_iter().find(|(name, _)| name == "filename");
        let mime_type = request.headers().get("content-type");
        let mime_type = mime_type.and_then(|value| value.to_str().ok());
        let file = File {
            id: world.ids.digits(),
            name: name.map_or_else(|| "file".to_owned(), |(_, name)| name),
            mime_type: mime_type.unwrap_or("application/octet-stream").to_owned(),
            bytes,
        };
        let uri = format!("mxc://{}/{}", account.server_name, file.id);
        world.files.keep(file);
        Ok(json!({ "content_uri": uri }))
    };
    respond(answer())
}

async fn download(
    world: Data<World>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let known = service(&world, &request).map(|account| account.server_name == path.0);
    match known {
        Err(refusal) => refusal.response(),
        Ok(ours) => match world.files.find(&path.1).filter(|_| ours) {
            Some(file) => HttpResponse::Ok()
                .content_type(file.mime_type)
                .body(file.bytes),
            None => Refusal::not_found("Not found").response(),
        },
    }
}

/// Journals what was taken.
fn accept(
    world: &World,
    account: &Matrix,
    customer: &Customer,
    kind: &str,
    words: &str,
    (provider_id, attempt): (&str, Option<&str>),
    answer_cut: bool,
) {
    world.journal.accept(Accepted {
        account: account.user_id.clone(),
        attempt_id: attempt.map(str::to_owned),
        provider_id: provider_id.to_owned(),
        to: customer.id.clone(),
        kind: kind.to_owned(),
        text: words.to_owned(),
        at: now(),
        answer_cut,
        repeats: 0,
    });
}
