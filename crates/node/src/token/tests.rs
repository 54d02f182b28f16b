use std::sync::atomic::{AtomicI64, Ordering};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::config::Config;

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).expect("time")
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::from_u128(7)
    }
}

/// Far from the machine's own time, so that a check against that would show.
const START: i64 = 1_000_000_000;

fn at(seconds: i64) -> Hand {
    Hand(AtomicI64::new(START + seconds))
}

fn bearer() -> Bearer {
    Bearer {
        subject: "agent_1".into(),
        tenant: "tenant_1".into(),
        session: Some("session_1".into()),
    }
}

fn auth() -> Auth {
    Config::default().auth
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).expect("key")
}

fn desk() -> (Issuer, Verifier) {
    (
        Issuer::new(key(1), &auth()),
        Verifier::new(vec![key(1).public().clone()], &auth()),
    )
}

fn token() -> String {
    desk().0.issue(&at(0), &bearer()).expect("token").text
}

fn verify(token: &str) -> Result<Claims, Error> {
    desk().1.verify(&at(0), token)
}

/// Signs any header and claims with the desk's own key.
fn forge(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).expect("key");
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()))
    )
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": key(1).public().kid()})
}

fn claims() -> Value {
    serde_json::to_value(verify(&token()).expect("valid")).expect("json")
}

#[test]
fn an_issued_token_says_whom_it_speaks_for() {
    let claims = verify(&token()).expect("valid");
    assert_eq!(
        (
            claims.sub.as_str(),
            claims.tenant.as_str(),
            claims.sid.as_deref()
        ),
        ("agent_1", "tenant_1", Some("session_1"))
    );
    assert_eq!(claims.jti, Uuid::from_u128(7).to_string());
    assert_eq!((claims.iat, claims.exp), (START, START + 900));
}

#[test]
fn a_token_ends_by_the_clock_that_is_handed_in() {
    let (_, verifier) = desk();
    assert!(verifier.verify(&at(929), &token()).is_ok());
    assert_eq!(verifier.verify(&at(930), &token()), Err(Error::Expired));
    assert!(verifier.verify(&at(-30), &token()).is_ok());
    assert_eq!(verifier.verify(&at(-31), &token()), Err(Error::NotYetValid));
}

#[test]
fn another_audience_or_issuer_is_refused() {
    let other = |auth: Auth| {
        Issuer::new(key(1), &auth)
            .issue(&at(0), &bearer())
            .expect("token")
            .text
    };
    assert_eq!(
        verify(&other(Auth {
            audience: "else".into(),
            ..auth()
        })),
        Err(Error::WrongAudience)
    );
    assert_eq!(
        verify(&other(Auth {
            issuer: "else".into(),
            ..auth()
        })),
        Err(Error::WrongIssuer)
    );
}

#[test]
fn a_key_of_somebody_else_is_refused_even_under_our_key_id() {
    let theirs = Issuer::new(key(9), &auth())
        .issue(&at(0), &bearer())
        .expect("token")
        .text;
    assert_eq!(verify(&theirs), Err(Error::UnknownKey));
    let rest = theirs.split_once('.').expect("parts").1;
    let claimed = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header().to_string()));
    assert_eq!(verify(&claimed), Err(Error::BadSignature));
}

#[test]
fn a_token_without_signature_is_refused() {
    let claims = URL_SAFE_NO_PAD.encode(claims().to_string());
    for alg in ["none", "None", "NONE"] {
        let header = json!({"alg": alg, "kid": key(1).public().kid()}).to_string();
        let token = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(verify(&token), Err(Error::WrongAlgorithm));
    }
}

#[test]
fn the_public_key_used_as_a_shared_secret_is_refused() {
    let kid = Some(key(1).public().kid().to_owned());
    let header = Header {
        kid,
        ..Header::new(Algorithm::HS256)
    };
    let secret = EncodingKey::from_secret(key(1).public().bytes());
    let token = jsonwebtoken::encode(&header, &claims(), &secret).expect("token");
    assert_eq!(verify(&token), Err(Error::WrongAlgorithm));
    // The same signature under a header that claims our algorithm.
    let rest = token.split_once('.').expect("parts").1;
    let token = format!(
        "{}.{rest}",
        URL_SAFE_NO_PAD.encode(self::header().to_string())
    );
    assert_eq!(verify(&token), Err(Error::BadSignature));
}

#[test]
fn every_claim_is_required() {
    assert!(verify(&forge(&header(), &claims())).is_ok());
    for name in ["iss", "aud", "sub", "tenant", "jti", "iat", "nbf", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().expect("object").remove(name);
        assert!(
            verify(&forge(&header(), &claims)).is_err(),
            "{name} is not required"
        );
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = token();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = claims();
    claims["tenant"] = json!("tenant_2");
    let changed = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_eq!(
        verify(&format!("{}.{changed}.{}", parts[0], parts[2])),
        Err(Error::BadSignature)
    );
}

#[test]
fn what_is_no_token_is_malformed() {
    let long = "a".repeat(100_000);
    let dots = format!(
        "{}.{}.{}",
        "a".repeat(4_000),
        "b".repeat(4_000),
        "c".repeat(4_000)
    );
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b",
        "e30.e30.e30",
        "💬.💬.💬",
        long.as_str(),
        dots.as_str(),
    ] {
        assert_eq!(
            verify(text),
            Err(Error::Malformed),
            "{}",
            &text.chars().take(20).collect::<String>()
        );
    }
    let mut critical = header();
    critical["crit"] = json!(["b64"]);
    assert_eq!(verify(&forge(&critical, &claims())), Err(Error::Malformed));
    let nameless = json!({"alg": "EdDSA"});
    assert_eq!(verify(&forge(&nameless, &claims())), Err(Error::UnknownKey));
}

#[test]
fn absurd_times_do_not_overflow() {
    for (exp, nbf) in [
        (i64::MAX, i64::MIN),
        (i64::MAX, i64::MAX),
        (i64::MIN, i64::MIN),
    ] {
        let mut claims = claims();
        claims["exp"] = json!(exp);
        claims["nbf"] = json!(nbf);
        let _ = verify(&forge(&header(), &claims));
    }
}

#[test]
fn after_a_rotation_old_tokens_stay_valid_and_new_ones_use_the_new_key() {
    let old = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let new = "2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let desk = |keys: &str| from_vault(&Vault::parse(keys).expect("keys"), &auth()).expect("desk");
    let (old_issuer, old_verifier) = desk(old);
    let (new_issuer, both) = desk(&format!("{old},{new}"));
    let before = old_issuer.issue(&at(0), &bearer()).expect("token").text;
    let after = new_issuer.issue(&at(0), &bearer()).expect("token").text;
    assert!(both.verify(&at(0), &before).is_ok());
    assert!(both.verify(&at(0), &after).is_ok());
    assert_eq!(old_verifier.verify(&at(0), &after), Err(Error::UnknownKey));
    assert_eq!(desk(new).1.verify(&at(0), &before), Err(Error::UnknownKey));
}

#[test]
fn the_key_set_lists_public_keys_only() {
    let set = desk().1.jwks();
    let key = &set["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert!(key.get("d").is_none());
    let parsed: jsonwebtoken::jwk::JwkSet = serde_json::from_value(set.clone()).expect("a key set");
    assert_eq!(parsed.keys.len(), 1);
}

#[test]
fn a_token_does_not_show_in_debug_output() {
    let token = desk().0.issue(&at(0), &bearer()).expect("token");
    assert!(!format!("{token:?}").contains(&token.text));
}
