//! The third-party app's callback as the desk calls it.

use chrono::{DateTime, Utc};
use interdesk_simulator::{Chaos, Odds, signature};
use serde_json::{Value, json};

use crate::desk::{APP, SECRET, Stage, read};

fn reply(id: &str) -> Value {
    json!({ "type": "reply.created", "timestamp": "2026-01-01T00:00:00Z", "data": { "message": {
        "id": id, "conversation_id": "room-9", "recipient": { "id": "user-9" },
        "text": "hello", "reply_to": null, "attachments": [] } } })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the test signs as a desk of today"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

async fn call(stage: &Stage, body: &Value, age: i64) -> reqwest::Result<(u16, Value)> {
    let body = body.to_string();
    let at = now().timestamp() - age;
    let signature = signature::v1(SECRET, "evt-1", at, body.as_bytes()).unwrap();
    let request = stage
        .http
        .post(stage.url(&format!("/app/{APP}/callback")))
        .header("webhook-id", "evt-1")
        .header("webhook-timestamp", at)
        .header("webhook-signature", format!("v1,AAAA {signature}"))
        .body(body);
    Ok(read(request.send().await?).await)
}

#[tokio::test]
async fn a_reply_gets_an_external_id_and_receipts() {
    let stage = Stage::new().await;
    let (status, answer) = call(&stage, &reply("m-1"), 0).await.unwrap();
    assert_eq!(status, 200);
    let taken = stage.wait_for(2).await;
    let statuses: Vec<Value> = taken.iter().map(|taken| taken.json()).collect();
    assert_eq!(statuses[0]["type"], "message.delivered");
    assert_eq!(statuses[1]["type"], "message.read");
    let expect = json!({ "message_id": "m-1", "external_id": answer["external_id"] });
    assert_eq!(statuses[0]["data"]["status"], expect);
    stage.end().await;
}

#[tokio::test]
async fn a_repeat_gets_the_same_id_and_does_not_count_twice() {
    let stage = Stage::new().await;
    let first = call(&stage, &reply("m-1"), 0).await.unwrap();
    let again = call(&stage, &reply("m-1"), 0).await.unwrap();
    assert_eq!(first, again);
    // A second attempt at the same message has an id of its own and the same key.
    let mut attempts = [reply("try-1"), reply("try-2")];
    for attempt in &mut attempts {
        attempt["data"]["message"]["key"] = "message-7".into();
    }
    let one = call(&stage, &attempts[0], 0).await.unwrap();
    assert_eq!(one, call(&stage, &attempts[1], 0).await.unwrap());
    assert_ne!(one, first);
    let accepted = stage.simulator.journal().accepted();
    assert_eq!(accepted.len(), 2);
    assert!(accepted.iter().all(|entry| entry.repeats == 1));
    stage.end().await;
}

#[tokio::test]
async fn a_cut_answer_is_found_again_by_the_repeat() {
    let stage = Stage::new().await;
    let chaos = Chaos {
        cut_after_accept: Odds::times(1),
        ..Chaos::default()
    };
    stage.simulator.set_chaos(Some(APP), chaos);
    assert!(call(&stage, &reply("m-1"), 0).await.is_err());
    let (status, answer) = call(&stage, &reply("m-1"), 0).await.unwrap();
    assert_eq!(status, 200);
    let accepted = stage.simulator.journal().accepted();
    assert_eq!(accepted.len(), 1);
    assert!(accepted[0].answer_cut);
    assert_eq!(answer["external_id"], accepted[0].provider_id.as_str());
    stage.end().await;
}

#[tokio::test]
async fn wrong_and_stale_signatures_are_refused() {
    let stage = Stage::new().await;
    assert_eq!(call(&stage, &reply("m-1"), 400).await.unwrap().0, 401);
    let unsigned = stage
        .http
        .post(stage.url(&format!("/app/{APP}/callback")))
        .json(&reply("m"));
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    assert!(stage.simulator.journal().accepted().is_empty());
    assert_eq!(stage.simulator.journal().rejected().len(), 2);
    stage.end().await;
}
