//! What was said, and where.

use crate::sight::{Sight, in_sight};
use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

/// A place among what was said: when, and which.
pub type SaidPlace = (DateTime<Utc>, Uuid);

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SaidFilter {
    /// Whether in messages.
    pub messages: bool,
    /// Whether in notes.
    pub notes: bool,
    /// Only in this conversation.
    pub conversation: Option<ConversationId>,
    /// Only in conversations of this queue.
    pub queue: Option<QueueId>,
    /// Only what was said from this moment on.
    pub since: Option<DateTime<Utc>>,
    /// Only what was said before this moment.
    pub until: Option<DateTime<Utc>>,
}

row! {
    /// A message or note that holds what was looked for.
    pub struct Said {
        /// Which.
        pub subject_id: Uuid,
        /// `message` or `note`.
        pub kind: String,
        /// In which conversation; of a merged one in that which it is merged into.
        pub conversation_id: ConversationId,
        /// When it was said.
        pub at: DateTime<Utc>,
        /// Whether it is shown: it still holds words, and its conversation is one that is seen.
        pub shown: bool,
    }
}

/// Lists what was said, the latest first; what is not shown is among it, so that whoever pages knows
/// how far was looked.
pub async fn list_said(
    conn: &Conn,
    _scope: TenantScope,
    sight: &Sight,
    wanted: &str,
    filter: &SaidFilter,
    after: Option<SaidPlace>,
    limit: i64,
) -> Result<Vec<Said>, Error> {
    let (at, id) = after.unwrap_or((DateTime::<Utc>::MAX_UTC, Uuid::max()));
    let kinds = [(filter.messages, "message"), (filter.notes, "note")];
    let kinds = kinds.iter().filter(|(wanted, _)| *wanted);
    let found = sql(concat!(
        "SELECT f.subject_id, f.kind, f.at, COALESCE((SELECT merged_into FROM conversations
                WHERE id = f.conversation_id), f.conversation_id) AS conversation_id,
            EXISTS (SELECT FROM (SELECT COALESCE(merged_into, id) AS id FROM conversations
                    WHERE id = f.conversation_id LIMIT 1) o
                CROSS JOIN LATERAL (SELECT id, queue_id, assignee_id FROM conversations
                    WHERE id = o.id LIMIT 1) c
                WHERE ($5 IS NULL OR c.queue_id = $5) AND ",
        in_sight!("c.", "$10"),
        ") AND (f.kind <> 'message' OR EXISTS (SELECT FROM messages m
                WHERE m.id = f.subject_id AND m.text <> '' AND m.deleted_at IS NULL))
            AND (f.kind <> 'note' OR EXISTS (SELECT FROM conversation_notes n
                WHERE n.id = f.subject_id AND n.deleted_at IS NULL)) AS shown
         FROM search_said($1, $2, $3, $4, $6, $7, $8, $9) f"
    ))
    .bind(wanted)
    .bind(Many(kinds.map(|(_, kind)| *kind).collect()))
    .bind(filter.conversation)
    .bind(filter.since)
    .bind(filter.queue)
    .bind(filter.until)
    .bind(at.min(latest()))
    .bind(id)
    .bind(i32::try_from(limit).unwrap_or(i32::MAX))
    .bind(sight.keys())
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Returns a moment after all others that PostgreSQL can hold.
fn latest() -> DateTime<Utc> {
    DateTime::from_timestamp(8_000_000_000_000, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

row! {
    /// The words around what was looked for.
    pub struct Headline {
        /// Of which message or note.
        pub subject_id: Uuid,
        /// The words; what was found stands between U+E000 and U+E001.
        pub text: String,
    }
}

/// Shows the words around what was looked for.
pub async fn headlines(
    conn: &Conn,
    _scope: TenantScope,
    wanted: &str,
    said: &[Uuid],
) -> Result<Vec<Headline>, Error> {
    // Whoever wrote the marks themselves is not believed.
    let found = sql("SELECT m.id AS subject_id, ts_headline('simple',
                translate(left(m.text, 20000), U&'\\E000\\E001', ''), search_query($1),
                U&'StartSel=\"\\E000\", StopSel=\"\\E001\", MaxWords=30, MinWords=12, MaxFragments=1') AS text
         FROM (SELECT id, text FROM messages WHERE id = ANY ($2)
            UNION ALL SELECT id, text FROM conversation_notes WHERE id = ANY ($2)) m")
    .bind(wanted)
    .bind(many(said, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}
