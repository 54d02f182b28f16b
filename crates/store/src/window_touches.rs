//! What opens a reply window and leaves no message behind.

use crate::sql::sql;
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::MessageId;
use interdesk_domain::scope::TenantScope;

/// Notes that the customer of a message touched it; in a group nobody's window opens by that.
pub async fn note(
    conn: &Conn,
    scope: TenantScope,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO window_touches (contact_id, inbox_id, tenant_id, at)
         SELECT COALESCE(m.recipient_id, m.contact_id, c.contact_id), m.inbox_id, $2, $3
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $1 AND c.group_id IS NULL
         ON CONFLICT (contact_id, inbox_id) DO UPDATE
            SET at = GREATEST(window_touches.at, $3)",
    )
    .bind(message)
    .bind(scope.tenant())
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
