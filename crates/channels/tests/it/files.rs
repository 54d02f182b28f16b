//! Where customers' files are found, and how ours are handed over.

use bytes::Bytes;
use chrono::DateTime;
use futures::StreamExt;
use interdesk_channels::kit::provider::{self, Asked, Reaction};
use interdesk_channels::{
    Credentials, Download, FetchError, FileBytes, Files, SendContext, SendError, Upload, Uploaded,
    channel,
};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::id::FileId;
use interdesk_domain::inbox::ChannelKind::{self, Telegram, Webhook, Whatsapp};
use interdesk_domain::message::{Media, MediaKind, MediaSource};
use serde_json::json;
use std::io;

const TOKEN: &str = "5550:very-secret";

/// A desk that keeps one file.
#[derive(Debug)]
struct One(FileId);

#[async_trait::async_trait]
impl Files for One {
    async fn open(&self, file: FileId) -> io::Result<FileBytes> {
        if file != self.0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        let bytes = futures::stream::iter([Ok(Bytes::from_static(b"the very bytes"))]);
        Ok(FileBytes {
            size: 14,
            mime_type: "text/plain".to_owned(),
            bytes: bytes.boxed(),
        })
    }
}

fn file() -> FileId {
    "bytes_01h2xcejqtf2nbrexx3vqjhp41".parse().expect("an id")
}

fn media(source: MediaSource) -> Media {
    Media {
        kind: MediaKind::Document,
        source,
        mime_type: None,
        file_name: Some("terms.txt".to_owned()),
        size: None,
        sha256: None,
    }
}

fn kept(id: &str) -> Media {
    media(MediaSource::ProviderId(id.to_owned()))
}

