//! The web chat as a page's widget speaks it: sessions, identities, messages, the live feed.

use crate::harness::{Agent, Column, Desk, Live, Plan, until};
use crate::stories;
use crate::visitor::{Feed, ORIGIN, Page, SECRET, WEBSITE, hash, identity, website};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

stories!(
    a_visitor_sees_the_answer_live_and_after_a_lost_connection_neither_less_nor_more,
    a_page_that_is_not_allowed_and_a_token_that_is_not_ours_get_nothing,
    a_signed_visitor_is_one_person_on_every_browser_and_never_a_stranger,
    files_go_both_ways_and_nobody_takes_another_visitors,
    a_visitor_is_given_links_into_other_apps_sixty_times_an_hour,
);

async fn start(column: Column, name: &str, more: Value) -> Desk {
    let plan = Plan {
        inboxes: vec![website(WEBSITE, more)],
        ..Plan::default()
    };
    Desk::start(column, name, plan).await
}

async fn at_the_desk(desk: &Desk) -> (Agent, Live) {
    let agent = desk.agent(1).await;
    let live = agent.watch().await;
    agent.online().await;
    (agent, live)
}

async fn a_visitor_sees_the_answer_live_and_after_a_lost_connection_neither_less_nor_more(
    column: Column,
) {
    let desk = start(column, "webchat-live", json!({})).await;
    let page = Page::new(desk.webhook_url(WEBSITE));
    let visitor = page.begin(json!({ "locale": "de-DE" })).await;
    let mut feed = visitor.feed(None).await;
    feed.until("ready").await;

    let sent = visitor.write("c-1", "Where is my <b>parcel</b>?").await;
    assert_eq!(sent["message"]["text"], "Where is my <b>parcel</b>?");
    assert_eq!(sent["message"]["client_id"], "c-1");
    let again = visitor.write("c-1", "Where is my <b>parcel</b>?").await;
    assert_eq!(sent, again, "a repeat finds the first");
    let own = feed.until("message").await;
    assert_eq!(own["client_id"], "c-1");

    let (agent, mut live) = at_the_desk(&desk).await;
    let conversation = agent.take_next(&mut live).await;
    let reply = agent.reply(&conversation, "On its way.").await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    live.until_delivery(&reply["message"]["id"], "SENT").await;
    let answer = feed.until_text("On its way.").await;
    assert_eq!(
        (&answer["from"], &answer["agent"]),
        (&json!("agent"), &json!("Agent 1"))
    );
    assert!(answer["seq"].as_i64() > own["seq"].as_i64());
    let seen = feed.until_seen(&answer["seq"]).await;

    visitor.receipt("delivered", &answer["seq"]).await;
    live.until_delivery(&reply["message"]["id"], "DELIVERED")
        .await;
    visitor.receipt("read", &answer["seq"]).await;
    live.until_delivery(&reply["message"]["id"], "READ").await;
    visitor.receipt("delivered", &answer["seq"]).await;
    assert_eq!(
        agent.delivery(&reply["message"]["id"]).await["state"],
        "READ"
    );

    drop(feed);
    for text in ["Tomorrow.", "At noon."] {
        let reply = agent.reply(&conversation, text).await;
        live.until_delivery(&reply["message"]["id"], "SENT").await;
    }
    let mut feed = visitor.feed(Some(&seen)).await;
    feed.until("ready").await;
    let texts = feed.latest_texts();
    assert_eq!(
        texts,
        [
            "Where is my <b>parcel</b>?",
            "On its way.",
            "Tomorrow.",
            "At noon."
        ],
        "by id, in order"
    );
    let last = feed.last_id();
    let mut feed = visitor.feed(Some(&last)).await;
    feed.until("ready").await;
    assert_eq!(
        feed.latest_texts(),
        [""; 0],
        "nothing was missed, nothing is told"
    );

    typing_is_shown(&desk, &agent, &conversation, &visitor, &mut feed).await;
    let history = visitor.history("?limit=2").await;
    assert_eq!(history["messages"][1]["text"], "At noon.");
    assert_eq!(history["has_more"], true);
    strangers_see_nothing_of_each_other(&page, &conversation, &last).await;
    let count = "SELECT count(*) FROM messages WHERE direction = 'in'";
    assert_eq!(desk.database.count(count).await, 1);
}

