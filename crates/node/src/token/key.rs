//! Ed25519 keys and their ids.

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::config::Secret;

/// The cryptographic library refused a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be used, it must be Ed25519 in PKCS#8")]
pub struct KeyError;

/// A key that signs.
#[derive(Debug, Clone)]
pub struct SigningKey {
    pkcs8: Secret<Vec<u8>>,
    public: PublicKey,
}

impl SigningKey {
    /// Draws a new key.
    ///
    /// # Errors
    ///
    /// Fails only when the machine gives no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(&Ed25519KeyPair::generate().map_err(|_| KeyError)?)
    }

    /// Makes the key that belongs to these 32 secret bytes.
    ///
    /// # Errors
    ///
    /// Fails only when the cryptographic library refuses the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::new(&Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError)?)
    }

    /// Reads a key from PKCS#8.
    ///
    /// # Errors
    ///
    /// Fails when the bytes are no Ed25519 key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        Self::new(&Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?)
    }

    fn new(pair: &Ed25519KeyPair) -> Result<Self, KeyError> {
        let pkcs8 = pair.to_pkcs8().map_err(|_| KeyError)?;
        let public = PublicKey::new(
            pair.public_key()
                .as_ref()
                .try_into()
                .map_err(|_| KeyError)?,
        );
        Ok(Self {
            pkcs8: Secret::new(pkcs8.as_ref().to_vec()),
            public,
        })
    }

    /// The key in PKCS#8.
    pub fn pkcs8(&self) -> &Secret<Vec<u8>> {
        &self.pkcs8
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kid: String,
    bytes: [u8; 32],
}

impl PublicKey {
    /// Takes the 32 bytes of a public key. Its id is the key's thumbprint
    /// (RFC 7638), so two desks never give one id to two keys.
    pub fn new(bytes: [u8; 32]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(bytes);
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let thumbprint = digest::digest(&digest::SHA256, members.as_bytes());
        Self {
            kid: URL_SAFE_NO_PAD.encode(thumbprint),
            bytes,
        }
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(super) fn jwk(&self) -> serde_json::Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(self.bytes),
            "kid": self.kid,
            "alg": "EdDSA",
            "use": "sig",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_key_is_its_thumbprint() {
        // The example of RFC 8037, appendices A.2 and A.3.
        let x = URL_SAFE_NO_PAD
            .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
            .expect("base64");
        let key = PublicKey::new(x.try_into().expect("32 bytes"));
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_survives_being_stored() {
        let key = SigningKey::generate().expect("key");
        let again = SigningKey::from_pkcs8(key.pkcs8().expose()).expect("stored");
        assert_eq!(key.public(), again.public());
        assert!(SigningKey::from_pkcs8(b"nonsense").is_err());
    }

    #[test]
    fn debug_output_hides_the_private_half() {
        let key = SigningKey::from_seed(&[7; 32]).expect("key");
        assert!(format!("{key:?}").contains("pkcs8: [redacted]"));
    }
}
