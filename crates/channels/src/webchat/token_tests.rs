use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OLD: &str = "fedcba9876543210fedcba9876543210";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
}

fn claims() -> Claims {
    let id = Uuid::from_u128(7);
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: id,
        tenant: id,
        inbox: id,
        jti: id,
        iat: now().timestamp(),
        exp: now().timestamp() + 60,
    }
}

fn secrets(of: &[&str]) -> Vec<String> {
    of.iter().map(|one| (*one).to_owned()).collect()
}

fn signed(header: &Header, claims: &serde_json::Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(header, claims, &key).expect("a token")
}

fn refusal(token: &str) -> TokenError {
    read(token, &secrets(&[SECRET, OLD]), now()).expect_err("it is refused")
}

#[test]
fn a_token_reads_back_by_either_secret_and_by_no_other() {
    let new = issue(&claims(), &secrets(&[SECRET, OLD])).expect("a token");
    let old = issue(&claims(), &secrets(&[OLD])).expect("a token");
    for token in [&new, &old] {
        assert_eq!(read(token, &secrets(&[SECRET, OLD]), now()), Ok(claims()));
    }
    let other = secrets(&["another inbox's secret of 32 bytes"]);
    assert_eq!(read(&new, &other, now()), Err(TokenError::BadSignature));
}

#[test]
fn a_token_without_a_signature_or_with_another_algorithm_is_refused() {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let body = part(serde_json::to_value(claims()).expect("JSON"));
    for alg in ["none", "None", "NONE", "nOnE"] {
        let head = part(json!({ "alg": alg, "typ": "JWT" }));
        let error = refusal(&format!("{head}.{body}."));
        assert!(
            matches!(error, TokenError::Malformed | TokenError::WrongAlgorithm),
            "{alg}: {error}"
        );
    }
    let hs512 = Header::new(Algorithm::HS512);
    let body = serde_json::to_value(claims()).expect("JSON");
    assert_eq!(
        refusal(&signed(&hs512, &body, SECRET)),
        TokenError::WrongAlgorithm
    );
}

#[test]
fn a_token_for_something_else_of_somebody_else_or_of_another_time_is_refused() {
    let cases = [
        ("aud", json!("interdesk-desk"), TokenError::WrongAudience),
        ("iss", json!("somebody"), TokenError::WrongIssuer),
        ("exp", json!(now().timestamp()), TokenError::Expired),
        (
            "iat",
            json!(now().timestamp() + 31),
            TokenError::FromTheFuture,
        ),
        ("sub", json!("no visitor"), TokenError::Malformed),
    ];
    for (claim, value, expected) in cases {
        let mut body = serde_json::to_value(claims()).expect("JSON");
        body[claim] = value;
        let token = signed(&Header::new(Algorithm::HS256), &body, SECRET);
        assert_eq!(refusal(&token), expected, "{claim}");
    }
    for claim in ["aud", "iss", "exp", "iat", "sub", "tenant", "inbox", "jti"] {
        let mut body = serde_json::to_value(claims()).expect("JSON");
        body.as_object_mut().expect("an object").remove(claim);
        let token = signed(&Header::new(Algorithm::HS256), &body, SECRET);
        assert_eq!(refusal(&token), TokenError::Malformed, "without {claim}");
    }
}

#[test]
fn garbage_and_short_secrets_are_refused() {
    for token in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "\u{0}"] {
        assert_eq!(refusal(token), TokenError::Malformed, "{token:?}");
    }
    assert_eq!(refusal(&"a.b.".repeat(3_000)), TokenError::Malformed);
    let short = secrets(&["short", ""]);
    assert_eq!(issue(&claims(), &short), Err(TokenError::NotConfigured));
    let token = signed(
        &Header::new(Algorithm::HS256),
        &serde_json::to_value(claims()).expect("JSON"),
        "short",
    );
    assert_eq!(read(&token, &short, now()), Err(TokenError::NotConfigured));
}