async fn typing_is_shown(
    _desk: &Desk,
    agent: &Agent,
    conversation: &Value,
    visitor: &crate::visitor::Visitor,
    feed: &mut Feed,
) {
    let query = "mutation($input: ConversationTypingInput!) {
        conversationTyping(input: $input) { status } }";
    let input = json!({ "input": { "conversationId": conversation } });
    let said = agent.ask(query, input).await;
    assert_eq!(said["conversationTyping"]["status"], "SHOWN", "{said}");
    assert_eq!(feed.until("typing").await["typing"], true);
    assert_eq!(
        visitor.post("typing", json!({})).await.0,
        StatusCode::NO_CONTENT
    );
    let (status, limited) = visitor.post("typing", json!({})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{limited}");
    let query = "query($id: ID!) { node(id: $id) { ... on Conversation { customerTyping } } }";
    let seen = agent.ask(query, json!({ "id": conversation })).await;
    assert_eq!(seen["node"]["customerTyping"], true, "{seen}");
    assert_eq!(
        feed.until("typing").await["typing"],
        false,
        "it passes by itself"
    );
}

async fn strangers_see_nothing_of_each_other(page: &Page, conversation: &Value, cursor: &str) {
    let other = page.begin(json!({})).await;
    assert_eq!(
        other.history("").await["messages"],
        json!([]),
        "{conversation}"
    );
    let mut feed = other.feed(Some(cursor)).await;
    feed.until("ready").await;
    assert_eq!(feed.latest_texts(), [""; 0]);
    other.receipt("read", &json!(i64::MAX)).await;
}

