//! Samples of the providers' own documentation and of public test suites.
//!
//! They are not part of this repository. `INTERDESK_VECTORS` names a folder that holds them as
//! `whatsapp`, `telegram` and `webchat-and-webhooks`; without it these tests say so and pass.

use super::support;
use chrono::{DateTime, Utc};
use interdesk_channels::kit::provider::{self, Reaction};
use interdesk_channels::standard_webhooks::{self, Keys, Signer};
use interdesk_channels::webchat;
use interdesk_channels::{
    Action, Credentials, Outgoing, OwnedRequest, SendContext, SendError, channel,
};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{
    Address, Content, Location, Media, MediaKind, MediaSource, Template,
};
use serde_json::Value;
use std::path::PathBuf;

type Table = &'static [(&'static str, &'static [&'static str])];

const WHATSAPP: Table = &[
    (
        "account-restriction",
        &["account account degraded account_restriction"],
    ),
    (
        "bsuid-contacts-shared-on-request",
        &["message contacts of 1 <named bsuid parent_bsuid username> +raw"],
    ),
    (
        "bsuid-inbound-group-text",
        &["message text <named bsuid parent_bsuid username> in group"],
    ),
    (
        "bsuid-inbound-text-no-phone",
        &["message text <named bsuid parent_bsuid username>"],
    ),
    ("bsuid-status-delivered-no-phone", &["receipt delivered"]),
    (
        "bsuid-status-delivered-with-phone",
        &["receipt delivered", "address bsuid beside phone"],
    ),
    ("bsuid-status-delivered", &["receipt delivered"]),
    ("bsuid-status-read-group", &["receipt read by participant"]),
    (
        "bsuid-system-user-changed-user-id",
        &["other user_changed_user_id"],
    ),
    ("bsuid-user-id-update", &["address bsuid to bsuid"]),
    (
        "call-connect-user-initiated",
        &["message call <named bsuid phone parent_bsuid> +raw"],
    ),
    ("call-status-ringing", &["other calls"]),
    ("echo-smb-edit", &["edit text"]),
    ("echo-smb-revoke", &["delete"]),
    ("echo-smb-text", &["own message text <phone>"]),
    (
        "group-participants-update",
        &[
            "group note group_participants_remove",
            "member removed",
            "group note group_participants_remove",
            "member left",
            "group note group_participants_add",
            "member joined",
            "address bsuid beside phone",
            "address phone beside bsuid",
            "group note group_join_request_created",
            "member asking",
            "group note group_join_request_revoked",
            "member left",
        ],
    ),
    ("group-suspended", &["group note group_suspend"]),
    (
        "history-chunk",
        &[
            "own message text <phone> imported +raw",
            "own message unsupported media_placeholder <phone> imported +raw",
            "message text <phone> imported +raw",
            "own message text <phone> imported +raw",
        ],
    ),
    (
        "history-media",
        &[
            "message image with caption <phone> imported +raw",
            "arrived image with caption",
        ],
    ),
    ("inbound-audio-voice-doc", &["message voice <named phone>"]),
    ("inbound-audio-voice", &["message voice <named phone>"]),
    (
        "inbound-button-quick-reply",
        &["message answer <named phone> as reply"],
    ),
    (
        "inbound-call-permission-accept",
        &["message form <named bsuid phone parent_bsuid> as reply +raw"],
    ),
    (
        "inbound-contacts-several",
        &["message contacts of 3 <named bsuid phone parent_bsuid> +raw"],
    ),
    (
        "inbound-contacts",
        &["message contacts of 1 <named phone> +raw"],
    ),
    (
        "inbound-document",
        &["message document with caption <named phone>"],
    ),
    ("inbound-edit-image-caption", &["edit image with caption"]),
    (
        "inbound-flow-reply",
        &["message form <named bsuid phone parent_bsuid> as reply +raw"],
    ),
    (
        "inbound-forwarded-many",
        &["message text <named bsuid phone parent_bsuid> forwarded"],
    ),
    (
        "inbound-forwarded",
        &["message text <named bsuid phone parent_bsuid> forwarded"],
    ),
    (
        "inbound-group-text",
        &["message text <named phone> in group"],
    ),
    (
        "inbound-image-with-url",
        &["message image <named bsuid phone parent_bsuid>"],
    ),
    (
        "inbound-image",
        &["message image with caption <named phone>"],
    ),
    (
        "inbound-interactive-button-reply",
        &["message answer <named phone> as reply"],
    ),
    (
        "inbound-interactive-empty-with-error",
        &[
            "message unsupported interactive <named bsuid phone parent_bsuid> as reply +raw",
            "other errors",
        ],
    ),
    (
        "inbound-interactive-list-reply",
        &["message answer <named phone> as reply"],
    ),
    (
        "inbound-location-current",
        &["message location <named bsuid phone parent_bsuid> forwarded +raw"],
    ),
    (
        "inbound-location-foursquare",
        &["message location <named phone> +raw"],
    ),
    (
        "inbound-location-named",
        &["message location <named phone> +raw"],
    ),
    ("inbound-order", &["message order of 2 <named phone> +raw"]),
    (
        "inbound-reply",
        &["message text <named bsuid phone parent_bsuid> as reply"],
    ),
    ("inbound-revoke", &["delete"]),
    (
        "inbound-sticker-animated",
        &["message sticker <named phone>"],
    ),
    ("inbound-sticker-static", &["message sticker <named phone>"]),
    (
        "inbound-system-identity-changed",
        &["other customer_identity_changed"],
    ),
    ("inbound-system-new-wa-id-old", &["address phone to phone"]),
    ("inbound-system-number-changed", &["address phone to phone"]),
    (
        "inbound-text-ad-referral",
        &["message text <named phone> by a referral +raw"],
    ),
    (
        "inbound-text-product-enquiry",
        &["message text <named phone> about a product +raw"],
    ),
    ("inbound-text", &["message text <named phone>"]),
    (
        "inbound-unknown-131051-old",
        &["message unsupported unknown <named phone> +raw"],
    ),
    (
        "inbound-unsupported-deleted",
        &["message unsupported unsupported <named phone> +raw"],
    ),
    (
        "inbound-unsupported-edit",
        &["message unsupported edit <named phone> +raw"],
    ),
    (
        "inbound-unsupported-poll",
        &["message unsupported pool <named bsuid phone parent_bsuid> +raw"],
    ),
    (
        "inbound-video",
        &["message video with caption <named phone>"],
    ),
    (
        "reaction-removed-emoji-absent",
        &["reaction of 0 <named phone>"],
    ),
    (
        "reaction-removed-emoji-empty",
        &["reaction of 0 <named bsuid phone parent_bsuid>"],
    ),
    ("reaction", &["reaction of 1 <named phone>"]),
    ("smb-app-state-sync-contact-add", &["called <phone>"]),
    ("status-delivered-cbp", &["receipt delivered"]),
    (
        "status-failed-130472",
        &["receipt failed RefusedContent final"],
    ),
    (
        "status-failed-131026",
        &["receipt failed RecipientUnknown final"],
    ),
    (
        "status-failed-131047",
        &["receipt failed WindowClosed final"],
    ),
    (
        "status-failed-131049",
        &["receipt failed RefusedContent final"],
    ),
    (
        "status-failed-131053",
        &["receipt failed RefusedContent final"],
    ),
    ("status-played", &["receipt read"]),
    ("status-read-cbp", &["receipt read"]),
    (
        "status-read-group-placeholders",
        &["receipt read by participant"],
    ),
    ("status-sent-callback-data", &["receipt sent of attempt"]),
    ("status-sent-cbp", &["receipt sent"]),
    ("status-sent-v23-conversation", &["receipt sent"]),
    ("status-sent-v24", &["receipt sent"]),
    ("template-quality-yellow", &["template as it was"]),
    ("template-status-rejected", &["template rejected"]),
    (
        "user-preferences-resume",
        &["consent given to marketing <phone>"],
    ),
    ("webhook-error-130429", &["other errors"]),
];

