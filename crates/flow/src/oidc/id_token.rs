//! Whether an ID token is to be believed (OpenID Connect Core, section 3.1.3.7; RFC 8725).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the clocks of the provider and the desk may differ, in seconds.
const LEEWAY: i64 = 60;
/// The longest token that is looked at, in bytes.
const LONGEST: usize = 65_536;
/// The longest subject, in bytes (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// What a token of this one sign-in says.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// In seconds since 1970.
    pub(super) now: i64,
}

/// What a token is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Believed {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Doubt {
    #[error("the ID token is malformed")]
    Malformed,
    #[error("the ID token is signed by {0:?}, which is not taken")]
    Algorithm(String),
    /// The keys may be older than the token.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("the signature of the ID token does not match")]
    Signature,
    #[error("the ID token comes from another issuer")]
    Issuer,
    #[error("the ID token is for another client")]
    Audience,
    #[error("the ID token has expired, or the clocks differ")]
    Expired,
    #[error("the ID token is not valid yet, or the clocks differ")]
    NotYet,
    #[error("the ID token belongs to another sign-in")]
    Nonce,
    #[error("the ID token names nobody")]
    Subject,
}

/// The part of the header that says how the token is judged.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// Checks a token with the keys that its issuer publishes.
pub(super) fn check(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Believed, Doubt> {
    let header = header(token)?;
    let algorithm = algorithm(&header.alg)?;
    let mut fits = keys
        .keys
        .iter()
        .filter(|key| is_for(key, &header, algorithm));
    let (Some(key), rest) = (fits.next(), fits.next()) else {
        return Err(Doubt::UnknownKey);
    };
    // A token that names no key is judged by the only one there is, never by trial.
    if header.kid.is_none() && rest.is_some() {
        return Err(Doubt::UnknownKey);
    }
    let key = DecodingKey::from_jwk(key).map_err(|_| Doubt::UnknownKey)?;
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims::<&str>(&[]);
    // Times are checked against the desk's clock, and the rest where it can be told apart.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
    let claims = claims.map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Doubt::Signature,
        jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => Doubt::Algorithm(header.alg),
        _ => Doubt::Malformed,
    })?;
    judge(claims.claims, expected)
}

fn header(token: &str) -> Result<Header, Doubt> {
    if token.len() > LONGEST || token.split('.').count() != 3 {
        return Err(Doubt::Malformed);
    }
    let first = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD
        .decode(first)
        .map_err(|_| Doubt::Malformed)?;
    let header: Header = serde_json::from_slice(&bytes).map_err(|_| Doubt::Malformed)?;
    // A critical extension must be understood or refused, and we know none (RFC 7515, section 4.1.11).
    match header.crit {
        Some(_) => Err(Doubt::Malformed),
        None => Ok(header),
    }
}

/// Reads the algorithm: signatures alone, since a shared secret proves nothing about who signed.
fn algorithm(word: &str) -> Result<Algorithm, Doubt> {
    Ok(match word {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return Err(Doubt::Algorithm(word.chars().take(20).collect())),
    })
}

/// Tells whether a published key is one that may have signed.
fn is_for(key: &Jwk, header: &Header, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let is_for_signing = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let is_named = header.kid.is_none() || common.key_id == header.kid;
    let says = common.key_algorithm.map(|one| one.to_string());
    let is_of_kind = match key.algorithm {
        AlgorithmParameters::EllipticCurve(_) => {
            matches!(algorithm, Algorithm::ES256 | Algorithm::ES384)
        }
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
        AlgorithmParameters::RSA(_) => header.alg.starts_with(['R', 'P']),
        _ => false,
    };
    is_for_signing && is_named && is_of_kind && says.is_none_or(|says| says == header.alg)
}

fn judge(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Believed, Doubt> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(seconds);
    if text("iss") != Some(expected.issuer) {
        return Err(Doubt::Issuer);
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_for_us = audience.contains(&expected.client);
    let party = text("azp");
    let is_by_us = match audience.len() {
        1 => party.is_none_or(|party| party == expected.client),
        _ => party == Some(expected.client),
    };
    if !is_for_us || !is_by_us {
        return Err(Doubt::Audience);
    }
    let (Some(ends), Some(issued)) = (time("exp"), time("iat")) else {
        return Err(Doubt::Malformed);
    };
    if ends.saturating_add(LEEWAY) <= expected.now {
        return Err(Doubt::Expired);
    }
    let begins = time("nbf").map_or(issued, |begins| begins.max(issued));
    if begins.saturating_sub(LEEWAY) > expected.now {
        return Err(Doubt::NotYet);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(Doubt::Nonce);
    }
    let subject = text("sub").filter(|subject| {
        (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.contains('\0')
    });
    let subject = subject.ok_or(Doubt::Subject)?.to_owned();
    Ok(Believed { subject, claims })
}

/// Reads a time, which some providers write with a fraction.
fn seconds(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