async fn a_page_that_is_not_allowed_and_a_token_that_is_not_ours_get_nothing(column: Column) {
    let plan = Plan {
        inboxes: vec![
            website(WEBSITE, json!({})),
            website("other-site", json!({})),
        ],
        ..Plan::default()
    };
    let plan = plan
        .set("INTERDESK_WIDGET_SESSIONS_PER_MINUTE", "12")
        .set("INTERDESK_WIDGET_MESSAGES_PER_MINUTE", "3");
    let desk = Desk::start(column, "webchat-closed", plan).await;
    let url = desk.webhook_url(WEBSITE);
    let page = Page::new(url.clone());
    for origin in [
        None,
        Some("https://evil.example"),
        Some("null"),
        Some("https://shop.example.org.evil.example"),
    ] {
        let foreign = page.on(origin);
        let answer = foreign
            .request("POST", "sessions", None)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin:?}");
        assert!(
            answer
                .headers()
                .get("access-control-allow-origin")
                .is_none(),
            "{origin:?}"
        );
    }
    let preflight = async |origin: &str| {
        let asked = page.on(Some(origin)).request("OPTIONS", "messages", None);
        let asked = asked.header("access-control-request-method", "POST");
        asked.send().await.expect("an answer")
    };
    let allowed = preflight(ORIGIN).await;
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
    let header = |name: &str| {
        allowed
            .headers()
            .get(name)
            .expect("a header")
            .to_str()
            .expect("text")
    };
    assert_eq!(header("access-control-allow-origin"), ORIGIN);
    assert_eq!(header("vary"), "origin");
    assert!(
        allowed
            .headers()
            .get("access-control-allow-credentials")
            .is_none()
    );
    assert_eq!(
        preflight("https://evil.example").await.status(),
        StatusCode::FORBIDDEN
    );
    for (origin, allowed) in [(ORIGIN, true), ("https://evil.example", false)] {
        let asked = page.on(Some(origin)).request("GET", "page", None);
        let told = asked.send().await.expect("an answer");
        let readable = told.headers().get("access-control-allow-origin");
        assert_eq!(readable.expect("for every page"), "*");
        let told = told.bytes().await.expect("bytes");
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        assert_eq!(told, json!({ "allowed": allowed }), "{origin}");
    }
    let unknown = Page::new(format!("{}/widget/nobody", desk.url("ingestion")));
    let answer = unknown
        .request("POST", "sessions", None)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let webhook = url.replace("/widget/", "/webhooks/webchat/");
    let answer = reqwest::Client::new().post(webhook).body("{}").send().await;
    assert_eq!(
        answer.expect("an answer").status(),
        StatusCode::NOT_FOUND,
        "no way around"
    );

    let visitor = page.begin(json!({})).await;
    let other = Page::new(desk.webhook_url("other-site"))
        .begin(json!({}))
        .await;
    for (what, token) in forgeries(&visitor.token) {
        let (status, answer) = visitor
            .with(token)
            .post("messages", json!({ "id": "x", "text": "x" }))
            .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}: {answer}");
        assert_eq!(
            answer["error"]["code"], "SESSION_REFUSED",
            "{what}: {answer}"
        );
    }
    let (status, _) = visitor
        .with(other.token.clone())
        .post("messages", json!({ "id": "x", "text": "x" }))
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a token of another inbox");

    for body in [
        json!({}),
        json!({ "id": "", "text": "x" }),
        json!({ "id": "a b", "text": "x" }),
        json!({ "id": "x", "text": " " }),
        json!({ "id": "x", "text": "x".repeat(8_001) }),
        json!({ "id": "x", "text": "x", "sender": "somebody" }),
    ] {
        let (status, answer) = other.post("messages", body).await;
        assert!(matches!(status.as_u16(), 400 | 429), "{answer}");
    }
    for number in 0..3 {
        visitor.write(&format!("c-{number}"), "Hello?").await;
    }
    let (status, answer) = visitor
        .post("messages", json!({ "id": "c-4", "text": "x" }))
        .await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");

    let (status, _) = visitor.request("DELETE", "sessions/current").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, answer) = visitor.post("sessions/renew", json!({})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::UNAUTHORIZED, &json!("SESSION_REFUSED"))
    );
    let mut refused = 0;
    for _ in 0..14 {
        let answer = page
            .request("POST", "sessions", None)
            .send()
            .await
            .expect("an answer");
        refused += usize::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(
        refused >= 2,
        "one address begins 12 sessions a minute: {refused}"
    );
    let count = "SELECT count(*) FROM messages";
    assert_eq!(desk.database.count(count).await, 3);
}

/// Tokens that look like a good one and are none.
fn forgeries(good: &str) -> Vec<(&'static str, String)> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as CODE;
    let parts: Vec<&str> = good.split('.').collect();
    let claims: Value =
        serde_json::from_slice(&CODE.decode(parts[1]).expect("a part")).expect("JSON");
    let unsigned = |alg: &str| {
        let head = CODE.encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
        format!("{head}.{}.", parts[1])
    };
    let signed = |change: &dyn Fn(&mut Value)| {
        let mut changed = claims.clone();
        change(&mut changed);
        crate::visitor::sign(&changed, &SECRET.repeat(2)[..64])
    };
    vec![
        ("nothing", String::new()),
        ("garbage", "a.b.c".to_owned()),
        ("no algorithm", unsigned("none")),
        ("no algorithm in capitals", unsigned("NONE")),
        ("a cut signature", good[..good.len() - 2].to_owned()),
        (
            "another's claims",
            format!("{}.{}.{}", parts[0], CODE.encode("{}"), parts[2]),
        ),
        (
            "another audience",
            signed(&|claims| claims["aud"] = json!("interdesk-desk")),
        ),
        (
            "an expired one",
            signed(&|claims| claims["exp"] = json!(1_700_000_000)),
        ),
        (
            "another visitor of a session",
            signed(&|claims| claims["sub"] = claims["jti"].clone()),
        ),
        (
            "a session that is none",
            signed(&|claims| claims["jti"] = claims["sub"].clone()),
        ),
        (
            "another inbox",
            signed(&|claims| claims["inbox"] = claims["sub"].clone()),
        ),
        (
            "another tenant",
            signed(&|claims| claims["tenant"] = claims["sub"].clone()),
        ),
    ]
}

