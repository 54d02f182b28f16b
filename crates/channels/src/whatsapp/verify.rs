//! Proof that a webhook comes from Meta: the handshake and the signature over the raw bytes.

use crate::{Credentials, Incoming, Reply, VerifyError, proof};
use aws_lc_rs::hmac;

const HEADER: &str = "x-hub-signature-256";

/// Answers `hub.mode=subscribe` with the challenge where the token is ours.
pub(super) fn handshake(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
) -> Result<Reply, VerifyError> {
    let find = |name| incoming.parameter(name).ok_or(VerifyError::Missing(name));
    let expected = credentials
        .verify_token
        .as_deref()
        .filter(|token| !token.is_empty());
    let expected = expected.ok_or(VerifyError::NotConfigured("verify token"))?;
    let (mode, token) = (find("hub.mode")?, find("hub.verify_token")?);
    let challenge = find("hub.challenge")?;
    if mode != "subscribe" || !proof::same(token, expected) {
        return Err(VerifyError::Mismatch);
    }
    Ok(Reply::text(challenge.to_owned()))
}

/// Checks `X-Hub-Signature-256`.
pub(super) fn verify(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
) -> Result<(), VerifyError> {
    let signed = |given: &str, secret: &str| {
        let tag = given.trim().strip_prefix("sha256=").and_then(from_hex);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        tag.is_some_and(|tag| hmac::verify(&key, incoming.body, &tag).is_ok())
    };
    proof::by_header(incoming, HEADER, credentials, "app secret", signed)
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
