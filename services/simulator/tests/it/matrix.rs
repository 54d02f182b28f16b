//! The homeserver as an application service sees it.

use interdesk_simulator::{
    Account, Behaviour, Content, Customer, account::Matrix, customer::Media,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::desk::{Stage, Taken, read, until};

const BOT: &str = "@_desk:example.org";
const CUSTOMER: &str = "@customer-12:example.org";
const ROOM: &str = "!with-customer-12:example.org";

async fn stage() -> Stage {
    Stage::with(|settings| {
        let desk = settings.accounts[0].webhook_url();
        let desk = desk.strip_suffix("/whatsapp").unwrap_or(desk).to_owned();
        settings.accounts.push(Account::Matrix(Matrix {
            user_id: BOT.to_owned(),
            server_name: "example.org".to_owned(),
            as_token: "as".to_owned(),
            hs_token: "hs".to_owned(),
            webhook_url: format!("{desk}/matrix"),
        }));
        settings.behaviour.read = 1.0;
    })
    .await
}

async fn call(stage: &Stage, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = stage.url(&format!("/_matrix/client{path}"));
    let request = stage.http.request(method, url).bearer_auth("as");
    read(request.json(&body).send().await.unwrap()).await
}

/// A customer writes and the bot comes in; gives what the desk was told.
async fn talk(stage: &Stage) -> (String, Vec<Taken>) {
    let customer = Customer::new(CUSTOMER);
    let text = Content::text("hello");
    let id = stage.simulator.write(BOT, &customer, text).unwrap();
    stage.wait_for(1).await;
    let joined = call(stage, Method::POST, &format!("/v3/join/{ROOM}"), json!({})).await;
    assert_eq!(joined, (200, json!({ "room_id": ROOM })));
    (id, stage.wait_for(2).await)
}

#[tokio::test]
async fn the_desk_hears_of_a_room_once_its_bot_has_come_in() {
    let stage = stage().await;
    let (id, taken) = talk(&stage).await;
    let invitation = &taken[0].json()["events"][0];
    assert_eq!(invitation["type"], "m.room.member");
    assert_eq!(invitation["state_key"], BOT);
    assert_eq!(invitation["content"]["membership"], "invite");
    let message = &taken[1].json()["events"][0];
    assert_eq!(
        message["content"],
        json!({ "msgtype": "m.text", "body": "hello" })
    );
    assert_eq!(
        id,
        format!("{ROOM}/{}", message["event_id"].as_str().unwrap())
    );
    for one in &taken {
        assert!(
            one.path.contains("matrix/_matrix/app/v1/transactions/txn"),
            "{}",
            one.path
        );
        assert_eq!(one.header("authorization"), "Bearer hs");
    }
    assert_ne!(taken[0].path, taken[1].path);
    stage.end().await;
}

#[tokio::test]
async fn a_refused_transaction_comes_again_under_its_name_and_holds_up_the_next() {
    let stage = stage().await;
    stage.answer([503, 503]);
    let customer = Customer::new(CUSTOMER);
    stage
        .simulator
        .write(BOT, &customer, Content::text("one"))
        .unwrap();
    let taken = stage.wait_for(3).await;
    assert!(taken.iter().all(|one| one.path == taken[0].path));
    stage.end().await;
}

#[tokio::test]
async fn an_event_is_taken_once_under_its_key_and_read() {
    let stage = stage().await;
    talk(&stage).await;
    let path = format!("/v3/rooms/{ROOM}/send/m.room.message/key-1?user_id={BOT}");
    let body = json!({ "msgtype": "m.text", "body": "hi" });
    let first = call(&stage, Method::PUT, &path, body.clone()).await;
    let second = call(&stage, Method::PUT, &path, body).await;
    assert_eq!(first.0, 200);
    assert_eq!(first, second);
    let accepted = stage.simulator.journal().accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].attempt_id.as_deref(), Some("key-1"));
    let read = stage.wait_for(3).await[2].json();
    let event = first.1["event_id"].as_str().unwrap();
    let readers = &read["ephemeral"][0]["content"][event]["m.read"];
    assert!(readers[CUSTOMER]["ts"].is_number(), "{read}");
    stage.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_the_protocols_words() {
    let stage = stage().await;
    let send = format!("/v3/rooms/{ROOM}/send/m.room.message/k");
    let text = json!({ "msgtype": "m.text", "body": "hi" });
    let before = call(&stage, Method::PUT, &send, text.clone()).await;
    assert_eq!(
        (before.0, &before.1["errcode"]),
        (403, &json!("M_FORBIDDEN"))
    );
    talk(&stage).await;
    let url = stage.url(&format!("/_matrix/client{send}"));
    let foreign = stage.http.put(url).bearer_auth("other").json(&text);
    let foreign = read(foreign.send().await.unwrap()).await;
    assert_eq!(
        (foreign.0, &foreign.1["errcode"]),
        (401, &json!("M_UNKNOWN_TOKEN"))
    );
    let cases = [
        (
            Method::PUT,
            format!("{send}?user_id=@alice:example.org"),
            text.clone(),
            403,
            "M_FORBIDDEN",
        ),
        (
            Method::PUT,
            send.clone(),
            json!({ "body": "hi" }),
            400,
            "M_BAD_JSON",
        ),
        (
            Method::PUT,
            send.clone(),
            json!({ "msgtype": "m.image", "body": "a" }),
            400,
            "M_BAD_JSON",
        ),
        (
            Method::PUT,
            send.clone(),
            json!({ "msgtype": "m.text", "body": "x".repeat(70_000) }),
            413,
            "M_TOO_LARGE",
        ),
        (
            Method::POST,
            "/v3/join/!other:example.org".to_owned(),
            json!({}),
            403,
            "M_FORBIDDEN",
        ),
        (
            Method::POST,
            "/v3/register".to_owned(),
            json!({ "type": "m.login.application_service", "username": "_desk" }),
            400,
            "M_USER_IN_USE",
        ),
        (
            Method::POST,
            "/v3/register".to_owned(),
            json!({ "type": "m.login.application_service", "username": "alice" }),
            400,
            "M_EXCLUSIVE",
        ),
    ];
    for (method, path, body, status, code) in cases {
        let answer = call(&stage, method, &path, body).await;
        assert_eq!(
            (answer.0, &answer.1["errcode"]),
            (status, &json!(code)),
            "{path}"
        );
    }
    stage.end().await;
}

