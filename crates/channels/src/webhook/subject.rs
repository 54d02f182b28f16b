//! Signed webhooks for the conformance kit.

use super::Webhook;
use crate::kit::provider::over_http;
use crate::kit::{Answers, FileAnswers, NOWHERE, Refusal, Subject, fixtures};
use crate::standard_webhooks::Signer;
use crate::{Credentials, OwnedRequest, json};
use chrono::{DateTime, SecondsFormat, Utc};
use interdesk_domain::delivery::FailureReason;
use serde_json::json;
use std::path::Path;

const SECRETS: [&str; 2] = [
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
];

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/webhook");
    let user = json::address("webhook", "user", Some("u-12".to_owned()));
    Subject {
        channel: &Webhook,
        credentials: Credentials {
            signing_secret: Some(SECRETS[0].to_owned()),
            ..Credentials::default()
        },
        secrets: SECRETS.map(str::to_owned),
        sign,
        fixtures: fixtures(&folder).unwrap_or_default(),
        texts,
        account_id: "own-app",
        to: user.into_iter().collect(),
        group: "room-7",
        target: "ext-1",
        answers: answers(),
        files: FileAnswers::default(),
        start: over_http,
        nowhere: NOWHERE,
    }
}

fn sign(secret: &str, at: DateTime<Utc>, body: &[u8]) -> OwnedRequest {
    // An unusable secret signs with nothing, which nobody takes.
    let signer = Signer::parse(secret);
    let signature = signer.map(|signer| signer.sign("msg_1", at, body));
    let headers = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", at.timestamp().to_string()),
        ("webhook-signature", signature.unwrap_or_default()),
    ];
    OwnedRequest {
        method: "POST".to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    }
}

fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let (id, text) = texts.first().cloned().unwrap_or_default();
    let at = Subject::moment().to_rfc3339_opts(SecondsFormat::Secs, true);
    let sender = json!({ "id": "u-12", "name": "Customer 12" });
    let message = json!({ "id": id, "sender": sender, "text": text, "sent_at": at });
    let body = json!({
        "type": "message.created",
        "timestamp": at,
        "data": { "message": message },
    });
    body.to_string().into_bytes()
}

fn answers() -> Answers {
    let refusal = |which, reason: &str, expected| {
        let body = json!({ "reason": reason, "detail": "the app says why" });
        (which, 422, body.to_string(), expected)
    };
    Answers {
        accepted: r#"{"external_id":"ext-2"}"#,
        accepted_id: "ext-2",
        busy_until: (429, "retry-after: 7\r\n", "", 7),
        busy: (429, ""),
        unwell: (500, ""),
        refusals: vec![
            refusal(Refusal::Blocked, "not_opted_in", FailureReason::NotOptedIn),
            refusal(
                Refusal::NotOptedIn,
                "not_opted_in",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::RecipientUnknown,
                "recipient_unknown",
                FailureReason::RecipientUnknown,
            ),
            refusal(
                Refusal::Content,
                "refused_content",
                FailureReason::RefusedContent,
            ),
            (
                Refusal::Account,
                401,
                String::new(),
                FailureReason::AccountRefused,
            ),
        ],
    }
}
