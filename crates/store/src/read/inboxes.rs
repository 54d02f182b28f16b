//! Inboxes without their secrets.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{InboxId, QueueId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// One configured account of a channel, without its secrets and its webhook path.
    #[derive(serde::Deserialize)]
    pub struct Inbox {
        /// Which.
        pub id: InboxId,
        /// The kind of app.
        pub channel: ChannelKind,
        /// The name to show.
        pub name: String,
        /// The provider's id of the account.
        pub account_id: String,
        /// Where its conversations wait.
        pub queue_id: QueueId,
        /// Whether webhooks are taken and replies sent.
        pub enabled: bool,
        /// When it was connected.
        pub created_at: DateTime<Utc>,
        /// The largest file that it keeps; `None` for what the settings say.
        pub max_file_bytes: Option<i64>,
        /// The types that it keeps; `None` for all but those that the settings refuse.
        pub file_types: Option<Vec<String>>,
    }
}

/// Lists all inboxes by name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<Inbox>, Error> {
    let inboxes = sql(
        "SELECT id, channel, name, account_id, queue_id, enabled, created_at, max_file_bytes, file_types
         FROM inboxes ORDER BY name, id",
    )
    .load(&mut &*conn)
    .await?;
    Ok(inboxes)
}
