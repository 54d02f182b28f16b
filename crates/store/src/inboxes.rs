//! Inboxes: the configured accounts of channels.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{InboxId, QueueId, TenantId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// One configured account of a channel.
    pub struct Inbox {
        /// Which.
        pub id: InboxId,
        /// Whose.
        pub tenant_id: TenantId,
        /// The unguessable part of its webhook path.
        pub public_id: String,
        /// The kind of app.
        pub channel: ChannelKind,
        /// The name to show.
        pub name: String,
        /// The provider's id of the account.
        pub account_id: String,
        /// Where to send instead of the channel's configured base URL.
        pub endpoint: Option<String>,
        /// Where its conversations wait.
        pub queue_id: QueueId,
        /// The provider's secrets, sealed for the inbox's id.
        pub credentials: Vec<u8>,
        /// Whether webhooks are taken and replies sent.
        pub enabled: bool,
        /// When it was connected.
        pub created_at: DateTime<Utc>,
    }
}

/// Finds an inbox by the unguessable part of its webhook path; for the system's role.
pub async fn find_by_public_id(conn: &Conn, public_id: &str) -> Result<Option<Inbox>, Error> {
    let found = sql(
        "SELECT id, tenant_id, public_id, channel, name, account_id, endpoint, queue_id,
            credentials, enabled, created_at FROM inboxes WHERE public_id = $1",
    )
    .bind(public_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds an inbox of the tenant.
pub async fn find(conn: &Conn, _scope: TenantScope, id: InboxId) -> Result<Option<Inbox>, Error> {
    let found = sql(
        "SELECT id, tenant_id, public_id, channel, name, account_id, endpoint, queue_id,
            credentials, enabled, created_at FROM inboxes WHERE id = $1",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the tenant's inboxes, oldest first.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<Inbox>, Error> {
    let found = sql(
        "SELECT id, tenant_id, public_id, channel, name, account_id, endpoint, queue_id,
            credentials, enabled, created_at FROM inboxes ORDER BY id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Connects an inbox.
pub async fn insert(conn: &Conn, scope: TenantScope, inbox: &Inbox) -> Result<(), Error> {
    sql(
        "INSERT INTO inboxes (id, tenant_id, public_id, channel, name, account_id, endpoint,
            queue_id, credentials, enabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(inbox.id)
    .bind(scope.tenant())
    .bind(inbox.public_id.as_str())
    .bind(inbox.channel)
    .bind(inbox.name.as_str())
    .bind(inbox.account_id.as_str())
    .bind(inbox.endpoint.clone())
    .bind(inbox.queue_id)
    .bind(inbox.credentials.as_slice())
    .bind(inbox.enabled)
    .bind(inbox.created_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// An inbox's sealed credentials.
    pub struct Sealed {
        /// Which inbox.
        pub id: InboxId,
        /// Whose.
        pub tenant_id: TenantId,
        /// The provider's secrets, sealed for the inbox's id.
        pub credentials: Vec<u8>,
    }
}

/// Lists the sealed credentials of all tenants' inboxes, oldest first; for the system's role.
pub async fn list_sealed(conn: &Conn) -> Result<Vec<Sealed>, Error> {
    let found = sql("SELECT id, tenant_id, credentials FROM inboxes ORDER BY id")
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Locks an inbox of the tenant and returns its sealed credentials.
pub async fn lock_credentials(
    conn: &Conn,
    _scope: TenantScope,
    id: InboxId,
) -> Result<Option<Vec<u8>>, Error> {
    let found: Option<Sealed> =
        sql("SELECT id, tenant_id, credentials FROM inboxes WHERE id = $1 FOR NO KEY UPDATE")
            .bind(id)
            .get_result(&mut &*conn)
            .await
            .optional()?;
    Ok(found.map(|found| found.credentials))
}

/// Writes the sealed credentials of a locked inbox.
pub async fn set_credentials(
    conn: &Conn,
    _scope: TenantScope,
    id: InboxId,
    sealed: &[u8],
) -> Result<(), Error> {
    sql("UPDATE inboxes SET credentials = $2 WHERE id = $1")
        .bind(id)
        .bind(sealed)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Writes where an inbox sends to.
pub async fn set_endpoint(
    conn: &Conn,
    _scope: TenantScope,
    id: InboxId,
    endpoint: &str,
) -> Result<(), Error> {
    sql("UPDATE inboxes SET endpoint = $2 WHERE id = $1")
        .bind(id)
        .bind(endpoint)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