#[tokio::test]
async fn reactions_are_events_that_a_redaction_takes_back() {
    let stage = stage().await;
    let (id, _) = talk(&stage).await;
    let (_, event) = id.split_once('/').unwrap();
    let relation = json!({ "rel_type": "m.annotation", "event_id": event, "key": "👍" });
    let body = json!({ "m.relates_to": relation });
    let react = |key: &str| format!("/v3/rooms/{ROOM}/send/m.reaction/{key}");
    let first = call(&stage, Method::PUT, &react("1"), body.clone()).await;
    let twice = call(&stage, Method::PUT, &react("2"), body).await;
    assert_eq!(twice.1["errcode"], "M_DUPLICATE_ANNOTATION");
    let path = format!("/v1/rooms/{ROOM}/relations/{event}/m.annotation/m.reaction");
    let standing = call(&stage, Method::GET, &path, json!({})).await.1;
    assert_eq!(standing["chunk"][0]["event_id"], first.1["event_id"]);
    let redact = format!(
        "/v3/rooms/{ROOM}/redact/{}/3",
        first.1["event_id"].as_str().unwrap()
    );
    assert_eq!(call(&stage, Method::PUT, &redact, json!({})).await.0, 200);
    let standing = call(&stage, Method::GET, &path, json!({})).await.1;
    assert_eq!(standing["chunk"], json!([]));

    // The customer's own way to do both.
    let customer = Customer::new(CUSTOMER);
    for emoji in ["🎉", ""] {
        let reaction = Content::Reaction {
            message_id: id.clone(),
            emoji: emoji.to_owned(),
        };
        stage.simulator.write(BOT, &customer, reaction).unwrap();
    }
    let taken = stage.wait_for(4).await;
    let reaction = &taken[2].json()["events"][0];
    let redaction = &taken[3].json()["events"][0];
    assert_eq!(reaction["type"], "m.reaction");
    assert_eq!(redaction["content"]["redacts"], reaction["event_id"]);
    stage.end().await;
}

