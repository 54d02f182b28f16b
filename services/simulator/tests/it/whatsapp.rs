//! The Graph API as the desk calls it.

use interdesk_simulator::{Behaviour, Chaos, Content, Customer, Odds, whatsapp};
use serde_json::{Value, json};

use crate::desk::{PHONE, Stage, read, until};

const CUSTOMER: &str = "15550100001";

fn text(to: &str, words: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "text",
        "text": { "body": words },
        "biz_opaque_callback_data": "attempt-1",
    })
}

async fn talk() -> Stage {
    let stage = Stage::new().await;
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("hi"))
        .unwrap();
    stage.wait_for(1).await;
    stage
}

fn statuses(stage: &Stage) -> Vec<Value> {
    let statuses = |body: Value| body["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
    let taken = stage
        .taken()
        .into_iter()
        .map(|taken| statuses(taken.json()));
    taken.filter(|status| !status.is_null()).collect()
}

#[tokio::test]
async fn a_reply_is_accepted_delivered_and_read_with_our_own_id_echoed() {
    let stage = talk().await;
    let (status, answer) = stage.graph(text(&format!("+{CUSTOMER}"), "hello")).await;
    assert_eq!(status, 200);
    let contact = json!([{ "input": format!("+{CUSTOMER}"), "wa_id": CUSTOMER }]);
    assert_eq!(answer["contacts"], contact);
    assert_eq!(answer["messaging_product"], "whatsapp");
    stage.wait_for(4).await;
    let statuses = statuses(&stage);
    let names: Vec<&str> = statuses
        .iter()
        .map(|s| s["status"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["sent", "delivered", "read"]);
    for status in &statuses {
        assert_eq!(status["id"], answer["messages"][0]["id"]);
        assert_eq!(status["biz_opaque_callback_data"], "attempt-1");
        assert_eq!(status["recipient_id"], CUSTOMER);
        assert!(status["timestamp"].is_string());
    }
    let accepted = stage.simulator.journal().accepted();
    assert_eq!(accepted[0].attempt_id.as_deref(), Some("attempt-1"));
    assert_eq!(
        (accepted[0].text.as_str(), accepted[0].to.as_str()),
        ("hello", CUSTOMER)
    );
    stage.end().await;
}

#[tokio::test]
async fn a_customer_is_reached_by_user_id() {
    let stage = talk().await;
    let user_id = whatsapp::user_id(&Customer::new(CUSTOMER));
    let mut body = text("", "hello");
    body["to"].take();
    body["recipient"] = user_id.as_str().into();
    let (status, answer) = stage.graph(body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["contacts"],
        json!([{ "input": user_id, "user_id": user_id }])
    );
    stage.end().await;
}

async fn code(stage: &Stage, body: Value) -> (u16, u64) {
    let (status, answer) = stage.graph(body).await;
    assert_eq!(answer["error"]["type"], "OAuthException", "{answer}");
    (status, answer["error"]["code"].as_u64().unwrap())
}

#[tokio::test]
async fn outside_the_window_only_templates_pass() {
    let stage = talk().await;
    assert_eq!(
        code(&stage, text("15550109999", "a stranger")).await,
        (400, 131047)
    );
    stage.simulator.close_window(PHONE, CUSTOMER);
    assert_eq!(code(&stage, text(CUSTOMER, "late")).await, (400, 131047));
    let template = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "template",
        "template": { "name": "come_back", "language": { "code": "en" } },
    });
    let (status, answer) = stage.graph(template).await;
    assert_eq!(
        (status, &answer["messages"][0]["message_status"]),
        (200, &json!("accepted"))
    );
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("back"))
        .unwrap();
    assert_eq!(stage.graph(text(CUSTOMER, "welcome")).await.0, 200);
    stage.end().await;
}

#[tokio::test]
async fn bad_requests_are_refused_with_documented_codes() {
    let stage = talk().await;
    let with = |key: &str, value: Value| {
        let mut body = text(CUSTOMER, "x");
        body[key] = value;
        body
    };
    assert_eq!(
        code(&stage, with("messaging_product", "sms".into())).await,
        (400, 100)
    );
    assert_eq!(
        code(&stage, with("type", "telepathy".into())).await,
        (400, 100)
    );
    assert_eq!(code(&stage, with("to", Value::Null)).await, (400, 131008));
    assert_eq!(code(&stage, with("to", "12".into())).await, (400, 131009));
    assert_eq!(code(&stage, text(CUSTOMER, "")).await, (400, 131008));
    assert_eq!(
        code(&stage, text(CUSTOMER, &"x".repeat(4097))).await,
        (400, 100)
    );
    let mut image = with("type", "image".into());
    image["image"] = json!({ "link": "ftp://x" });
    assert_eq!(code(&stage, image).await, (400, 100));
    let rejected = stage.simulator.journal().rejected();
    assert_eq!(rejected.len(), 7);
    assert!(
        rejected
            .iter()
            .all(|entry| entry.attempt_id.as_deref() == Some("attempt-1"))
    );
    assert!(stage.simulator.journal().accepted().is_empty());
    stage.end().await;
}

#[tokio::test]
async fn a_wrong_token_is_190_and_a_foreign_number_is_unknown() {
    let stage = talk().await;
    for (token, number, expect) in [("wrong", PHONE, (401, 190)), ("token", "1", (400, 100))] {
        let url = stage.url(&format!("/v24.0/{number}/messages"));
        let request = stage
            .http
            .post(url)
            .bearer_auth(token)
            .json(&text(CUSTOMER, "x"));
        let (status, answer) = read(request.send().await.unwrap()).await;
        assert_eq!((status, answer["error"]["code"].as_u64().unwrap()), expect);
    }
    stage.end().await;
}

