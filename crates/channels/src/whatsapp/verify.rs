//! Proof that a webhook comes from Meta: the handshake and the signature over the raw bytes.

use crate::{Credentials, Request, VerifyError};
use aws_lc_rs::{constant_time, hmac};

const HEADER: &str = "x-hub-signature-256";

/// Answers `hub.mode=subscribe` with the challenge where the token is ours.
pub(super) fn handshake(
    query: &[(String, String)],
    credentials: &Credentials,
) -> Result<String, VerifyError> {
    let find = |name: &'static str| {
        let mut pairs = query.iter();
        let pair = pairs.find(|(key, _)| key == name);
        pair.map(|(_, value)| value.as_str())
            .ok_or(VerifyError::Missing(name))
    };
    let expected = credentials
        .verify_token
        .as_deref()
        .filter(|token| !token.is_empty());
    let expected = expected.ok_or(VerifyError::NotConfigured("verify token"))?;
    let (mode, token) = (find("hub.mode")?, find("hub.verify_token")?);
    let challenge = find("hub.challenge")?;
    let ours = constant_time::verify_slices_are_equal(token.as_bytes(), expected.as_bytes());
    if mode != "subscribe" || ours.is_err() {
        return Err(VerifyError::Mismatch);
    }
    Ok(challenge.to_owned())
}

/// Checks `X-Hub-Signature-256`; during a rotation any one secret suffices.
pub(super) fn verify(request: &Request<'_>, credentials: &Credentials) -> Result<(), VerifyError> {
    let secrets = credentials
        .webhook_secrets
        .iter()
        .filter(|secret| !secret.is_empty());
    let mut secrets = secrets.peekable();
    if secrets.peek().is_none() {
        return Err(VerifyError::NotConfigured("app secret"));
    }
    let header = request.header(HEADER).ok_or(VerifyError::Missing(HEADER))?;
    let tag = header.trim().strip_prefix("sha256=").and_then(from_hex);
    let tag = tag.ok_or(VerifyError::Mismatch)?;
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        if hmac::verify(&key, request.body, &tag).is_ok() {
            return Ok(());
        }
    }
    Err(VerifyError::Mismatch)
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |at: usize| (pair[at] as char).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}
