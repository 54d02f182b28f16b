//! What a limit made of work, and what its customer was told of it.

use crate::sql::{row, sql};
use crate::{Conn, Error};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// Work that a limit ended or made a call.
    pub struct Limited {
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// In which queue it waited.
        pub queue_id: QueueId,
        /// What became of it, in a word.
        pub limited: String,
        /// The words for its customer.
        pub limited_text: Option<String>,
    }
}

/// Finds limited work whose customer was not told yet.
pub async fn find_untold(
    conn: &Conn,
    _scope: TenantScope,
    item: WorkItemId,
) -> Result<Option<Limited>, Error> {
    let found = sql(
        "SELECT conversation_id, queue_id, limited, limited_text FROM work_items
         WHERE id = $1 AND limited IS NOT NULL
            AND limited_message_id IS NULL AND limited_untold IS NULL",
    )
    .bind(item)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Notes in which message a customer was told, or why they could not be.
pub async fn note_told(
    conn: &Conn,
    _scope: TenantScope,
    item: WorkItemId,
    told: Result<MessageId, &str>,
) -> Result<(), Error> {
    sql("UPDATE work_items SET limited_message_id = $2, limited_untold = $3 WHERE id = $1")
        .bind(item)
        .bind(told.ok())
        .bind(told.err())
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
