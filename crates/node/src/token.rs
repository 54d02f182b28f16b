//! Access tokens: JWTs signed with Ed25519.
//!
//! The algorithm is pinned, keys are found by their id so that they can be
//! rotated, and time comes from the clock that the caller hands in.

mod key;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::clock::Clock;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};

pub use key::{KeyError, PublicKey, SigningKey};

use crate::config::Auth;
use interdesk_store::vault::Vault;

/// How far the clocks of two machines may differ.
const LEEWAY_SECONDS: i64 = 30;

/// Longest token that is looked at.
const MAX_LENGTH: usize = 8_192;

/// Purpose of the keys that sign tokens, see [`Vault::derive`].
const PURPOSE: &str = "access tokens";

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no token, or lacks a claim.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed in a way that we do not take.
    #[error("the token is not signed with EdDSA")]
    WrongAlgorithm,
    /// It names no key of ours.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// The signature does not match.
    #[error("the token's signature does not match")]
    BadSignature,
    /// Somebody else issued it.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// It was issued for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The agent's id.
    pub subject: String,
    /// The tenant's id.
    pub tenant: String,
    /// The session that it belongs to; none for tokens of the command line.
    pub session: Option<String>,
}

/// What a token says. What its agent may do is not in it: that is looked up with each request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom it was issued.
    pub aud: String,
    /// The agent's id.
    pub sub: String,
    /// The tenant's id.
    pub tenant: String,
    /// The session's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The token's own id.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when it is valid, in seconds since 1970.
    pub nbf: i64,
    /// Until when it is valid, in seconds since 1970.
    pub exp: i64,
}

/// A fresh token. Its text is a secret and therefore not printed.
#[derive(Clone)]
pub struct Token {
    /// The text that the client sends.
    pub text: String,
    /// Until when it is valid.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Makes the issuer and the verifier of a desk from its secret keys: the newest
/// signs, and all of them verify. Every process with the same keys agrees.
///
/// # Errors
///
/// Fails only when the cryptographic library refuses a key.
pub fn from_vault(vault: &Vault, auth: &Auth) -> Result<(Issuer, Verifier), KeyError> {
    let mut keys = Vec::new();
    for (_, seed) in vault.derive(PURPOSE) {
        keys.push(SigningKey::from_seed(seed.expose())?);
    }
    let public = keys.iter().map(|key| key.public().clone()).collect();
    let newest = keys.into_iter().next().ok_or(KeyError)?;
    Ok((Issuer::new(newest, auth), Verifier::new(public, auth)))
}

/// Issues tokens.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl Issuer {
    /// Makes an issuer that signs with `key`.
    pub fn new(key: SigningKey, auth: &Auth) -> Self {
        Self {
            key,
            issuer: auth.issuer.clone(),
            audience: auth.audience.clone(),
            lifetime: Duration::from_secs(auth.access_token_seconds),
        }
    }

    /// Issues a token for `bearer`.
    ///
    /// # Errors
    ///
    /// Fails only when the cryptographic library refuses the key.
    pub fn issue(&self, clock: &dyn Clock, bearer: &Bearer) -> Result<Token, KeyError> {
        let now = clock.now();
        let expires_at = now + TimeDelta::from_std(self.lifetime).map_err(|_| KeyError)?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.subject.clone(),
            tenant: bearer.tenant.clone(),
            sid: bearer.session.clone(),
            jti: clock.new_uuid().to_string(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
        };
        let header = Header {
            kid: Some(self.key.public().kid().to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        let key = EncodingKey::from_ed_der(self.key.pkcs8().expose());
        let text = jsonwebtoken::encode(&header, &claims, &key).map_err(|_| KeyError)?;
        Ok(Token { text, expires_at })
    }
}

/// Verifies tokens.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Vec<PublicKey>,
    validation: Validation,
}

impl Verifier {
    /// Makes a verifier that takes tokens signed with any of `keys`.
    pub fn new(keys: Vec<PublicKey>, auth: &Auth) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[&auth.issuer]);
        validation.set_audience(&[&auth.audience]);
        // The library reads the machine's clock; the times are checked below
        // against the clock that the caller hands in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { keys, validation }
    }

    /// Checks a token and gives what it says.
    ///
    /// # Errors
    ///
    /// Says why the token is refused.
    pub fn verify(&self, clock: &dyn Clock, token: &str) -> Result<Claims, Error> {
        let kid = pinned_header(token)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.kid() == kid)
            .ok_or(Error::UnknownKey)?;
        let key = DecodingKey::from_ed_der(key.bytes());
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(refusal)?
            .claims;
        check_times(&claims, clock.now().timestamp())?;
        Ok(claims)
    }

    /// Gives the public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<serde_json::Value> = self.keys.iter().map(PublicKey::jwk).collect();
        serde_json::json!({ "keys": keys })
    }
}

/// The part of a token's header that decides how it is verified.
#[derive(Deserialize)]
struct Pinned {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// Reads the key id, after the algorithm was found to be the pinned one.
fn pinned_header(token: &str) -> Result<String, Error> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    if token.len() > MAX_LENGTH || token.split('.').count() != 3 {
        return Err(Error::Malformed);
    }
    let header = token.split('.').next().ok_or(Error::Malformed)?;
    let header = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| Error::Malformed)?;
    let header: Pinned = serde_json::from_slice(&header).map_err(|_| Error::Malformed)?;
    if header.alg != "EdDSA" {
        return Err(Error::WrongAlgorithm);
    }
    // A critical extension must be understood or refused, and we know none (RFC 7515 §4.1.11).
    if header.crit.is_some() {
        return Err(Error::Malformed);
    }
    header.kid.ok_or(Error::UnknownKey)
}

fn refusal(error: jsonwebtoken::errors::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidSignature => Error::BadSignature,
        ErrorKind::InvalidAlgorithm => Error::WrongAlgorithm,
        ErrorKind::InvalidIssuer => Error::WrongIssuer,
        ErrorKind::InvalidAudience => Error::WrongAudience,
        _ => Error::Malformed,
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), Error> {
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(Error::Expired);
    }
    if claims.nbf.max(claims.iat).saturating_sub(LEEWAY_SECONDS) > now {
        return Err(Error::NotYetValid);
    }
    Ok(())
}

#[cfg(test)]
#[path = "token/tests.rs"]
mod tests;
