//! The installation's signing keys: made once, opened when needed, rotated, retired.
//!
//! The newest key in use signs, and every key that is not retired proves. A row counts only where
//! its sealed private half opens and belongs to its public half, so whoever can merely write to the
//! table cannot slip in a key.

use crate::Desk;
use crate::reseal::Resealed;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use interdesk_domain::secret::Secret;
use interdesk_store::vault::{self, Vault};
use interdesk_store::{Conn, keys};
use std::sync::Arc;

/// Why there is no key to use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    /// The private half does not open.
    #[error("signing key {id} cannot be opened: {source}")]
    Sealed {
        /// Which key.
        id: String,
        /// Why.
        source: vault::Error,
    },
    /// What was opened is no Ed25519 key, or not that of the row.
    #[error("signing key {0} is damaged or was exchanged")]
    Damaged(String),
    /// The machine gave no random numbers, or the library refused them.
    #[error("no signing key could be made")]
    Unusable,
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens.
    Token,
    /// Checkpoints of audit logs.
    Checkpoint,
}

impl Purpose {
    /// Returns the word that the table has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// A key that signs.
#[derive(Debug, Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    pkcs8: Secret<Vec<u8>>,
    public: VerifyingKey,
}

impl SigningKey {
    /// Draws a new key.
    pub fn generate() -> Result<Self, Error> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::Unusable)?;
        Self::new(pair).ok_or(Error::Unusable)
    }

    /// Reads a key from PKCS#8; `None` where the bytes are no Ed25519 key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        Self::new(Ed25519KeyPair::from_pkcs8(pkcs8).ok()?)
    }

    fn new(pair: Ed25519KeyPair) -> Option<Self> {
        let pkcs8 = Secret::new(pair.to_pkcs8().ok()?.as_ref().to_vec());
        let public = VerifyingKey::new(pair.public_key().as_ref().try_into().ok()?);
        Some(Self {
            pair: Arc::new(pair),
            pkcs8,
            public,
        })
    }

    /// Returns the key in PKCS#8.
    pub fn pkcs8(&self) -> &Secret<Vec<u8>> {
        &self.pkcs8
    }

    /// Returns the public half.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// A key that proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    /// The id: the key's thumbprint (RFC 7638).
    pub id: String,
    /// The key itself.
    pub bytes: [u8; 32],
    /// Whether it is retired: what it signed proves nothing any more.
    pub retired: bool,
}

impl VerifyingKey {
    /// Takes the 32 bytes of a public key.
    pub fn new(bytes: [u8; 32]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(bytes);
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let thumbprint = digest::digest(&digest::SHA256, members.as_bytes());
        Self {
            id: URL_SAFE_NO_PAD.encode(thumbprint),
            bytes,
            retired: false,
        }
    }

    /// Tells whether this key signed the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.bytes)
            .verify(message, signature)
            .is_ok()
    }
}

/// Returns the key that signs, and makes the first one where there is none.
pub async fn signing(desk: &Desk, vault: &Vault, purpose: Purpose) -> Result<SigningKey, Error> {
    let transaction = desk.database.begin_system().await?;
    if let Some(key) = newest(&transaction, vault, purpose).await? {
        transaction.commit().await?;
        return Ok(key);
    }
    // Processes that start together agree on one first key.
    keys::lock(&transaction).await?;
    let key = match newest(&transaction, vault, purpose).await? {
        Some(key) => key,
        None => make(&transaction, desk, vault, purpose).await?,
    };
    transaction.commit().await?;
    Ok(key)
}

/// Lists all keys of a purpose, newest first, the retired among them.
pub async fn list(
    desk: &Desk,
    vault: &Vault,
    purpose: Purpose,
) -> Result<Vec<VerifyingKey>, Error> {
    let transaction = desk.database.begin_system().await?;
    let stored = keys::list(&transaction, purpose.as_str()).await?;
    transaction.commit().await?;
    let opened = stored.iter().map(|key| {
        let public = open(vault, key)?.public;
        Ok(VerifyingKey {
            retired: key.retired_at.is_some(),
            ..public
        })
    });
    opened.collect()
}

/// Makes a new key that signs from now on; those before it still prove.
pub async fn rotate(desk: &Desk, vault: &Vault, purpose: Purpose) -> Result<SigningKey, Error> {
    let transaction = desk.database.begin_system().await?;
    keys::lock(&transaction).await?;
    let key = make(&transaction, desk, vault, purpose).await?;
    transaction.commit().await?;
    Ok(key)
}

/// Retires a key, for one that somebody else may have got hold of: it neither signs nor proves any
/// more. `false` where no such key is in use.
pub async fn retire(desk: &Desk, purpose: Purpose, id: &str) -> Result<bool, Error> {
    let transaction = desk.database.begin_system().await?;
    keys::lock(&transaction).await?;
    let retired = keys::mark_retired(&transaction, purpose.as_str(), id, desk.now()).await?;
    transaction.commit().await?;
    Ok(retired)
}

/// Seals the private halves anew, of retired keys too: they still have to open to be told apart.
pub(crate) async fn reseal(
    desk: &Desk,
    vault: &Vault,
    resealed: &mut Resealed,
) -> Result<(), crate::Error> {
    let transaction = desk.database.begin_system().await?;
    keys::lock(&transaction).await?;
    for purpose in [Purpose::Token, Purpose::Checkpoint] {
        for key in keys::list(&transaction, purpose.as_str()).await? {
            match vault.reseal(&key.id, &key.private_key) {
                Ok(None) => resealed.current += 1,
                Ok(Some(anew)) => {
                    keys::set_private_key(&transaction, &key.id, &anew).await?;
                    resealed.keys += 1;
                }
                Err(error) => {
                    let line = format!("signing key {}: {error}", key.id);
                    resealed.unreadable.push(line);
                }
            }
        }
    }
    Ok(transaction.commit().await?)
}

async fn newest(conn: &Conn, vault: &Vault, purpose: Purpose) -> Result<Option<SigningKey>, Error> {
    let stored = keys::list(conn, purpose.as_str()).await?;
    let in_use = stored.iter().find(|key| key.retired_at.is_none());
    in_use.map(|key| open(vault, key)).transpose()
}

async fn make(
    conn: &Conn,
    desk: &Desk,
    vault: &Vault,
    purpose: Purpose,
) -> Result<SigningKey, Error> {
    let key = SigningKey::generate()?;
    let id = key.public.id.clone();
    let sealed = vault.seal(&id, key.pkcs8.expose());
    let private_key = sealed.map_err(|source| Error::Sealed {
        id: id.clone(),
        source,
    })?;
    // Newer than all before it, also where the clock stood still or was set back.
    let before = keys::list(conn, purpose.as_str()).await?.into_iter().next();
    let after = before.map(|key| key.created_at + Duration::microseconds(1));
    let row = keys::Key {
        id,
        purpose: purpose.as_str().to_owned(),
        public_key: key.public.bytes.to_vec(),
        private_key,
        created_at: after.map_or(desk.now(), |after| after.max(desk.now())),
        retired_at: None,
    };
    keys::insert(conn, &row).await?;
    Ok(key)
}

fn open(vault: &Vault, row: &keys::Key) -> Result<SigningKey, Error> {
    let sealed = |source| Error::Sealed {
        id: row.id.clone(),
        source,
    };
    let pkcs8 = vault.open(&row.id, &row.private_key).map_err(sealed)?;
    let key = SigningKey::from_pkcs8(pkcs8.expose());
    key.filter(|key| key.public.bytes[..] == row.public_key && key.public.id == row.id)
        .ok_or_else(|| Error::Damaged(row.id.clone()))
}
