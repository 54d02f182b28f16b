use super::*;
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OLD: &str = "fedcba9876543210fedcba9876543210";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

fn secrets() -> Vec<String> {
    vec![SECRET.to_owned(), OLD.to_owned()]
}

fn sign(claims: &Value, secret: &str) -> String {
    super::sign(claims, secret).expect("a token")
}

fn claims() -> Value {
    let at = now().timestamp();
    json!({ "sub": "customer-12", "email": "customer12@example.org", "name": "Customer 12",
        "iat": at, "exp": at + 3_600, "jti": "one" })
}

#[test]
fn a_signed_identity_is_read_with_what_the_page_says_by_either_secret() {
    for secret in [SECRET, OLD] {
        let read = by_token(&sign(&claims(), secret), &secrets(), now()).expect("taken");
        assert_eq!(read.user, "customer-12");
        assert_eq!(read.email.as_deref(), Some("customer12@example.org"));
        assert_eq!(read.once.as_deref(), Some("one"));
    }
}

#[test]
fn an_identity_that_is_over_too_long_unsigned_or_of_nobody_is_refused() {
    let at = now().timestamp();
    let cases = [
        ("exp", json!(at), TokenError::Expired),
        ("exp", json!(at + 7_200), TokenError::TooLong),
        ("exp", json!("soon"), TokenError::Malformed),
        ("exp", Value::Null, TokenError::Malformed),
        ("iat", json!(at - 86_400), TokenError::TooLong),
        ("iat", json!(at + 600), TokenError::FromTheFuture),
        ("iat", json!(0), TokenError::Malformed),
        ("sub", json!(""), TokenError::Malformed),
        ("sub", json!("x".repeat(300)), TokenError::Malformed),
        ("sub", Value::Null, TokenError::Malformed),
    ];
    for (claim, value, expected) in cases {
        let mut body = claims();
        body[claim] = value.clone();
        let outcome = by_token(&sign(&body, SECRET), &secrets(), now());
        assert_eq!(outcome, Err(expected), "{claim}: {value}");
    }
    let foreign = sign(&claims(), "another page's secret of 32 bytes");
    let outcome = by_token(&foreign, &secrets(), now());
    assert_eq!(outcome, Err(TokenError::BadSignature));
    let outcome = by_token(&sign(&claims(), SECRET), &[], now());
    assert_eq!(outcome, Err(TokenError::NotConfigured));
}

#[test]
fn a_hash_proves_its_own_id_alone() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, OLD.as_bytes());
    let hash = crate::json::hex(hmac::sign(&key, b"customer-12").as_ref());
    let read = by_hash("customer-12", &hash, &secrets()).expect("taken");
    assert_eq!((read.user.as_str(), read.email), ("customer-12", None));
    let upper = hash.to_uppercase();
    assert!(by_hash("customer-12", &upper, &secrets()).is_ok());
    let refused = |user: &str, hash: &str| by_hash(user, hash, &secrets()).expect_err("refused");
    assert_eq!(refused("customer-13", &hash), TokenError::BadSignature);
    assert_eq!(refused("customer-12", &hash[..62]), TokenError::Malformed);
    assert_eq!(refused("customer-12", ""), TokenError::Malformed);
    assert_eq!(
        refused("customer-12", &"ü".repeat(32)),
        TokenError::Malformed
    );
    let none = by_hash("customer-12", &hash, &[String::new()]);
    assert_eq!(none, Err(TokenError::NotConfigured));
}
