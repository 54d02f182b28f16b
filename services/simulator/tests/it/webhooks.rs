//! The shapes of webhooks beside the documented ones.

use chrono::DateTime;
use interdesk_simulator::{
    Account, Content, Customer, Draft,
    customer::Media,
    signature::{self, Signed},
    telegram, webhook, whatsapp,
};
use serde_json::{Value, json};

use crate::desk::{self, APP, BOT, PHONE, SECRET, Stage};

const CUSTOMER: &str = "15550100001";

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn pure_builders_write_the_documented_bodies() {
    let at = DateTime::from_timestamp(1_749_416_383, 0).unwrap();
    let mut account = desk::whatsapp("http://desk");
    account.user_ids = false;
    let body = whatsapp::text_webhook(
        &account,
        &Customer::new(CUSTOMER),
        "wamid.A=",
        "Grüße 👋",
        at,
    );
    assert!(body.is_ascii());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, fixture(include_str!("fixtures/whatsapp-text.json")));

    let body = telegram::text_update(&Customer::new("700000001"), 10, 7, "Grüße 👋", at);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, fixture(include_str!("fixtures/telegram-text.json")));

    let body = webhook::text_event(&Customer::new("user-9"), "ext-1", "Grüße 👋", at);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, fixture(include_str!("fixtures/webhook-text.json")));
}

#[tokio::test]
async fn whatsapp_webhooks_are_signed_over_the_raw_bytes() {
    let stage = Stage::new().await;
    let customer = Customer::new(CUSTOMER);
    let id = stage
        .simulator
        .write(PHONE, &customer, Content::text("¿dónde? a/b"))
        .unwrap();
    let taken = &stage.wait_for(1).await[0];
    assert_eq!(taken.path, "/whatsapp");
    assert_eq!(
        taken.header("x-hub-signature-256"),
        whatsapp::sign("app secret", &taken.body)
    );
    let text = String::from_utf8(taken.body.to_vec()).unwrap();
    assert!(text.contains(r"\u00bfd\u00f3nde? a\/b"), "{text}");
    let message = &taken.json()["entry"][0]["changes"][0]["value"]["messages"][0];
    assert_eq!(message["id"], id.as_str());
    assert!(message["timestamp"].is_string());
    assert_eq!(message["from_user_id"], whatsapp::user_id(&customer));
    stage.end().await;
}

/// The object named after the type, by dotted path.
async fn whatsapp_message(stage: &Stage, draft: impl Into<Draft>) -> Value {
    let before = stage.taken().len();
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), draft)
        .unwrap();
    let taken = &stage.wait_for(before + 1).await[before];
    taken.json()["entry"][0]["changes"][0]["value"]["messages"][0].clone()
}

#[tokio::test]
async fn every_kind_of_whatsapp_message_has_its_documented_shape() {
    let stage = Stage::new().await;
    let media = Content::Media {
        media: Media::Voice,
        caption: None,
    };
    let voice = whatsapp_message(&stage, media).await;
    assert_eq!(voice["type"], "audio");
    assert_eq!(voice["audio"]["voice"], true);
    let media = Content::Media {
        media: Media::Document,
        caption: Some("bill".to_owned()),
    };
    let document = whatsapp_message(&stage, media).await;
    assert_eq!(document["document"]["caption"], "bill");
    assert_eq!(document["document"]["filename"], "document.pdf");

    let place = Content::Location {
        latitude: 1.5,
        longitude: -2.5,
        name: None,
    };
    let place = whatsapp_message(&stage, place).await;
    assert_eq!(
        place["location"],
        json!({ "latitude": 1.5, "longitude": -2.5 })
    );

    let card = Content::Contact {
        name: "Customer 2".to_owned(),
        phone: "+15550100002".to_owned(),
    };
    let card = whatsapp_message(&stage, card).await;
    assert_eq!(card["contacts"][0]["phones"][0]["phone"], "+15550100002");

    let target = "wamid.X".to_owned();
    let withdrawn = Content::Reaction {
        message_id: target.clone(),
        emoji: String::new(),
    };
    let withdrawn = whatsapp_message(&stage, withdrawn).await;
    assert_eq!(withdrawn["reaction"], json!({ "message_id": "wamid.X" }));

    let button = Content::Button {
        message_id: target.clone(),
        id: "yes".into(),
        title: "Yes".into(),
    };
    let button = whatsapp_message(&stage, button).await;
    assert_eq!(
        button["context"],
        json!({ "from": "15550783881", "id": "wamid.X" })
    );
    assert_eq!(
        button["interactive"]["button_reply"],
        json!({ "id": "yes", "title": "Yes" })
    );

    let reply = Draft {
        content: Content::text("and?"),
        reply_to: Some(target.clone()),
    };
    assert_eq!(
        whatsapp_message(&stage, reply).await["context"]["id"],
        "wamid.X"
    );

    // On an ordinary number an edit arrives without what it edits.
    let edit = Content::Edit {
        message_id: target.clone(),
        text: "new".to_owned(),
    };
    let edit = whatsapp_message(&stage, edit).await;
    assert_eq!(edit["type"], "unsupported");
    assert_eq!(edit["errors"][0]["code"], 131051);
    stage.end().await;
}

