//! Notes that agents write for each other, and who is called in by them.

use crate::read::Window;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

row! {
    /// What an agent wrote down in a conversation.
    pub struct Note {
        /// Which.
        pub id: NoteId,
        /// In which conversation.
        pub conversation_id: ConversationId,
        /// Who wrote it.
        pub agent_id: AgentId,
        /// The words; empty once it was taken back.
        pub text: String,
        /// Which agents it calls in.
        pub mentions: Vec<Uuid>,
        /// Its place among the messages.
        pub version: i64,
        /// When it was written.
        pub written_at: DateTime<Utc>,
        /// When it was taken back.
        pub deleted_at: Option<DateTime<Utc>>,
    }
}

/// A note to be written down.
#[derive(Debug, Clone)]
pub struct NewNote<'a> {
    /// Which.
    pub id: NoteId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Who writes it.
    pub agent: AgentId,
    /// The words.
    pub text: &'a str,
    /// Which agents it calls in.
    pub mentions: &'a [AgentId],
    /// The conversation's version after it.
    pub version: i64,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes a note down.
pub async fn insert_note(conn: &Conn, scope: TenantScope, new: &NewNote<'_>) -> Result<(), Error> {
    sql("INSERT INTO conversation_notes
            (tenant_id, id, conversation_id, agent_id, text, mentions, version, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(scope.tenant())
    .bind(new.id)
    .bind(new.conversation)
    .bind(new.agent)
    .bind(new.text)
    .bind(many(new.mentions, |agent| *agent))
    .bind(new.version)
    .bind(new.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Takes a note back: the words are gone, its place remains.
pub async fn delete_note(
    conn: &Conn,
    _scope: TenantScope,
    id: NoteId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE conversation_notes SET text = '', deleted_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Finds notes.
pub async fn find_notes(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[NoteId],
) -> Result<Vec<Note>, Error> {
    let found = sql(
        "SELECT id, conversation_id, agent_id, text, mentions, version, written_at, deleted_at
         FROM conversation_notes WHERE id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the same part of several conversations' notes, each in order.
pub async fn list_notes(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
    window: &Window<i64>,
) -> Result<Vec<Note>, Error> {
    macro_rules! page {
        ($order:literal) => {
            concat!(
                "SELECT n.id, n.conversation_id, n.agent_id, n.text, n.mentions, n.version,
                    n.written_at, n.deleted_at
                 FROM unnest($1) AS t (id) CROSS JOIN LATERAL (
                    SELECT * FROM conversation_notes WHERE conversation_id = t.id
                        AND version > CASE WHEN $2 IS NULL THEN -1 ELSE $2 END
                        AND version < CASE WHEN $3 IS NULL THEN 9223372036854775807 ELSE $3 END
                    ORDER BY version ",
                $order,
                " LIMIT $4) n
                 ORDER BY n.conversation_id, n.version"
            )
        };
    }
    let text = if window.from_end {
        page!("DESC")
    } else {
        page!("ASC")
    };
    let found = sql(text)
        .bind(many(conversations, |id| *id))
        .bind(window.after)
        .bind(window.before)
        .bind(window.limit)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

row! {
    /// An agent by their id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Known {
        /// Who.
        pub id: AgentId,
    }
}

/// Keeps of some agents those who may sign in, in the order of their ids.
pub async fn rank_agents(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<AgentId>, Error> {
    let found: Vec<Known> =
        sql("SELECT id FROM agents WHERE id = ANY ($1) AND disabled_at IS NULL ORDER BY id")
            .bind(many(agents, |id| *id))
            .load(&mut &*conn)
            .await?;
    Ok(found.into_iter().map(|one| one.id).collect())
}

row! {
    /// That an agent was called in by a note.
    pub struct Mention {
        /// Which notification.
        pub id: NotificationId,
        /// Who is called in.
        pub agent_id: AgentId,
        /// To which conversation.
        pub conversation_id: ConversationId,
        /// By which note.
        pub note_id: NoteId,
        /// When.
        pub made_at: DateTime<Utc>,
        /// When they marked it as read.
        pub read_at: Option<DateTime<Utc>>,
    }
}

/// Tells agents that a note calls them in.
pub async fn insert_mentions(
    conn: &Conn,
    scope: TenantScope,
    note: &NewNote<'_>,
    told: &[(NotificationId, AgentId)],
) -> Result<(), Error> {
    sql(
        "INSERT INTO mentions (tenant_id, id, agent_id, conversation_id, note_id, made_at)
         SELECT $1, t.id, t.agent_id, $4, $5, $6 FROM unnest($2, $3) AS t (id, agent_id)",
    )
    .bind(scope.tenant())
    .bind(many(told, |one| one.0))
    .bind(many(told, |one| one.1))
    .bind(note.conversation)
    .bind(note.id)
    .bind(note.at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Lists what an agent is called in to, the latest first.
pub async fn list_mentions(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    unread_only: bool,
    limit: i64,
) -> Result<Vec<Mention>, Error> {
    let found = sql(
        "SELECT id, agent_id, conversation_id, note_id, made_at, read_at FROM mentions
         WHERE agent_id = $1 AND (read_at IS NULL OR NOT $2)
         ORDER BY made_at DESC, id DESC LIMIT $3",
    )
    .bind(agent)
    .bind(unread_only)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Marks what an agent is called in to as read, one or all; returns how many were not.
pub async fn mark_mentions_read(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    only: Option<NotificationId>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let marked = sql("UPDATE mentions SET read_at = $3
         WHERE agent_id = $1 AND read_at IS NULL AND ($2 IS NULL OR id = $2)")
    .bind(agent)
    .bind(only)
    .bind(now)
    .execute(&mut &*conn)
    .await?;
    Ok(marked)
}

/// Tells whether an agent is told so.
pub async fn is_mentioned(
    conn: &Conn,
    _scope: TenantScope,
    agent: AgentId,
    id: NotificationId,
) -> Result<bool, Error> {
    let found: Vec<Known> =
        sql("SELECT agent_id AS id FROM mentions WHERE id = $1 AND agent_id = $2")
            .bind(id)
            .bind(agent)
            .load(&mut &*conn)
            .await?;
    Ok(!found.is_empty())
}
