//! Who a visitor is on the tenant's own page, as the page's server signed it.
//!
//! A JWT says it for an hour at most. The bare HMAC of an id is for pages that come from elsewhere: it
//! never ends and says nothing beside the id, so nothing beside the id is believed with it.

use super::token::{self, LEEWAY, SHORTEST_SECRET, TokenError};
use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::Deserialize;

/// The longest time for which an identity may be signed, in seconds.
const LONGEST: i64 = 3_600;

/// The longest id of a user, in bytes.
const LONGEST_ID: usize = 256;

/// A visitor whom their page vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The page's own id of them.
    #[serde(rename = "sub")]
    pub user: String,
    /// Their e-mail address as the page has it.
    #[serde(default)]
    pub email: Option<String>,
    /// Their name.
    #[serde(default)]
    pub name: Option<String>,
    /// The token's own id: with one it is good once.
    #[serde(default, rename = "jti")]
    pub once: Option<String>,
    /// When it was signed, in seconds since 1970.
    #[serde(default)]
    pub iat: i64,
    /// Until when it is good, in seconds since 1970.
    #[serde(default)]
    pub exp: i64,
}

/// Reads a JWT that the page signed with one of the inbox's identity secrets.
pub fn by_token(
    token: &str,
    secrets: &[String],
    now: DateTime<Utc>,
) -> Result<Identity, TokenError> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_required_spec_claims(&["exp", "sub"]);
    // Pages of other makers name an audience of their own, which says nothing to us.
    rules.validate_aud = false;
    let identity: Identity = token::decode(token, secrets, rules)?;
    if identity.iat <= 0 || !is_id(&identity.user) {
        return Err(TokenError::Malformed);
    }
    token::check_times(identity.iat, identity.exp, now)?;
    let from_now = identity.exp.saturating_sub(now.timestamp());
    let in_all = identity.exp.saturating_sub(identity.iat);
    if from_now > LONGEST + LEEWAY || in_all > LONGEST + LEEWAY {
        return Err(TokenError::TooLong);
    }
    Ok(identity)
}

/// Proves an id by the hex of its HMAC-SHA256 under one of the inbox's identity secrets.
pub fn by_hash(user: &str, hash: &str, secrets: &[String]) -> Result<Identity, TokenError> {
    let tag = unhex(hash).ok_or(TokenError::Malformed)?;
    if !is_id(user) {
        return Err(TokenError::Malformed);
    }
    let mut secrets = secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .peekable();
    if secrets.peek().is_none() {
        return Err(TokenError::NotConfigured);
    }
    let proves = |secret: &String| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        // In constant time.
        hmac::verify(&key, user.as_bytes(), &tag).is_ok()
    };
    match secrets.any(proves) {
        true => Ok(Identity {
            user: user.to_owned(),
            email: None,
            name: None,
            once: None,
            iat: 0,
            exp: 0,
        }),
        false => Err(TokenError::BadSignature),
    }
}

/// Signs an identity as a page's server does.
pub fn sign(claims: &serde_json::Value, secret: &str) -> Result<String, TokenError> {
    if secret.len() < SHORTEST_SECRET {
        return Err(TokenError::NotConfigured);
    }
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|_| TokenError::Malformed)
}

fn is_id(user: &str) -> bool {
    !user.trim().is_empty() && user.len() <= LONGEST_ID && !user.contains('\0')
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
            _ => None,
        })
        .collect();
    bytes.filter(|bytes| bytes.len() == 32)
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
