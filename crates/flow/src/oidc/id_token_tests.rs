//! Every way in which an ID token may be wrong, one by one, beside one that is right.

use super::*;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use aws_lc_rs::{hmac, rsa};
use jsonwebtoken::{EncodingKey, encode};
use serde_json::json;

const NOW: i64 = 1_770_000_000;
const EXPECTED: Expected<'static> = Expected {
    issuer: "https://id.example.org",
    client: "desk",
    nonce: "n-1",
    now: NOW,
};

/// Somebody who signs, and the key that they publish.
struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
    public: Value,
}

fn coded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn ed25519(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let der = pair.to_pkcs8().expect("its form");
        Self {
            algorithm: Algorithm::EdDSA,
            key: EncodingKey::from_ed_der(der.as_ref()),
            public: json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig",
                "x": coded(pair.public_key().as_ref())}),
        }
    }

    fn p256(kid: &str) -> Self {
        let form = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(form, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(form, der.as_ref()).expect("its form");
        let point = pair.public_key().as_ref();
        Self {
            algorithm: Algorithm::ES256,
            key: EncodingKey::from_ec_der(der.as_ref()),
            public: json!({"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256",
                "x": coded(&point[1..33]), "y": coded(&point[33..])}),
        }
    }

    fn rsa(kid: &str) -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key");
        let public = pair.public_key();
        let (modulus, exponent) = (public.modulus(), public.exponent());
        let public = json!({"kty": "RSA", "kid": kid,
            "n": coded(modulus.big_endian_without_leading_zero()),
            "e": coded(exponent.big_endian_without_leading_zero())});
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("its form");
        let key = EncodingKey::from_rsa_pem(pem(der.as_ref()).as_bytes()).expect("its form");
        Self {
            algorithm: Algorithm::RS256,
            key,
            public,
        }
    }

    fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = jsonwebtoken::Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.key).expect("a token")
    }
}

