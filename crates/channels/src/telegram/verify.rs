//! Proof that a webhook comes from Telegram: a secret word in a header, since bodies are not signed.

use crate::{Credentials, Incoming, VerifyError, proof};

const HEADER: &str = "x-telegram-bot-api-secret-token";

/// Compares the secret word.
pub(super) fn verify(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
) -> Result<(), VerifyError> {
    proof::by_header(incoming, HEADER, credentials, "secret token", proof::same)
}
