//! Matrix: what transactions mean, and what the homeserver is asked for each kind of act.

use super::{fixtures, support};
use chrono::DateTime;
use interdesk_channels::kit::provider::{self, Asked, Reaction};
use interdesk_channels::{
    Action, Credentials, Incoming, Outgoing, SendContext, SendError, Sent, Writer, channel,
};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{
    Address, Composite, Content, Location, Media, MediaKind, MediaSource, Update, UpdateKind,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const ROOM: &str = "!room12:example.org";
const ROOM_PATH: &str = "/_matrix/client/v3/rooms/%21room12%3Aexample.org";
const AS_BOT: &str = "?user_id=%40_interdesk_care%3Aexample.org";

fn credentials() -> Credentials {
    let mut credentials = Credentials {
        access_token: Some("as-token".to_owned()),
        ..Credentials::default()
    };
    let bot = "@_interdesk_care:example.org".to_owned();
    credentials.others.insert("user_id".to_owned(), bot);
    credentials
}

fn parse(body: &[u8]) -> Vec<Update> {
    let read = channel(ChannelKind::Matrix).parse(&Incoming::kept(body), &credentials());
    read.expect("a readable body")
}

#[test]
fn matrix_fixtures_become_canonical_updates() {
    for (name, body) in fixtures::all(ChannelKind::Matrix) {
        let updates = parse(&body);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_debug_snapshot!(format!("matrix-{name}"), updates);
        });
    }
}

/// What each sample of `INTERDESK_VECTORS` means; the samples are single events or transactions.
const SAMPLES: [(&str, &[&str]); 30] = [
    (
        "01-transaction-spec-events-and-ephemeral",
        &[
            "member joined",
            "group note m.room.member",
            "message text <named user> +raw",
            "receipt read by participant",
        ],
    ),
    ("02-event-message-text", &["message text <named user> +raw"]),
    (
        "03-event-message-image",
        &["message image <named user> +raw"],
    ),
    ("04-event-message-file", &["message document <named user>"]),
    (
        "05-event-message-audio",
        &["message audio <named user> +raw"],
    ),
    (
        "06-event-message-video",
        &["message video <named user> +raw"],
    ),
    (
        "07-event-message-location",
        &["message location <named user>"],
    ),
    (
        "08-event-message-notice",
        &["message notice m.notice <named user> +raw"],
    ),
    (
        "09-event-message-emote",
        &["message text <named user> +raw"],
    ),
    ("10-event-sticker", &["message sticker <named user> +raw"]),
    ("11-event-reaction", &["reaction of 1 <named user>"]),
    ("12-event-redaction-v11", &["delete"]),
    (
        "13-event-encrypted-megolm",
        &["message unsupported m.room.encrypted <named user> +raw"],
    ),
    (
        "14-event-member-invite-third-party",
        &["member invited", "group note m.room.member"],
    ),
    (
        "15-event-message-image-with-caption",
        &["message image with caption <named user> +raw"],
    ),
    ("16-event-message-edit", &["edit text"]),
    ("17-event-message-edit-of-reply", &["edit text"]),
    (
        "18-event-message-reply-with-mention",
        &["message text <named user> as reply +raw"],
    ),
    (
        "19-event-message-thread",
        &["message text <named user> as reply +raw"],
    ),
    (
        "20-event-encrypted-edit-cleartext-relation",
        &["message unsupported m.room.encrypted <named user> +raw"],
    ),
    (
        "21-event-with-bundled-edit",
        &["message text <named user> +raw"],
    ),
    (
        "22-receipts-threaded-and-unthreaded",
        &[
            "receipt read by participant",
            "receipt read by participant",
            "receipt read by participant",
        ],
    ),
    (
        "23-transaction-minimal-ruma",
        &["message text <named user>"],
    ),
    ("24-ephemeral-typing-ruma", &["typing <user>"]),
    (
        "25-ephemeral-receipt-ruma",
        &["receipt read by participant"],
    ),
    ("26-ephemeral-presence-ruma", &[]),
    ("27-ephemeral-unknown-type-ruma", &[]),
    (
        "29-transaction-unstable-ephemeral-bot-sdk",
        &[
            "message unsupported malformed <> +raw",
            "other m.room.not_message",
        ],
    ),
    (
        "30-transaction-membership-bot-sdk",
        &[
            "other m.room.member",
            "other m.room.member",
            "other m.room.member",
            "other m.room.member.invite",
            "member joined",
            "group note m.room.member",
            "member removed",
            "group note m.room.member",
            "member removed",
            "group note m.room.member",
            "member invited",
            "group note m.room.member",
        ],
    ),
    (
        "31-transaction-msc3202-all-bot-sdk",
        &["message unsupported m.room.encrypted <> +raw"],
    ),
];

