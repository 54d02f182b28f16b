//! Proof that a call comes from the homeserver: the word that the registration gives it.

use crate::{Credentials, Incoming, VerifyError, proof};

const HEADER: &str = "authorization";

/// The parameter by which homeservers before version 1.4 of the specification prove themselves.
const PARAMETER: &str = "access_token";

/// Compares the word; where it is given twice, both have to be right.
pub(super) fn verify(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
) -> Result<(), VerifyError> {
    let secrets = credentials.webhook_secrets.iter();
    // An empty word would let anybody in.
    let secrets: Vec<&String> = secrets.filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() {
        return Err(VerifyError::NotConfigured("homeserver token"));
    }
    let header = incoming.header(HEADER);
    let parameter = incoming.parameter(PARAMETER);
    if header.is_none() && parameter.is_none() {
        return Err(VerifyError::Missing(HEADER));
    }
    let bearer = header.map(|value| value.strip_prefix("Bearer ").unwrap_or_default());
    for given in [bearer, parameter].into_iter().flatten() {
        // Every one is compared, so that the time does not tell which one it was.
        let right = secrets.iter().filter(|secret| proof::same(given, secret));
        if right.count() == 0 {
            return Err(VerifyError::Mismatch);
        }
    }
    Ok(())
}
