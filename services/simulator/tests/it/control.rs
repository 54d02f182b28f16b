//! The control API.

use serde_json::{Value, json};

use crate::desk::{APP, BOT, PHONE, Stage, read, until};

async fn post(stage: &Stage, path: &str, body: Value) -> (u16, Value) {
    read(
        stage
            .http
            .post(stage.url(path))
            .json(&body)
            .send()
            .await
            .unwrap(),
    )
    .await
}

async fn get(stage: &Stage, path: &str) -> (u16, Value) {
    read(stage.http.get(stage.url(path)).send().await.unwrap()).await
}

#[tokio::test]
async fn everything_can_be_commanded_over_http() {
    let stage = Stage::new().await;
    let account = json!({ "channel": "telegram", "bot_id": 99, "token": "99:x",
        "webhook_url": "http://127.0.0.1:1/hook" });
    let added = post(&stage, "/_sim/accounts", account).await;
    assert_eq!(added, (201, json!({ "account": "99" })));
    let chaos = json!({ "account": PHONE, "chaos": { "duplicate": 1, "reorder": { "count": 1 } } });
    assert_eq!(post(&stage, "/_sim/chaos", chaos).await.0, 204);
    let typo = json!({ "chaos": { "duplicat": 1 } });
    assert_eq!(post(&stage, "/_sim/chaos", typo).await.0, 400);

    let path = format!("/_sim/customers/{PHONE}/15550100001/messages");
    let (status, answer) = post(&stage, &path, json!({ "text": "hi" })).await;
    assert_eq!(status, 201, "{answer}");
    let place = json!({ "type": "location", "latitude": 1.0, "longitude": 2.0 });
    assert_eq!(post(&stage, &path, place).await.0, 201);
    assert_eq!(post(&stage, &path, json!({ "type": "song" })).await.0, 400);
    let letters = format!("/_sim/customers/{PHONE}/letters/messages");
    assert_eq!(post(&stage, &letters, json!({ "text": "hi" })).await.0, 400);
    let nobody = "/_sim/customers/nobody/1/messages";
    assert_eq!(post(&stage, nobody, json!({ "text": "hi" })).await.0, 404);
    let batch = json!({ "messages": [{ "customer": "15550100002", "text": "a" },
        { "customer": "15550100003", "text": "b" }] });
    let (status, answer) = post(&stage, &format!("/_sim/batches/{PHONE}"), batch).await;
    assert_eq!(
        (status, answer["message_ids"].as_array().unwrap().len()),
        (201, 2)
    );
    let verify = post(&stage, &format!("/_sim/accounts/{PHONE}/verify"), json!({})).await;
    assert_eq!(verify, (200, json!({ "verified": true })));

    until("all taken", async || stage.simulator.pending() == 0).await;
    let (_, page) = get(&stage, "/_sim/journal?list=written&after=1&limit=2").await;
    assert_eq!((&page["next"], &page["total"]), (&json!(3), &json!(4)));
    assert_eq!(page["entries"][0]["kind"], "location");
    let (_, summary) = get(&stage, "/_sim/summary").await;
    assert_eq!(summary["accounts"][PHONE]["acknowledged"], 4);
    assert_eq!(get(&stage, "/_sim/journal?list=wishes").await.0, 400);
    stage.end().await;
}

#[tokio::test]
async fn steady_traffic_flows_over_all_accounts_and_stops() {
    let stage = Stage::new().await;
    let traffic = json!({ "rate": 300, "customers": 10, "seconds": 1 });
    assert_eq!(post(&stage, "/_sim/traffic", traffic).await.0, 202);
    let journal = stage.simulator.journal();
    until("all written", async || journal.written().len() == 300).await;
    until("all taken", async || stage.simulator.pending() == 0).await;
    let counts = journal.counts();
    for account in [PHONE, BOT, APP] {
        assert_eq!(
            (counts[account].written, counts[account].acknowledged),
            (100, 100)
        );
    }
    let stopped = read(
        stage
            .http
            .delete(stage.url("/_sim/traffic"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(stopped, (200, json!({ "written": 300 })));
    stage.end().await;
}

#[tokio::test]
async fn the_journal_file_has_every_event_as_a_line() {
    let path = std::env::temp_dir().join(format!("simulator-journal-{}.jsonl", std::process::id()));
    let stage = Stage::with(|settings| settings.journal = Some(path.clone())).await;
    let message = format!("/_sim/customers/{PHONE}/15550100001/messages");
    assert_eq!(post(&stage, &message, json!({ "text": "hi" })).await.0, 201);
    until("taken", async || stage.simulator.pending() == 0).await;
    let body = json!({ "messaging_product": "whatsapp", "to": "15550100001", "type": "text",
        "text": { "body": "x" } });
    assert_eq!(stage.graph(body).await.0, 200);
    let journal = stage.simulator.journal();
    until("all receipts", async || journal.receipts().len() == 3).await;
    stage.end().await;
    let lines = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let events: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["event"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        events,
        [
            "written",
            "acknowledged",
            "accepted",
            "receipt",
            "receipt",
            "receipt"
        ]
    );
}