#[test]
fn matrix_samples_mean_what_their_index_says() {
    let Ok(folder) = std::env::var("INTERDESK_VECTORS") else {
        return;
    };
    let mut wrong = Vec::new();
    for (name, expected) in SAMPLES {
        let path = PathBuf::from(&folder).join(format!("matrix/{name}.json"));
        let sample: Value =
            serde_json::from_slice(&std::fs::read(path).expect("a sample")).expect("JSON");
        let passing = ["m.receipt", "m.typing", "m.presence", "dev.ruma.custom"];
        let kind = sample["type"].as_str();
        let body = match kind {
            None => sample,
            Some(kind) if passing.contains(&kind) => json!({ "events": [], "ephemeral": [sample] }),
            Some(_) => json!({ "events": [sample] }),
        };
        let mut credentials = credentials();
        if name.starts_with("30") {
            let bot = "@_prefix_test:example.org".to_owned();
            credentials.others.insert("user_id".to_owned(), bot);
        }
        let body = body.to_string();
        let incoming = Incoming::kept(body.as_bytes());
        let updates = channel(ChannelKind::Matrix).parse(&incoming, &credentials);
        let meanings = support::meanings(&updates.expect("a readable sample"));
        if meanings != expected {
            wrong.push(format!("{name}: {meanings:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_edit_names_its_target_by_its_author_so_that_nobody_edits_for_another() {
    let event = |kind: &str, id: &str, sender: &str, content: Value| json!({ "type": kind, "event_id": id, "room_id": ROOM, "sender": sender, "content": content });
    let words = json!({ "msgtype": "m.text", "body": "one" });
    let edit = json!({
        "msgtype": "m.text",
        "body": "* two",
        "m.new_content": { "msgtype": "m.text", "body": "two" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": "$one" },
    });
    let kind = "m.room.message";
    let body = json!({ "events": [
        event(kind, "$one", "@alice:example.org", words),
        event(kind, "$by-alice", "@alice:example.org", edit.clone()),
        event(kind, "$by-mallory", "@mallory:example.org", edit),
    ]});
    let updates = parse(body.to_string().as_bytes());
    let UpdateKind::Message(message) = &updates[0].kind else {
        panic!("{updates:?}");
    };
    let target = |update: &Update| match &update.kind {
        UpdateKind::Edit { target, .. } => target.clone(),
        other => panic!("{other:?}"),
    };
    let names = |id: &String| *id == message.provider_id || message.other_ids.contains(id);
    assert!(names(&target(&updates[1])));
    assert!(!names(&target(&updates[2])));
}

fn outgoing(action: Action) -> Outgoing {
    Outgoing {
        attempt: "attempt-1".to_owned(),
        message: "message.1".to_owned(),
        conversation: "conversation-1".to_owned(),
        to: vec![Address {
            network: "matrix".to_owned(),
            namespace: "user".to_owned(),
            value: "@customer12:example.org".to_owned(),
        }],
        group: None,
        writer: None,
        action,
        reply_to: None,
        expires_at: None,
    }
}

fn text(words: &str) -> Content {
    Content::Text {
        text: words.to_owned(),
    }
}

fn told(status: u16, body: Value) -> Reaction {
    Reaction::Answer(status, "", body.to_string())
}

fn joined() -> Reaction {
    told(200, json!({ "membership": "join" }))
}

fn taken() -> Reaction {
    told(200, json!({ "event_id": "$new" }))
}

fn no(status: u16, code: &str) -> Reaction {
    told(status, json!({ "errcode": code, "error": "no" }))
}

async fn send(
    state: Option<&str>,
    outgoing: &Outgoing,
    reactions: Vec<Reaction>,
) -> (Result<Sent, SendError>, Vec<Asked>) {
    send_by(credentials(), state, outgoing, reactions).await
}

/// Sends through an inbox that shows its agents.
async fn send_showing(
    state: Option<&str>,
    outgoing: &Outgoing,
    reactions: Vec<Reaction>,
) -> (Result<Sent, SendError>, Vec<Asked>) {
    let mut credentials = credentials();
    let shows = ("show_agents".to_owned(), "yes".to_owned());
    credentials.others.extend([shows]);
    send_by(credentials, state, outgoing, reactions).await
}

async fn send_by(
    credentials: Credentials,
    state: Option<&str>,
    outgoing: &Outgoing,
    reactions: Vec<Reaction>,
) -> (Result<Sent, SendError>, Vec<Asked>) {
    let count = reactions.len();
    let (endpoint, homeserver) = provider::start(reactions).await;
    let client = reqwest::Client::builder().timeout(Duration::from_millis(500));
    let client = client.build().expect("a client");
    let context = SendContext {
        client: &client,
        account_id: "care",
        endpoint: &endpoint,
        credentials: &credentials,
        now: DateTime::from_timestamp(1_767_225_600, 0).expect("a moment"),
        state,
        files: &interdesk_channels::NoFiles,
        forbids: |_| false,
    };
    let outcome = channel(ChannelKind::Matrix).send(&context, outgoing).await;
    let asked = tokio::time::timeout(Duration::from_secs(5), homeserver).await;
    let asked = asked
        .expect("every answer was asked for")
        .expect("a homeserver");
    assert_eq!(asked.len(), count);
    (outcome, asked)
}

fn lines(asked: &[Asked]) -> Vec<String> {
    let line = |one: &Asked| {
        let mut words = one.head.split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        format!("{method} {path}")
    };
    asked.iter().map(line).collect()
}

#[tokio::test]
async fn an_answer_goes_to_the_room_where_the_customer_wrote_last_under_our_key() {
    let mut message = outgoing(Action::Write(text("Hello")));
    message.reply_to = Some(format!("{ROOM}/$asked"));
    let (outcome, asked) = send(Some(ROOM), &message, vec![joined(), taken()]).await;
    let sent = outcome.expect("sent");
    assert_eq!(sent.provider_ids, [format!("{ROOM}/$new")]);
    assert_eq!(sent.state.as_deref(), Some(ROOM));
    assert_eq!(
        lines(&asked),
        [
            format!("GET {ROOM_PATH}/state/m.room.member/%40customer12%3Aexample.org{AS_BOT}"),
            format!("PUT {ROOM_PATH}/send/m.room.message/message.1{AS_BOT}"),
        ]
    );
    assert_eq!(
        asked[1].json(),
        json!({
            "msgtype": "m.text",
            "body": "Hello",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$asked" } },
        })
    );
    let token = ("authorization".to_owned(), "Bearer as-token".to_owned());
    assert!(asked.iter().all(|one| one.headers().contains(&token)));
}

#[tokio::test]
async fn a_first_message_makes_a_bot_and_a_room_that_a_second_try_finds_by_its_alias() {
    let message = outgoing(Action::Write(text("Hello")));
    let made = vec![
        told(200, json!({ "user_id": "@_interdesk_care:example.org" })),
        told(200, json!({ "room_id": ROOM })),
        taken(),
    ];
    let (outcome, asked) = send(None, &message, made).await;
    assert_eq!(outcome.expect("sent").state.as_deref(), Some(ROOM));
    assert_eq!(asked[0].json()["username"], "_interdesk_care");
    assert_eq!(
        asked[1].json()["invite"],
        json!(["@customer12:example.org"])
    );
    let alias = &asked[1].json()["room_alias_name"];
    assert_eq!(alias, "_interdesk_care_conversation-1");

    let found = vec![
        no(400, "M_USER_IN_USE"),
        no(400, "M_ROOM_IN_USE"),
        told(200, json!({ "room_id": ROOM, "servers": ["example.org"] })),
        no(403, "M_FORBIDDEN"),
        taken(),
    ];
    let (outcome, asked) = send(None, &message, found).await;
    assert_eq!(outcome.expect("sent").state.as_deref(), Some(ROOM));
    let alias = "%23_interdesk_care_conversation-1%3Aexample.org";
    let found = format!("GET /_matrix/client/v3/directory/room/{alias}{AS_BOT}");
    assert_eq!(lines(&asked)[2], found);
    // The first try may have broken off before it asked the customer in.
    assert!(lines(&asked)[3].contains("/invite?"));
    assert_eq!(asked[3].json()["user_id"], "@customer12:example.org");
}

#[tokio::test]
async fn a_bot_that_is_not_in_the_room_yet_enters_and_tries_once_more() {
    let message = outgoing(Action::Write(text("Hello")));
    let reactions = vec![
        joined(),
        no(403, "M_FORBIDDEN"),
        no(400, "M_USER_IN_USE"),
        told(200, json!({ "room_id": ROOM })),
        taken(),
    ];
    let (outcome, asked) = send(Some(ROOM), &message, reactions).await;
    outcome.expect("sent");
    assert_eq!(lines(&asked)[1], lines(&asked)[4]);
}

#[tokio::test]
async fn words_into_a_room_that_the_customer_left_are_refused() {
    for state in ["leave", "ban"] {
        let message = outgoing(Action::Write(text("Hello")));
        let left = told(200, json!({ "membership": state }));
        let (outcome, _) = send(Some(ROOM), &message, vec![left]).await;
        let Err(SendError::Refused { failure, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(failure.reason, FailureReason::NotOptedIn);
        assert!(!failure.retryable);
    }
}

#[tokio::test]
async fn each_act_is_the_documented_call() {
    let target = || format!("{ROOM}/$before");
    let cases = [
        (
            Action::Replace {
                target: target(),
                content: text("Hello again"),
            },
            format!("PUT {ROOM_PATH}/send/m.room.message/attempt-1{AS_BOT}"),
            json!({
                "msgtype": "m.text",
                "body": "* Hello again",
                "m.new_content": { "msgtype": "m.text", "body": "Hello again" },
                "m.relates_to": { "rel_type": "m.replace", "event_id": "$before" },
            }),
        ),
        (
            Action::Delete { target: target() },
            format!("PUT {ROOM_PATH}/redact/%24before/attempt-1{AS_BOT}"),
            json!({}),
        ),
        (
            Action::MarkRead { target: target() },
            format!("POST {ROOM_PATH}/receipt/m.read/%24before{AS_BOT}"),
            json!({}),
        ),
        (
            Action::Typing {
                last: Some(target()),
            },
            format!("PUT {ROOM_PATH}/typing/%40_interdesk_care%3Aexample.org{AS_BOT}"),
            json!({ "typing": true, "timeout": 30_000 }),
        ),
    ];
    for (action, line, body) in cases {
        // Who wrote an event is asked before it is changed: nobody else's edit counts.
        let changes = matches!(action, Action::Replace { .. } | Action::Delete { .. });
        let mut answers = vec![taken()];
        if changes {
            answers.insert(0, no(404, "M_NOT_FOUND"));
        }
        let (outcome, asked) = send(None, &outgoing(action), answers).await;
        outcome.expect("sent");
        assert_eq!(lines(&asked).last(), Some(&line));
        assert_eq!(asked.last().expect("a call").json(), body);
        if changes {
            assert_eq!(
                lines(&asked)[0],
                format!("GET {ROOM_PATH}/event/%24before{AS_BOT}")
            );
        }
    }
}

/// An agent's message through an inbox that shows its agents.
fn by_agent(action: Action) -> Outgoing {
    Outgoing {
        writer: Some(Writer {
            id: "a7".to_owned(),
            name: "Agent 7".to_owned(),
        }),
        ..outgoing(action)
    }
}

#[tokio::test]
async fn a_ghost_that_is_missed_is_made_named_and_brought_in() {
    let message = by_agent(Action::Write(text("Hello")));
    let reactions = vec![
        joined(),
        no(403, "M_FORBIDDEN"),
        told(200, json!({ "user_id": "@_interdesk_care_a7:example.org" })),
        told(200, json!({})),
        told(200, json!({})),
        told(200, json!({ "room_id": ROOM })),
        taken(),
    ];
    let (outcome, asked) = send_showing(Some(ROOM), &message, reactions).await;
    assert_eq!(
        outcome.expect("sent").provider_ids,
        [format!("{ROOM}/$new")]
    );
    let as_ghost = "?user_id=%40_interdesk_care_a7%3Aexample.org";
    let put = format!("PUT {ROOM_PATH}/send/m.room.message/message.1{as_ghost}");
    assert_eq!(lines(&asked)[1], put);
    assert_eq!(asked[2].json()["username"], "_interdesk_care_a7");
    assert_eq!(asked[3].json(), json!({ "displayname": "Agent 7" }));
    assert!(
        lines(&asked)[4].ends_with(&format!("/invite{AS_BOT}")),
        "{:?}",
        lines(&asked)
    );
    assert_eq!(
        asked[4].json()["user_id"],
        "@_interdesk_care_a7:example.org"
    );
    assert_eq!(
        lines(&asked)[6],
        put,
        "the same key: it was certainly not sent"
    );
}

#[tokio::test]
async fn the_bot_writes_for_a_ghost_that_cannot_come_in() {
    let message = by_agent(Action::Write(text("Hello")));
    let reactions = vec![
        joined(),
        no(403, "M_FORBIDDEN"),
        no(400, "M_USER_IN_USE"),
        told(200, json!({})),
        no(403, "M_FORBIDDEN"),
        no(403, "M_FORBIDDEN"),
        taken(),
    ];
    let (outcome, asked) = send_showing(Some(ROOM), &message, reactions).await;
    outcome.expect("sent");
    let by_bot = format!("PUT {ROOM_PATH}/send/m.room.message/message.1{AS_BOT}");
    assert_eq!(lines(&asked)[6], by_bot);
}

#[tokio::test]
async fn what_a_ghost_wrote_the_ghost_changes_whoever_of_the_desk_asks_for_it() {
    for action in [
        Action::Replace {
            target: format!("{ROOM}/$before"),
            content: text("Hello again"),
        },
        Action::Delete {
            target: format!("{ROOM}/$before"),
        },
    ] {
        for (sender, acts) in [
            (
                "@_interdesk_care_b8:example.org",
                "%40_interdesk_care_b8%3A",
            ),
            ("@_interdesk_care:example.org", "%40_interdesk_care%3A"),
            // An event of somebody else's is tried as the bot, and refused by the homeserver.
            ("@customer12:example.org", "%40_interdesk_care%3A"),
        ] {
            let answers = vec![told(200, json!({ "sender": sender })), taken()];
            let (outcome, asked) = send(None, &by_agent(action.clone()), answers).await;
            outcome.expect("sent");
            assert!(lines(&asked)[1].contains(acts), "{:?}", lines(&asked));
        }
    }
}

#[tokio::test]
async fn one_reaction_of_ours_stands_and_an_empty_one_takes_it_back() {
    let react = |emoji: &str| {
        outgoing(Action::React {
            target: format!("{ROOM}/$before"),
            emoji: emoji.to_owned(),
        })
    };
    let own = |key: &str, sender: &str| {
        json!({
            "event_id": format!("${key}"),
            "sender": sender,
            "content": { "m.relates_to": { "key": key } },
        })
    };
    let standing = || {
        let chunk = [
            own("old", "@_interdesk_care:example.org"),
            own("theirs", "@customer12:example.org"),
        ];
        told(200, json!({ "chunk": chunk }))
    };
    let (outcome, asked) = send(None, &react("👍"), vec![standing(), taken(), taken()]).await;
    assert_eq!(
        outcome.expect("sent").provider_ids,
        [format!("{ROOM}/$new")]
    );
    assert!(lines(&asked)[1].contains("/redact/%24old/attempt-1-0"));
    assert!(lines(&asked)[2].contains("/send/m.reaction/attempt-1"));
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$before", "key": "👍" });
    assert_eq!(asked[2].json(), json!({ "m.relates_to": relation }));

    let (outcome, asked) = send(None, &react(""), vec![standing(), taken()]).await;
    outcome.expect("sent");
    assert!(lines(&asked)[1].contains("/redact/%24old/"));

    let (outcome, _) = send(None, &react("old"), vec![standing()]).await;
    assert_eq!(
        outcome.expect("stands").provider_ids,
        [format!("{ROOM}/$old")]
    );
}

#[tokio::test]
async fn contents_have_the_documented_form() {
    let media = |kind, source| Media {
        kind,
        source,
        mime_type: Some("image/png".to_owned()),
        file_name: Some("a.png".to_owned()),
        size: Some(7),
        sha256: None,
    };
    let kept = || MediaSource::ProviderId("mxc://example.org/abc".to_owned());
    let file = |msgtype: &str| {
        json!({
            "msgtype": msgtype,
            "body": "Look",
            "filename": "a.png",
            "url": "mxc://example.org/abc",
            "info": { "mimetype": "image/png", "size": 7 },
        })
    };
    let caption = || Some("Look".to_owned());
    let cases = [
        (
            Content::Media {
                media: media(MediaKind::Image, kept()),
                caption: caption(),
            },
            file("m.image"),
        ),
        (
            Content::Media {
                media: media(MediaKind::Document, kept()),
                caption: caption(),
            },
            file("m.file"),
        ),
        (
            Content::Media {
                media: media(
                    MediaKind::Image,
                    MediaSource::Url("https://example.org/a.png".to_owned()),
                ),
                caption: caption(),
            },
            json!({ "msgtype": "m.text", "body": "Look\na.png\nhttps://example.org/a.png" }),
        ),
        (
            Content::Location(Location {
                latitude: 52.5,
                longitude: 13.4,
                name: Some("Corner shop".to_owned()),
                address: None,
            }),
            json!({ "msgtype": "m.location", "body": "Corner shop", "geo_uri": "geo:52.5,13.4" }),
        ),
        (
            Content::Composite(Composite::of(
                None,
                Some("Hello".to_owned()),
                Some("<b>Hello</b>".to_owned()),
                Vec::new(),
            )),
            json!({
                "msgtype": "m.text",
                "body": "Hello",
                "format": "org.matrix.custom.html",
                "formatted_body": "<b>Hello</b>",
            }),
        ),
    ];
    for (content, body) in cases {
        let message = outgoing(Action::Write(content));
        let (outcome, asked) = send(Some(ROOM), &message, vec![joined(), taken()]).await;
        outcome.expect("sent");
        assert_eq!(asked[1].json(), body);
    }
    let files = vec![media(MediaKind::Document, kept())];
    let two = Composite::of(None, Some("Hello".to_owned()), None, files);
    let message = outgoing(Action::Write(Content::Composite(two)));
    let (outcome, asked) = send(Some(ROOM), &message, vec![joined(), taken(), taken()]).await;
    assert_eq!(outcome.expect("sent").provider_ids.len(), 2);
    assert!(lines(&asked)[1].contains("/message.1?"));
    assert!(lines(&asked)[2].contains("/message.1-1?"));
}

#[tokio::test]
async fn each_code_of_an_error_is_a_reason() {
    use FailureReason::*;
    let cases = [
        (401, "M_UNKNOWN_TOKEN", AccountRefused, false),
        (401, "M_MISSING_TOKEN", AccountRefused, false),
        (403, "M_EXCLUSIVE", AccountRefused, false),
        (404, "M_NOT_FOUND", RecipientUnknown, false),
        (413, "M_TOO_LARGE", RefusedContent, false),
        (400, "M_BAD_JSON", RefusedContent, false),
        (400, "ORG_EXAMPLE_NEW", Other, false),
        (429, "M_LIMIT_EXCEEDED", RateLimited, true),
        (503, "M_UNKNOWN", ProviderUnavailable, true),
    ];
    for (status, code, reason, retryable) in cases {
        let message = outgoing(Action::Write(text("Hello")));
        let (outcome, _) = send(Some(ROOM), &message, vec![joined(), no(status, code)]).await;
        let Err(SendError::Refused { failure, .. }) = outcome else {
            panic!("{code}: {outcome:?}");
        };
        assert_eq!(
            (failure.reason, failure.retryable),
            (reason, retryable),
            "{code}"
        );
        assert_eq!(failure.provider_code.as_deref(), Some(code));
    }
    let busy = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 2_500 });
    let message = outgoing(Action::Write(text("Hello")));
    let (outcome, _) = send(Some(ROOM), &message, vec![joined(), told(429, busy)]).await;
    let Err(SendError::Refused { retry_after, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.num_milliseconds()), Some(2_500));
}

#[tokio::test]
async fn a_room_that_could_not_be_made_is_tried_again_since_nothing_was_said_yet() {
    let message = outgoing(Action::Write(text("Hello")));
    let reactions = vec![no(400, "M_USER_IN_USE"), Reaction::Cut];
    let (outcome, _) = send(None, &message, reactions).await;
    let Err(SendError::Refused { failure, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(failure.retryable);
}

/// Follows what a transaction asks; returns what was learnt and what the homeserver was asked.
async fn followed(body: &[u8], reactions: Vec<Reaction>) -> (Vec<u8>, Vec<Asked>) {
    let (endpoint, homeserver) = provider::start(reactions).await;
    let client = reqwest::Client::new();
    let credentials = credentials();
    let context = SendContext {
        client: &client,
        account_id: "care",
        endpoint: &endpoint,
        credentials: &credentials,
        now: DateTime::from_timestamp(1_767_225_600, 0).expect("a moment"),
        state: None,
        files: &interdesk_channels::NoFiles,
        forbids: |_| false,
    };
    let adapter = channel(ChannelKind::Matrix);
    let updates = parse(body);
    let kept = updates.iter().find_map(|update| match &update.kind {
        UpdateKind::Other { kind, raw } if adapter.asks().contains(&kind.as_str()) => Some(raw),
        _ => None,
    });
    let raw = kept.expect("an invitation");
    let learnt = adapter.follow(&context, raw).await.expect("followed");
    (learnt, homeserver.await.expect("a homeserver"))
}

fn invitation() -> Vec<u8> {
    let mut all = fixtures::all(ChannelKind::Matrix).into_iter();
    all.find(|(name, _)| name == "invite").expect("it").1
}

fn one_is_there() -> Reaction {
    told(
        200,
        json!([{
            "type": "m.room.member",
            "room_id": ROOM,
            "sender": "@customer13:example.org",
            "state_key": "@customer13:example.org",
            "content": { "membership": "join" },
        }]),
    )
}

#[tokio::test]
async fn an_invitation_is_followed_into_its_room_where_the_desk_looks_who_is_there() {
    let reactions = vec![
        no(400, "M_USER_IN_USE"),
        told(200, json!({ "room_id": ROOM })),
        one_is_there(),
    ];
    let (learnt, asked) = followed(&invitation(), reactions).await;
    assert_eq!(support::meanings(&parse(&learnt)), ["member joined"]);
    assert_eq!(lines(&asked)[2], format!("GET {ROOM_PATH}/state{AS_BOT}"));
    let joined = &lines(&asked)[1];
    assert!(
        joined.starts_with("POST /_matrix/client/v3/join/%21room12%3Aexample.org?"),
        "{joined}"
    );
}

#[tokio::test]
async fn a_ghost_that_is_asked_in_brings_the_bot_along() {
    let invitation = String::from_utf8(invitation()).expect("UTF-8");
    let bot = "\"state_key\": \"@_interdesk_care:";
    assert!(invitation.contains(bot), "{invitation}");
    let invitation = invitation.replace(bot, "\"state_key\": \"@_interdesk_care_a7:");
    let room = || told(200, json!({ "room_id": ROOM }));
    let reactions = vec![
        told(200, json!({})),
        room(),
        told(200, json!({})),
        no(400, "M_USER_IN_USE"),
        room(),
        one_is_there(),
    ];
    let (learnt, asked) = followed(invitation.as_bytes(), reactions).await;
    assert_eq!(support::meanings(&parse(&learnt)), ["member joined"]);
    assert_eq!(asked[0].json()["username"], "_interdesk_care_a7");
    let as_ghost = "user_id=%40_interdesk_care_a7%3Aexample.org";
    for step in [1, 2] {
        assert!(
            lines(&asked)[step].contains(as_ghost),
            "{:?}",
            lines(&asked)
        );
    }
    assert_eq!(asked[2].json()["user_id"], "@_interdesk_care:example.org");
    assert!(lines(&asked)[4].contains("/join/"), "{:?}", lines(&asked));
    assert!(lines(&asked)[5].ends_with(&format!("/state{AS_BOT}")));
}

#[test]
fn who_shuts_a_ghost_out_did_not_shut_out_the_desk() {
    let ban = |whom: &str| {
        let event = json!({
            "type": "m.room.member",
            "event_id": "$ban",
            "room_id": ROOM,
            "sender": "@customer12:example.org",
            "state_key": whom,
            "origin_server_ts": 1_767_225_600_000_i64,
            "content": { "membership": "ban" },
        });
        let updates = parse(json!({ "events": [event] }).to_string().as_bytes());
        let consent = |update: &Update| matches!(update.kind, UpdateKind::Consent { .. });
        updates.iter().any(consent)
    };
    assert!(ban("@_interdesk_care:example.org"));
    assert!(!ban("@_interdesk_care_a7:example.org"));
}

#[tokio::test]
async fn words_for_a_group_go_to_its_room_while_anybody_is_in_it() {
    let message = || Outgoing {
        group: Some(ROOM.to_owned()),
        to: Vec::new(),
        ..outgoing(Action::Write(text("Hello all")))
    };
    let joined = |users: Value| told(200, json!({ "joined": users }));
    let somebody = json!({ "@_interdesk_care:example.org": {}, "@customer13:example.org": {} });
    let reactions = vec![joined(somebody), told(200, json!({ "event_id": "$new" }))];
    let (outcome, asked) = send(None, &message(), reactions).await;
    assert_eq!(outcome.expect("sent").state.as_deref(), Some(ROOM));
    let written = format!("PUT {ROOM_PATH}/send/m.room.message/message.1{AS_BOT}");
    assert_eq!(
        lines(&asked),
        [format!("GET {ROOM_PATH}/joined_members{AS_BOT}"), written]
    );

    let nobody = json!({ "@_interdesk_care:example.org": {} });
    let (outcome, asked) = send(None, &message(), vec![joined(nobody)]).await;
    let Err(SendError::Refused { failure, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.reason, FailureReason::NotOptedIn);
    assert_eq!(asked.len(), 1, "nothing is written for nobody");
}
