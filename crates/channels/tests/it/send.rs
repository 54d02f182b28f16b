//! What is sent, and what each kind of answer means for the message.

use chrono::{DateTime, Utc};
use interdesk_channels::kit::provider::{self, Asked, Reaction};
use interdesk_channels::{
    Action, Credentials, Outgoing, OwnedRequest, SendContext, SendError, Sent, channel,
};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{
    Address, Choice, Choices, Content, Location, Media, MediaKind, MediaSource, Place, Section,
    Template, Variable, VariableValue,
};
use serde_json::{Value, json};
use std::time::Duration;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const TOKEN: &str = "5550:very-secret";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

fn credentials() -> Credentials {
    Credentials {
        access_token: Some(TOKEN.to_owned()),
        signing_secret: Some(SECRET.to_owned()),
        ..Credentials::default()
    }
}

fn address(namespace: &str, value: &str) -> Address {
    Address {
        network: "any".to_owned(),
        namespace: namespace.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) fn outgoing(action: Action) -> Outgoing {
    Outgoing {
        attempt: "attempt-1".to_owned(),
        message: "message.1".to_owned(),
        conversation: "conversation-1".to_owned(),
        to: vec![
            address("bsuid", "US.12000000000000000012"),
            address("phone", "15550001012"),
            address("user", "5550012"),
        ],
        group: None,
        writer: None,
        action,
        reply_to: None,
        expires_at: None,
    }
}

pub(crate) fn text(text: &str) -> Action {
    Action::Write(Content::Text {
        text: text.to_owned(),
    })
}

pub(crate) fn file(kind: MediaKind, caption: Option<&str>) -> Action {
    Action::Write(Content::Media {
        media: Media {
            kind,
            source: MediaSource::Url("https://example.org/file".to_owned()),
            mime_type: None,
            file_name: Some("a.pdf".to_owned()),
            size: None,
            sha256: None,
        },
        caption: caption.map(str::to_owned),
    })
}

pub(crate) fn place() -> Action {
    Action::Write(Content::Location(Location {
        latitude: 52.5,
        longitude: 13.4,
        name: None,
        address: None,
    }))
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().timeout(Duration::from_millis(500));
    client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

pub(crate) async fn send_to(
    kind: ChannelKind,
    endpoint: &str,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let credentials = credentials();
    let client = client();
    let context = SendContext {
        client: &client,
        account_id: "100200300",
        endpoint,
        credentials: &credentials,
        now: now(),
        state: None,
        files: &interdesk_channels::NoFiles,
        forbids: |_| false,
    };
    channel(kind).send(&context, outgoing).await
}

pub(crate) async fn exchange(
    kind: ChannelKind,
    outgoing: &Outgoing,
    reactions: Vec<Reaction>,
) -> (Result<Sent, SendError>, Vec<Asked>) {
    let (endpoint, provider) = provider::start(reactions).await;
    let outcome = send_to(kind, &endpoint, outgoing).await;
    (outcome, provider.await.expect("a provider"))
}

fn accepted(kind: ChannelKind) -> Reaction {
    let body = match kind {
        ChannelKind::Whatsapp => r#"{"messages":[{"id":"wamid.NEW"}]}"#,
        ChannelKind::Telegram => r#"{"ok":true,"result":{"message_id":9,"chat":{"id":5550012}}}"#,
        ChannelKind::Webhook => r#"{"external_id":"ext-2"}"#,
        ChannelKind::Email | ChannelKind::Webchat | ChannelKind::Matrix => {
            panic!("{kind:?} is not spoken to by HTTP")
        }
    };
    Reaction::Answer(200, "", body.to_owned())
}

/// Sends something that is accepted; returns the path and the body.
pub(crate) async fn sent(kind: ChannelKind, outgoing: Outgoing) -> (String, Value) {
    let (outcome, asked) = exchange(kind, &outgoing, vec![accepted(kind)]).await;
    outcome.expect("sent");
    (asked[0].path().to_owned(), asked[0].json())
}

/// Sends a text that is answered so; returns the error.
async fn refused(kind: ChannelKind, reaction: Reaction) -> SendError {
    let (outcome, _) = exchange(kind, &outgoing(text("Hello")), vec![reaction]).await;
    outcome.expect_err("no success")
}

fn failure(error: SendError) -> (Failure, Option<i64>) {
    match error {
        SendError::Refused {
            failure,
            retry_after,
        } => (failure, retry_after.map(|wait| wait.num_seconds())),
        SendError::NoAnswer(why) => panic!("no answer: {why}"),
    }
}

#[tokio::test]
async fn whatsapp_gets_documented_bodies() {
    let kind = ChannelKind::Whatsapp;
    let mut reply = outgoing(text("Yes: https://example.org"));
    reply.reply_to = Some("wamid.FIRST".to_owned());
    let (path, body) = sent(kind, reply).await;
    assert_eq!(path, "/100200300/messages");
    assert_eq!(
        body,
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+15550001012",
            "type": "text",
            "text": { "body": "Yes: https://example.org", "preview_url": true },
            "context": { "message_id": "wamid.FIRST" },
            "biz_opaque_callback_data": "attempt-1",
        })
    );
    let mut group = outgoing(file(MediaKind::Voice, None));
    group.group = Some("GROUP7".to_owned());
    let (_, body) = sent(kind, group).await;
    assert_eq!(
        (&body["recipient_type"], &body["to"]),
        (&json!("group"), &json!("GROUP7"))
    );
    assert_eq!(
        body["audio"],
        json!({ "link": "https://example.org/file", "voice": true })
    );

    let mut no_phone = outgoing(file(MediaKind::Document, Some("A bill")));
    no_phone.to.remove(1);
    let (_, body) = sent(kind, no_phone).await;
    assert_eq!(body["recipient"], "US.12000000000000000012");
    assert_eq!(body.get("to"), None);
    assert_eq!(
        body["document"],
        json!({ "link": "https://example.org/file", "caption": "A bill", "filename": "a.pdf" })
    );
    let template = Action::Write(Content::Template(Template {
        name: "late_parcel".to_owned(),
        language: "en_US".to_owned(),
        parameters: vec!["Friday".to_owned()],
        variables: Vec::new(),
    }));
    let (_, body) = sent(kind, outgoing(template)).await;
    assert_eq!(
        body["template"],
        json!({
            "name": "late_parcel",
            "language": { "code": "en_US" },
            "components": [{ "type": "body", "parameters": [{ "type": "text", "text": "Friday" }] }],
        })
    );
}

