//! Signatures: Meta's header and Standard Webhooks v1 and v1a, both ways.

use aws_lc_rs::{
    hmac,
    signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::Error;

/// Seconds by which a Standard Webhooks timestamp may be off.
const TOLERANCE: i64 = 300;

/// Computes the value of Meta's `X-Hub-Signature-256` header.
pub fn meta(app_secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    let tag = hmac::sign(&key, body);
    let mut value = String::from("sha256=");
    for byte in tag.as_ref() {
        value.push_str(&format!("{byte:02x}"));
    }
    value
}

/// Computes a `v1,…` signature of Standard Webhooks.
pub fn v1(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Error> {
    let key = decode(secret, "whsec_", "secret")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, &signed_content(id, timestamp, body));
    Ok(format!("v1,{}", BASE64_STANDARD.encode(tag)))
}

/// Computes a `v1a,…` signature. The key is a seed of 32 bytes, alone or followed
/// by its public key.
pub fn v1a(signing_key: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Error> {
    let wrong = || Error::Key("signing_key");
    let key = decode(signing_key, "whsk_", "signing_key")?;
    let seed = key.get(..32).ok_or_else(wrong)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| wrong())?;
    let signature = pair.sign(&signed_content(id, timestamp, body));
    Ok(format!("v1a,{}", BASE64_STANDARD.encode(signature)))
}

/// A received request as the signature covers it.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`, as it came.
    pub timestamp: &'a str,
    /// The header `webhook-signature`.
    pub signatures: &'a str,
    /// The raw body.
    pub body: &'a [u8],
}

/// Says whether any listed signature is right and the timestamp is fresh.
pub fn verify(request: Signed, secret: &str, public_key: Option<&str>, now: i64) -> bool {
    let Ok(timestamp) = request.timestamp.parse::<i64>() else {
        return false;
    };
    let fresh = now.abs_diff(timestamp) <= TOLERANCE.unsigned_abs();
    let content = signed_content(request.id, timestamp, request.body);
    fresh
        && request.signatures.split(' ').any(|signature| {
            let Some((version, encoded)) = signature.split_once(',') else {
                return false;
            };
            let Ok(given) = BASE64_STANDARD.decode(encoded) else {
                return false;
            };
            match version {
                "v1" => v1_matches(secret, &content, &given),
                "v1a" => public_key.is_some_and(|key| v1a_matches(key, &content, &given)),
                _ => false,
            }
        })
}

fn v1_matches(secret: &str, content: &[u8], given: &[u8]) -> bool {
    decode(secret, "whsec_", "secret").is_ok_and(|key| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::verify(&key, content, given).is_ok()
    })
}

fn v1a_matches(public_key: &str, content: &[u8], given: &[u8]) -> bool {
    decode(public_key, "whpk_", "desk_public_key").is_ok_and(|key| {
        UnparsedPublicKey::new(&ED25519, key)
            .verify(content, given)
            .is_ok()
    })
}

fn signed_content(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    let mut content = format!("{id}.{timestamp}.").into_bytes();
    content.extend_from_slice(body);
    content
}

fn decode(key: &str, prefix: &str, field: &'static str) -> Result<Vec<u8>, Error> {
    let encoded = key.strip_prefix(prefix).unwrap_or(key);
    BASE64_STANDARD
        .decode(encoded)
        .map_err(|_| Error::Key(field))
}
