//! The bytes: each once for a tenant, from the first byte written to the last one deleted.

use super::Due;
use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// Bytes that are there.
    pub struct StoredFile {
        /// Which.
        pub id: FileId,
        /// How many bytes.
        pub size: i64,
        /// Their SHA-256 in lower-case hex.
        pub sha256: String,
        /// What they are, by looking at them.
        pub mime_type: String,
    }
}

row! {
    /// What may come in through an inbox.
    pub struct FileRules {
        /// The largest file; `None` for what the settings say.
        pub max_file_bytes: Option<i64>,
        /// The types; `None` for all but those that the settings refuse.
        pub file_types: Option<Vec<String>>,
    }
}

row! {
    /// How much a tenant keeps.
    pub struct Total {
        /// Whose.
        pub tenant_id: TenantId,
        /// How many files.
        pub files: i64,
        /// How many bytes.
        pub bytes: i64,
    }
}

row! {
    /// A file by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Id {
        /// Which.
        pub id: FileId,
    }
}

/// Finds bytes that are there.
pub async fn find_file(
    conn: &Conn,
    _scope: TenantScope,
    id: FileId,
) -> Result<Option<StoredFile>, Error> {
    let found = sql("SELECT id, size, sha256, mime_type FROM files
         WHERE id = $1 AND state = 'stored'")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds what may come in through an inbox.
pub async fn find_rules(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
) -> Result<Option<FileRules>, Error> {
    let found = sql("SELECT max_file_bytes, file_types FROM inboxes WHERE id = $1")
        .bind(inbox)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}

/// Sets what may come in through an inbox.
pub async fn set_rules(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    rules: &FileRules,
) -> Result<bool, Error> {
    let changed = sql("UPDATE inboxes SET max_file_bytes = $2, file_types = $3 WHERE id = $1")
        .bind(inbox)
        .bind(rules.max_file_bytes)
        .bind(rules.file_types.clone().map(crate::sql::Many))
        .execute(&mut &*conn)
        .await?;
    Ok(changed == 1)
}

/// Notes that an object is about to be written, so that it is found if its writer dies.
pub async fn insert_file(
    conn: &Conn,
    scope: TenantScope,
    id: FileId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO files (id, tenant_id, state, created_at, idle_since)
         VALUES ($1, $2, 'writing', $3, $3)",
    )
    .bind(id)
    .bind(scope.tenant())
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds the same bytes under another id and keeps them for whoever is about to refer to them.
pub async fn find_same(
    conn: &Conn,
    scope: TenantScope,
    sha256: &str,
    now: DateTime<Utc>,
) -> Result<Option<FileId>, Error> {
    let found: Option<Id> = sql("UPDATE files
         SET idle_since = CASE WHEN idle_since IS NULL THEN NULL ELSE $3 END
         WHERE tenant_id = $1 AND sha256 = $2 AND state = 'stored'
         RETURNING id")
    .bind(scope.tenant())
    .bind(sha256)
    .bind(now)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found.map(|row| row.id))
}

/// Notes that an object is there; `false` where it took so long that it was given up.
///
/// Fails with [`Error::Conflict`] when somebody else stored the same bytes at the same time.
pub async fn mark_written(
    conn: &Conn,
    _scope: TenantScope,
    file: &StoredFile,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sql(
        "UPDATE files SET state = 'stored', sha256 = $2, size = $3, mime_type = $4,
            idle_since = $5
         WHERE id = $1 AND state = 'writing'",
    )
    .bind(file.id)
    .bind(file.sha256.as_str())
    .bind(file.size)
    .bind(file.mime_type.as_str())
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Dooms a file that was never finished: its object is to be deleted.
pub async fn give_up(conn: &Conn, _scope: TenantScope, id: FileId) -> Result<(), Error> {
    sql("UPDATE files SET state = 'doomed' WHERE id = $1 AND state = 'writing'")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Dooms a file that nothing refers to: from now on nobody can, and its object is to be deleted.
pub async fn doom(
    conn: &Conn,
    _scope: TenantScope,
    id: FileId,
    idle_before: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sql("UPDATE files f SET state = 'doomed'
         WHERE f.id = $1 AND f.idle_since < $2
            AND NOT EXISTS (SELECT FROM attachments a WHERE a.file_id = f.id)")
    .bind(id)
    .bind(idle_before)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Forgets a doomed file, its object being gone.
pub async fn delete_file(conn: &Conn, _scope: TenantScope, id: FileId) -> Result<(), Error> {
    sql("DELETE FROM files WHERE id = $1 AND state = 'doomed'")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists files that nothing refers to; for the system's role.
pub async fn list_idle(
    conn: &Conn,
    idle_before: DateTime<Utc>,
    limit: i32,
) -> Result<Vec<Due>, Error> {
    let idle = sql("SELECT tenant_id, id FROM idle_files($1, $2)")
        .bind(idle_before)
        .bind(limit)
        .load(&mut &*conn)
        .await?;
    Ok(idle)
}

/// Sums up what each tenant keeps; for the system's role.
pub async fn list_totals(conn: &Conn) -> Result<Vec<Total>, Error> {
    let totals = sql("SELECT tenant_id, files, bytes FROM file_totals()")
        .load(&mut &*conn)
        .await?;
    Ok(totals)
}
