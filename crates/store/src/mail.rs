//! Mailboxes: which inbox an address leads to, and how far their folders are read.

use crate::inboxes::Inbox;
use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::InboxId;
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

/// Finds the inbox of a mail address, whatever the case of its letters; for the system's role.
pub async fn find_inbox(conn: &Conn, address: &str) -> Result<Option<Inbox>, Error> {
    let found = sql(
        "SELECT id, tenant_id, public_id, channel, name, account_id, endpoint, queue_id,
            credentials, enabled, created_at FROM inboxes
         WHERE channel = 'email' AND lower(account_id) = lower($1)",
    )
    .bind(address)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the mailboxes of all tenants that are switched on, oldest first; for the system's role.
pub async fn list_inboxes(conn: &Conn) -> Result<Vec<Inbox>, Error> {
    let found = sql(
        "SELECT id, tenant_id, public_id, channel, name, account_id, endpoint, queue_id,
            credentials, enabled, created_at FROM inboxes
         WHERE channel = 'email' AND enabled ORDER BY id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// How far a folder is read.
    pub struct Folder {
        /// The server's word for which numbering counts; `None` before the folder was first read.
        pub uid_validity: Option<i64>,
        /// The last mail of that numbering that is stored.
        pub last_uid: i64,
    }
}

/// Takes or keeps the right to read a folder until a moment; `None` while another process has it.
pub async fn hold_folder(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    holder: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Folder>, Error> {
    let held = sql(
        "INSERT INTO mail_folders AS f (inbox_id, tenant_id, holder, held_until)
         VALUES ($1, $2, $3, $5)
         ON CONFLICT (inbox_id) DO UPDATE SET holder = $3, held_until = $5
         WHERE f.holder IS NULL OR f.holder = $3 OR f.held_until < $4
         RETURNING uid_validity, last_uid",
    )
    .bind(inbox)
    .bind(scope.tenant())
    .bind(holder)
    .bind(now)
    .bind(until)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(held)
}

/// Notes how far a folder is stored; `false` where another process has it meanwhile.
pub async fn mark_read(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    holder: Uuid,
    folder: &Folder,
) -> Result<bool, Error> {
    let changed = sql("UPDATE mail_folders SET uid_validity = $3, last_uid = $4
         WHERE inbox_id = $1 AND holder = $2")
    .bind(inbox)
    .bind(holder)
    .bind(folder.uid_validity)
    .bind(folder.last_uid)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}

/// Gives a folder up.
pub async fn release_folder(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    holder: Uuid,
) -> Result<(), Error> {
    sql("UPDATE mail_folders SET holder = NULL, held_until = NULL
         WHERE inbox_id = $1 AND holder = $2")
    .bind(inbox)
    .bind(holder)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
