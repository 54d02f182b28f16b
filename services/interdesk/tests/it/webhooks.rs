//! What providers send, also when it is too much, not theirs or not understood.

use crate::harness::{Column, Desk, Plan, SHOP, TELEGRAM, WHATSAPP, shop, until, whatsapp};
use crate::stories;
use futures::future::join_all;
use interdesk_simulator::whatsapp as graph;
use interdesk_simulator::{Chaos, Content, Customer, telegram, webhook};
use serde_json::json;

stories!(
    a_webhook_has_one_effect_however_often_and_in_whatever_order_it_comes,
    a_webhook_that_is_not_proven_leaves_nothing_behind,
    what_is_proven_but_not_understood_is_kept_and_shown,
);

/// What may be in the database without anybody having written.
const STORED: &str = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM raw_webhooks)
    + (SELECT count(*) FROM conversations)";
const MESSAGES: &str = "SELECT count(*) FROM messages WHERE direction = 'in'";

async fn a_webhook_has_one_effect_however_often_and_in_whatever_order_it_comes(column: Column) {
    let desk = Desk::start(column, "repeats", Plan::default()).await;
    let chaos = Chaos {
        duplicate: 1.0.into(),
        reorder: 0.5.into(),
        ..Chaos::default()
    };
    desk.simulator.set_chaos(None, chaos);
    for round in 0..4 {
        for customer in 0..3 {
            let text = || Content::text(format!("{round} of {customer}"));
            desk.write(WHATSAPP, &format!("1555010010{customer}"), text());
            desk.write(TELEGRAM, &format!("70010010{customer}"), text());
            desk.write(SHOP, &format!("visitor-{customer}"), text());
        }
    }
    ten_copies_at_once(&desk).await;
    until("every webhook to be taken", async || {
        desk.simulator.pending() == 0
    })
    .await;

    let written = desk.simulator.journal().written().len() as i64;
    assert_eq!(written, 36);
    assert_eq!(desk.database.count(MESSAGES).await, written + 1);
    let count = async |query: &str| desk.database.count(query).await;
    assert_eq!(count("SELECT count(*) FROM conversations").await, 10);
    assert_eq!(count("SELECT count(*) FROM work_items").await, 10);
    assert_eq!(count("SELECT count(*) FROM contacts").await, 10);
    let received = "SELECT count(*) FROM outbox WHERE kind = 'message_received'";
    assert_eq!(count(received).await, 37);
}

async fn ten_copies_at_once(desk: &Desk) {
    let body = copied(desk);
    let answers = join_all((0..10).map(|_| send_copy(desk, &body))).await;
    assert_eq!(answers, [200; 10]);
}

/// One webhook, to be sent more than once.
pub(crate) fn copied(desk: &Desk) -> Vec<u8> {
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let (customer, at) = (Customer::new("15550100199"), chrono::Utc::now());
    graph::text_webhook(&account, &customer, "wamid.copied", "Hello?", at)
}

