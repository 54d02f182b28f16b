//! DKIM signatures (RFC 6376, RFC 8463) for what we send: relaxed/relaxed, RSA or Ed25519.
//!
//! Written here because the message is ours, the key is given and the moment is an argument:
//! mail-auth reads the clock itself and cannot be built without a resolver for names.

mod canonical;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use std::fmt;

/// The fields that are signed, each time they stand in the message.
const SIGNED: [&str; 15] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// The fields of which nobody may add another on the way.
const SEALED: [&str; 4] = ["from", "to", "subject", "date"];

/// Why a message cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The key is none that can sign.
    #[error("DKIM key is no PEM with an Ed25519 key or an RSA key of at least 2048 bits")]
    Key,
    /// The domain or the selector is no name.
    #[error("DKIM {0} is no domain name")]
    Name(&'static str),
    /// The key did not sign.
    #[error("DKIM key did not sign")]
    Signing,
}

/// Signs what a domain sends.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Signer({}._domainkey.{}, redacted)",
            self.selector, self.domain
        )
    }
}

impl Signer {
    /// Takes a private key in PEM: `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY` (PKCS #1).
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, Error> {
        Ok(Self {
            domain: name(domain).ok_or(Error::Name("domain"))?,
            selector: name(selector).ok_or(Error::Name("selector"))?,
            key: Key::parse(pem).ok_or(Error::Key)?,
        })
    }

    /// Returns the name of the TXT record that receivers look up, and its value.
    pub fn record(&self) -> Result<(String, String), Error> {
        let (kind, public) = match &self.key {
            Key::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
            Key::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(|_| Error::Key)?;
                ("rsa", der.as_ref().to_vec())
            }
        };
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        Ok((
            name,
            format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)),
        ))
    }

    /// Returns the message with its signature in front.
    pub fn sign(&self, message: &[u8], now: DateTime<Utc>) -> Result<Vec<u8>, Error> {
        let (fields, body) = canonical::split(message);
        let body_hash = digest(&SHA256, &canonical::body(body));
        let names = signed_names(&fields);
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={};\r\n\tb=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            now.timestamp(),
            folded(&names.join(":"), ':'),
            STANDARD.encode(body_hash),
        );
        let mut signed = canonical::fields(&fields, &names);
        signed.extend(canonical::field(unsigned.as_bytes()));
        let signature = STANDARD.encode(self.key.sign(&signed)?);
        let mut out = unsigned.into_bytes();
        for (number, piece) in signature.as_bytes().chunks(72).enumerate() {
            if number > 0 {
                out.extend(b"\r\n\t ");
            }
            out.extend(piece);
        }
        out.extend(b"\r\n");
        out.extend(message);
        Ok(out)
    }
}

impl Key {
    fn parse(pem: &str) -> Option<Self> {
        let (kind, der) = decode(pem)?;
        if kind == "RSA PRIVATE KEY" {
            return Some(Self::Rsa(Box::new(RsaKeyPair::from_der(&der).ok()?)));
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            return Some(Self::Ed25519(Box::new(pair)));
        }
        Some(Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(&der).ok()?)))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(digest(&SHA256, data).as_ref()).as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    data,
                    &mut signature,
                )
                .map_err(|_| Error::Signing)?;
                Ok(signature)
            }
        }
    }
}

fn decode(pem: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (letters, _) = rest.split_once("-----END ")?;
    let letters: String = letters.split_whitespace().collect();
    Some((kind.to_owned(), STANDARD.decode(letters).ok()?))
}

fn name(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        let letters = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        letters && (1..=63).contains(&label.len())
    };
    (text.len() <= 253 && text.split('.').all(label)).then_some(text)
}

/// Returns the names for `h=`: every signed field as often as it stands there, the sealed ones once
/// more.
fn signed_names(fields: &[&[u8]]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in SIGNED {
        let count = fields
            .iter()
            .filter(|field| canonical::is(field, name))
            .count();
        names.extend(std::iter::repeat_n(name, count));
    }
    names.extend(SEALED);
    names
}

/// Breaks a long value over lines behind a separator.
fn folded(value: &str, separator: char) -> String {
    let mut out = String::new();
    let mut width = 0;
    for piece in value.split_inclusive(separator) {
        if width + piece.len() > 70 {
            out.push_str("\r\n\t ");
            width = 0;
        }
        out.push_str(piece);
        width += piece.len();
    }
    out
}

#[cfg(test)]
mod tests;