const TELEGRAM: Table = &[
    (
        "01-message-text-private",
        &["message text <named user username>"],
    ),
    (
        "02-message-text-entities",
        &["message text <named user username> +raw"],
    ),
    (
        "03-message-photo-caption",
        &["message image with caption <named user username>"],
    ),
    (
        "04-message-document",
        &["message document <named user username>"],
    ),
    ("05-message-voice", &["message voice <named user username>"]),
    ("06-message-video", &["message video <named user username>"]),
    (
        "07-message-animation",
        &["message animation <named user username>"],
    ),
    (
        "08-message-location",
        &["message location <named user username>"],
    ),
    (
        "09-message-venue",
        &["message location <named user username>"],
    ),
    (
        "10-message-contact",
        &["message contacts of 1 <named user username> +raw"],
    ),
    (
        "11-message-sticker",
        &["message sticker with caption <named user username>"],
    ),
    (
        "12-message-forwarded",
        &["message text <named user username> forwarded"],
    ),
    (
        "13-message-story",
        &["message unsupported story <named user username> +raw"],
    ),
    (
        "14-message-web-app-data",
        &["message form <named user username> +raw"],
    ),
    (
        "15-message-rich",
        &["own message unsupported rich_message <named user username> +raw"],
    ),
    (
        "16-message-reply-with-command-supergroup",
        &["message text <named user username> in group as reply +raw"],
    ),
    (
        "17-message-supergroup-shared-story",
        &["message unsupported story <named user username> in group +raw"],
    ),
    ("18-message-service-pinned", &["other pinned_message"]),
    ("19-edited-message", &["edit text"]),
    (
        "20-callback-query",
        &[
            "message answer <named user username> as reply",
            "other callback_query",
        ],
    ),
    (
        "21-callback-query-inaccessible-message",
        &[
            "message answer <named user username> as reply",
            "other callback_query",
        ],
    ),
    (
        "22-business-connection",
        &["account business connection 123456 healthy connected"],
    ),
    (
        "23-business-message",
        &["message text <named user username>"],
    ),
    ("24-edited-business-message", &["edit text"]),
    ("25-deleted-business-messages", &["delete", "delete"]),
    (
        "26-message-reaction-added",
        &["reaction of 3 <named user username>"],
    ),
    (
        "27-message-reaction-user-supergroup",
        &["reaction of 1 <named user username>"],
    ),
    (
        "28-message-reaction-anonymous",
        &["reaction of 0 <named chat>"],
    ),
    (
        "29-message-reaction-count-channel",
        &["other message_reaction_count"],
    ),
    ("30-my-chat-member", &["other my_chat_member"]),
    (
        "31-message-object-migrate-to-supergroup",
        &["other migrate_to_chat_id", "group moved"],
    ),
    (
        "32-message-object-migrate-from-group",
        &["other migrate_from_chat_id", "group moved"],
    ),
    ("33-guest-message", &["other guest_message"]),
    ("34-unknown-update-kind", &["other new_update_kind"]),
];

