//! The installation's signing keys; for transactions of the system's role.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;

/// The advisory lock of whoever makes or retires keys.
const LOCK: i64 = 7_230_149;

row! {
    /// A key as it is stored.
    pub struct Key {
        /// The id that signatures name.
        pub id: String,
        /// What it signs.
        pub purpose: String,
        /// Ed25519, 32 bytes.
        pub public_key: Vec<u8>,
        /// PKCS#8, sealed.
        pub private_key: Vec<u8>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// Since when it neither signs nor proves.
        pub retired_at: Option<DateTime<Utc>>,
    }
}

/// Keeps everybody else from making or retiring keys until the transaction ends.
pub async fn lock(conn: &Conn) -> Result<(), Error> {
    sql("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists the keys of a purpose, newest first.
pub async fn list(conn: &Conn, purpose: &str) -> Result<Vec<Key>, Error> {
    let keys = sql(
        "SELECT id, purpose, public_key, private_key, created_at, retired_at
         FROM signing_keys WHERE purpose = $1 ORDER BY created_at DESC, id DESC",
    )
    .bind(purpose)
    .load(&mut &*conn)
    .await?;
    Ok(keys)
}

/// Inserts a key.
pub async fn insert(conn: &Conn, key: &Key) -> Result<(), Error> {
    sql(
        "INSERT INTO signing_keys (id, purpose, public_key, private_key, created_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.id.as_str())
    .bind(key.purpose.as_str())
    .bind(key.public_key.as_slice())
    .bind(key.private_key.as_slice())
    .bind(key.created_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes the sealed private half of a key; call it with the keys locked.
pub async fn set_private_key(conn: &Conn, id: &str, sealed: &[u8]) -> Result<(), Error> {
    sql("UPDATE signing_keys SET private_key = $2 WHERE id = $1")
        .bind(id)
        .bind(sealed)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Retires a key; `false` where no such key is in use.
pub async fn mark_retired(
    conn: &Conn,
    purpose: &str,
    id: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let retired = sql("UPDATE signing_keys SET retired_at = $3
         WHERE purpose = $1 AND id = $2 AND retired_at IS NULL")
    .bind(purpose)
    .bind(id)
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(retired == 1)
}
