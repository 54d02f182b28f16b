//! Proof that a webhook comes from Telegram: a secret word in a header, since bodies are not signed.

use crate::{Credentials, Request, VerifyError};
use aws_lc_rs::constant_time;

const HEADER: &str = "x-telegram-bot-api-secret-token";

/// Compares the secret word; during a rotation any one of ours suffices.
pub(super) fn verify(request: &Request<'_>, credentials: &Credentials) -> Result<(), VerifyError> {
    let secrets = credentials
        .webhook_secrets
        .iter()
        .filter(|secret| !secret.is_empty());
    let mut secrets = secrets.peekable();
    if secrets.peek().is_none() {
        return Err(VerifyError::NotConfigured("secret token"));
    }
    let given = request
        .header(HEADER)
        .ok_or(VerifyError::Missing(HEADER))?
        .as_bytes();
    let same =
        |secret: &String| constant_time::verify_slices_are_equal(given, secret.as_bytes()).is_ok();
    match secrets.any(same) {
        true => Ok(()),
        false => Err(VerifyError::Mismatch),
    }
}
