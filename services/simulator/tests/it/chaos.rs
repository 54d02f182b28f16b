//! Each misbehaviour really happens, and only when told to.

use std::time::{Duration, Instant};

use interdesk_simulator::{Chaos, Content, Customer, Odds};
use serde_json::{Value, json};

use crate::desk::{BOT, PHONE, Stage, until};

const CUSTOMER: &str = "15550100001";

fn text(words: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": CUSTOMER, "type": "text",
        "text": { "body": words }, "biz_opaque_callback_data": words })
}

async fn talk(chaos: Chaos) -> Stage {
    let stage = Stage::new().await;
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("hi"))
        .unwrap();
    stage.wait_for(1).await;
    stage.simulator.set_chaos(None, chaos);
    stage
}

fn names(stage: &Stage) -> Vec<String> {
    let status = |body: Value| {
        let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0]["status"];
        status.as_str().map(str::to_owned)
    };
    stage
        .taken()
        .iter()
        .filter_map(|taken| status(taken.json()))
        .collect()
}

#[tokio::test]
async fn webhooks_are_doubled() {
    let stage = talk(Chaos {
        duplicate: 1.0.into(),
        ..Chaos::default()
    })
    .await;
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("twice"))
        .unwrap();
    let taken = stage.wait_for(3).await;
    assert_eq!(taken[1].body, taken[2].body);
    until("both attempts", async || {
        stage.simulator.journal().written()[1].attempts == 2
    })
    .await;
    assert_eq!(stage.simulator.journal().counts()[PHONE].acknowledged, 2);
    stage.end().await;
}

#[tokio::test]
async fn webhooks_overtake_each_other() {
    let stage = talk(Chaos {
        reorder: Odds::times(1),
        ..Chaos::default()
    })
    .await;
    for words in ["held", "first"] {
        stage
            .simulator
            .write(PHONE, &Customer::new(CUSTOMER), Content::text(words))
            .unwrap();
    }
    let taken = stage.wait_for(3).await;
    let text = |n: usize| {
        taken[n].json()["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"].clone()
    };
    assert_eq!((text(1), text(2)), (json!("first"), json!("held")));
    stage.end().await;
}

#[tokio::test]
async fn webhooks_are_delayed() {
    let stage = talk(Chaos {
        delay_ms: (300, 300),
        ..Chaos::default()
    })
    .await;
    let start = Instant::now();
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("late"))
        .unwrap();
    stage.wait_for(2).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    stage.end().await;
}

#[tokio::test]
async fn calls_are_answered_429_with_a_time_to_wait() {
    let chaos = Chaos {
        reject_429: Odds::times(1),
        retry_after_s: 14,
        ..Chaos::default()
    };
    let stage = talk(chaos.clone()).await;
    let url = stage.url(&format!("/v24.0/{PHONE}/messages"));
    let request = stage.http.post(url).bearer_auth("token").json(&text("a"));
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"14".parse().unwrap())
    );
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"]["code"],
        130429
    );
    assert_eq!(stage.graph(text("a")).await.0, 200, "only once");
    stage.simulator.set_chaos(None, chaos);
    let (status, answer) = stage.bot("getMe", json!({})).await;
    let expect = json!({ "ok": false, "error_code": 429,
        "description": "Too Many Requests: retry after 14", "parameters": { "retry_after": 14 } });
    assert_eq!((status, answer), (429, expect));
    stage.end().await;
}

#[tokio::test]
async fn calls_are_answered_5xx_without_effect() {
    let stage = talk(Chaos {
        fail_5xx: Odds::times(2),
        ..Chaos::default()
    })
    .await;
    let (status, answer) = stage.graph(text("a")).await;
    assert_eq!((status, &answer["error"]["code"]), (500, &json!(131000)));
    assert_eq!(stage.bot("getMe", json!({})).await.0, 500);
    assert!(stage.simulator.journal().accepted().is_empty());
    stage.end().await;
}

#[tokio::test]
async fn a_cut_connection_leaves_no_answer_but_the_message_went() {
    let stage = talk(Chaos {
        cut_after_accept: 1.0.into(),
        ..Chaos::default()
    })
    .await;
    let url = stage.url(&format!("/v24.0/{PHONE}/messages"));
    let request = stage
        .http
        .post(&url)
        .bearer_auth("token")
        .json(&text("cut"));
    let error = request.send().await.expect_err("no answer");
    assert!(error.is_request(), "{error:?}");
    let accepted = stage.simulator.journal().accepted();
    assert!(accepted[0].answer_cut);
    assert_eq!(accepted[0].attempt_id.as_deref(), Some("cut"));
    stage.wait_for(4).await;
    assert_eq!(names(&stage), ["sent", "delivered", "read"]);

    stage
        .simulator
        .write(BOT, &Customer::new("700000001"), Content::text("hi"))
        .unwrap();
    let url = stage.url(&format!("/bot{BOT}:secret/sendMessage"));
    let body = json!({ "chat_id": 700_000_001, "text": "cut" });
    assert!(stage.http.post(url).json(&body).send().await.is_err());
    assert_eq!(stage.simulator.journal().counts()[BOT].answers_cut, 1);
    stage.end().await;
}

#[tokio::test]
async fn receipts_are_lost_and_the_journal_says_so() {
    let stage = talk(Chaos {
        lose_receipt: Odds::times(2),
        ..Chaos::default()
    })
    .await;
    assert_eq!(stage.graph(text("a")).await.0, 200);
    stage.wait_for(2).await;
    assert_eq!(names(&stage), ["read"]);
    let lost: Vec<bool> = stage
        .simulator
        .journal()
        .receipts()
        .iter()
        .map(|r| r.lost)
        .collect();
    assert_eq!(lost, [true, true, false]);
    stage.end().await;
}

#[tokio::test]
async fn the_first_receipt_comes_before_the_answer() {
    let stage = talk(Chaos {
        early_receipt: 1.0.into(),
        ..Chaos::default()
    })
    .await;
    assert_eq!(stage.graph(text("a")).await.0, 200);
    assert_eq!(names(&stage).first().map(String::as_str), Some("sent"));
    stage.end().await;
}

#[tokio::test]
async fn answers_are_slow() {
    let stage = talk(Chaos {
        slow: 1.0.into(),
        slow_ms: (300, 300),
        ..Chaos::default()
    })
    .await;
    let start = Instant::now();
    assert_eq!(stage.graph(text("a")).await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
    stage.end().await;
}

#[tokio::test]
async fn sends_fail_at_once_or_later_with_the_wanted_code() {
    let chaos = Chaos {
        fail_send: Odds::times(1),
        fail_code: 131049,
        ..Chaos::default()
    };
    let stage = talk(chaos.clone()).await;
    let (status, answer) = stage.graph(text("a")).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(131049)));
    stage.simulator.set_chaos(
        None,
        Chaos {
            fail_later: true,
            ..chaos
        },
    );
    assert_eq!(stage.graph(text("b")).await.0, 200);
    let taken = stage.wait_for(2).await;
    let status = &taken[1].json()["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(
        (&status["status"], &status["errors"][0]["code"]),
        (&json!("failed"), &json!(131049))
    );
    stage.end().await;
}

#[tokio::test]
async fn a_run_with_the_same_seed_refuses_the_same_calls() {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let chaos = Chaos {
            fail_5xx: 0.5.into(),
            ..Chaos::default()
        };
        let stage = Stage::with(|settings| (settings.seed, settings.chaos) = (seed, chaos)).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(stage.bot("getMe", json!({})).await.0);
        }
        stage.end().await;
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