pub(crate) fn choices(list: Option<&str>) -> Choices {
    let choice = |id: &str, title: &str| Choice {
        id: id.to_owned(),
        title: title.to_owned(),
        description: None,
    };
    let mut choices = Choices {
        text: "Which day?".to_owned(),
        footer: Some("You can change it later".to_owned()),
        list: list.map(str::to_owned),
        ..Choices::default()
    };
    choices.sections.push(Section {
        title: list.map(|_| "Days".to_owned()),
        choices: vec![choice("mon", "Monday"), choice("tue", "Tuesday")],
    });
    choices
}

#[tokio::test]
async fn choices_are_buttons_or_a_list_where_the_channel_has_them() {
    let write = |choices| outgoing(Action::Write(Content::Choices(choices)));
    let (_, body) = sent(ChannelKind::Whatsapp, write(choices(None))).await;
    assert_eq!(
        body["interactive"],
        json!({
            "type": "button",
            "body": { "text": "Which day?" },
            "footer": { "text": "You can change it later" },
            "action": { "buttons": [
                { "type": "reply", "reply": { "id": "mon", "title": "Monday" } },
                { "type": "reply", "reply": { "id": "tue", "title": "Tuesday" } },
            ] },
        })
    );
    let mut list = choices(Some("Pick a day"));
    list.sections[0].choices[0].description = Some("in the morning".to_owned());
    let (_, body) = sent(ChannelKind::Whatsapp, write(list.clone())).await;
    assert_eq!(
        body["interactive"]["action"],
        json!({
            "button": "Pick a day",
            "sections": [{ "title": "Days", "rows": [
                { "id": "mon", "title": "Monday", "description": "in the morning" },
                { "id": "tue", "title": "Tuesday" },
            ] }],
        })
    );
    let (path, body) = sent(ChannelKind::Telegram, write(list)).await;
    assert!(path.ends_with("/sendMessage"));
    assert_eq!(
        body["text"],
        "Which day?\n\nMonday: in the morning\n\nYou can change it later"
    );
    assert_eq!(
        body["reply_markup"]["inline_keyboard"],
        json!([
            [{ "text": "Monday", "callback_data": "mon" }],
            [{ "text": "Tuesday", "callback_data": "tue" }],
        ])
    );
    let (_, body) = sent(ChannelKind::Webhook, write(choices(None))).await;
    assert_eq!(body["data"]["message"]["content"]["type"], "choices");
    assert_eq!(body["data"]["message"]["text"], "Which day?");
}

