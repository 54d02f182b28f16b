//! Telegram for the conformance kit.

use super::{Telegram, people};
use crate::kit::provider::over_http;
use crate::kit::{Answers, Fetched, FileAnswers, NOWHERE, Refusal, Subject, fixtures};
use crate::{Credentials, OwnedRequest};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::FailureReason;
use serde_json::json;
use std::path::Path;

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/telegram");
    let user = people::user(Some("5550012".to_owned()));
    Subject {
        channel: &Telegram,
        credentials: Credentials {
            access_token: Some("5550:a-very-secret-token".to_owned()),
            ..Credentials::default()
        },
        secrets: ["new_secret_word".to_owned(), "old_secret_word".to_owned()],
        sign,
        fixtures: fixtures(&folder).unwrap_or_default(),
        texts,
        account_id: "5550",
        to: user.into_iter().collect(),
        group: "-1005550007",
        target: "5550012:40",
        answers: answers(),
        files: FileAnswers {
            fetched: Some(Fetched {
                id: "f-1",
                answer: r#"{"ok":true,"result":{"file_path":"documents/1.txt","file_size":5}}"#,
                ends: "/documents/1.txt",
            }),
            uploaded: None,
        },
        start: over_http,
        nowhere: NOWHERE,
    }
}

fn sign(secret: &str, _at: DateTime<Utc>, body: &[u8]) -> OwnedRequest {
    let name = "x-telegram-bot-api-secret-token".to_owned();
    OwnedRequest {
        method: "POST".to_owned(),
        headers: vec![(name, secret.to_owned())],
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    }
}

/// One update is one message; its number is made from the id.
fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let (id, text) = texts.first().cloned().unwrap_or_default();
    let number = id
        .bytes()
        .fold(7_i64, |sum, byte| sum * 31 % 1_000_003 + i64::from(byte));
    let customer = json!({ "id": 5_550_012, "type": "private", "first_name": "Customer 12" });
    let body = json!({
        "update_id": number,
        "message": {
            "message_id": number,
            "from": customer,
            "chat": customer,
            "date": Subject::moment().timestamp(),
            "text": text,
        },
    });
    body.to_string().into_bytes()
}

fn answers() -> Answers {
    let refusal = |which, code: u16, words: &str, reason| {
        let body = json!({ "ok": false, "error_code": code, "description": words });
        (which, code, body.to_string(), reason)
    };
    Answers {
        accepted: r#"{"ok":true,"result":{"message_id":9,"chat":{"id":5550012}}}"#,
        accepted_id: "5550012:9",
        busy_until: (
            429,
            "",
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":14}}"#,
            14,
        ),
        busy: (
            429,
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#,
        ),
        unwell: (
            500,
            r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#,
        ),
        refusals: vec![
            refusal(
                Refusal::Blocked,
                403,
                "Forbidden: bot was blocked by the user",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::NotOptedIn,
                403,
                "Forbidden: bot can't initiate conversation with a user",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::RecipientUnknown,
                400,
                "Bad Request: chat not found",
                FailureReason::RecipientUnknown,
            ),
            refusal(
                Refusal::Content,
                400,
                "Bad Request: can't parse entities",
                FailureReason::RefusedContent,
            ),
            refusal(
                Refusal::Account,
                401,
                "Unauthorized",
                FailureReason::AccountRefused,
            ),
        ],
    }
}
