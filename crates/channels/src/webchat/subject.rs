//! Web chat for the conformance kit.

use super::{Webchat, token};
use crate::kit::provider::over_http;
use crate::kit::{Answers, FileAnswers, NOWHERE, Subject, fixtures};
use crate::{Credentials, OwnedRequest, json};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

const SECRETS: [&str; 2] = [
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA",
];

/// The visitor of the fixtures.
const VISITOR: Uuid = Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0012);

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/webchat");
    let visitor = json::address("webchat", "visitor", Some(VISITOR.to_string()));
    Subject {
        channel: &Webchat,
        credentials: Credentials {
            webhook_secrets: vec![SECRETS[0].to_owned()],
            ..Credentials::default()
        },
        secrets: SECRETS.map(str::to_owned),
        sign,
        fixtures: fixtures(&folder).unwrap_or_default(),
        texts,
        account_id: "website",
        to: visitor.into_iter().collect(),
        group: "",
        target: "msg_01h455vb4pex5vsknk084sn02q",
        answers: Answers {
            accepted: "",
            // Nobody else gives ids: the message has its own.
            accepted_id: "msg_00000000000000000000000003",
            busy_until: (429, "", "", 0),
            busy: (429, ""),
            unwell: (500, ""),
            refusals: Vec::new(),
        },
        files: FileAnswers::default(),
        start: over_http,
        nowhere: NOWHERE,
    }
}

fn sign(secret: &str, at: DateTime<Utc>, body: &[u8]) -> OwnedRequest {
    let claims = token::Claims {
        iss: token::ISSUER.to_owned(),
        aud: token::AUDIENCE.to_owned(),
        sub: VISITOR,
        tenant: VISITOR,
        inbox: VISITOR,
        jti: VISITOR,
        iat: at.timestamp(),
        exp: at.timestamp() + 86_400,
    };
    // An unusable secret signs nothing, which nobody takes.
    let token = token::issue(&claims, &[secret.to_owned()]).unwrap_or_default();
    OwnedRequest {
        method: "POST".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    }
}

fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let (id, text) = texts.first().cloned().unwrap_or_default();
    let body = json!({
        "visitor": { "id": VISITOR },
        "at": Subject::moment().to_rfc3339_opts(SecondsFormat::Secs, true),
        "event": "message",
        "message": { "id": id, "text": text },
    });
    body.to_string().into_bytes()
}
