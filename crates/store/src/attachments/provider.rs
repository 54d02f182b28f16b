//! Under which ids providers keep our files.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// A file that a provider keeps.
    pub struct ProviderFile {
        /// The provider's id.
        pub provider_id: String,
        /// Until when it holds.
        pub expires_at: Option<DateTime<Utc>>,
    }
}

/// Finds the id under which a provider keeps a file, as long as it holds.
pub async fn find_provider_file(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    file: FileId,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<Option<ProviderFile>, Error> {
    let found = sql("SELECT provider_id, expires_at FROM provider_files
         WHERE inbox_id = $1 AND file_id = $2 AND kind = $3
            AND (expires_at IS NULL OR expires_at > $4)")
    .bind(inbox)
    .bind(file)
    .bind(kind)
    .bind(now)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Keeps the id under which a provider keeps a file.
pub async fn save_provider_file(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    file: FileId,
    kind: &str,
    kept: &ProviderFile,
) -> Result<(), Error> {
    sql(
        "INSERT INTO provider_files (inbox_id, file_id, kind, tenant_id, provider_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (inbox_id, file_id, kind) DO UPDATE
         SET provider_id = excluded.provider_id, expires_at = excluded.expires_at",
    )
    .bind(inbox)
    .bind(file)
    .bind(kind)
    .bind(scope.tenant())
    .bind(kept.provider_id.as_str())
    .bind(kept.expires_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Forgets an id that the provider does not know any more.
pub async fn forget_provider_file(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    file: FileId,
) -> Result<(), Error> {
    sql("DELETE FROM provider_files WHERE inbox_id = $1 AND file_id = $2")
        .bind(inbox)
        .bind(file)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
