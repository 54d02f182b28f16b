//! How many messages a provider charges for, by month.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::InboxId;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

row! {
    /// What arrived in a month.
    pub struct Month {
        /// Which month, as its first day.
        pub month: NaiveDate,
        /// How many messages.
        pub delivered: i64,
    }
}

/// Counts a message that arrived through an inbox, where that is of a channel that charges; tells
/// whether it is.
pub async fn count(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    charging: &[ChannelKind],
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let counted = sql(
        "INSERT INTO service_messages (inbox_id, month, tenant_id, delivered)
         SELECT i.id, date_trunc('month', $4 AT TIME ZONE 'UTC')::date, $2, 1
         FROM inboxes i WHERE i.id = $1 AND i.channel = ANY ($3)
         ON CONFLICT (inbox_id, month)
            DO UPDATE SET delivered = service_messages.delivered + 1",
    )
    .bind(inbox)
    .bind(scope.tenant())
    .bind(many(charging, |kind| kind.as_str().to_owned()))
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(counted > 0)
}

/// Lists the months of an inbox in which messages arrived, the latest first.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    months: i64,
) -> Result<Vec<Month>, Error> {
    let found = sql("SELECT month, delivered FROM service_messages
         WHERE inbox_id = $1 ORDER BY month DESC LIMIT $2")
    .bind(inbox)
    .bind(months)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