fn pem(der: &[u8]) -> String {
    use base64::engine::general_purpose::STANDARD;
    let text = STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn set(keys: &[&Value]) -> JwkSet {
    serde_json::from_value(json!({ "keys": keys })).expect("a key set")
}

fn right() -> Value {
    json!({"iss": "https://id.example.org", "aud": "desk", "sub": "u-1", "nonce": "n-1",
        "iat": NOW - 5, "exp": NOW + 300, "email": "agent1@example.org"})
}

fn with(changes: Value) -> Value {
    let mut claims = right();
    for (name, value) in changes.as_object().expect("an object") {
        match value.is_null() {
            true => drop(claims.as_object_mut().expect("an object").remove(name)),
            false => claims[name] = value.clone(),
        }
    }
    claims
}

#[test]
fn a_token_is_believed_whichever_kind_of_key_signed_it() {
    for signer in [Signer::ed25519("k"), Signer::p256("k"), Signer::rsa("k")] {
        let keys = set(&[&signer.public]);
        for kid in [Some("k"), None] {
            let believed = check(&signer.sign(kid, &right()), &keys, &EXPECTED);
            let believed =
                believed.unwrap_or_else(|doubt| panic!("{:?}: {doubt}", signer.algorithm));
            assert_eq!(believed.subject, "u-1");
            assert_eq!(believed.claims["email"], "agent1@example.org");
        }
    }
}

#[test]
fn what_a_token_says_has_to_be_about_this_sign_in() {
    let signer = Signer::ed25519("k");
    let keys = set(&[&signer.public]);
    for (changes, expected) in [
        (
            json!({"iss": "https://other.example.org"}),
            Err(Doubt::Issuer),
        ),
        (
            json!({"iss": "https://id.example.org/"}),
            Err(Doubt::Issuer),
        ),
        (json!({"iss": null}), Err(Doubt::Issuer)),
        (json!({"aud": "other"}), Err(Doubt::Audience)),
        (json!({"aud": null}), Err(Doubt::Audience)),
        (json!({"aud": []}), Err(Doubt::Audience)),
        (json!({"aud": ["desk"]}), Ok(())),
        (json!({"aud": ["desk", "other"]}), Err(Doubt::Audience)),
        (json!({"aud": ["desk", "other"], "azp": "desk"}), Ok(())),
        (
            json!({"aud": ["desk", "other"], "azp": "other"}),
            Err(Doubt::Audience),
        ),
        (json!({"azp": "other"}), Err(Doubt::Audience)),
        (json!({"nonce": "n-2"}), Err(Doubt::Nonce)),
        (json!({"nonce": null}), Err(Doubt::Nonce)),
        (json!({"exp": NOW - 59}), Ok(())),
        (json!({"exp": NOW - 60}), Err(Doubt::Expired)),
        (json!({"exp": (NOW + 5) as f64 + 0.5}), Ok(())),
        (json!({"exp": null}), Err(Doubt::Malformed)),
        (json!({"exp": "soon"}), Err(Doubt::Malformed)),
        (json!({"iat": null}), Err(Doubt::Malformed)),
        (json!({"iat": NOW + 60}), Ok(())),
        (json!({"iat": NOW + 61}), Err(Doubt::NotYet)),
        (json!({"nbf": NOW + 61}), Err(Doubt::NotYet)),
        (json!({"sub": null}), Err(Doubt::Subject)),
        (json!({"sub": ""}), Err(Doubt::Subject)),
        (json!({"sub": "a\u{0}b"}), Err(Doubt::Subject)),
        (json!({"sub": "s".repeat(256)}), Err(Doubt::Subject)),
    ] {
        let checked = check(
            &signer.sign(Some("k"), &with(changes.clone())),
            &keys,
            &EXPECTED,
        );
        assert_eq!(checked.map(drop), expected, "{changes}");
    }
}

#[test]
fn another_key_proves_nothing() {
    let (own, other) = (Signer::ed25519("k"), Signer::ed25519("k"));
    let keys = set(&[&own.public]);
    let forged = other.sign(Some("k"), &right());
    assert_eq!(check(&forged, &keys, &EXPECTED), Err(Doubt::Signature));
    let unknown = other.sign(Some("other"), &right());
    assert_eq!(check(&unknown, &keys, &EXPECTED), Err(Doubt::UnknownKey));
    // Without a name none of several is tried.
    let second = Signer::ed25519("second");
    let several = set(&[&own.public, &second.public]);
    let nameless = own.sign(None, &right());
    assert_eq!(
        check(&nameless, &several, &EXPECTED),
        Err(Doubt::UnknownKey)
    );
    // A key for encryption signs nothing.
    let mut sealed = own.public.clone();
    sealed["use"] = json!("enc");
    let signed = own.sign(Some("k"), &right());
    assert_eq!(
        check(&signed, &set(&[&sealed]), &EXPECTED),
        Err(Doubt::UnknownKey)
    );
}

#[test]
fn a_token_does_not_say_by_which_kind_of_proof_it_is_judged() {
    let signer = Signer::rsa("k");
    let keys = set(&[&signer.public]);
    let token = signer.sign(Some("k"), &right());
    let (_, rest) = token.split_once('.').expect("three parts");
    let (claims, signature) = rest.split_once('.').expect("three parts");
    let head = |alg: &str| coded(json!({"alg": alg, "kid": "k"}).to_string().as_bytes());
    for alg in ["none", "None", "HS256", "ES256K", "RS1", ""] {
        for signature in ["", signature] {
            let forged = format!("{}.{claims}.{signature}", head(alg));
            let refused = Err(Doubt::Algorithm(alg.to_owned()));
            assert_eq!(check(&forged, &keys, &EXPECTED), refused, "{alg}");
        }
    }
    // The public key as a shared secret (RFC 8725, section 2.1).
    let secret = signer.public["n"].as_str().expect("a modulus");
    let signed = format!("{}.{claims}", head("HS256"));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        signed.as_bytes(),
    );
    let forged = format!("{signed}.{}", coded(tag.as_ref()));
    assert_eq!(
        check(&forged, &keys, &EXPECTED),
        Err(Doubt::Algorithm("HS256".to_owned()))
    );
    // Another kind of signature than that of the key.
    let forged = format!("{}.{claims}.{signature}", head("ES256"));
    assert_eq!(check(&forged, &keys, &EXPECTED), Err(Doubt::UnknownKey));
    let critical = coded(
        json!({"alg": "RS256", "kid": "k", "crit": ["exp"]})
            .to_string()
            .as_bytes(),
    );
    let forged = format!("{critical}.{claims}.{signature}");
    assert_eq!(check(&forged, &keys, &EXPECTED), Err(Doubt::Malformed));
}

#[test]
fn what_is_no_token_is_refused_whatever_it_is() {
    let keys = set(&[&Signer::ed25519("k").public]);
    let long = format!("{}.a.a", "a".repeat(70_000));
    for text in ["", ".", "..", "a.b.c", "a.b.c.d", &long, "é.é.é"] {
        assert_eq!(
            check(text, &keys, &EXPECTED),
            Err(Doubt::Malformed),
            "{text:.20}"
        );
    }
}
