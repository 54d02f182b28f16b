//! How an account is, as its provider answers.

use interdesk_channels::kit::provider::{self, Reaction};
use interdesk_channels::{Credentials, NoFiles, SendContext, SendError, channel};
use interdesk_domain::inbox::ChannelKind::{self, Telegram, Whatsapp};
use interdesk_domain::message::{Examined, HealthState};
use serde_json::{Value, json};

const NOW: i64 = 1_767_225_600;

async fn examined(kind: ChannelKind, answers: &[Value]) -> Result<Examined, SendError> {
    let reaction = |answer: &Value| Reaction::Answer(200, "", answer.to_string());
    let (endpoint, provider) = provider::start(answers.iter().map(reaction).collect()).await;
    let credentials = Credentials {
        access_token: Some("5550000001:very-secret".to_owned()),
        ..Credentials::default()
    };
    let client = reqwest::Client::new();
    let context = SendContext {
        client: &client,
        account_id: "5550000001",
        endpoint: &endpoint,
        credentials: &credentials,
        now: chrono::DateTime::from_timestamp(NOW, 0).expect("a moment"),
        state: None,
        files: &NoFiles,
        forbids: |_| false,
    };
    let found = channel(kind).examine(&context, None).await;
    provider.await.expect("a provider");
    found.map(|found| found.expect("it can be asked"))
}

fn told(examined: &Examined) -> Vec<(String, HealthState, String)> {
    let all = examined.conditions.iter();
    all.map(|one| (one.subject.clone(), one.state, one.reason.clone()))
        .collect()
}

#[tokio::test]
async fn a_bots_health_is_what_telegram_says_of_its_token_and_webhook() {
    use HealthState::{Blocked, Degraded, Healthy};
    let taken = json!([
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
        "message_reaction_count",
        "chat_join_request",
    ]);
    let set = json!({ "url": "https://desk.example.org/x", "allowed_updates": taken });
    let with = |more: Value| {
        let mut info = set.clone();
        let more = more.as_object().cloned().unwrap_or_default();
        info.as_object_mut().expect("an object").extend(more);
        info
    };
    for (info, state, reason) in [
        (set.clone(), Healthy, "set"),
        (json!({ "url": "" }), Blocked, "not_set"),
        (
            with(json!({ "last_error_date": NOW - 60, "last_error_message": "refused" })),
            Degraded,
            "failing",
        ),
        (
            with(json!({ "last_error_date": NOW - 3_600 })),
            Healthy,
            "set",
        ),
        (
            with(json!({ "pending_update_count": 500 })),
            Degraded,
            "waiting",
        ),
        (
            with(json!({ "allowed_updates": ["message"] })),
            Degraded,
            "incomplete",
        ),
        (with(json!({ "allowed_updates": [] })), Healthy, "set"),
    ] {
        let me = json!({ "ok": true, "result": { "id": 5_550_000_001_i64, "is_bot": true } });
        let answer = json!({ "ok": true, "result": info });
        let found = examined(Telegram, &[me, answer]).await.expect("an answer");
        let expected = [
            ("access".to_owned(), Healthy, "answered".to_owned()),
            ("webhook".to_owned(), state, reason.to_owned()),
        ];
        assert_eq!(told(&found), expected, "{info}");
    }
    let other = json!({ "ok": true, "result": { "id": 7, "is_bot": true } });
    let answer = json!({ "ok": true, "result": set });
    let found = examined(Telegram, &[other, answer])
        .await
        .expect("an answer");
    assert_eq!(told(&found)[0].1, Blocked);
    let refused = json!({ "ok": false, "error_code": 401, "description": "Unauthorized" });
    assert!(examined(Telegram, &[refused]).await.is_err());
}

#[tokio::test]
async fn a_numbers_health_pace_and_name_are_what_meta_says_of_it() {
    let number = json!({
        "display_phone_number": "+1 555-000-1000", "quality_rating": "RED", "status": "FLAGGED",
        "throughput": { "level": "HIGH" }, "is_on_biz_app": false,
    });
    let found = examined(Whatsapp, &[number]).await.expect("an answer");
    assert_eq!(found.number.as_deref(), Some("15550001000"));
    assert_eq!(found.per_second, Some(1_000));
    let unwell = |subject: &str| {
        let all = told(&found);
        let found = all.iter().find(|one| one.0 == subject).cloned();
        found.expect("a condition").1
    };
    assert_eq!(unwell("quality"), HealthState::Degraded);
    assert_eq!(unwell("connection"), HealthState::Degraded);
    let shared = json!({ "is_on_biz_app": true, "throughput": { "level": "HIGH" } });
    let found = examined(Whatsapp, &[shared]).await.expect("an answer");
    assert_eq!(found.per_second, Some(20), "as fast as the app");
}
