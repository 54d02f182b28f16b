//! What a visitor's page tells is proven by the session's token, and is about that visitor alone.

use super::token::{self, TokenError};
use crate::{Credentials, Incoming, VerifyError, json};
use chrono::{DateTime, Utc};

const HEADER: &str = "authorization";

/// Proves that a body comes from the session of the visitor whom it names.
pub(super) fn verify(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<(), VerifyError> {
    let secrets = &credentials.webhook_secrets;
    if !secrets.iter().any(|secret| !secret.is_empty()) {
        return Err(VerifyError::NotConfigured("session secret"));
    }
    let given = incoming.header(HEADER);
    let given = given.ok_or(VerifyError::Missing(HEADER))?;
    let token = given.strip_prefix("Bearer ").unwrap_or_default();
    let claims = token::read(token, secrets, now).map_err(|error| match error {
        TokenError::NotConfigured => VerifyError::NotConfigured("session secret"),
        TokenError::Expired | TokenError::FromTheFuture => VerifyError::Stale(token::LEEWAY),
        _ => VerifyError::Mismatch,
    })?;
    let named = json::read(incoming.body, |_, told| {
        let visitor = told.object("visitor").unwrap_or_default();
        Ok(visitor.id("id"))
    });
    match named {
        Ok(Some(id)) if id == claims.sub.to_string() => Ok(()),
        _ => Err(VerifyError::Mismatch),
    }
}