/// Does something with a provider that reacts so; returns what came of it and what was asked.
async fn with<T>(
    reactions: Vec<Reaction>,
    act: impl AsyncFnOnce(SendContext<'_>) -> T,
) -> (T, Vec<Asked>, String) {
    let expected = reactions.len();
    let (endpoint, provider) = provider::start(reactions).await;
    let credentials = Credentials {
        access_token: Some(TOKEN.to_owned()),
        ..Credentials::default()
    };
    let client = reqwest::Client::new();
    let files = One(file());
    let context = SendContext {
        client: &client,
        account_id: "100200300",
        endpoint: &endpoint,
        credentials: &credentials,
        now: DateTime::from_timestamp(1_767_225_600, 0).expect("a moment"),
        state: None,
        files: &files,
        forbids: |_| false,
    };
    let outcome = act(context).await;
    let asked = match expected {
        0 => Vec::new(),
        _ => provider.await.expect("a provider"),
    };
    (outcome, asked, endpoint)
}

async fn fetch(
    kind: ChannelKind,
    media: Media,
    reactions: Vec<Reaction>,
) -> (Result<Download, FetchError>, Vec<Asked>, String) {
    with(reactions, async |context| {
        channel(kind).fetch(&context, &media).await
    })
    .await
}

fn says(status: u16, body: serde_json::Value) -> Vec<Reaction> {
    vec![Reaction::Answer(status, "", body.to_string())]
}

#[tokio::test]
async fn whatsapp_names_an_address_that_wants_the_token() {
    let answer =
        json!({ "url": "https://lookaside.fbsbx.com/x", "file_size": "29", "sha256": "x" });
    let (found, asked, _) = fetch(Whatsapp, kept("1234"), says(200, answer)).await;
    let found = found.expect("an address");
    assert_eq!(found.url, "https://lookaside.fbsbx.com/x");
    assert_eq!(
        found.authorization.as_deref(),
        Some("Bearer 5550:very-secret")
    );
    assert_eq!((found.size, found.sha256), (Some(29), None));
    assert_eq!(asked[0].path(), "/1234?phone_number_id=100200300");
}

#[tokio::test]
async fn telegram_names_a_path_below_its_own() {
    let answer =
        |path: &str| json!({ "ok": true, "result": { "file_path": path, "file_size": 5 } });
    let (found, asked, endpoint) =
        fetch(Telegram, kept("f 1"), says(200, answer("photos/1.jpg"))).await;
    let found = found.expect("an address");
    assert_eq!(
        found.url,
        format!("{endpoint}/file/bot{TOKEN}/photos/1.jpg")
    );
    assert_eq!(found.size, Some(5));
    assert_eq!(asked[0].path(), format!("/bot{TOKEN}/getFile?file_id=f+1"));
    for odd in [
        "../x",
        "/etc/passwd",
        "a//b",
        "http://example.org/",
        "a?b",
        "a\\b",
        "",
    ] {
        let (found, _, _) = fetch(Telegram, kept("f"), says(200, answer(odd))).await;
        assert!(found.expect_err(odd).retryable, "{odd}");
    }
}

#[tokio::test]
async fn what_a_provider_will_never_give_out_is_told_from_what_it_may() {
    let gone = json!({ "error": { "code": 100, "message": "Unsupported get request" } });
    let unwell = json!({ "error": { "code": 131000, "message": "Something went wrong" } });
    let large =
        json!({ "ok": false, "error_code": 400, "description": "Bad Request: file is too big" });
    for (kind, reactions, retryable) in [
        (Whatsapp, says(400, gone), false),
        (Whatsapp, says(500, unwell), true),
        (Whatsapp, says(200, json!({})), true),
        (Whatsapp, vec![Reaction::Cut], true),
        (Telegram, says(400, large), false),
        (Telegram, says(502, json!("bad gateway")), true),
        (Telegram, vec![Reaction::CutBody], true),
    ] {
        let shown = format!("{kind:?} {reactions:?}");
        let error = fetch(kind, kept("1"), reactions).await.0.expect_err(&shown);
        assert_eq!(error.retryable, retryable, "{shown}: {error}");
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }
}

#[tokio::test]
async fn an_id_that_would_lead_elsewhere_asks_nobody() {
    for odd in ["", "../1/messages", "1?x=y", "a/b", "1 2"] {
        let error = fetch(Whatsapp, kept(odd), Vec::new())
            .await
            .0
            .expect_err(odd);
        assert!(!error.retryable, "{odd}");
    }
    let error = fetch(Webhook, kept("1"), Vec::new()).await.0;
    assert!(!error.expect_err("no id of an own app is known").retryable);
}

#[tokio::test]
async fn a_link_is_read_where_it_leads_and_without_any_token() {
    let link = "https://files.example.org/a.pdf";
    for kind in [Whatsapp, Telegram, Webhook] {
        let media = media(MediaSource::Url(link.to_owned()));
        let found = fetch(kind, media, Vec::new()).await.0.expect("the link");
        assert_eq!((found.url.as_str(), found.authorization), (link, None));
    }
}

async fn upload(reactions: Vec<Reaction>) -> (Result<Uploaded, SendError>, Vec<Asked>) {
    let media = media(MediaSource::Stored(file()));
    let (uploaded, asked, _) = with(reactions, async |context| {
        let upload = Upload {
            file: file(),
            media: &media,
        };
        channel(Whatsapp).upload(&context, &upload).await
    })
    .await;
    (uploaded, asked)
}

#[tokio::test]
async fn whatsapp_takes_a_file_as_a_form_and_keeps_it_for_a_month() {
    let (uploaded, asked) = upload(says(200, json!({ "id": "777" }))).await;
    let uploaded = uploaded.expect("an id");
    assert_eq!(uploaded.provider_id, "777");
    let end = DateTime::from_timestamp(1_767_225_600 + 29 * 86_400, 0);
    assert_eq!(uploaded.expires_at, end);
    assert_eq!(asked[0].path(), "/100200300/media");
    for part in [
        "name=\"messaging_product\"",
        "filename=\"terms.txt\"",
        "text/plain",
        "the very bytes",
    ] {
        assert!(asked[0].body.contains(part), "{part}: {}", asked[0].body);
    }
}

#[tokio::test]
async fn an_upload_without_an_answer_is_safe_to_repeat() {
    for reactions in [
        vec![Reaction::Cut],
        vec![Reaction::CutHead],
        says(200, json!({})),
    ] {
        let error = upload(reactions).await.0.expect_err("no id");
        let SendError::Refused { failure, .. } = error else {
            panic!("nobody saw the file: {error:?}")
        };
        assert!(failure.retryable, "{failure:?}");
        assert_ne!(failure.reason, FailureReason::NoAnswer);
    }
}