#[tokio::test]
async fn a_template_is_filled_place_by_place() {
    let variable = |place, value| Variable {
        place,
        name: None,
        value,
    };
    let text = |text: &str| VariableValue::Text {
        text: text.to_owned(),
    };
    let Action::Write(Content::Media { media, .. }) = file(MediaKind::Image, None) else {
        panic!("no file")
    };
    let mut template = Template {
        name: "bill".to_owned(),
        language: "en_US".to_owned(),
        parameters: Vec::new(),
        variables: vec![
            variable(Place::Button(0), text("12")),
            variable(
                Place::Button(1),
                VariableValue::Payload {
                    payload: "stop".to_owned(),
                },
            ),
            variable(
                Place::Button(2),
                VariableValue::Code {
                    code: "SPRING25".to_owned(),
                },
            ),
            variable(Place::Header, VariableValue::Media { media }),
            variable(Place::Body, text("Customer 12")),
            variable(
                Place::Body,
                VariableValue::Money {
                    thousandths: 12_500,
                    currency: "EUR".to_owned(),
                    text: "12.50 €".to_owned(),
                },
            ),
        ],
    };
    template.variables[4].name = Some("name".to_owned());
    let write = |template| outgoing(Action::Write(Content::Template(template)));
    let (_, body) = sent(ChannelKind::Whatsapp, write(template.clone())).await;
    assert_eq!(
        body["template"]["components"],
        json!([
            { "type": "header", "parameters": [
                { "type": "image", "image": { "link": "https://example.org/file" } },
            ] },
            { "type": "body", "parameters": [
                { "type": "text", "text": "Customer 12", "parameter_name": "name" },
                { "type": "currency", "currency": {
                    "fallback_value": "12.50 €", "code": "EUR", "amount_1000": 12_500,
                } },
            ] },
            { "type": "button", "sub_type": "url", "index": "0", "parameters": [
                { "type": "text", "text": "12" },
            ] },
            { "type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [
                { "type": "payload", "payload": "stop" },
            ] },
            { "type": "button", "sub_type": "copy_code", "index": "2", "parameters": [
                { "type": "coupon_code", "coupon_code": "SPRING25" },
            ] },
        ])
    );
    template.parameters.push("twice".to_owned());
    let message = write(template);
    let error = send_to(ChannelKind::Whatsapp, "http://127.0.0.1:1", &message);
    let (failure, _) = failure(error.await.expect_err("no success"));
    assert_eq!(failure.reason, FailureReason::UnsupportedContent);
}

