//! Long secrets: refresh tokens and API keys that programs keep, and leaves that are good for a while.
//!
//! One is `prefix_tenant_secret`: the prefix says what it is, so that scanners of code find it, the
//! tenant says where to look, and 256 drawn bits are the secret. What is kept is the SHA-256 of all
//! of it: who reads the table cannot use it, and a slow hash would add nothing to so many bits.

use crate::Error;
use interdesk_domain::id::TenantId;
use interdesk_domain::secret::Secret;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How many bytes are drawn.
const BYTES: usize = 32;

/// What begins refresh tokens.
pub const REFRESH: &str = "idr";
/// What begins API keys.
pub const API_KEY: &str = "idk";

/// What begins leaves to choose a password anew.
pub const RESET: &str = "idp";
/// What begins secrets of sign-ins that wait for their second half.
pub const CHALLENGE: &str = "idc";

/// A secret just drawn.
pub(crate) struct Drawn {
    /// What its owner gets, once.
    pub(crate) text: Secret<String>,
    /// What is kept.
    pub(crate) digest: Vec<u8>,
}

/// A secret as it came back: whose it says it is, and what to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Its digest.
    pub digest: Vec<u8>,
}

/// Draws a secret of a tenant.
pub(crate) fn draw(prefix: &str, tenant: TenantId) -> Result<Drawn, Error> {
    let mut bytes = [0; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::NoRandomNumbers)?;
    let tenant = tenant.to_string();
    let letters = tenant.rsplit('_').next().unwrap_or_default();
    let mut text = format!("{prefix}_{letters}_");
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    let digest = Sha256::digest(text.as_bytes()).to_vec();
    Ok(Drawn {
        text: Secret::new(text),
        digest,
    })
}

/// Reads a secret that came back; `None` where it is none.
pub fn read(prefix: &str, text: &str) -> Option<Presented> {
    let rest = text.strip_prefix(prefix)?.strip_prefix('_')?;
    let (letters, secret) = rest.split_once('_')?;
    let is_secret = secret.len() == 2 * BYTES && secret.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_secret {
        return None;
    }
    let tenant = format!("{}_{letters}", TenantId::PREFIX).parse().ok()?;
    let digest = Sha256::digest(text.as_bytes()).to_vec();
    Some(Presented { tenant, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_what_was_drawn_and_by_nothing_else() {
        let tenant = TenantId(uuid::Uuid::from_u128(7));
        let drawn = draw(API_KEY, tenant).expect("random numbers");
        let text = drawn.text.expose();
        let read_back = read(API_KEY, text).expect("a key");
        assert_eq!((read_back.tenant, read_back.digest), (tenant, drawn.digest));
        let again = draw(API_KEY, tenant).expect("random numbers");
        assert_ne!(text, again.text.expose());
        for other in [
            text.replace("idk_", "idr_"),
            text[..text.len() - 1].to_owned(),
            format!("{text}0"),
            text.replacen('_', "", 1),
            String::new(),
        ] {
            assert_eq!(read(API_KEY, &other), None, "{other}");
        }
    }
}
