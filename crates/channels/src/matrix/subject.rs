//! Matrix for the conformance kit.

use super::{Matrix, id};
use crate::kit::provider::{self, Asked, Reaction, Starting};
use crate::kit::{Answers, Fetched, FileAnswers, NOWHERE, Refusal, Subject, fixtures};
use crate::{Credentials, OwnedRequest};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::FailureReason;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;

const BOT: &str = "@_interdesk_care:example.org";
const ROOM: &str = "!kit:example.org";

/// How long the last call of an exchange is waited for.
const LAST: Duration = Duration::from_millis(150);

/// Returns the adapter with what the kit has to know.
pub(crate) fn subject() -> Subject {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/matrix");
    let customer = id::user(Some("@customer12:example.org".to_owned()));
    let mut credentials = Credentials {
        access_token: Some("a-very-secret-application-service-token".to_owned()),
        ..Credentials::default()
    };
    credentials
        .others
        .insert(id::BOT.to_owned(), BOT.to_owned());
    Subject {
        channel: &Matrix,
        credentials,
        secrets: [
            "new_homeserver_token".to_owned(),
            "old_homeserver_token".to_owned(),
        ],
        sign,
        fixtures: fixtures(&folder).unwrap_or_default(),
        texts,
        account_id: BOT,
        to: customer.into_iter().collect(),
        group: ROOM,
        target: "!kit:example.org/$before",
        answers: answers(),
        files: FileAnswers {
            fetched: Some(Fetched {
                id: "mxc://example.org/abc",
                answer: "",
                ends: "/example.org/abc",
            }),
            uploaded: Some((
                r#"{"content_uri":"mxc://example.org/def"}"#,
                "mxc://example.org/def",
            )),
        },
        start: |reactions| Box::pin(start(reactions)) as Starting,
        nowhere: NOWHERE,
    }
}

fn sign(secret: &str, _at: DateTime<Utc>, body: &[u8]) -> OwnedRequest {
    OwnedRequest {
        method: "PUT".to_owned(),
        path: "/_matrix/app/v1/transactions/1".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {secret}"))],
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    }
}

fn texts(texts: &[(String, String)]) -> Vec<u8> {
    let events = texts.iter().map(|(id, text)| {
        json!({
            "type": "m.room.message",
            "event_id": format!("${id}"),
            "room_id": ROOM,
            "sender": "@customer12:example.org",
            "origin_server_ts": Subject::moment().timestamp_millis(),
            "content": { "msgtype": "m.text", "body": text },
        })
    });
    let events: Vec<_> = events.collect();
    json!({ "events": events }).to_string().into_bytes()
}

/// Starts a homeserver that answers by itself what prepares a message, and to the rest as told.
async fn start(reactions: Vec<Reaction>) -> (String, tokio::task::JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (url, tokio::spawn(serve(listener, reactions)))
}

async fn serve(listener: TcpListener, reactions: Vec<Reaction>) -> Vec<Asked> {
    let mut reactions = reactions.into_iter();
    let mut asked = Vec::new();
    // Taking back an earlier reaction prepares the next one, or is all there is.
    let mut taken_back = None;
    while reactions.len() > 0 {
        let next = match taken_back.is_some() {
            true => tokio::time::timeout(LAST, listener.accept()).await.ok(),
            false => Some(listener.accept().await),
        };
        let Some(next) = next else { break };
        let (mut stream, _) = next.expect("a connection");
        let request = provider::read(&mut stream).await;
        let reaction = match preparing(request.path()) {
            Some((status, body)) => Reaction::Answer(status, "", body),
            None if request.path().contains("/redact/%24earlier/") => {
                taken_back = Some(request);
                Reaction::Answer(200, "", r#"{"event_id":"$redaction"}"#.to_owned())
            }
            None => {
                asked.push(request);
                reactions.next().expect("a reaction")
            }
        };
        provider::react(stream, reaction).await;
    }
    match asked.is_empty() {
        true => taken_back.into_iter().collect(),
        false => asked,
    }
}

/// Returns the answer to a call that prepares a message.
fn preparing(path: &str) -> Option<(u16, String)> {
    let earlier = json!({
        "type": "m.reaction",
        "event_id": "$earlier",
        "sender": BOT,
        "content": { "m.relates_to": { "key": "👎" } },
    });
    let refused = json!({ "errcode": "M_FORBIDDEN", "error": "You are not invited" });
    let answers = [
        ("/v3/register", 200, json!({ "user_id": BOT })),
        ("/v3/createRoom", 200, json!({ "room_id": ROOM })),
        ("/v3/join/", 403, refused),
        (
            "/joined_members",
            200,
            json!({ "joined": { "@customer12:example.org": {} } }),
        ),
        ("/event/", 200, json!({ "sender": BOT })),
        ("/relations/", 200, json!({ "chunk": [earlier] })),
    ];
    let mut answers = answers.into_iter();
    let (_, status, body) = answers.find(|(part, ..)| path.contains(part))?;
    Some((status, body.to_string()))
}

fn answers() -> Answers {
    let refusal = |which, status: u16, code: &str, words: &str, reason| {
        let body = json!({ "errcode": code, "error": words });
        (which, status, body.to_string(), reason)
    };
    Answers {
        accepted: r#"{"event_id":"$new"}"#,
        accepted_id: "!kit:example.org/$new",
        busy_until: (
            429,
            "retry-after: 14\r\n",
            r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":14000}"#,
            14,
        ),
        busy: (
            429,
            r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests"}"#,
        ),
        unwell: (
            500,
            r#"{"errcode":"M_UNKNOWN","error":"Internal server error"}"#,
        ),
        refusals: vec![
            refusal(
                Refusal::Blocked,
                403,
                "M_FORBIDDEN",
                "You were banned from this room",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::NotOptedIn,
                403,
                "M_FORBIDDEN",
                "User not in room",
                FailureReason::NotOptedIn,
            ),
            refusal(
                Refusal::RecipientUnknown,
                404,
                "M_NOT_FOUND",
                "Unknown room",
                FailureReason::RecipientUnknown,
            ),
            refusal(
                Refusal::Content,
                413,
                "M_TOO_LARGE",
                "event too large",
                FailureReason::RefusedContent,
            ),
            refusal(
                Refusal::Account,
                401,
                "M_UNKNOWN_TOKEN",
                "Unrecognised access token",
                FailureReason::AccountRefused,
            ),
        ],
    }
}
