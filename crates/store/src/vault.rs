//! Secrets at rest: sealed before they reach a table, opened after they left it.
//!
//! A sealed secret is one byte that names the key, a random nonce and the
//! AES-256-GCM ciphertext with its tag. The context, such as the id of the
//! inbox that a credential belongs to, is authenticated with it, so a sealed
//! value that is moved to another row does not open.

use std::collections::BTreeMap;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf,
};
use base64::{Engine, engine::general_purpose::STANDARD};

use interdesk_domain::secret::Secret;

/// The bytes of one key.
pub const KEY_LEN: usize = 32;

/// Why a secret could not be sealed or opened, or a key not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The setting does not hold keys.
    #[error(
        "secret_key must be 32 bytes in base64, or several as `2:…,1:…` with numbers from 1 to 255, each once"
    )]
    MalformedKey,
    /// The value is too short to be sealed, or was sealed with a key that is gone.
    #[error("sealed with key {0}, which secret_key does not hold")]
    UnknownKey(u8),
    /// The value or its context was changed, or is no sealed value at all.
    #[error("the sealed value was changed or belongs elsewhere")]
    Changed,
    /// The machine gave no random numbers.
    #[error("sealing failed")]
    Sealing,
}

/// Returns an unguessable text of lower-case hex, two letters per byte.
///
/// # Errors
///
/// Fails only when the machine gives no random numbers.
pub fn random_text(bytes: usize) -> Result<String, Error> {
    let mut drawn = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut drawn).map_err(|_| Error::Sealing)?;
    Ok(drawn.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Seals and opens secrets, and derives keys for other purposes.
#[derive(Clone)]
pub struct Vault {
    keys: BTreeMap<u8, Secret<[u8; KEY_LEN]>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("keys", &self.keys.keys())
            .finish()
    }
}

impl Vault {
    /// Reads keys in base64: one alone, or several as `2:…,1:…`.
    ///
    /// # Errors
    ///
    /// Fails when a key is not 32 bytes or a number appears twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut keys = BTreeMap::new();
        for item in text.trim().split(',') {
            let (id, key) = item.trim().split_once(':').unwrap_or(("1", item.trim()));
            let id: u8 = id
                .parse()
                .ok()
                .filter(|id| *id > 0)
                .ok_or(Error::MalformedKey)?;
            let bytes = STANDARD.decode(key).map_err(|_| Error::MalformedKey)?;
            let bytes: [u8; KEY_LEN] = bytes.try_into().map_err(|_| Error::MalformedKey)?;
            if keys.insert(id, Secret::new(bytes)).is_some() {
                return Err(Error::MalformedKey);
            }
        }
        Ok(Self { keys })
    }

    /// Seals `plain` with the newest key, bound to `context`.
    ///
    /// # Errors
    ///
    /// Fails only when the machine gives no random numbers.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let (id, key) = self.newest();
        let mut body = plain.to_vec();
        let nonce = cipher(key)?
            .seal_in_place_append_tag(Aad::from(bound(id, context)), &mut body)
            .map_err(|_| Error::Sealing)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(id);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what was sealed for `context`, with whichever key sealed it.
    ///
    /// # Errors
    ///
    /// Fails when the key is gone, or the value or its context was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        let (&id, rest) = sealed.split_first().ok_or(Error::Changed)?;
        let key = self.keys.get(&id).ok_or(Error::UnknownKey(id))?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(Error::Changed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Changed)?;
        let mut body = body.to_vec();
        let plain = cipher(key)?
            .open_in_place(nonce, Aad::from(bound(id, context)), &mut body)
            .map_err(|_| Error::Changed)?
            .len();
        body.truncate(plain);
        Ok(Secret::new(body))
    }

    /// Seals again, with the newest key, what an older one sealed for `context`; `None` where the
    /// newest sealed it.
    ///
    /// # Errors
    ///
    /// Fails as [`open`](Self::open) and [`seal`](Self::seal) do.
    pub fn reseal(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if !self.is_outdated(sealed) {
            return Ok(None);
        }
        let plain = self.open(context, sealed)?;
        self.seal(context, plain.expose()).map(Some)
    }

    /// Returns the number of the newest key: the one that seals.
    pub fn newest_number(&self) -> u8 {
        self.newest().0
    }

    /// Whether `sealed` should be sealed again because a newer key exists.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed.first() != Some(&self.newest().0)
    }

    /// Derives a key for another purpose from each key, newest first, with the
    /// number of the key it came from.
    pub fn derive(&self, purpose: &str) -> Vec<(u8, Secret<[u8; KEY_LEN]>)> {
        self.keys
            .iter()
            .rev()
            .map(|(id, key)| (*id, derive(key, purpose)))
            .collect()
    }

    fn newest(&self) -> (u8, &Secret<[u8; KEY_LEN]>) {
        let (id, key) = self
            .keys
            .last_key_value()
            .expect("a vault is made with at least one key");
        (*id, key)
    }
}