/// Files that are no webhooks: requests to providers and answers of theirs.
const NO_WEBHOOKS: [&str; 4] = ["out-", "error-", "media-", "response-"];

fn folder(name: &str) -> Option<PathBuf> {
    match std::env::var_os("INTERDESK_VECTORS") {
        Some(vectors) => Some(PathBuf::from(vectors).join(name)),
        None => {
            println!("skipped: INTERDESK_VECTORS names no folder with samples of {name}");
            None
        }
    }
}

fn sample(folder: &str, name: &str) -> Option<Value> {
    let path = self::folder(folder)?.join(format!("{name}.json"));
    let text = std::fs::read_to_string(path).expect("a sample");
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn check(kind: ChannelKind, table: Table) {
    let Some(folder) = folder(kind.as_str()) else {
        return;
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let stem = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        let bare = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        if !json || NO_WEBHOOKS.iter().any(|prefix| bare.starts_with(prefix)) {
            continue;
        }
        seen += 1;
        let body = std::fs::read(&path).expect("a sample");
        let updates = support::parse(kind, &body).expect("a readable sample");
        let expected = table
            .iter()
            .find(|(name, _)| *name == stem)
            .map(|(_, expected)| *expected);
        let meanings = support::meanings(&updates);
        if expected.is_none_or(|expected| meanings != expected) {
            wrong.push(format!("{stem}: {meanings:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen, table.len(), "samples are missing");
}

#[test]
fn whatsapp_samples_mean_what_their_index_says() {
    check(ChannelKind::Whatsapp, WHATSAPP);
}

#[test]
fn telegram_samples_mean_what_their_index_says() {
    check(ChannelKind::Telegram, TELEGRAM);
}

#[test]
fn telegram_takes_the_largest_photo_and_an_animation_once() {
    let (Some(photo), Some(animation)) = (
        sample("telegram", "03-message-photo-caption"),
        sample("telegram", "07-message-animation"),
    ) else {
        return;
    };
    let photo_id = file_id(&photo);
    assert_eq!(photo_id, photo["message"]["photo"][1]["file_id"]);
    assert_eq!(
        file_id(&animation),
        animation["message"]["animation"]["file_id"]
    );
}

fn file_id(sample: &Value) -> String {
    let body = sample.to_string();
    let updates = support::parse(ChannelKind::Telegram, body.as_bytes()).expect("updates");
    let interdesk_domain::message::UpdateKind::Message(message) = &updates[0].kind else {
        panic!("no message");
    };
    match &message.content.media().expect("a file").source {
        MediaSource::ProviderId(id) => id.clone(),
        _ => panic!("no provider id"),
    }
}

const SIGNATURES: [&str; 9] = [
    "01-v1-valid",
    "02-v1-wrong-signature",
    "03-v1-multiple-one-valid",
    "04-v1-multiple-none-valid",
    "05-v1-partial",
    "06-timestamp-out-of-tolerance",
    "07-v1-secret-without-prefix",
    "08-v1a-ed25519-valid",
    "09-unknown-version-ignored",
];

#[test]
fn signature_samples_are_judged_as_their_index_says() {
    for name in SIGNATURES {
        let Some(sample) = sample("webchat-and-webhooks", name) else {
            return;
        };
        let cases = sample["cases"].as_array().cloned();
        for case in cases.unwrap_or_else(|| vec![Value::Null]) {
            let get = |key: &str| case.get(key).unwrap_or(&sample[key]).clone();
            let expected = get("valid").as_bool().expect("a verdict");
            let stamp = sample["webhook-timestamp"].as_i64().expect("a timestamp");
            let now = get("now").as_i64().unwrap_or(stamp);
            assert_eq!(
                judge(&sample, &get("webhook-signature"), now),
                expected,
                "{name} {case}"
            );
        }
    }
}

#[test]
fn our_own_signatures_are_those_of_the_samples() {
    let (Some(v1), Some(v1a)) = (
        sample("webchat-and-webhooks", "01-v1-valid"),
        sample("webchat-and-webhooks", "08-v1a-ed25519-valid"),
    ) else {
        return;
    };
    let pair = format!("whsk_{}", text(&v1a["private_key_b64_seed_and_public"]));
    for (sample, secret) in [(&v1, text(&v1["secret"])), (&v1a, pair)] {
        let signer = Signer::parse(&secret).expect("a key");
        let now = moment(sample["webhook-timestamp"].as_i64().expect("a timestamp"));
        let id = text(&sample["webhook-id"]);
        let signature = signer.sign(&id, now, text(&sample["body"]).as_bytes());
        assert_eq!(signature, text(&sample["webhook-signature"]));
    }
}

fn judge(sample: &Value, signature: &Value, now: i64) -> bool {
    let headers = [
        ("webhook-id".to_owned(), text(&sample["webhook-id"])),
        (
            "webhook-timestamp".to_owned(),
            sample["webhook-timestamp"].to_string(),
        ),
        ("webhook-signature".to_owned(), text(signature)),
    ];
    let body = text(&sample["body"]);
    let key = |name: &str| {
        sample[name]
            .as_str()
            .map(str::to_owned)
            .into_iter()
            .collect::<Vec<_>>()
    };
    let (secrets, public_keys) = (key("secret"), key("public_key_b64"));
    let keys = Keys {
        secrets: &secrets,
        public_keys: &public_keys,
    };
    let request = OwnedRequest {
        headers: headers.to_vec(),
        body: body.into(),
        ..OwnedRequest::default()
    };
    standard_webhooks::verify(&request.as_incoming(), keys, moment(now)).is_ok()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a moment")
}

#[tokio::test]
async fn what_we_send_to_whatsapp_has_the_documented_members() {
    let image = Media {
        kind: MediaKind::Image,
        source: MediaSource::ProviderId("3001".to_owned()),
        mime_type: None,
        file_name: None,
        size: None,
        sha256: None,
    };
    let media = |kind, file_name: Option<&str>, caption: Option<&str>| {
        Action::Write(Content::Media {
            media: Media {
                kind,
                file_name: file_name.map(str::to_owned),
                ..image.clone()
            },
            caption: caption.map(str::to_owned),
        })
    };
    let target = || "wamid.FIRST".to_owned();
    let cases = [
        (
            "out-text",
            Action::Write(Content::Text {
                text: "See https://example.org".to_owned(),
            }),
        ),
        ("out-image", media(MediaKind::Image, None, Some("A lamp"))),
        ("out-audio-voice", media(MediaKind::Voice, None, None)),
        (
            "out-document",
            media(MediaKind::Document, Some("a.pdf"), Some("A bill")),
        ),
        (
            "out-location",
            Action::Write(Content::Location(Location {
                latitude: 52.5,
                longitude: 13.4,
                name: Some("Corner shop".to_owned()),
                address: Some("1 Example Street".to_owned()),
            })),
        ),
        (
            "out-template-auth-code",
            Action::Write(Content::Template(Template {
                name: "late_parcel".to_owned(),
                language: "en_US".to_owned(),
                parameters: vec!["Friday".to_owned()],
                variables: Vec::new(),
            })),
        ),
        (
            "out-reaction",
            Action::React {
                target: target(),
                emoji: "👍".to_owned(),
            },
        ),
        ("out-mark-read", Action::MarkRead { target: target() }),
    ];
    for (name, action) in cases {
        let Some(mut expected) = sample("whatsapp", name) else {
            return;
        };
        let (outcome, mut sent) =
            whatsapp(action, 200, r#"{"messages":[{"id":"wamid.NEW"}]}"#).await;
        outcome.expect("sent");
        sent.as_object_mut()
            .expect("an object")
            .remove("biz_opaque_callback_data");
        if name.starts_with("out-template") {
            // Buttons and headers of templates are not in the canonical message.
            expected["template"]["components"] = sent["template"]["components"].take();
            sent["template"]["components"] = expected["template"]["components"].clone();
        }
        assert_eq!(members(&sent), members(&expected), "{name}");
    }
}

#[tokio::test]
async fn whatsapp_errors_of_the_samples_say_whether_to_try_again() {
    let cases = [
        ("error-130429", FailureReason::RateLimited, true),
        ("error-100", FailureReason::WindowClosed, false),
    ];
    for (name, reason, retryable) in cases {
        let Some(error) = sample("whatsapp", name) else {
            return;
        };
        let action = Action::Write(Content::Text {
            text: "Hello".to_owned(),
        });
        let (outcome, _) = whatsapp(action, 400, &error.to_string()).await;
        let Err(SendError::Refused { failure, .. }) = outcome else {
            panic!("{name}: {outcome:?}")
        };
        assert_eq!(
            (failure.reason, failure.retryable),
            (reason, retryable),
            "{name}"
        );
    }
}

#[tokio::test]
async fn telegram_errors_of_the_samples_say_whether_to_try_again() {
    let cases = [
        (
            "35-response-429-retry-after",
            FailureReason::RateLimited,
            Some(14),
        ),
        (
            "36-response-403-user-deactivated",
            FailureReason::RecipientUnknown,
            None,
        ),
        (
            "37-response-400-message-too-long",
            FailureReason::UnsupportedContent,
            None,
        ),
        (
            "38-response-400-wrong-file-id",
            FailureReason::RefusedContent,
            None,
        ),
    ];
    for (name, reason, wait) in cases {
        let Some(error) = sample("telegram", name) else {
            return;
        };
        let status = error["error_code"]
            .as_u64()
            .and_then(|code| code.try_into().ok());
        let action = Action::Write(Content::Text {
            text: "Hello".to_owned(),
        });
        let (outcome, _) = send(
            ChannelKind::Telegram,
            action,
            status.expect("a status"),
            &error.to_string(),
        )
        .await;
        let Err(SendError::Refused {
            failure,
            retry_after,
        }) = outcome
        else {
            panic!("{name}: {outcome:?}")
        };
        assert_eq!(
            (failure.reason, failure.retryable),
            (reason, wait.is_some()),
            "{name}"
        );
        assert_eq!(retry_after.map(|wait| wait.num_seconds()), wait, "{name}");
    }
}

async fn whatsapp(
    action: Action,
    status: u16,
    answer: &str,
) -> (Result<interdesk_channels::Sent, SendError>, Value) {
    send(ChannelKind::Whatsapp, action, status, answer).await
}

async fn send(
    kind: ChannelKind,
    action: Action,
    status: u16,
    answer: &str,
) -> (Result<interdesk_channels::Sent, SendError>, Value) {
    let reaction = Reaction::Answer(status, "", answer.to_owned());
    let (endpoint, provider) = provider::start(vec![reaction]).await;
    let credentials = Credentials {
        access_token: Some("token".to_owned()),
        ..Default::default()
    };
    let client = reqwest::Client::new();
    let context = SendContext {
        client: &client,
        account_id: "1",
        endpoint: &endpoint,
        credentials: &credentials,
        now: moment(1_767_225_600),
        state: None,
        files: &interdesk_channels::NoFiles,
        forbids: |_| false,
    };
    let namespace = if kind == ChannelKind::Whatsapp {
        "phone"
    } else {
        "user"
    };
    let outgoing = Outgoing {
        attempt: "attempt-1".to_owned(),
        message: "message-1".to_owned(),
        conversation: "conversation-1".to_owned(),
        to: vec![Address {
            network: kind.as_str().to_owned(),
            namespace: namespace.to_owned(),
            value: "15550001012".to_owned(),
        }],
        group: None,
        writer: None,
        action,
        reply_to: None,
        expires_at: None,
    };
    let outcome = channel(kind).send(&context, &outgoing).await;
    let asked = provider.await.expect("a provider");
    (outcome, asked[0].json())
}

/// Returns the paths of all members, sorted.
fn members(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(value, "", &mut paths);
    paths.sort();
    paths
}

fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    if let Value::Object(members) = value {
        for (name, value) in members {
            let path = format!("{path}/{name}");
            collect(value, &path, paths);
            paths.push(path);
        }
    }
}

#[test]
fn the_widget_identity_of_the_samples_is_proven() {
    let name = "10-widget-identity-hmac";
    let Some(sample) = sample("webchat-and-webhooks", name) else {
        return;
    };
    let word = |name: &str| sample[name].as_str().expect("a text").to_owned();
    let (user, hash) = (word("identifier"), word("identifier_hash"));
    let secrets = [word("hmac_token")];
    let proven = webchat::identity::by_hash(&user, &hash, &secrets);
    assert_eq!(proven.expect("it is valid").user, user);
    let others = ["another token".to_owned()];
    assert!(webchat::identity::by_hash(&user, &hash, &others).is_err());
}
