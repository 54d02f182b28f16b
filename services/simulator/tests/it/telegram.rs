//! The Bot API as the desk calls it.

use interdesk_simulator::{Behaviour, Content, Customer, customer::Media};
use serde_json::json;

use crate::desk::{BOT, Stage, read, until};

const CHAT: i64 = 700_000_001;

async fn talk() -> (Stage, u64) {
    let stage = Stage::new().await;
    let customer = Customer::new(CHAT.to_string());
    let id = stage
        .simulator
        .write(BOT, &customer, Content::text("hi"))
        .unwrap();
    stage.wait_for(1).await;
    let (_, message_id) = id.split_once(':').unwrap();
    (stage, message_id.parse().unwrap())
}

#[tokio::test]
async fn get_me_proves_the_token() {
    let stage = Stage::new().await;
    let (status, answer) = stage.bot("getMe", json!({})).await;
    assert_eq!((status, &answer["ok"]), (200, &json!(true)));
    assert_eq!(answer["result"]["id"], 4711);
    let url = stage.url(&format!("/bot{BOT}:wrong/getMe"));
    let (status, answer) = read(stage.http.get(url).send().await.unwrap()).await;
    let refused = json!({ "ok": false, "error_code": 401, "description": "Unauthorized" });
    assert_eq!((status, answer), (401, refused));
    assert_eq!(stage.bot("getYou", json!({})).await.0, 404);
    stage.end().await;
}

#[tokio::test]
async fn a_reply_gives_back_the_message_and_has_no_receipts() {
    let (stage, message_id) = talk().await;
    let quote = json!({ "message_id": message_id, "allow_sending_without_reply": true });
    let body = json!({ "chat_id": CHAT, "text": "hello", "reply_parameters": quote });
    let (status, answer) = stage.bot("sendMessage", body).await;
    assert_eq!(status, 200, "{answer}");
    let result = &answer["result"];
    assert_eq!(
        (&result["text"], &result["chat"]["id"]),
        (&json!("hello"), &json!(CHAT))
    );
    assert_eq!(result["from"]["is_bot"], true);
    assert_eq!(result["reply_to_message"]["message_id"], message_id);
    assert!(result["message_id"].as_u64().unwrap() > message_id);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(stage.taken().len(), 1);
    let accepted = stage.simulator.journal().accepted();
    assert_eq!(
        accepted[0].provider_id,
        format!("{CHAT}:{}", result["message_id"])
    );
    stage.end().await;
}

#[tokio::test]
async fn refusals_have_telegrams_codes_and_words() {
    let (stage, _) = talk().await;
    let long = "x".repeat(4097);
    let cases = [
        (
            json!({ "chat_id": CHAT, "text": long }),
            400,
            "Bad Request: message is too long",
        ),
        (
            json!({ "chat_id": CHAT, "text": "" }),
            400,
            "Bad Request: message text is empty",
        ),
        (
            json!({ "chat_id": 5, "text": "x" }),
            400,
            "Bad Request: chat not found",
        ),
        (
            json!({ "chat_id": CHAT, "text": "x", "reply_parameters": { "message_id": 5 } }),
            400,
            "Bad Request: message to be replied not found",
        ),
    ];
    for (body, code, description) in cases {
        let (status, answer) = stage.bot("sendMessage", body).await;
        assert_eq!(
            (status, answer["description"].as_str().unwrap()),
            (code, description)
        );
    }
    let markup = format!("<b>{}</b>", "x".repeat(4096));
    let body = json!({ "chat_id": CHAT, "text": markup, "parse_mode": "HTML" });
    assert_eq!(stage.bot("sendMessage", body).await.0, 200);
    stage
        .simulator
        .write(BOT, &Customer::new(CHAT.to_string()), Content::Block)
        .unwrap();
    let (status, answer) = stage
        .bot("sendMessage", json!({ "chat_id": CHAT, "text": "x" }))
        .await;
    assert_eq!(status, 403);
    assert_eq!(
        answer["description"],
        "Forbidden: bot was blocked by the user"
    );
    assert_eq!(stage.simulator.journal().accepted().len(), 1);
    assert_eq!(stage.simulator.journal().rejected().len(), 5);
    stage.end().await;
}

#[tokio::test]
async fn files_are_found_by_id_and_downloaded_by_path() {
    let (stage, _) = talk().await;
    let photo = Content::Media {
        media: Media::Image,
        caption: Some("look".to_owned()),
    };
    stage
        .simulator
        .write(BOT, &Customer::new(CHAT.to_string()), photo)
        .unwrap();
    let message = stage.wait_for(2).await[1].json()["message"].clone();
    assert_eq!(message["caption"], "look");
    let file_id = message["photo"][0]["file_id"].as_str().unwrap();
    let (_, answer) = stage.bot("getFile", json!({ "file_id": file_id })).await;
    let path = answer["result"]["file_path"].as_str().unwrap();
    let url = stage.url(&format!("/file/bot{BOT}:secret/{path}"));
    let bytes = stage
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(bytes.starts_with(b"\x89PNG"));
    let again = json!({ "chat_id": CHAT, "photo": file_id, "caption": "yours" });
    assert_eq!(
        stage.bot("sendPhoto", again).await.1["result"]["caption"],
        "yours"
    );
    let wrong = stage.bot("getFile", json!({ "file_id": "nope" })).await;
    assert_eq!(wrong.0, 400);
    stage.end().await;
}

