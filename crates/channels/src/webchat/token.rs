//! Session tokens: JWTs that say which visitor of which inbox a browser is.
//!
//! The algorithm is pinned, the claims that matter are required, and the secret is the inbox's own: a
//! token of one inbox is noise to every other. Whether the session still runs is asked elsewhere; a
//! token alone cannot be taken back.

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who issues sessions.
pub const ISSUER: &str = "interdesk";

/// What sessions are for.
pub const AUDIENCE: &str = "widget";

/// How far the clocks of two machines may differ, in seconds.
pub(super) const LEEWAY: i64 = 30;

/// The shortest secret that is a key (RFC 7518, section 3.2): 32 bytes.
pub(super) const SHORTEST_SECRET: usize = 32;

/// The longest token that is looked at.
const LONGEST: usize = 4_096;

/// What a session token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// What it is for.
    pub aud: String,
    /// The visitor.
    pub sub: Uuid,
    /// Whose inbox.
    pub tenant: Uuid,
    /// Which inbox.
    pub inbox: Uuid,
    /// The session, by which it can be ended.
    pub jti: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Until when it is good, in seconds since 1970.
    pub exp: i64,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or lacks a claim.
    #[error("the token is malformed or lacks a claim")]
    Malformed,
    /// It is signed in a way that we do not take.
    #[error("the token is not signed with HS256")]
    WrongAlgorithm,
    /// The signature does not match.
    #[error("the token's signature does not match")]
    BadSignature,
    /// Somebody else issued it.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// It was issued for something else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is from the future")]
    FromTheFuture,
    /// It is good for longer than it may be.
    #[error("the token is good for longer than an hour; issue it for an hour at most")]
    TooLong,
    /// There is no secret to compare with.
    #[error("the inbox has no secret of at least 32 bytes for it")]
    NotConfigured,
}

/// Issues a token with the first of an inbox's secrets.
pub fn issue(claims: &Claims, secrets: &[String]) -> Result<String, TokenError> {
    let secret = usable(secrets).next().ok_or(TokenError::NotConfigured)?;
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|_| TokenError::Malformed)
}

/// Reads a token that any of an inbox's secrets signed.
pub fn read(token: &str, secrets: &[String], now: DateTime<Utc>) -> Result<Claims, TokenError> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims: Claims = decode(token, secrets, rules)?;
    check_times(claims.iat, claims.exp, now)?;
    Ok(claims)
}

/// Checks signature and names of a JWT by any of several secrets; its times are the caller's to
/// check, by the caller's clock.
pub(super) fn decode<T: DeserializeOwned + Clone>(
    token: &str,
    secrets: &[String],
    mut rules: Validation,
) -> Result<T, TokenError> {
    if token.len() > LONGEST || token.split('.').count() != 3 {
        return Err(TokenError::Malformed);
    }
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let mut refusal = TokenError::NotConfigured;
    for secret in usable(secrets) {
        let key = DecodingKey::from_secret(secret.as_bytes());
        match jsonwebtoken::decode::<T>(token, &key, &rules) {
            Ok(read) => return Ok(read.claims),
            Err(error) => refusal = refused(error.kind()),
        }
        // Another secret changes nothing about any other fault.
        if refusal != TokenError::BadSignature {
            break;
        }
    }
    Err(refusal)
}

/// Refuses what is over and what has not begun.
pub(super) fn check_times(iat: i64, exp: i64, now: DateTime<Utc>) -> Result<(), TokenError> {
    let now = now.timestamp();
    if exp <= now {
        return Err(TokenError::Expired);
    }
    if iat > now.saturating_add(LEEWAY) {
        return Err(TokenError::FromTheFuture);
    }
    Ok(())
}

pub(super) fn usable(secrets: &[String]) -> impl Iterator<Item = &String> {
    let mut secrets = secrets.iter();
    std::iter::from_fn(move || secrets.find(|secret| secret.len() >= SHORTEST_SECRET))
}

fn refused(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::BadSignature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::WrongAlgorithm,
        ErrorKind::InvalidIssuer => TokenError::WrongIssuer,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