#[tokio::test]
async fn telegram_gets_one_method_per_kind() {
    let kind = ChannelKind::Telegram;
    let mut reply = outgoing(text("Yes"));
    reply.reply_to = Some("5550012:40".to_owned());
    let (path, body) = sent(kind, reply).await;
    assert_eq!(path, format!("/bot{TOKEN}/sendMessage"));
    assert_eq!(
        body,
        json!({
            "chat_id": 5_550_012,
            "text": "Yes",
            "reply_parameters": { "message_id": 40, "allow_sending_without_reply": true },
        })
    );
    let mut topic = outgoing(file(MediaKind::Image, Some("A lamp")));
    topic.group = Some("-1005550007:9".to_owned());
    let (path, body) = sent(kind, topic).await;
    assert!(path.ends_with("/sendPhoto"));
    assert_eq!(
        body,
        json!({
            "chat_id": -1_005_550_007_i64,
            "message_thread_id": 9,
            "photo": "https://example.org/file",
            "caption": "A lamp",
        })
    );
    let mut business = outgoing(place());
    business.to.push(address("business_chat", "conn-1:5550012"));
    let (path, body) = sent(kind, business).await;
    assert!(path.ends_with("/sendLocation"));
    assert_eq!(body["business_connection_id"], "conn-1");
    let read = Action::MarkRead {
        target: "conn-1:5550012:41".to_owned(),
    };
    let (path, body) = sent(kind, outgoing(read)).await;
    assert!(path.ends_with("/readBusinessMessage"));
    assert_eq!(body["message_id"], 41);
    for (emoji, reaction) in [
        ("👍", json!([{ "type": "emoji", "emoji": "👍" }])),
        ("", json!([])),
    ] {
        let react = Action::React {
            target: "5550012:41".to_owned(),
            emoji: emoji.to_owned(),
        };
        let (path, body) = sent(kind, outgoing(react)).await;
        assert!(path.ends_with("/setMessageReaction"));
        assert_eq!(body["reaction"], reaction);
    }
}

#[tokio::test]
async fn a_group_that_moved_is_written_to_at_its_new_place() {
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1005550007}}"#;
    let mut message = outgoing(text("Hello"));
    message.group = Some("-5550007".to_owned());
    let reactions = vec![
        Reaction::Answer(400, "", moved.to_owned()),
        accepted(ChannelKind::Telegram),
    ];
    let (outcome, asked) = exchange(ChannelKind::Telegram, &message, reactions).await;
    outcome.expect("sent");
    assert_eq!(asked[1].json()["chat_id"], -1_005_550_007_i64);
}

#[tokio::test]
async fn what_an_app_gets_is_signed_and_carries_the_idempotency_key() {
    let kind = ChannelKind::Webhook;
    let (_, asked) = exchange(kind, &outgoing(text("Hello")), vec![accepted(kind)]).await;
    let request = OwnedRequest {
        headers: asked[0].headers(),
        body: asked[0].body.clone().into(),
        ..OwnedRequest::default()
    };
    let request = request.as_incoming();
    assert_eq!(request.header("webhook-id"), Some("message-1"));
    let receiver = Credentials {
        webhook_secrets: vec![SECRET.to_owned()],
        ..Credentials::default()
    };
    assert_eq!(channel(kind).verify(&request, &receiver, now()), Ok(()));
    let message = &asked[0].json()["data"]["message"];
    assert_eq!(
        (&message["id"], &message["key"]),
        (&json!("attempt-1"), &json!("message.1"))
    );
    assert_eq!(message["recipient"]["id"], "5550012");
    assert_eq!(
        message["content"],
        json!({ "type": "text", "text": "Hello" })
    );
}

