//! WhatsApp for the conformance kit.

use super::{Whatsapp, people};
use crate::kit::provider::over_http;
use crate::kit::{Answers, Fetched, FileAnswers, NOWHERE, Refusal, Subject, fixtures};
use crate::{Credentials, OwnedRequest, json};
use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::FailureReason;
use serde_json::{Value, json};
use std::path::Path;

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/whatsapp");
    let phone = people::phone(Some("15550001012".to_owned()));
    Subject {
        channel: &Whatsapp,
        credentials: Credentials {
            access_token: Some("a-very-secret-token".to_owned()),
            ..Credentials::default()
        },
        secrets: ["new-app-secret".to_owned(), "old-app-secret".to_owned()],
        sign,
        fixtures: fixtures(&folder).unwrap_or_default(),
        texts,
        account_id: "100200300400500",
        to: phone.into_iter().collect(),
        group: "GROUP7",
        target: "wamid.FIRST",
        answers: answers(),
        files: FileAnswers {
            fetched: Some(Fetched {
                id: "1234",
                answer: r#"{"url":"https://lookaside.example.org/x","file_size":"29"}"#,
                ends: "lookaside.example.org/x",
            }),
            uploaded: Some((r#"{"id":"777"}"#, "777")),
        },
        start: over_http,
        nowhere: NOWHERE,
    }
}

fn sign(secret: &str, _at: DateTime<Utc>, body: &[u8]) -> OwnedRequest {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = json::hex(hmac::sign(&key, body).as_ref());
    OwnedRequest {
        method: "POST".to_owned(),
        headers: vec![("x-hub-signature-256".to_owned(), format!("sha256={tag}"))],
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    }
}

fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let timestamp = Subject::moment().timestamp().to_string();
    let messages = texts.iter().map(|(id, text)| {
        json!({
            "from": "15550001012",
            "id": id,
            "timestamp": timestamp,
            "type": "text",
            "text": { "body": text },
        })
    });
    let value = json!({
        "metadata": { "phone_number_id": "100200300400500" },
        "messages": messages.collect::<Value>(),
    });
    let body = json!({ "entry": [{ "changes": [{ "field": "messages", "value": value }] }] });
    body.to_string().into_bytes()
}

fn answers() -> Answers {
    let error = |code: u32| json!({ "error": { "message": "no", "code": code } }).to_string();
    let refusal = |which, code, reason| (which, 400, error(code), reason);
    Answers {
        accepted: r#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.NEW"}]}"#,
        accepted_id: "wamid.NEW",
        busy_until: (
            429,
            "retry-after: 7\r\n",
            r#"{"error":{"message":"(#130429) Rate limit hit","code":130429}}"#,
            7,
        ),
        busy: (
            400,
            r#"{"error":{"message":"(#130429) Rate limit hit","code":130429}}"#,
        ),
        unwell: (503, r#"{"error":{"message":"unwell","code":2}}"#),
        refusals: vec![
            // WhatsApp does not tell a block from a number that nobody has.
            refusal(Refusal::Blocked, 131_026, FailureReason::RecipientUnknown),
            refusal(Refusal::NotOptedIn, 131_050, FailureReason::NotOptedIn),
            refusal(
                Refusal::RecipientUnknown,
                131_026,
                FailureReason::RecipientUnknown,
            ),
            refusal(Refusal::WindowClosed, 131_047, FailureReason::WindowClosed),
            refusal(Refusal::Content, 131_053, FailureReason::RefusedContent),
            refusal(Refusal::Account, 190, FailureReason::AccountRefused),
        ],
    }
}