async fn a_signed_visitor_is_one_person_on_every_browser_and_never_a_stranger(column: Column) {
    let mailbox = json!({
        "channel": "email", "name": "Mail", "account_id": "support@example.org",
        "endpoint": "smtp://127.0.0.1:1", "queue": "Support", "credentials": {},
    });
    let plan = Plan {
        inboxes: vec![website(WEBSITE, json!({})), mailbox],
        ..Plan::default()
    };
    let desk = Desk::start(column, "webchat-identity", plan).await;
    let page = Page::new(desk.webhook_url(WEBSITE));
    let stranger = page.begin(json!({})).await;
    stranger.write("c-1", "I am a stranger").await;
    let signed = |user: &str| {
        identity(&json!({ "sub": user, "name": "Customer 12", "email": "customer12@example.org" }))
    };
    let phone = page
        .begin(json!({ "identity": signed("customer-12") }))
        .await;
    assert_eq!(phone.told["visitor"]["user"], "customer-12");
    phone.write("c-1", "I am known").await;
    let laptop = page
        .begin(json!({ "user": { "id": "customer-12", "hash": hash("customer-12") } }))
        .await;
    laptop.write("c-1", "So am I").await;
    assert_eq!(laptop.texts().await, ["I am known", "So am I"]);
    assert_eq!(phone.texts().await, ["I am known", "So am I"]);
    assert_eq!(stranger.texts().await, ["I am a stranger"]);
    let contacts = "SELECT count(*) FROM contacts";
    assert_eq!(
        desk.database.count(contacts).await,
        2,
        "the same address says nothing"
    );
    let names = "SELECT name || ' ' || name_source FROM contacts WHERE name IS NOT NULL";
    assert_eq!(desk.database.texts(names).await, ["Customer 12 verified"]);

    let once = identity(&json!({ "sub": "customer-13", "jti": "only-once" }));
    page.begin(json!({ "identity": once })).await;
    let long =
        identity(&json!({ "sub": "customer-13", "exp": chrono::Utc::now().timestamp() + 90_000 }));
    let foreign = crate::visitor::sign(&json!({ "sub": "customer-13" }), &"x".repeat(40));
    for (what, body) in [
        ("used twice", json!({ "identity": once })),
        ("for a day", json!({ "identity": long })),
        ("by another secret", json!({ "identity": foreign })),
        (
            "a session as an identity",
            json!({ "identity": phone.token }),
        ),
        (
            "another's hash",
            json!({ "user": { "id": "customer-13", "hash": hash("customer-12") } }),
        ),
    ] {
        let answer = page
            .request("POST", "sessions", None)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
    }

    let mut feed = phone.feed(None).await;
    feed.until("ready").await;
    let status = feed.status();
    assert_eq!(status["online"], false, "nobody is there");
    phone.request("DELETE", "sessions/current").await;
    feed.until("ended").await;
    assert_eq!(laptop.texts().await.len(), 2, "other browsers stay");

    let (agent, _live) = at_the_desk(&desk).await;
    until("somebody to be there", async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        page.begin(json!({})).await.told["online"] == true
    })
    .await;
    address_to_answer_at(&desk, &agent, &stranger).await;
}

async fn address_to_answer_at(desk: &Desk, agent: &Agent, stranger: &crate::visitor::Visitor) {
    let (status, answer) = stranger
        .post("email", json!({ "id": "e-1", "email": "no address" }))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let left = json!({ "id": "e-1", "email": " Customer13@Example.org " });
    for _ in 0..2 {
        let (status, answer) = stranger.post("email", left.clone()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["message"]["notice"], "email");
    }
    let claimed = "SELECT count(*) FROM identities WHERE value = 'customer13@example.org'
        AND network = 'email' AND verified_by = 'self_asserted'";
    assert_eq!(
        desk.database.count(claimed).await,
        1,
        "once, and as a claim"
    );
    let query = "{ conversations { nodes { lastText
        replyRoute { inbox { channel } alternatives { inbox { channel } } } } } }";
    let data = agent.ask(query, json!({})).await;
    let all = data["conversations"]["nodes"]
        .as_array()
        .expect("conversations");
    let told = |one: &&Value| {
        one["lastText"]
            .to_string()
            .contains("customer13@example.org")
    };
    let one = all.iter().find(told).expect("the agents are told");
    assert_eq!(one["replyRoute"]["inbox"]["channel"], "WEBCHAT", "{one}");
    let mail = json!([{ "inbox": { "channel": "EMAIL" } }]);
    assert_eq!(
        one["replyRoute"]["alternatives"], mail,
        "the chat may go on by mail"
    );
}