#[tokio::test]
async fn the_46th_message_of_a_burst_hits_the_pair_limit() {
    let stage = talk().await;
    for n in 0..45 {
        assert_eq!(stage.graph(text(CUSTOMER, &format!("{n}"))).await.0, 200);
    }
    assert_eq!(code(&stage, text(CUSTOMER, "one more")).await.1, 131056);
    stage.end().await;
}

#[tokio::test]
async fn a_customer_who_blocked_us_lets_the_message_fail_later() {
    let stage = talk().await;
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::Block)
        .unwrap();
    assert_eq!(stage.graph(text(CUSTOMER, "hello?")).await.0, 200);
    stage.wait_for(2).await;
    let statuses = statuses(&stage);
    assert_eq!(statuses[0]["status"], "failed");
    assert_eq!(statuses[0]["errors"][0]["code"], 131026);
    stage.end().await;
}

#[tokio::test]
async fn reactions_and_read_marks_are_taken_and_reactions_are_only_sent() {
    let stage = talk().await;
    let id = stage.simulator.journal().written()[0].provider_id.clone();
    let reaction = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "reaction",
        "reaction": { "message_id": id, "emoji": "👍" },
    });
    assert_eq!(stage.graph(reaction.clone()).await.0, 200);
    let mut unknown = reaction;
    unknown["reaction"]["message_id"] = "wamid.unknown".into();
    assert_eq!(code(&stage, unknown).await, (400, 131009));
    let mark = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": id,
        "typing_indicator": { "type": "text" },
    });
    assert_eq!(stage.graph(mark).await, (200, json!({ "success": true })));
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let names: Vec<Value> = statuses(&stage)
        .iter()
        .map(|s| s["status"].clone())
        .collect();
    assert_eq!(names, ["sent"]);
    let accepted = stage.simulator.journal().accepted();
    let kinds: Vec<&str> = accepted.iter().map(|a| a.kind.as_str()).collect();
    assert_eq!(kinds, ["reaction", "read_mark_and_typing"]);
    stage.end().await;
}

#[tokio::test]
async fn a_customer_answers_as_often_as_told_and_presses_a_button() {
    let stage = Stage::new().await;
    let behaviour = Behaviour {
        answers: 2,
        answer_ms: (1, 2),
        delivered_ms: (1, 2),
        read_ms: (1, 2),
        react: 1.0,
        ..Behaviour::default()
    };
    stage.simulator.set_behaviour(PHONE, behaviour);
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("hi"))
        .unwrap();
    let buttons = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "interactive",
        "interactive": { "type": "button", "body": { "text": "Sure?" }, "action": {
            "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] } },
    });
    for (n, body) in [buttons, text(CUSTOMER, "b"), text(CUSTOMER, "c")]
        .into_iter()
        .enumerate()
    {
        assert_eq!(stage.graph(body).await.0, 200);
        let journal = stage.simulator.journal();
        let expect = [3, 5, 6][n];
        until("answers", async || journal.written().len() == expect).await;
    }
    let written = stage.simulator.journal().written();
    let kinds: Vec<&str> = written.iter().map(|entry| entry.kind).collect();
    assert_eq!(
        kinds,
        ["text", "reaction", "button", "reaction", "text", "reaction"]
    );
    stage.end().await;
}

#[tokio::test]
async fn media_go_up_and_come_down() {
    let stage = talk().await;
    let body = "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
        --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n";
    let url = stage.url(&format!("/v24.0/{PHONE}/media"));
    let request = stage.http.post(url).bearer_auth("token").body(body);
    let request = request.header("content-type", "multipart/form-data; boundary=x");
    let (status, answer) = read(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["id"].as_str().unwrap();
    let url = stage.url(&format!("/v24.0/{id}?phone_number_id={PHONE}"));
    let (_, details) = read(
        stage
            .http
            .get(&url)
            .bearer_auth("token")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(details["file_size"], 5);
    let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(details["sha256"], sha256);
    let download = details["url"].as_str().unwrap();
    let answer = stage
        .http
        .get(download)
        .bearer_auth("token")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
    assert_eq!(stage.http.get(download).send().await.unwrap().status(), 401);
    stage.end().await;
}

#[tokio::test]
async fn a_template_is_held_back_on_command_and_goes_out_later() {
    let stage = talk().await;
    let chaos = Chaos {
        hold_template: Odds::times(1),
        hold_ms: (300, 300),
        ..Chaos::default()
    };
    stage.simulator.set_chaos(Some(PHONE), chaos);
    assert_eq!(stage.graph(text(CUSTOMER, "a word")).await.0, 200);
    stage.wait_for(4).await;
    let template = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "template",
        "template": { "name": "come_back", "language": { "code": "en" } },
    });
    let said = |answer: &Value| answer["messages"][0]["message_status"].clone();
    let (_, answer) = stage.graph(template.clone()).await;
    assert_eq!(said(&answer), "held_for_quality_assessment");
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(statuses(&stage).len(), 3, "nothing is told of it yet");
    stage.wait_for(7).await;
    let last = statuses(&stage).pop().unwrap();
    assert_eq!(last["id"], answer["messages"][0]["id"]);
    let (_, next) = stage.graph(template).await;
    assert_eq!(said(&next), "accepted");
    stage.end().await;
}