#[tokio::test]
async fn a_coexistence_number_gets_edits_and_deletions() {
    let stage = Stage::new().await;
    let mut account = desk::whatsapp("http://127.0.0.1:9");
    account.coexistence = true;
    account.webhook_url = {
        let url = stage
            .simulator
            .write(PHONE, &Customer::new(CUSTOMER), Content::text("x"));
        url.unwrap();
        let taken = stage.wait_for(1).await;
        format!("http://{}/whatsapp", taken[0].header("host"))
    };
    stage.simulator.add_account(Account::WhatsApp(account));
    let target = "wamid.X".to_owned();
    let edit = Content::Edit {
        message_id: target.clone(),
        text: "new".to_owned(),
    };
    let edit = whatsapp_message(&stage, edit).await;
    assert_eq!(edit["edit"]["original_message_id"], "wamid.X");
    assert_eq!(edit["edit"]["message"]["text"]["body"], "new");
    let revoke = whatsapp_message(&stage, Content::Delete { message_id: target }).await;
    assert_eq!(revoke["revoke"]["original_message_id"], "wamid.X");
    stage.end().await;
}

#[tokio::test]
async fn a_hidden_phone_number_is_left_out_everywhere() {
    let stage = Stage::new().await;
    let mut customer = Customer::new(CUSTOMER);
    customer.hide_phone = true;
    stage
        .simulator
        .write(PHONE, &customer, Content::text("hi"))
        .unwrap();
    let taken = &stage.wait_for(1).await[0];
    let text = String::from_utf8(taken.body.to_vec()).unwrap();
    assert!(!text.contains(CUSTOMER), "{text}");
    assert!(text.contains(&whatsapp::user_id(&customer)));
    stage.end().await;
}