#[tokio::test]
async fn too_much_at_once_is_retried_when_the_provider_says() {
    let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":14}}"#;
    let whatsapp = r#"{"error":{"message":"(#130429) Rate limit hit","code":130429}}"#;
    let pair = r#"{"error":{"message":"(#131056) Pair rate limit hit","code":131056}}"#;
    let after = "retry-after: 7\r\n";
    let cases = [
        (ChannelKind::Telegram, 429, "", telegram, Some(14)),
        (ChannelKind::Whatsapp, 400, "", whatsapp, None),
        (ChannelKind::Whatsapp, 429, after, whatsapp, Some(7)),
        (ChannelKind::Whatsapp, 400, "", pair, None),
        (ChannelKind::Whatsapp, 429, after, "slow down", Some(7)),
        (ChannelKind::Webhook, 429, "", "", None),
        (ChannelKind::Webhook, 429, after, "", Some(7)),
        (ChannelKind::Webhook, 503, after, "", Some(7)),
    ];
    for (kind, status, headers, body, wait) in cases {
        let error = refused(kind, Reaction::Answer(status, headers, body.to_owned())).await;
        let (failure, retry_after) = failure(error);
        let expected = (FailureReason::RateLimited, true, wait);
        assert_eq!(
            (failure.reason, failure.retryable, retry_after),
            expected,
            "{kind:?} {body}"
        );
    }
}

