//! Who may speak in a provider's name.

use aws_lc_rs::hmac;
use chrono::{DateTime, Duration, Utc};
use interdesk_channels::standard_webhooks::Signer;
use interdesk_channels::{Credentials, OwnedRequest, Reply, VerifyError, channel};
use interdesk_domain::inbox::ChannelKind;

const BODY: &[u8] = br#"{"entry":[]}"#;
const FIRST: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const SECOND: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
const PAIR: &str = "whsk_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

fn secrets(secrets: &[&str]) -> Credentials {
    Credentials {
        webhook_secrets: secrets.iter().map(|&secret| secret.to_owned()).collect(),
        ..Credentials::default()
    }
}

fn verify(
    kind: ChannelKind,
    headers: &[(&str, &str)],
    body: &[u8],
    credentials: &Credentials,
) -> Result<(), VerifyError> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let request = OwnedRequest {
        method: "POST".to_owned(),
        headers: headers.iter().map(own).collect(),
        body: body.to_vec().into(),
        ..OwnedRequest::default()
    };
    channel(kind).verify(&request.as_incoming(), credentials, now())
}

fn meta_signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let hex = hmac::sign(&key, body)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    ["sha256=".to_owned(), hex].concat()
}

#[test]
fn whatsapp_needs_the_signature_of_one_of_our_secrets_over_the_raw_bytes() {
    let ours = secrets(&["old secret", "new secret"]);
    let check = |header: &str, body: &[u8]| {
        verify(
            ChannelKind::Whatsapp,
            &[("x-hub-signature-256", header)],
            body,
            &ours,
        )
    };
    for secret in ["old secret", "new secret"] {
        assert_eq!(check(&meta_signature(secret, BODY), BODY), Ok(()));
    }
    let good = meta_signature("new secret", BODY);
    let bad = [
        meta_signature("foreign secret", BODY),
        good.replace("sha256=", "sha1="),
        good.replace("sha256=", ""),
        good[..good.len() - 1].to_owned(),
        format!("{good}0"),
        "sha256=".to_owned(),
        format!("sha256={}", "é".repeat(32)),
        String::new(),
    ];
    for header in bad {
        assert_eq!(check(&header, BODY), Err(VerifyError::Mismatch), "{header}");
    }
    assert_eq!(
        check(&good, br#"{"entry":[ ]}"#),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn the_handshake_gives_the_challenge_back_to_whoever_knows_the_token() {
    let credentials = Credentials {
        verify_token: Some("our word".to_owned()),
        ..Credentials::default()
    };
    let ask = |pairs: &[(&str, &str)], credentials: &Credentials| {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = OwnedRequest {
            method: "GET".to_owned(),
            query: pairs.iter().map(own).collect(),
            ..OwnedRequest::default()
        };
        channel(ChannelKind::Whatsapp)
            .handshake(&request.as_incoming(), credentials)
            .expect("a handshake")
    };
    let good = [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", "our word"),
        ("hub.challenge", "1158201444"),
    ];
    assert_eq!(
        ask(&good, &credentials),
        Ok(Reply::text("1158201444".to_owned()))
    );
    assert_eq!(
        ask(&good[..2], &credentials),
        Err(VerifyError::Missing("hub.challenge"))
    );
    let mut wrong = good;
    wrong[1].1 = "another word";
    assert_eq!(ask(&wrong, &credentials), Err(VerifyError::Mismatch));
    wrong = good;
    wrong[0].1 = "unsubscribe";
    assert_eq!(ask(&wrong, &credentials), Err(VerifyError::Mismatch));
    let unset = ask(&good, &Credentials::default());
    assert_eq!(unset, Err(VerifyError::NotConfigured("verify token")));
    for (kind, method) in [
        (ChannelKind::Telegram, "GET"),
        (ChannelKind::Webhook, "GET"),
        (ChannelKind::Whatsapp, "POST"),
    ] {
        let request = OwnedRequest {
            method: method.to_owned(),
            ..OwnedRequest::default()
        };
        let asked = channel(kind).handshake(&request.as_incoming(), &credentials);
        assert_eq!(asked, None, "{kind:?}");
    }
}

fn signed(secret: &str, at: DateTime<Utc>, body: &[u8]) -> [(&'static str, String); 3] {
    let signer = Signer::parse(secret).expect("a key");
    [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", at.timestamp().to_string()),
        ("webhook-signature", signer.sign("msg_1", at, body)),
    ]
}

fn check(
    headers: &[(&'static str, String); 3],
    body: &[u8],
    credentials: &Credentials,
) -> Result<(), VerifyError> {
    let borrowed: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    verify(ChannelKind::Webhook, &borrowed, body, credentials)
}

#[test]
fn webhooks_may_be_signed_by_any_secret_or_key_pair_of_the_inbox() {
    let pair = Signer::parse(PAIR).expect("a key pair");
    let public = pair.public_key().expect("a public half");
    let mut ours = secrets(&[FIRST, SECOND]);
    ours.webhook_public_keys = vec![public];
    for secret in [FIRST, SECOND, PAIR] {
        assert_eq!(check(&signed(secret, now(), BODY), BODY, &ours), Ok(()));
    }
    assert_eq!(
        check(&signed(PAIR, now(), BODY), BODY, &secrets(&[FIRST])),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn svix_headers_and_lists_of_signatures_are_understood() {
    let mut headers = signed(FIRST, now(), BODY);
    headers[2].1 = format!("v9,xx v1,AAAA {} broken", headers[2].1);
    let ours = secrets(&[FIRST]);
    assert_eq!(check(&headers, BODY, &ours), Ok(()));
    headers[0].0 = "svix-id";
    headers[1].0 = "svix-timestamp";
    headers[2].0 = "svix-signature";
    assert_eq!(check(&headers, BODY, &ours), Ok(()));
}

#[test]
fn replayed_tampered_and_incomplete_webhooks_are_refused() {
    let ours = secrets(&[FIRST]);
    for seconds in [-301, 301] {
        let headers = signed(FIRST, now() + Duration::seconds(seconds), BODY);
        assert_eq!(check(&headers, BODY, &ours), Err(VerifyError::Stale(300)));
    }
    for seconds in [-300, 300] {
        let headers = signed(FIRST, now() + Duration::seconds(seconds), BODY);
        assert_eq!(check(&headers, BODY, &ours), Ok(()));
    }
    let good = signed(FIRST, now(), BODY);
    assert_eq!(check(&good, b"{}", &ours), Err(VerifyError::Mismatch));
    assert_eq!(
        check(&good, BODY, &secrets(&[SECOND])),
        Err(VerifyError::Mismatch)
    );
    for (index, value) in [
        (0, "msg_2"),
        (0, "msg.1"),
        (0, ""),
        (1, "soon"),
        (2, ""),
        (2, "v1,"),
        (2, "v1"),
    ] {
        let mut headers = good.clone();
        headers[index].1 = value.to_owned();
        assert_eq!(
            check(&headers, BODY, &ours),
            Err(VerifyError::Mismatch),
            "{index} {value}"
        );
    }
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let rest: Vec<_> = good.iter().filter(|(known, _)| *known != name).collect();
        let rest: Vec<_> = rest
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let outcome = verify(ChannelKind::Webhook, &rest, BODY, &ours);
        assert_eq!(outcome, Err(VerifyError::Missing(name)));
    }
}

#[test]
fn an_empty_or_broken_secret_lets_nobody_in() {
    for secret in ["", "whsec_", "whsec_***", "whpk_AAAA"] {
        let outcome = check(&signed(FIRST, now(), BODY), BODY, &secrets(&[secret]));
        assert_eq!(
            outcome,
            Err(VerifyError::NotConfigured("webhook secret")),
            "{secret}"
        );
    }
    for secret in ["", "whsec_", "whsk_AAAA", "whsk_"] {
        assert!(Signer::parse(secret).is_err(), "{secret}");
    }
}
