//! Standard Webhooks: signatures over `id.timestamp.body`, symmetric (`v1`) and by key pair (`v1a`).
//!
//! Used in both directions: apps that write to us sign with it, and so do we.

use crate::{Incoming, VerifyError};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};

/// How many seconds a timestamp may be off, in both directions.
pub const TOLERANCE_SECONDS: i64 = 300;

/// How many signatures of one request are looked at: a rotation needs two or three.
const MAX_SIGNATURES: usize = 16;

/// Standard base64, written with padding and read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no key of a known kind.
    #[error("signing secret is neither whsec_ nor whsk_ with base64 behind it")]
    Malformed,
}

/// Signs what we send.
#[derive(Debug)]
pub struct Signer(Key);

#[derive(Debug)]
enum Key {
    V1(Box<hmac::Key>),
    V1a(Box<Ed25519KeyPair>),
}

impl Signer {
    /// Reads `whsec_…` (a secret that the receiver has too) or `whsk_…` (a key pair whose public
    /// half the receiver has); a secret without a prefix is a `whsec_`.
    pub fn parse(secret: &str) -> Result<Self, KeyError> {
        let Some(pair) = secret.trim().strip_prefix("whsk_") else {
            let key = secret_key(secret).ok_or(KeyError::Malformed)?;
            return Ok(Self(Key::V1(Box::new(key))));
        };
        let bytes = BASE64.decode(pair).map_err(|_| KeyError::Malformed)?;
        let pair = match bytes.len() {
            64 => Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..]),
            _ => Ed25519KeyPair::from_seed_unchecked(&bytes),
        };
        let pair = pair.map_err(|_| KeyError::Malformed)?;
        Ok(Self(Key::V1a(Box::new(pair))))
    }

    /// Returns the public half (`whpk_…`) that receivers check with; a shared secret has none.
    pub fn public_key(&self) -> Option<String> {
        match &self.0 {
            Key::V1(_) => None,
            Key::V1a(pair) => Some(format!("whpk_{}", BASE64.encode(pair.public_key()))),
        }
    }

    /// Returns the value of `webhook-signature`.
    ///
    /// The id must not hold a dot, since dots divide what is signed.
    pub fn sign(&self, id: &str, now: DateTime<Utc>, body: &[u8]) -> String {
        let content = content(id, &now.timestamp().to_string(), body);
        match &self.0 {
            Key::V1(key) => format!("v1,{}", BASE64.encode(hmac::sign(key, &content))),
            Key::V1a(pair) => format!("v1a,{}", BASE64.encode(pair.sign(&content))),
        }
    }
}

/// What may have signed a request: any one of these suffices, so that keys can be rotated.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// Secrets (`whsec_…` or bare base64).
    pub secrets: &'a [String],
    /// Public keys (`whpk_…` or bare base64).
    pub public_keys: &'a [String],
}

/// Checks `webhook-id`, `webhook-timestamp` and `webhook-signature`, or the same as `svix-…`.
pub fn verify(
    incoming: &Incoming<'_>,
    keys: Keys<'_>,
    now: DateTime<Utc>,
) -> Result<(), VerifyError> {
    let secrets: Vec<_> = keys
        .secrets
        .iter()
        .filter_map(|key| secret_key(key))
        .collect();
    let public: Vec<_> = keys
        .public_keys
        .iter()
        .filter_map(|key| public_key(key))
        .collect();
    if secrets.is_empty() && public.is_empty() {
        return Err(VerifyError::NotConfigured("webhook secret"));
    }
    let id = header(incoming, "webhook-id", "svix-id")?;
    let timestamp = header(incoming, "webhook-timestamp", "svix-timestamp")?;
    let signatures = header(incoming, "webhook-signature", "svix-signature")?;
    fresh(timestamp, now)?;
    if id.is_empty() || id.contains('.') {
        return Err(VerifyError::Mismatch);
    }
    let content = content(id, timestamp, incoming.body);
    for signature in signatures.split_ascii_whitespace().take(MAX_SIGNATURES) {
        let Some((version, encoded)) = signature.split_once(',') else {
            continue;
        };
        let Ok(tag) = BASE64.decode(encoded) else {
            continue;
        };
        let valid = match version {
            "v1" => secrets
                .iter()
                .any(|key| hmac::verify(key, &content, &tag).is_ok()),
            "v1a" => public.iter().any(|key| key.verify(&content, &tag).is_ok()),
            _ => false,
        };
        if valid {
            return Ok(());
        }
    }
    Err(VerifyError::Mismatch)
}

fn header<'a>(
    incoming: &Incoming<'a>,
    name: &'static str,
    alias: &str,
) -> Result<&'a str, VerifyError> {
    let value = incoming.header(name).or_else(|| incoming.header(alias));
    value.ok_or(VerifyError::Missing(name))
}

fn fresh(timestamp: &str, now: DateTime<Utc>) -> Result<(), VerifyError> {
    let seconds: i64 = timestamp.parse().map_err(|_| VerifyError::Mismatch)?;
    if now.timestamp().abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(VerifyError::Stale(TOLERANCE_SECONDS));
    }
    Ok(())
}

fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

fn secret_key(secret: &str) -> Option<hmac::Key> {
    let secret = secret.trim();
    let bytes = BASE64
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .ok()?;
    // An empty key would let anybody sign.
    (!bytes.is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn public_key(key: &str) -> Option<UnparsedPublicKey<Vec<u8>>> {
    let key = key.trim();
    let bytes = BASE64
        .decode(key.strip_prefix("whpk_").unwrap_or(key))
        .ok()?;
    (bytes.len() == 32).then(|| UnparsedPublicKey::new(&ED25519, bytes))
}
