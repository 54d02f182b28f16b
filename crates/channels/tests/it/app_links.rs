//! Links by which a visitor of the web chat goes on in another app.

use interdesk_channels::app_link::AppLinks;
use interdesk_channels::{Credentials, Incoming, channel};
use interdesk_domain::inbox::ChannelKind::{self, Telegram, Whatsapp};
use interdesk_domain::message::UpdateKind;
use serde_json::{Value, json};
use uuid::Uuid;

const SESSION: Uuid = Uuid::from_u128(7);

fn credentials(secret: &str) -> Credentials {
    let others = [
        ("username", "@example_bot"),
        ("phone_number", "+1 555-0100"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Credentials {
        webhook_secrets: vec![secret.to_owned()],
        others: others.into_iter().collect(),
        ..Credentials::default()
    }
}

fn token(kind: ChannelKind, secret: &str) -> String {
    let until = chrono::DateTime::from_timestamp(1_767_268_800, 0).expect("a moment");
    let secrets = credentials(secret).webhook_secrets;
    AppLinks::to(kind, &secrets)
        .token(SESSION, until)
        .expect("a token")
}

/// Returns what a body tells, in words: which session was brought, and what else there is.
fn told(kind: ChannelKind, body: &Value) -> Vec<String> {
    let body = body.to_string();
    let incoming = Incoming::kept(body.as_bytes());
    let updates = channel(kind).parse(&incoming, &credentials("own"));
    let words = |update: interdesk_domain::message::Update| match update.kind {
        UpdateKind::LinkFollowed { by, session, .. } => {
            format!("{} brings {session}", by.addresses[0].value)
        }
        UpdateKind::Message(message) => format!("writes {}", message.content.text()),
        other => format!("{other:?}"),
    };
    updates
        .expect("it is read")
        .into_iter()
        .map(words)
        .collect()
}

fn telegram(text: &str, more: &Value) -> Value {
    let mut message = json!({
        "message_id": 5, "date": 1_767_225_600, "text": text,
        "from": { "id": 5550012, "is_bot": false, "first_name": "Customer" },
        "chat": { "id": 5550012, "type": "private" },
    });
    let more = more.as_object().cloned().unwrap_or_default();
    message.as_object_mut().expect("an object").extend(more);
    json!({ "update_id": 1, "message": message })
}

fn whatsapp(text: &str) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550199", "phone_number_id": "2" },
            "contacts": [{ "wa_id": "15550100", "profile": { "name": "Customer" } }],
            "messages": [{
                "id": "wamid.1", "from": "15550100", "timestamp": "1767225600",
                "type": "text", "text": { "body": text },
            }],
        },
    }] }] })
}

#[test]
fn a_link_names_the_bot_or_the_number_and_brings_the_token() {
    let link = |kind, credentials: &Credentials| channel(kind).app_link(credentials, "T0k_en-");
    let own = credentials("own");
    let expected = "https://t.me/example_bot?start=T0k_en-";
    assert_eq!(link(Telegram, &own).as_deref(), Some(expected));
    let expected = "https://wa.me/15550100?text=Ref%20T0k_en-";
    assert_eq!(link(Whatsapp, &own).as_deref(), Some(expected));
    for kind in ChannelKind::ALL {
        assert_eq!(link(kind, &Credentials::default()), None, "{kind:?}");
    }
}

#[test]
fn who_brings_a_token_is_told_before_what_they_write() {
    let start = format!("/start {}", token(Telegram, "own"));
    let expected = [
        format!("5550012 brings {SESSION}"),
        format!("writes {start}"),
    ];
    assert_eq!(told(Telegram, &telegram(&start, &json!({}))), expected);
    let words = format!("Ref {}", token(Whatsapp, "own"));
    let expected = [
        format!("15550100 brings {SESSION}"),
        format!("writes {words}"),
    ];
    assert_eq!(told(Whatsapp, &whatsapp(&words)), expected);
}

/// People write around what an app prepares; that the last word is the token is what counts.
#[test]
fn whatever_stands_before_a_token_is_taken() {
    for before in ["Ref ", "Hello, I have a question. Ref: ", "\u{202e}", ""] {
        let words = format!("{before} {}\n", token(Whatsapp, "own"));
        let told = told(Whatsapp, &whatsapp(&words));
        assert_eq!(told[0], format!("15550100 brings {SESSION}"), "{before:?}");
    }
}

#[test]
fn a_token_of_somebody_else_or_one_that_is_passed_on_tells_nothing() {
    let own = token(Telegram, "own");
    let start = format!("/start {own}");
    let forward =
        json!({ "forward_origin": { "type": "hidden_user", "date": 1, "sender_user_name": "a" } });
    let group = json!({ "chat": { "id": -5550001, "type": "group", "title": "a" } });
    let business = json!({ "from": { "id": 5550099, "is_bot": true, "first_name": "Bot" } });
    let foreign = format!("/start {}", token(Telegram, "foreign"));
    let of_other_app = format!("/start {}", token(Whatsapp, "own"));
    let cases = [
        (start.as_str(), &forward),
        (&start, &group),
        (&start, &business),
        (&foreign, &json!({})),
        (&of_other_app, &json!({})),
        ("/start", &json!({})),
        (&format!("{start} and more"), &json!({})),
    ];
    for (text, more) in cases {
        let told = told(Telegram, &telegram(text, more));
        assert_eq!(told, [format!("writes {text}")], "{more}");
    }
}
