//! What asks the customer to act: taken as documented, and answered in the documented shapes.

use interdesk_simulator::{Behaviour, Content, Customer};
use serde_json::{Value, json};

use crate::desk::{PHONE, Stage, until};

const CUSTOMER: &str = "15550100001";

fn interactive(object: Value) -> Value {
    json!({ "messaging_product": "whatsapp", "to": CUSTOMER, "type": "interactive", "interactive": object })
}

fn asking(kind: &str, action: Value) -> Value {
    interactive(json!({ "type": kind, "body": { "text": "Please" }, "action": action }))
}

fn opening(title: &str) -> Value {
    json!({ "name": "cta_url", "parameters": { "display_text": title, "url": "https://example.org" } })
}

fn card(index: usize, action: Value) -> Value {
    json!({
        "card_index": index,
        "type": "cta_url",
        "header": { "type": "image", "image": { "link": "https://example.org/plant.jpg" } },
        "body": { "text": "A plant" },
        "action": action,
    })
}

fn picks(ids: &[&str]) -> Value {
    let button =
        |id: &&str| json!({ "type": "quick_reply", "quick_reply": { "id": id, "title": id } });
    json!({ "buttons": ids.iter().map(button).collect::<Value>() })
}

fn form() -> Value {
    json!({ "name": "flow", "parameters": {
        "flow_message_version": "3", "flow_id": "12", "flow_token": "order-12", "flow_cta": "Open",
    } })
}

async fn talk(answers: u32) -> Stage {
    let stage = Stage::new().await;
    let behaviour = Behaviour {
        answers,
        answer_ms: (1, 2),
        delivered_ms: (1, 2),
        read_ms: (1, 2),
        ..Behaviour::default()
    };
    stage.simulator.set_behaviour(PHONE, behaviour);
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("hi"))
        .unwrap();
    stage
}

#[tokio::test]
async fn documented_messages_are_taken_and_others_refused() {
    let stage = talk(0).await;
    let named = |name: &str| json!({ "name": name });
    let call =
        |minutes: u32| json!({ "name": "voice_call", "parameters": { "ttl_minutes": minutes } });
    let cards = |cards: Vec<Value>| json!({ "cards": cards });
    let with_header = |kind: &str, action: Value| {
        let mut body = asking(kind, action);
        body["interactive"]["header"] = json!({ "type": "text", "text": "Heading" });
        body
    };
    for body in [
        with_header("cta_url", opening("Look")),
        asking("flow", form()),
        asking("location_request_message", named("send_location")),
        asking("request_contact_info", named("request_contact_info")),
        asking("call_permission_request", named("call_permission_request")),
        asking("voice_call", named("voice_call")),
        asking("voice_call", call(43_200)),
        asking(
            "carousel",
            cards(vec![card(0, opening("a")), card(1, opening("b"))]),
        ),
        asking(
            "carousel",
            cards(vec![card(0, picks(&["a"])), card(1, picks(&["b"]))]),
        ),
    ] {
        let (status, answer) = stage.graph(body.clone()).await;
        assert_eq!(status, 200, "{body}: {answer}");
    }
    let mut draft = form();
    draft["parameters"]["flow_action_payload"] = json!({ "screen": "A", "data": {} });
    for body in [
        asking("poll", named("poll")),
        asking("cta_url", opening(&"x".repeat(21))),
        asking("flow", draft),
        asking("flow", named("flow")),
        asking("location_request_message", named("request_location")),
        with_header("location_request_message", named("send_location")),
        asking("voice_call", call(43_201)),
        asking("carousel", cards(vec![card(0, opening("a"))])),
        asking(
            "carousel",
            cards(vec![card(0, opening("a")), card(2, opening("b"))]),
        ),
        asking(
            "carousel",
            cards(vec![card(0, opening("a")), card(1, picks(&["b"]))]),
        ),
        asking(
            "carousel",
            cards(vec![card(0, picks(&["a"])), card(1, picks(&["b", "c"]))]),
        ),
        with_header(
            "carousel",
            cards(vec![card(0, opening("a")), card(1, opening("b"))]),
        ),
    ] {
        let (status, answer) = stage.graph(body.clone()).await;
        assert_eq!(status, 400, "{body}: {answer}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_customer_does_what_is_asked_in_the_documented_shape() {
    let stage = talk(4).await;
    let named = |name: &str| json!({ "name": name });
    let told = |kind: &str| {
        let bodies = stage.taken().into_iter().map(|taken| taken.json());
        let mut messages =
            bodies.map(|body| body["entry"][0]["changes"][0]["value"]["messages"][0].clone());
        messages.find(|message: &Value| message["type"] == kind && !message["context"].is_null())
    };
    let ask = async |body: Value, kind: &str| {
        let (status, answer) = stage.graph(body).await;
        assert_eq!(status, 200, "{answer}");
        until("the answer", async || told(kind).is_some()).await;
        let message = told(kind).unwrap();
        assert_eq!(message["context"]["id"], answer["messages"][0]["id"]);
        message
    };
    let place = asking("location_request_message", named("send_location"));
    assert_eq!(ask(place, "location").await["location"]["latitude"], 52.5);
    let card = asking("request_contact_info", named("request_contact_info"));
    let shared = ask(card, "contacts").await;
    assert_eq!(shared["origin"], "contact_request");
    let shared = shared["contacts"][0].clone();
    assert_eq!(shared["phones"][0]["wa_id"], CUSTOMER);
    assert!(shared["vcard"].as_str().unwrap().starts_with("BEGIN:VCARD"));
    let filled = ask(asking("flow", form()), "interactive").await["interactive"].clone();
    let answers = filled["nfm_reply"]["response_json"].as_str().unwrap();
    let answers: Value = serde_json::from_str(answers).unwrap();
    assert_eq!(answers["flow_token"], "order-12");
    let call = asking("call_permission_request", named("call_permission_request"));
    assert_eq!(stage.graph(call).await.0, 200);
    let replies = || {
        let bodies = stage
            .taken()
            .into_iter()
            .map(|taken| taken.json().to_string());
        bodies
            .filter(|body| body.contains("call_permission_reply"))
            .count()
    };
    until("the permission", async || replies() == 1).await;
    stage.end().await;
}