/// The smallest picture: one pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

async fn files_go_both_ways_and_nobody_takes_another_visitors(column: Column) {
    let desk = start(column, "webchat-files", json!({})).await;
    let page = Page::new(desk.webhook_url(WEBSITE));
    let (visitor, other) = (page.begin(json!({})).await, page.begin(json!({})).await);
    let (status, kept) = visitor.upload("..%2Fparcel.png", PIXEL.to_vec()).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    assert_eq!(kept["file"]["name"], "parcel.png");
    assert_eq!(kept["file"]["type"], "image/png", "by its bytes");
    let ticket = kept["file"]["id"].clone();
    let with_file = json!({ "id": "f-1", "text": "This one", "file": ticket });
    let (status, refused) = other.post("messages", with_file.clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let (status, _) = visitor
        .with(ticket.as_str().expect("a text").to_owned())
        .post("messages", with_file.clone())
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a ticket is no session");
    for _ in 0..2 {
        let (status, sent) = visitor.post("messages", with_file.clone()).await;
        assert_eq!(status, StatusCode::OK, "{sent}");
        assert_eq!(sent["message"]["file"]["kind"], "image");
        assert_eq!(read_file(&desk, &sent["message"]).await, PIXEL);
    }
    let program = [b"MZ".as_slice(), &[0; 200]].concat();
    let (status, refused) = visitor.upload("run.exe", program).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{refused}");
    let (status, _) = visitor
        .with(String::new())
        .upload("a.png", PIXEL.to_vec())
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let (agent, mut live) = at_the_desk(&desk).await;
    let conversation = agent.take_next(&mut live).await;
    let mut feed = visitor.feed(None).await;
    let upload = reqwest::Client::new().post(format!("{}/files?name=terms.txt", desk.url("agent")));
    let upload = upload
        .bearer_auth(&agent.token)
        .body("Our terms")
        .send()
        .await;
    let upload: Value = upload.expect("an answer").json().await.expect("JSON");
    let input = json!({
        "conversationId": conversation, "content": { "text": "Our terms" },
        "attachments": [upload["id"]],
    });
    let reply = agent.reply_with(None, None, input).await;
    assert_eq!(reply["status"], "QUEUED", "{reply}");
    let answer = feed.until_text("Our terms").await;
    assert_eq!(answer["file"]["name"], "terms.txt", "{answer}");
    assert_eq!(read_file(&desk, &answer).await, b"Our terms");
}

/// Follows a message's link, at whichever process gives files out.
async fn read_file(desk: &Desk, message: &Value) -> Vec<u8> {
    let url = message["file"]["url"].as_str().expect("a link");
    let (_, path) = url.split_once("/files/").expect("a path");
    let answer = reqwest::get(format!("{}/files/{path}", desk.url("agent"))).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().await.expect("bytes").to_vec()
}

async fn a_visitor_is_given_links_into_other_apps_sixty_times_an_hour(column: Column) {
    let desk = start(column, "webchat-apps", json!({})).await;
    let page = Page::new(desk.webhook_url(WEBSITE));
    let visitor = page.begin(json!({})).await;
    for number in 0..60 {
        let (status, answer) = visitor.post("apps", json!({})).await;
        assert_eq!(status, StatusCode::OK, "{number}: {answer}");
    }
    let (status, answer) = visitor.post("apps", json!({})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{answer}");
    // Somebody else is not held up by it.
    let other = page.begin(json!({})).await;
    assert_eq!(other.post("apps", json!({})).await.0, StatusCode::OK);
}