/// The key's number is authenticated too, so it cannot be swapped.
fn bound(id: u8, context: &str) -> Vec<u8> {
    let mut bound = vec![id];
    bound.extend_from_slice(context.as_bytes());
    bound
}

fn cipher(key: &Secret<[u8; KEY_LEN]>) -> Result<RandomizedNonceKey, Error> {
    RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| Error::MalformedKey)
}

fn derive(key: &Secret<[u8; KEY_LEN]>, purpose: &str) -> Secret<[u8; KEY_LEN]> {
    let mut derived = [0; KEY_LEN];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"interdesk")
        .extract(key.expose())
        .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut derived))
        .expect("32 bytes are within what HKDF-SHA256 gives");
    Secret::new(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn vault(keys: &str) -> Vault {
        Vault::parse(keys).expect("keys")
    }

    #[test]
    fn what_is_sealed_opens_again_and_looks_different_each_time() {
        let vault = vault(OLD);
        let first = vault.seal("inbox_1", b"token").expect("seal");
        let second = vault.seal("inbox_1", b"token").expect("seal");
        assert_ne!(first, second);
        assert!(!first.windows(5).any(|window| window == b"token"));
        assert_eq!(
            vault.open("inbox_1", &first).expect("open").expose(),
            b"token"
        );
    }

    #[test]
    fn a_value_moved_to_another_context_does_not_open() {
        let vault = vault(OLD);
        let sealed = vault.seal("inbox_1", b"token").expect("seal");
        assert!(matches!(
            vault.open("inbox_2", &sealed),
            Err(Error::Changed)
        ));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let vault = vault(&format!("{NEW},{OLD}"));
        let sealed = vault.seal("inbox_1", b"token").expect("seal");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 3;
            assert!(vault.open("inbox_1", &changed).is_err(), "byte {index}");
            assert!(
                vault.open("inbox_1", &sealed[..index]).is_err(),
                "cut at {index}"
            );
        }
    }

    #[test]
    fn after_a_rotation_the_newest_key_seals_and_the_old_one_still_opens() {
        let before = vault(OLD).seal("inbox_1", b"token").expect("seal");
        let rotated = vault(&format!("{OLD},{NEW}"));
        assert!(rotated.is_outdated(&before));
        assert_eq!(
            rotated.open("inbox_1", &before).expect("open").expose(),
            b"token"
        );
        let after = rotated.seal("inbox_1", b"token").expect("seal");
        assert!(!rotated.is_outdated(&after));
        assert!(matches!(
            vault(OLD).open("inbox_1", &after),
            Err(Error::UnknownKey(2))
        ));
    }

    #[test]
    fn malformed_keys_are_refused_without_being_repeated() {
        let twice = format!("{OLD},{OLD}");
        for keys in [
            "",
            "c2hvcnQ=",
            "0:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "x:AA==",
            twice.as_str(),
        ] {
            let error = Vault::parse(keys).expect_err("malformed").to_string();
            assert!(error.starts_with("secret_key must be"), "{error}");
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", vault(OLD)), "Vault { keys: [1] }");
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_by_key_and_are_stable() {
        let vault = vault(&format!("{NEW},{OLD}"));
        let (tokens, audit) = (vault.derive("tokens"), vault.derive("audit"));
        assert_eq!(tokens.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 1]);
        assert_ne!(tokens[0].1, tokens[1].1);
        assert_ne!(tokens[0].1, audit[0].1);
        assert_eq!(tokens, vault.derive("tokens"));
    }
}