#[tokio::test]
async fn a_thousand_messages_come_in_one_request_over_several_changes() {
    let stage = Stage::new().await;
    let messages = (0..1000)
        .map(|n| {
            (
                Customer::new(format!("1555020{n:04}")),
                Content::text(format!("{n}")).into(),
            )
        })
        .collect();
    let ids = stage.simulator.write_batch(PHONE, messages).unwrap();
    let taken = stage.wait_for(1).await;
    let body = taken[0].json();
    let mut seen = Vec::new();
    for entry in body["entry"].as_array().unwrap() {
        for change in entry["changes"].as_array().unwrap() {
            for message in change["value"]["messages"].as_array().unwrap() {
                seen.push(message["id"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(seen, ids);
    assert!(body["entry"].as_array().unwrap().len() > 1);
    stage.end().await;
}

#[tokio::test]
async fn telegram_updates_of_a_chat_come_in_order_even_when_one_fails() {
    let stage = Stage::new().await;
    stage.answer([500, 500]);
    for n in 0..5 {
        let text = Content::text(format!("{n}"));
        stage
            .simulator
            .write(BOT, &Customer::new("700000001"), text)
            .unwrap();
    }
    let taken = stage.wait_for(7).await;
    let texts: Vec<String> = taken
        .iter()
        .map(|taken| taken.json()["message"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["0", "0", "0", "1", "2", "3", "4"]);
    let ids: Vec<u64> = taken[2..]
        .iter()
        .map(|taken| taken.json()["update_id"].as_u64().unwrap())
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert!(
        taken
            .iter()
            .all(|taken| taken.header(telegram::SECRET_HEADER) == "hush")
    );
    stage.end().await;
}

#[tokio::test]
async fn telegram_customers_react_press_edit_and_block() {
    let stage = Stage::new().await;
    let customer = Customer::new("700000001");
    let id = stage
        .simulator
        .write(BOT, &customer, Content::text("first"))
        .unwrap();
    assert!(id.starts_with("700000001:"));
    let react = |emoji: &str| Content::Reaction {
        message_id: id.clone(),
        emoji: emoji.to_owned(),
    };
    let acts = [
        react("❤"),
        react(""),
        Content::Edit {
            message_id: id.clone(),
            text: "second".to_owned(),
        },
        Content::Button {
            message_id: id.clone(),
            id: "a".to_owned(),
            title: "A".to_owned(),
        },
        Content::Block,
    ];
    for act in acts {
        stage.simulator.write(BOT, &customer, act).unwrap();
    }
    let taken = stage.wait_for(6).await;
    let updates: Vec<Value> = taken.iter().map(|taken| taken.json()).collect();
    let heart = json!([{ "type": "emoji", "emoji": "❤" }]);
    assert_eq!(updates[1]["message_reaction"]["new_reaction"], heart);
    assert_eq!(updates[2]["message_reaction"]["old_reaction"], heart);
    assert_eq!(updates[2]["message_reaction"]["new_reaction"], json!([]));
    assert_eq!(
        updates[3]["edited_message"]["message_id"],
        updates[0]["message"]["message_id"]
    );
    assert!(updates[3]["edited_message"]["edit_date"].is_i64());
    assert_eq!(updates[4]["callback_query"]["data"], "a");
    assert_eq!(
        updates[5]["my_chat_member"]["new_chat_member"]["status"],
        "kicked"
    );
    let delete = Content::Delete { message_id: id };
    assert!(stage.simulator.write(BOT, &customer, delete).is_err());
    stage.end().await;
}

#[tokio::test]
async fn signed_webhooks_keep_their_id_and_body_over_retries_until_2xx() {
    let stage = Stage::new().await;
    stage.answer([500, 429, 404, 302, 202]);
    stage
        .simulator
        .write(APP, &Customer::new("user-9"), Content::text("hi"))
        .unwrap();
    let taken = stage.wait_for(5).await;
    for one in &taken {
        assert_eq!(one.header("webhook-id"), taken[0].header("webhook-id"));
        assert_eq!(one.body, taken[0].body);
        let signed = Signed {
            id: one.header("webhook-id"),
            timestamp: one.header("webhook-timestamp"),
            signatures: one.header("webhook-signature"),
            body: &one.body,
        };
        let at = one.header("webhook-timestamp").parse().unwrap();
        assert!(signature::verify(signed, SECRET, None, at));
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(stage.taken().len(), 5, "a taken webhook is not sent again");
    let entry = stage.simulator.journal().written().remove(0);
    assert_eq!((entry.attempts, entry.last_status), (5, Some(202)));
    assert!(entry.acknowledged_at.is_some());
    stage.end().await;
}

#[tokio::test]
async fn a_desk_that_is_down_gets_everything_when_it_is_back() {
    let stage = Stage::new().await;
    let mut account = desk::whatsapp("http://127.0.0.1:1");
    stage
        .simulator
        .add_account(Account::WhatsApp(account.clone()));
    for n in 0..20 {
        let customer = Customer::new(format!("1555010{n:04}"));
        stage
            .simulator
            .write(PHONE, &customer, Content::text("hello?"))
            .unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(stage.simulator.pending(), 20);
    assert!(
        stage
            .simulator
            .journal()
            .written()
            .iter()
            .all(|entry| entry.acknowledged_at.is_none())
    );
    stage
        .simulator
        .write(APP, &Customer::new("user-1"), Content::text("x"))
        .unwrap();
    let url = format!("http://{}", stage.wait_for(1).await[0].header("host"));
    account.webhook_url = format!("{url}/whatsapp");
    stage.simulator.add_account(Account::WhatsApp(account));
    desk::until("all taken", async || stage.simulator.pending() == 0).await;
    let counts = stage.simulator.journal().counts();
    assert_eq!(
        (counts[PHONE].written, counts[PHONE].acknowledged),
        (20, 20)
    );
    stage.end().await;
}

#[tokio::test]
async fn whatsapp_takes_200_alone_for_an_answer() {
    let stage = Stage::new().await;
    stage.answer([202, 200]);
    stage
        .simulator
        .write(PHONE, &Customer::new(CUSTOMER), Content::text("hi"))
        .unwrap();
    let taken = stage.wait_for(2).await;
    assert_eq!(taken[0].body, taken[1].body);
    stage.end().await;
}

#[tokio::test]
async fn the_handshake_passes_only_with_the_right_answer() {
    let stage = Stage::new().await;
    assert!(stage.simulator.verify_webhook(PHONE).await.unwrap());
    assert!(stage.simulator.verify_webhook(BOT).await.is_err());
    stage.end().await;
}
