//! What opens and closes reply windows and leaves no message of the customer behind.

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

/// Notes that the provider refused a message of ours because the window of whom it was for is closed.
pub async fn shut(
    conn: &Conn,
    scope: TenantScope,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "INSERT INTO window_touches (contact_id, inbox_id, tenant_id, shut_at)
         SELECT COALESCE(m.recipient_id, c.contact_id), m.inbox_id, $2, $3
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $1 AND m.direction = 'out' AND c.group_id IS NULL
         ON CONFLICT (contact_id, inbox_id) DO UPDATE
            SET shut_at = GREATEST(window_touches.shut_at, $3)",
    )
    .bind(message)
    .bind(scope.tenant())
    .bind(at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
