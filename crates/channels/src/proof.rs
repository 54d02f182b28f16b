//! Proof by a shared secret: what every such channel does before it compares.

use crate::{Credentials, Incoming, VerifyError};
use aws_lc_rs::constant_time;

/// Proves a request by one header; during a rotation any one of our secrets suffices.
///
/// `what` names the secret for whoever forgot to configure it; `proves` compares the header's value
/// with one secret.
pub(crate) fn by_header(
    incoming: &Incoming<'_>,
    header: &'static str,
    credentials: &Credentials,
    what: &'static str,
    proves: impl Fn(&str, &str) -> bool,
) -> Result<(), VerifyError> {
    let secrets = credentials.webhook_secrets.iter();
    // An empty secret would let anybody in.
    let mut secrets = secrets.filter(|secret| !secret.is_empty()).peekable();
    if secrets.peek().is_none() {
        return Err(VerifyError::NotConfigured(what));
    }
    let given = incoming
        .header(header)
        .ok_or(VerifyError::Missing(header))?;
    match secrets.any(|secret| proves(given, secret)) {
        true => Ok(()),
        false => Err(VerifyError::Mismatch),
    }
}

/// Compares two words in constant time.
pub(crate) fn same(given: &str, secret: &str) -> bool {
    constant_time::verify_slices_are_equal(given.as_bytes(), secret.as_bytes()).is_ok()
}
