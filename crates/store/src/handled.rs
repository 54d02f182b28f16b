//! What consumers have done, so that a redelivery has no second effect.

use crate::sql::sql;
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::EventId;
use interdesk_domain::scope::TenantScope;

/// Remembers that `consumer` handles the event now; `false` when it had done so before.
pub async fn insert_if_missing(
    conn: &Conn,
    scope: TenantScope,
    consumer: &str,
    event: EventId,
) -> Result<bool, Error> {
    let inserted = sql("INSERT INTO handled_events (consumer, event_id, tenant_id)
         VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
    .bind(consumer)
    .bind(event)
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(inserted == 1)
}
