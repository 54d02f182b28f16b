//! Keeps the index: by sets, from the rows as they are now, so that doing it twice changes nothing.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;

row! {
    /// How far the log was read.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Cursor {
        /// The last event.
        pub seq: i64,
    }
}

/// Locks how far the tenant's search has read; `None` where somebody else reads on right now.
pub async fn lock_cursor(conn: &Conn, scope: TenantScope) -> Result<Option<u64>, Error> {
    sql("INSERT INTO search_cursors (tenant_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(scope.tenant())
        .execute(&mut &*conn)
        .await?;
    let found: Vec<Cursor> = sql("SELECT seq FROM search_cursors WHERE tenant_id = $1
         FOR NO KEY UPDATE SKIP LOCKED")
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(found
        .into_iter()
        .next()
        .map(|cursor| cursor.seq.unsigned_abs()))
}

/// Writes down how far the tenant's search has read.
pub async fn update_cursor(conn: &Conn, scope: TenantScope, seq: u64) -> Result<(), Error> {
    sql("UPDATE search_cursors SET seq = $2 WHERE tenant_id = $1")
        .bind(scope.tenant())
        .bind(i64::try_from(seq).unwrap_or(i64::MAX))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists the tenants whose search is behind their log; for the system's role.
pub async fn list_behind(conn: &Conn) -> Result<Vec<TenantId>, Error> {
    row! {
        /// A tenant.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Behind {
            /// Which.
            pub tenant_id: TenantId,
        }
    }
    let found: Vec<Behind> = sql("SELECT s.tenant_id FROM tenant_seqs s
         LEFT JOIN search_cursors c ON c.tenant_id = s.tenant_id
         WHERE s.seq > COALESCE(c.seq, 0) ORDER BY s.tenant_id")
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().map(|one| one.tenant_id).collect())
}

/// Finds the words of messages as they are now.
pub async fn renew_said(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<(), Error> {
    // A message may be as long as a book; nobody finds it by what is on its last page.
    sql(
        "INSERT INTO search_words (subject_id, tenant_id, kind, conversation_id, at, words)
         SELECT id, tenant_id, 'message', conversation_id, sent_at,
            to_tsvector('simple', lower(left(text, 100000) COLLATE \"und-x-icu\"))
         FROM messages WHERE id = ANY ($1) AND text <> '' AND deleted_at IS NULL
         ON CONFLICT (subject_id) DO UPDATE SET words = excluded.words
         WHERE search_words.words <> excluded.words",
    )
    .bind(many(messages, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds the words of notes as they are now.
pub async fn renew_notes(conn: &Conn, _scope: TenantScope, notes: &[NoteId]) -> Result<(), Error> {
    sql("WITH gone AS (
            DELETE FROM search_words w WHERE w.subject_id = ANY ($1) AND w.kind = 'note'
                AND NOT EXISTS (SELECT FROM conversation_notes n
                    WHERE n.id = w.subject_id AND n.deleted_at IS NULL)
         )
         INSERT INTO search_words (subject_id, tenant_id, kind, conversation_id, at, words)
         SELECT id, tenant_id, 'note', conversation_id, written_at, to_tsvector('simple', lower(text COLLATE \"und-x-icu\"))
         FROM conversation_notes WHERE id = ANY ($1) AND deleted_at IS NULL
         ON CONFLICT (subject_id) DO NOTHING")
    .bind(many(notes, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Forgets the words of messages that hold none any more.
pub async fn forget_unsaid(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<(), Error> {
    sql(
        "DELETE FROM search_words w WHERE w.subject_id = ANY ($1) AND w.kind = 'message'
            AND NOT EXISTS (SELECT FROM messages m
                WHERE m.id = w.subject_id AND m.text <> '' AND m.deleted_at IS NULL)",
    )
    .bind(many(messages, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds the names and addresses of contacts as they are now.
pub async fn renew_people(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<(), Error> {
    sql(
        "WITH known AS (
            SELECT id AS subject_id, tenant_id, 'name' AS kind, id AS contact_id, lower(name COLLATE \"und-x-icu\") AS text
            FROM contacts WHERE id = ANY ($1) AND name <> ''
            UNION ALL
            SELECT id, tenant_id, 'address', contact_id, lower(value COLLATE \"und-x-icu\")
            FROM identities WHERE contact_id = ANY ($1) AND valid_to IS NULL AND value <> ''
         ), gone AS (
            DELETE FROM search_names n WHERE n.contact_id = ANY ($1)
                AND NOT EXISTS (SELECT FROM known k WHERE k.subject_id = n.subject_id)
         )
         INSERT INTO search_names (subject_id, tenant_id, kind, contact_id, text)
         SELECT subject_id, tenant_id, kind, contact_id, left(text, 1000) FROM known
         ON CONFLICT (subject_id) DO UPDATE
            SET text = excluded.text, contact_id = excluded.contact_id
         WHERE (search_names.text, search_names.contact_id)
            IS DISTINCT FROM (excluded.text, excluded.contact_id)",
    )
    .bind(many(contacts, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Names the customers who wrote messages: their apps tell other names without an event of its own.
pub async fn renew_authors(
    conn: &Conn,
    _scope: TenantScope,
    messages: &[MessageId],
) -> Result<(), Error> {
    sql(
        "INSERT INTO search_names (subject_id, tenant_id, kind, contact_id, text)
         SELECT c.id, c.tenant_id, 'name', c.id, left(lower(c.name COLLATE \"und-x-icu\"), 1000)
         FROM (SELECT DISTINCT contact_id FROM messages
            WHERE id = ANY ($1) AND contact_id IS NOT NULL) m
         JOIN contacts c ON c.id = m.contact_id
         WHERE c.name <> ''
         ON CONFLICT (subject_id) DO UPDATE SET text = excluded.text
         WHERE search_names.text <> excluded.text",
    )
    .bind(many(messages, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
