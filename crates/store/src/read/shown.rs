//! What a conversation shows that others are merged into: their messages and notes, in the order of time.
//!
//! Each has its place by its moment and, among equals, by its own conversation's order, so that a place
//! stays what it is whatever is merged or comes in between.

use super::Window;
use super::messages::Message;
use crate::aside::Note;
use crate::sql::{Column, many, sql};
use crate::{Conn, Error};
use diesel::deserialize::Result as Built;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::ConversationId;
use interdesk_domain::scope::TenantScope;

/// A place in what a conversation shows: a version, and of which conversation where that is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The version.
    pub version: i64,
    /// Of which conversation; `None` for the one that shows it.
    pub of: Option<ConversationId>,
}

/// A row, and in which of the conversations that were asked for it is shown.
struct Shown<T>(ConversationId, T);

impl<T: diesel::QueryableByName<Pg>> diesel::QueryableByName<Pg> for Shown<T> {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> Built<Self> {
        let asked = NamedRow::get::<
            <ConversationId as Column>::Sql,
            <ConversationId as Column>::Raw,
        >(row, "asked_id")?;
        Ok(Self(ConversationId::decode(asked)?, T::build(row)?))
    }
}

/// The moment of a place, of which a cursor names the version alone.
macro_rules! moment {
    ($version:literal, $of:literal) => {
        concat!(
            "(SELECT max(s.at) FROM (
                (SELECT stored_at AS at FROM messages
                 WHERE conversation_id = CASE WHEN ",
            $of,
            " = ANY (k.ids) THEN ",
            $of,
            " ELSE t.id END AND version <= ",
            $version,
            " ORDER BY version DESC LIMIT 1)
                UNION ALL (SELECT written_at FROM conversation_notes
                 WHERE conversation_id = CASE WHEN ",
            $of,
            " = ANY (k.ids) THEN ",
            $of,
            " ELSE t.id END AND version <= ",
            $version,
            " ORDER BY version DESC LIMIT 1)) AS s)"
        )
    };
}

/// Lists a part of what conversations show, from a table whose rows have a moment.
macro_rules! shown {
    ($columns:literal, $table:literal, $at:literal, $order:literal) => {
        concat!(
            "SELECT t.id AS asked_id, ",
            $columns,
            " FROM unnest($1) AS t (id)
             CROSS JOIN LATERAL (SELECT ARRAY(
                SELECT id FROM conversations WHERE merged_into = t.id) || t.id AS ids OFFSET 0) AS k
             CROSS JOIN LATERAL (SELECT COALESCE(",
            moment!("$2", "$3"),
            ", '-infinity') AS after, COALESCE(",
            moment!("$4", "$5"),
            ", '-infinity') AS before OFFSET 0) AS w
             CROSS JOIN LATERAL (SELECT * FROM ",
            $table,
            " x WHERE x.conversation_id = ANY (k.ids)
                AND ($2 IS NULL OR (x.",
            $at,
            ", x.conversation_id, x.version) > (w.after, COALESCE($3, t.id), $2))
                AND ($4 IS NULL OR (x.",
            $at,
            ", x.conversation_id, x.version) < (w.before, COALESCE($5, t.id), $4))
                ORDER BY x.",
            $at,
            $order,
            ", x.conversation_id",
            $order,
            ", x.version",
            $order,
            " LIMIT $6) AS m
             ORDER BY t.id, m.",
            $at,
            ", m.conversation_id, m.version"
        )
    };
    ($columns:literal, $table:literal, $at:literal, $from_end:expr, both) => {
        match $from_end {
            true => shown!($columns, $table, $at, " DESC"),
            false => shown!($columns, $table, $at, ""),
        }
    };
}

async fn list<T>(
    conn: &Conn,
    text: &'static str,
    conversations: &[ConversationId],
    window: &Window<Spot>,
) -> Result<Vec<(ConversationId, T)>, Error>
where
    T: diesel::QueryableByName<Pg> + Send + 'static,
{
    let found: Vec<Shown<T>> = sql(text)
        .bind(many(conversations, |id| *id))
        .bind(window.after.map(|spot| spot.version))
        .bind(window.after.and_then(|spot| spot.of))
        .bind(window.before.map(|spot| spot.version))
        .bind(window.before.and_then(|spot| spot.of))
        .bind(window.limit)
        .load(&mut &*conn)
        .await?;
    let found = found.into_iter();
    Ok(found.map(|Shown(asked, row)| (asked, row)).collect())
}

/// Lists the same part of the messages that several conversations show.
pub async fn list_messages(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
    window: &Window<Spot>,
) -> Result<Vec<(ConversationId, Message)>, Error> {
    let text = shown!("m.*", "messages", "stored_at", window.from_end, both);
    list(conn, text, conversations, window).await
}

/// Lists the same part of the notes that several conversations show.
pub async fn list_notes(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
    window: &Window<Spot>,
) -> Result<Vec<(ConversationId, Note)>, Error> {
    let text = shown!(
        "m.*",
        "conversation_notes",
        "written_at",
        window.from_end,
        both
    );
    list(conn, text, conversations, window).await
}