#[tokio::test]
async fn our_own_messages_can_be_edited_and_deleted_and_theirs_reacted_to() {
    let (stage, theirs) = talk().await;
    let (_, sent) = stage
        .bot("sendMessage", json!({ "chat_id": CHAT, "text": "a" }))
        .await;
    let ours = &sent["result"]["message_id"];
    let edit = |id: &serde_json::Value| json!({ "chat_id": CHAT, "message_id": id, "text": "b" });
    assert_eq!(
        stage.bot("editMessageText", edit(ours)).await.1["result"]["text"],
        "b"
    );
    assert_eq!(
        stage.bot("editMessageText", edit(&theirs.into())).await.0,
        400
    );
    let react = json!({ "chat_id": CHAT, "message_id": theirs,
        "reaction": [{ "type": "emoji", "emoji": "👍" }] });
    assert_eq!(
        stage.bot("setMessageReaction", react).await.1["result"],
        true
    );
    let delete = json!({ "chat_id": CHAT, "message_id": ours });
    assert_eq!(stage.bot("deleteMessage", delete.clone()).await.0, 200);
    assert_eq!(stage.bot("deleteMessage", delete).await.0, 400);
    let typing = json!({ "chat_id": CHAT, "action": "typing" });
    assert_eq!(stage.bot("sendChatAction", typing).await.0, 200);
    assert_eq!(
        stage
            .bot("answerCallbackQuery", json!({ "callback_query_id": "1" }))
            .await
            .0,
        200
    );
    stage.end().await;
}

#[tokio::test]
async fn set_webhook_changes_where_and_which_updates_go() {
    let (stage, _) = talk().await;
    let customer = Customer::new(CHAT.to_string());
    let old = stage.bot("getWebhookInfo", json!({})).await.1["result"]["url"].clone();
    assert_eq!(stage.bot("deleteWebhook", json!({})).await.0, 200);
    stage
        .simulator
        .write(BOT, &customer, Content::text("waiting"))
        .unwrap();
    let url = old.as_str().unwrap().replace("/telegram", "/elsewhere");
    let body = json!({ "url": url, "secret_token": "new_secret", "allowed_updates": ["message"] });
    assert_eq!(stage.bot("setWebhook", body).await.0, 200);
    let taken = stage.wait_for(2).await;
    assert_eq!(taken[1].path, "/elsewhere");
    assert_eq!(
        taken[1].header("x-telegram-bot-api-secret-token"),
        "new_secret"
    );
    let id = stage.simulator.journal().written()[0].provider_id.clone();
    let reaction = Content::Reaction {
        message_id: id,
        emoji: "👍".to_owned(),
    };
    assert_eq!(stage.simulator.write(BOT, &customer, reaction).unwrap(), "");
    let http = json!({ "url": "http://example.org/hook" });
    assert_eq!(stage.bot("setWebhook", http).await.0, 400);
    let secret = json!({ "url": url, "secret_token": "not allowed!" });
    assert_eq!(stage.bot("setWebhook", secret).await.0, 400);
    stage.end().await;
}

#[tokio::test]
async fn forms_are_understood_like_json_and_a_text_stays_a_text() {
    let (stage, _) = talk().await;
    let url = stage.url(&format!("/bot{BOT}:secret/sendMessage?chat_id={CHAT}"));
    let request = stage.http.post(url).body("text=%5B1%5D&reply_parameters=%7B%22message_id%22%3A5%2C%22allow_sending_without_reply%22%3Atrue%7D");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let (status, answer) = read(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["result"]["text"]), (200, &json!("[1]")));
    stage.end().await;
}

#[tokio::test]
async fn a_customer_presses_the_button_under_a_reply() {
    let (stage, _) = talk().await;
    let behaviour = Behaviour {
        answers: 1,
        answer_ms: (1, 2),
        ..Behaviour::default()
    };
    stage.simulator.set_behaviour(BOT, behaviour);
    stage
        .simulator
        .write(BOT, &Customer::new(CHAT.to_string()), Content::text("hm"))
        .unwrap();
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] });
    let body = json!({ "chat_id": CHAT, "text": "ok?", "reply_markup": keyboard });
    assert_eq!(stage.bot("sendMessage", body).await.0, 200);
    until("the press", async || stage.taken().len() == 3).await;
    assert_eq!(stage.taken()[2].json()["callback_query"]["data"], "y");
    stage.end().await;
}

#[tokio::test]
async fn a_customer_shares_their_own_card_when_a_key_asks_for_it() {
    let (stage, _) = talk().await;
    let behaviour = Behaviour {
        answers: 1,
        answer_ms: (1, 2),
        ..Behaviour::default()
    };
    stage.simulator.set_behaviour(BOT, behaviour);
    stage
        .simulator
        .write(BOT, &Customer::new(CHAT.to_string()), Content::text("hm"))
        .unwrap();
    let keyboard = json!({ "keyboard": [[{ "text": "Share", "request_contact": true }]] });
    let body = json!({ "chat_id": CHAT, "text": "number?", "reply_markup": keyboard });
    assert_eq!(stage.bot("sendMessage", body).await.0, 200);
    until("the card", async || stage.taken().len() == 3).await;
    let message = &stage.taken()[2].json()["message"];
    assert_eq!(message["contact"]["user_id"], message["from"]["id"]);
    for button in [
        json!({ "text": "x" }),
        json!({ "text": "x", "url": "javascript:0" }),
    ] {
        let keyboard = json!({ "inline_keyboard": [[button]] });
        let body = json!({ "chat_id": CHAT, "text": "ok?", "reply_markup": keyboard });
        assert_eq!(stage.bot("sendMessage", body).await.0, 400);
    }
    stage.end().await;
}