#[tokio::test]
async fn refusals_say_what_would_help() {
    use FailureReason::{
        AccountRefused, NotOptedIn, Other, RecipientUnknown, RefusedContent, UnsupportedContent,
        WindowClosed,
    };
    let whatsapp = |code: u32| format!(r#"{{"error":{{"message":"m","code":{code}}}}}"#);
    let telegram = |code: u16, text: &str| {
        format!(r#"{{"ok":false,"error_code":{code},"description":"{text}"}}"#)
    };
    let cases = [
        (ChannelKind::Whatsapp, 400, whatsapp(131_047), WindowClosed),
        (ChannelKind::Whatsapp, 400, whatsapp(131_050), NotOptedIn),
        (
            ChannelKind::Whatsapp,
            400,
            whatsapp(131_026),
            RecipientUnknown,
        ),
        (
            ChannelKind::Whatsapp,
            400,
            whatsapp(131_062),
            UnsupportedContent,
        ),
        (
            ChannelKind::Whatsapp,
            404,
            whatsapp(132_001),
            RefusedContent,
        ),
        (ChannelKind::Whatsapp, 401, whatsapp(190), AccountRefused),
        (
            ChannelKind::Whatsapp,
            403,
            whatsapp(999_999),
            AccountRefused,
        ),
        (ChannelKind::Whatsapp, 400, whatsapp(999_999), Other),
        (
            ChannelKind::Whatsapp,
            401,
            "no JSON".to_owned(),
            AccountRefused,
        ),
        (
            ChannelKind::Telegram,
            401,
            telegram(401, "Unauthorized"),
            AccountRefused,
        ),
        (
            ChannelKind::Telegram,
            403,
            telegram(403, "Forbidden: bot was blocked by the user"),
            NotOptedIn,
        ),
        (
            ChannelKind::Telegram,
            400,
            telegram(400, "Bad Request: chat not found"),
            RecipientUnknown,
        ),
        (
            ChannelKind::Telegram,
            400,
            telegram(400, "Bad Request: message is too long"),
            UnsupportedContent,
        ),
        (
            ChannelKind::Telegram,
            400,
            telegram(400, "Bad Request: can't parse entities"),
            RefusedContent,
        ),
        (ChannelKind::Webhook, 410, String::new(), AccountRefused),
        (ChannelKind::Webhook, 401, String::new(), AccountRefused),
        (ChannelKind::Webhook, 307, String::new(), AccountRefused),
        (ChannelKind::Webhook, 422, String::new(), Other),
    ];
    for (kind, status, body, reason) in cases {
        let error = refused(kind, Reaction::Answer(status, "", body.clone())).await;
        let (failure, _) = failure(error);
        assert_eq!(
            (failure.reason, failure.retryable),
            (reason, false),
            "{kind:?} {status} {body}"
        );
        assert!(!failure.detail.is_empty());
    }
}

/// The table of errors in Meta's documentation, each code once.
#[tokio::test]
async fn every_documented_code_of_whatsapp_is_told_as_what_it_means() {
    use FailureReason::*;
    let (again, never) = (true, false);
    for (codes, reason, retryable, wait) in [
        (
            &[1, 2, 131_000, 131_016, 133_004][..],
            ProviderUnavailable,
            again,
            None,
        ),
        (&[131_057], ProviderUnavailable, again, Some(60)),
        (
            &[4, 80_007, 130_429, 131_056, 131_208],
            RateLimited,
            again,
            None,
        ),
        (&[131_048], RateLimited, again, Some(3_600)),
        (&[131_049, 130_472, 131_064], RefusedContent, never, None),
        (&[131_047], WindowClosed, never, None),
        (&[131_050], NotOptedIn, never, None),
        (&[131_026, 131_021], RecipientUnknown, never, None),
        (&[130_497], Other, never, None),
        (&[131_062, 131_051], UnsupportedContent, never, None),
        (
            &[
                100, 131_008, 131_009, 131_053, 132_000, 132_001, 132_005, 132_007, 132_012,
                132_015, 132_016, 132_018, 132_068, 132_069, 135_000,
            ],
            RefusedContent,
            never,
            None,
        ),
        (
            &[
                0, 3, 10, 33, 190, 200, 299, 368, 131_005, 131_031, 131_037, 131_042, 131_045,
                133_010,
            ],
            AccountRefused,
            never,
            None,
        ),
        (
            &[
                131_020, 131_041, 131_059, 131_201, 131_202, 131_204, 131_207, 131_209, 131_215,
            ],
            Other,
            never,
            None,
        ),
    ] {
        for code in codes {
            let body = format!(r#"{{"error":{{"message":"m","code":{code}}}}}"#);
            let answer = Reaction::Answer(400, "", body);
            let (failure, after) = failure(refused(ChannelKind::Whatsapp, answer).await);
            assert_eq!(
                (failure.reason, failure.retryable, after),
                (reason, retryable, wait),
                "{code}"
            );
            assert_eq!(failure.provider_code, Some(code.to_string()));
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_good_by_its_status_and_holds_an_error_alone_is_a_refusal() {
    let body = r#"{"messaging_product":"whatsapp","error":{"message":"partly","code":131201}}"#;
    let answer = Reaction::Answer(206, "", body.to_owned());
    let (failure, _) = failure(refused(ChannelKind::Whatsapp, answer).await);
    assert_eq!(failure.provider_code.as_deref(), Some("131201"));
}

#[tokio::test]
async fn a_provider_that_says_it_is_unwell_is_tried_again() {
    let whatsapp = r#"{"error":{"message":"unwell","code":2}}"#;
    let unknown = r#"{"error":{"message":"unwell","code":999999}}"#;
    let telegram = r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#;
    for (kind, status, body) in [
        (ChannelKind::Whatsapp, 503, whatsapp),
        (ChannelKind::Whatsapp, 500, unknown),
        (ChannelKind::Telegram, 500, telegram),
        (ChannelKind::Webhook, 500, ""),
    ] {
        let (failure, _) =
            failure(refused(kind, Reaction::Answer(status, "", body.to_owned())).await);
        let expected = (FailureReason::ProviderUnavailable, true);
        assert_eq!(
            (failure.reason, failure.retryable),
            expected,
            "{kind:?} {body}"
        );
    }
}

#[tokio::test]
async fn whoever_cannot_know_whether_it_was_sent_says_so() {
    let gateway = r#"{"ok":false,"error_code":502,"description":"Bad Gateway"}"#;
    let page = "<html>Bad Gateway</html>";
    let mut cases = vec![
        (
            ChannelKind::Telegram,
            Reaction::Answer(502, "", gateway.to_owned()),
        ),
        (
            ChannelKind::Whatsapp,
            Reaction::Answer(200, "", page.to_owned()),
        ),
        (
            ChannelKind::Telegram,
            Reaction::Answer(200, "", page.to_owned()),
        ),
        (ChannelKind::Whatsapp, Reaction::CutBody),
    ];
    // The kit holds the others to the same, each with a provider of its own.
    for kind in [
        ChannelKind::Whatsapp,
        ChannelKind::Telegram,
        ChannelKind::Webhook,
    ] {
        cases.push((kind, Reaction::Cut));
        cases.push((kind, Reaction::Silence));
        cases.push((kind, Reaction::Answer(504, "", page.to_owned())));
    }
    for kind in [ChannelKind::Whatsapp, ChannelKind::Telegram] {
        cases.push((kind, Reaction::Answer(500, "", page.to_owned())));
    }
    for (kind, reaction) in cases {
        let error = refused(kind, reaction.clone()).await;
        assert!(
            matches!(error, SendError::NoAnswer(_)),
            "{kind:?} {reaction:?}: {error:?}"
        );
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

fn many_buttons() -> Content {
    let mut four = choices(None);
    let two = four.sections[0].choices.clone();
    four.sections[0].choices.extend(two);
    Content::Choices(four)
}

fn giant_choice() -> Content {
    let mut giant = choices(None);
    giant.sections[0].choices[0].id = "x".repeat(65);
    Content::Choices(giant)
}

fn typed(mime_type: &str, size: Option<u64>) -> Action {
    let mut action = file(MediaKind::Image, None);
    if let Action::Write(Content::Media { media, .. }) = &mut action {
        media.mime_type = Some(mime_type.to_owned());
        media.size = size;
    }
    action
}

#[tokio::test]
async fn what_a_channel_cannot_carry_is_refused_before_anything_is_sent() {
    use ChannelKind::{Telegram, Webhook, Whatsapp};
    let emoji = "😀".repeat(2049);
    let cases = [
        (Whatsapp, text(&"é".repeat(4097)), "4096"),
        (Whatsapp, text(" "), "words"),
        (Whatsapp, file(MediaKind::Animation, None), "animation"),
        (Whatsapp, file(MediaKind::Audio, Some("words")), "words"),
        (
            Whatsapp,
            file(MediaKind::Image, Some(&"x".repeat(1025))),
            "1024",
        ),
        (Telegram, text(&emoji), "4096"),
        (Whatsapp, Action::Write(many_buttons()), "1 to 3"),
        (Telegram, Action::Write(giant_choice()), "64 bytes"),
        (Whatsapp, typed("image/tiff", None), "image/jpeg"),
        (Whatsapp, typed("image/png", Some(6_000_000)), "5242880"),
        (
            Whatsapp,
            Action::Delete {
                target: "wamid.1".to_owned(),
            },
            "another",
        ),
        (Whatsapp, Action::Typing { last: None }, "typing"),
        (
            Telegram,
            Action::MarkRead {
                target: "5550012:41".to_owned(),
            },
            "business",
        ),
        (
            Telegram,
            Action::React {
                target: "callback:1".to_owned(),
                emoji: String::new(),
            },
            "ordinary",
        ),
        (Webhook, text(&"x".repeat(65_537)), "65536"),
    ];
    for (kind, action, word) in cases {
        let error = send_to(kind, "http://127.0.0.1:1", &outgoing(action)).await;
        let (failure, _) = failure(error.expect_err("no success"));
        assert_eq!(
            (failure.reason, failure.retryable),
            (FailureReason::UnsupportedContent, false)
        );
        assert!(failure.detail.contains(word), "{}", failure.detail);
    }
    let (_, body) = sent(Whatsapp, outgoing(text(&"é".repeat(4096)))).await;
    assert_eq!(body["type"], "text");
}