#[tokio::test]
async fn files_go_by_their_address_with_the_token_alone() {
    let stage = stage().await;
    stage.simulator.set_behaviour(BOT, Behaviour::default());
    talk(&stage).await;
    let customer = Customer::new(CUSTOMER);
    let photo = Content::Media {
        media: Media::Image,
        caption: Some("look".to_owned()),
    };
    stage.simulator.write(BOT, &customer, photo).unwrap();
    until("the photo", async || stage.taken().len() == 3).await;
    let content = stage.taken()[2].json()["events"][0]["content"].clone();
    let address = content["url"].as_str().unwrap();
    let id = address.strip_prefix("mxc://example.org/").unwrap();
    let url = stage.url(&format!(
        "/_matrix/client/v1/media/download/example.org/{id}"
    ));
    let open = stage.http.get(&url).send().await.unwrap();
    assert_eq!(open.status(), 401);
    let asked = stage.http.get(&url).bearer_auth("as").send().await.unwrap();
    assert_eq!(asked.bytes().await.unwrap(), Media::Image.bytes());

    let upload = stage.url("/_matrix/media/v3/upload?filename=a.txt");
    let upload = stage.http.post(upload).bearer_auth("as").body("bytes");
    let (status, kept) = read(upload.send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert!(
        kept["content_uri"]
            .as_str()
            .unwrap()
            .starts_with("mxc://example.org/")
    );
    stage.end().await;
}

#[tokio::test]
async fn a_ghost_is_made_asked_in_and_enters_before_it_writes() {
    let stage = stage().await;
    talk(&stage).await;
    let ghost = "?user_id=@_desk_a7:example.org";
    let put = |key: &str| format!("/v3/rooms/{ROOM}/send/m.room.message/{key}{ghost}");
    let words = json!({ "msgtype": "m.text", "body": "It is me" });
    let status =
        async |method: Method, path: String, body: Value| call(&stage, method, &path, body).await.0;
    let register = |name: &str| json!({ "type": "m.login.application_service", "username": name, "inhibit_login": true });
    let made = "/v3/register".to_owned();
    assert_eq!(status(Method::PUT, put("k1"), words.clone()).await, 403);
    assert_eq!(
        status(Method::POST, made.clone(), register("a7")).await,
        400
    );
    assert_eq!(
        status(Method::POST, made.clone(), register("_desk_a7")).await,
        200
    );
    assert_eq!(status(Method::POST, made, register("_desk_a7")).await, 400);
    assert_eq!(status(Method::PUT, put("k1"), words.clone()).await, 403);
    let join = || format!("/v3/join/{ROOM}{ghost}");
    assert_eq!(status(Method::POST, join(), json!({})).await, 403);
    let invite = format!("/v3/rooms/{ROOM}/invite");
    let asked = json!({ "user_id": "@_desk_a7:example.org" });
    assert_eq!(
        status(Method::POST, invite.clone(), asked.clone()).await,
        200
    );
    assert_eq!(status(Method::POST, join(), json!({})).await, 200);
    assert_eq!(status(Method::POST, invite, asked).await, 403, "it is in");
    let (code, sent) = call(&stage, Method::PUT, &put("k1"), words).await;
    assert_eq!(code, 200, "{sent}");
    let event = sent["event_id"].as_str().unwrap();
    let path = format!("/v3/rooms/{ROOM}/event/{event}");
    let (_, told) = call(&stage, Method::GET, &path, Value::Null).await;
    assert_eq!(told["sender"], "@_desk_a7:example.org");
    let who = call(&stage, Method::GET, "/v3/account/whoami", Value::Null).await;
    assert_eq!(who, (200, json!({ "user_id": BOT })));
}