/// Sends a copy of it.
pub(crate) async fn send_copy(desk: &Desk, body: &[u8]) -> u16 {
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let signature = graph::sign(&account.app_secret, body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    post(&account.webhook_url, body, &headers).await
}

async fn a_webhook_that_is_not_proven_leaves_nothing_behind(column: Column) {
    let plan = Plan::default().set("INTERDESK_HTTP_MAX_BODY_BYTES", "65536");
    let desk = Desk::start(column, "not-proven", plan).await;
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let (customer, now) = (Customer::new("15550100009"), chrono::Utc::now());
    let body = graph::text_webhook(&account, &customer, "wamid.1", "Hello?", now);
    let update = telegram::text_update(&Customer::new("700100009"), 1, 1, "Hello?", now);
    let event = webhook::text_event(&Customer::new("visitor-9"), "ext-9", "Hello?", now);
    let app = shop(desk.webhook_url(SHOP));
    let stale = now.timestamp() - 3600;
    let signed = webhook::sign(&app, "msg_9", stale, &event).expect("a key");
    let url = |account: &str| desk.webhook_url(account);
    let forged = graph::sign("another-secret", &body);
    let large = vec![b' '; 70_000];
    let large_signed = graph::sign(&account.app_secret, &large);
    let stale = stale.to_string();
    type Headers<'a> = Vec<(&'a str, &'a str)>;
    let cases: [(&str, String, &[u8], Headers<'_>, u16); 8] = [
        ("no signature", url(WHATSAPP), &body, vec![], 401),
        (
            "another secret",
            url(WHATSAPP),
            &body,
            vec![("x-hub-signature-256", &forged)],
            401,
        ),
        ("no secret", url(TELEGRAM), &update, vec![], 401),
        (
            "another secret",
            url(TELEGRAM),
            &update,
            vec![(telegram::SECRET_HEADER, "guessed")],
            401,
        ),
        (
            "signed an hour ago",
            url(SHOP),
            &event,
            vec![
                ("webhook-id", "msg_9"),
                ("webhook-timestamp", &stale),
                ("webhook-signature", &signed),
            ],
            401,
        ),
        (
            "an unknown inbox",
            format!("{}/webhooks/whatsapp/nobody", desk.url("ingestion")),
            &body,
            vec![],
            404,
        ),
        (
            "an inbox of another channel",
            url(WHATSAPP).replace("/whatsapp/", "/telegram/"),
            &body,
            vec![],
            404,
        ),
        (
            "over the limit",
            url(WHATSAPP),
            &large,
            vec![("x-hub-signature-256", &large_signed)],
            413,
        ),
    ];
    for (what, url, body, headers, expected) in cases {
        assert_eq!(post(&url, body, &headers).await, expected, "{what}: {url}");
    }
    assert_eq!(desk.database.count(STORED).await, 0);

    let passed = desk.simulator.verify_webhook(WHATSAPP).await;
    assert!(passed.expect("an answer"), "Meta's handshake");
    let guessed = format!(
        "{}?hub.mode=subscribe&hub.verify_token=guessed&hub.challenge=7",
        url(WHATSAPP)
    );
    let refused = reqwest::get(guessed).await.expect("an answer");
    assert_eq!(refused.status(), 401);
}

async fn what_is_proven_but_not_understood_is_kept_and_shown(column: Column) {
    let desk = Desk::start(column, "not-understood", Plan::default()).await;
    let account = whatsapp(desk.webhook_url(WHATSAPP));
    let body = b"{\"object\": \"whatsapp_business_account\", \"entry\": ";
    let signature = graph::sign(&account.app_secret, body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    for _ in 0..2 {
        let answer = post(&account.webhook_url, body, &headers).await;
        assert_eq!(answer, 200, "a provider would send it for days otherwise");
    }

    let listed = desk.run(&["dead", "list"]).await;
    assert!(listed.success, "{}", listed.text());
    assert!(
        listed.out.contains("1 could not be handled"),
        "{}",
        listed.out
    );
    let line = listed.out.lines().find(|line| line.starts_with("webhook "));
    let id = line.and_then(|line| line.split(' ').nth(1)).expect("an id");
    let retried = desk.run(&["dead", "retry", id]).await;
    assert!(retried.success, "{}", retried.text());
    let said = retried.out.lines().find(|line| line.contains(id));
    let said = said.expect("a line about it");
    assert!(!said.ends_with(": stored"), "it still is not JSON: {said}");
    let again = desk.run(&["dead", "list"]).await;
    assert!(again.out.contains(id), "it is still there: {}", again.out);

    desk.write(WHATSAPP, "15550100008", Content::Unknown);
    desk.write(WHATSAPP, "15550100008", Content::text("And this?"));
    until("both messages", async || {
        desk.database.count(MESSAGES).await == 2
    })
    .await;
    let agent = desk.agent(1).await;
    let query = "{ conversations { nodes { messages { nodes { content { __typename } } } } } }";
    let data = agent.ask(query, json!({})).await;
    let nodes = &data["conversations"]["nodes"][0]["messages"]["nodes"];
    let kinds: Vec<_> = nodes.as_array().expect("messages").iter().collect();
    assert!(data.to_string().contains("UnsupportedContent"), "{kinds:?}");
    assert!(data.to_string().contains("TextContent"), "{kinds:?}");
}

async fn post(url: &str, body: &[u8], headers: &[(&str, &str)]) -> u16 {
    let mut request = reqwest::Client::new().post(url).body(body.to_vec());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}
