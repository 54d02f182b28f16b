//! The web chat's sessions, and what of a conversation its visitor sees.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Duration, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;
use uuid::Uuid;

row! {
    /// A browser that a visitor writes from.
    pub struct Session {
        /// Which: the id of its tokens.
        pub id: Uuid,
        /// At which inbox.
        pub inbox_id: InboxId,
        /// The visitor.
        pub visitor_id: Uuid,
        /// The page's own id of somebody it vouches for.
        pub user_id: Option<String>,
        /// The name that the page signed.
        pub name: Option<String>,
        /// An address that nobody has checked.
        pub email: Option<String>,
        /// The language of the browser.
        pub locale: Option<String>,
        /// When it began.
        pub begun_at: DateTime<Utc>,
        /// Until when it runs.
        pub expires_at: DateTime<Utc>,
        /// When it was ended.
        pub ended_at: Option<DateTime<Utc>>,
    }
}

impl Session {
    /// Names who the visitor is, beyond this browser: strangers and people whom the page vouches for
    /// never share a name.
    pub fn person(&self) -> String {
        match &self.user_id {
            Some(user) => format!("user:{user}"),
            None => format!("visitor:{}", self.visitor_id),
        }
    }
}

/// Begins a session; some of those that ended long ago go with the same statement.
pub async fn insert_session(
    conn: &Conn,
    scope: TenantScope,
    session: &Session,
) -> Result<(), Error> {
    sql("WITH gone AS (
            DELETE FROM widget_sessions WHERE id IN (
                SELECT id FROM widget_sessions WHERE inbox_id = $3 AND expires_at < $11 LIMIT 100)
         )
         INSERT INTO widget_sessions (id, tenant_id, inbox_id, visitor_id, user_id, name, email,
            locale, begun_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(session.id)
    .bind(scope.tenant())
    .bind(session.inbox_id)
    .bind(session.visitor_id)
    .bind(session.user_id.clone())
    .bind(session.name.clone())
    .bind(session.email.clone())
    .bind(session.locale.clone())
    .bind(session.begun_at)
    .bind(session.expires_at)
    .bind(session.begun_at - Duration::days(7))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds a session.
pub async fn find_session(
    conn: &Conn,
    _scope: TenantScope,
    id: Uuid,
) -> Result<Option<Session>, Error> {
    let found = sql(
        "SELECT id, inbox_id, visitor_id, user_id, name, email, locale, begun_at,
            expires_at, ended_at FROM widget_sessions WHERE id = $1",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lets a session that still runs go on until a later moment; `true` when it did.
pub async fn renew_session(
    conn: &Conn,
    _scope: TenantScope,
    id: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let renewed = sql(
        "UPDATE widget_sessions SET expires_at = GREATEST(expires_at, $3)
         WHERE id = $1 AND ended_at IS NULL AND expires_at > $2",
    )
    .bind(id)
    .bind(now)
    .bind(until)
    .execute(&mut &*conn)
    .await?;
    Ok(renewed == 1)
}

/// Ends a session.
pub async fn end_session(
    conn: &Conn,
    _scope: TenantScope,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE widget_sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Notes the address that a visitor left.
pub async fn set_email(
    conn: &Conn,
    _scope: TenantScope,
    id: Uuid,
    email: &str,
) -> Result<(), Error> {
    sql("UPDATE widget_sessions SET email = $2 WHERE id = $1")
        .bind(id)
        .bind(email)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// What a visitor may see of a conversation, and how far it is.
    pub struct Thread {
        /// Which conversation.
        pub conversation_id: ConversationId,
        /// The contact that the visitor is.
        pub contact_id: ContactId,
        /// Counts the conversation's events.
        pub version: i64,
        /// Who has it, by the name to show.
        pub agent: Option<String>,
    }
}

/// Finds the conversation that a visitor wrote in last.
pub async fn find_thread(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    person: &str,
) -> Result<Option<Thread>, Error> {
    let found = sql(
        "SELECT t.conversation_id, t.contact_id, c.version, a.name AS agent
         FROM widget_threads t JOIN conversations c ON c.id = t.conversation_id
         LEFT JOIN agents a ON a.id = c.assignee_id
         WHERE t.inbox_id = $1 AND t.person = $2 ORDER BY t.written_at DESC LIMIT 1",
    )
    .bind(inbox)
    .bind(person)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Notes that a visitor wrote in a conversation, by the message that they wrote.
pub async fn note_thread(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    person: &str,
    message: &Shown,
) -> Result<(), Error> {
    sql(
        "INSERT INTO widget_threads (inbox_id, person, conversation_id, contact_id, tenant_id,
            written_at)
         SELECT $1, $2, conversation_id, contact_id, $4, stored_at FROM messages
         WHERE id = $3 AND contact_id IS NOT NULL
         ON CONFLICT (inbox_id, person, conversation_id)
         DO UPDATE SET written_at = GREATEST(widget_threads.written_at, excluded.written_at)",
    )
    .bind(inbox)
    .bind(person)
    .bind(message.id)
    .bind(scope.tenant())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A message as a visitor sees it.
    pub struct Shown {
        /// Which.
        pub id: MessageId,
        /// `in` from the visitor, `out` from us.
        pub direction: String,
        /// The inbox's id of it: for the visitor's own the id that their widget gave.
        pub provider_id: Option<String>,
        /// The canonical content.
        pub content: Value,
        /// The inbox's id of the message that it quotes.
        pub reply_to: Option<String>,
        /// When it was sent.
        pub sent_at: DateTime<Utc>,
        /// The order within the conversation.
        pub version: i64,
        /// Counts edits.
        pub revision: i32,
        /// When its author took it back.
        pub deleted_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
        /// The name of the agent who wrote it.
        pub agent: Option<String>,
    }
}

macro_rules! columns {
    () => {
        "m.id, m.direction, m.provider_id, m.content, m.reply_to, m.sent_at, m.version, m.revision,
            m.deleted_at, m.delivery, a.name AS agent"
    };
}

/// What of a conversation a visitor sees, as a condition in SQL over `m`: by the inbox that they came
/// by, what they wrote, and what we wrote to them, or while they were the last to have written there.
/// Somebody else may be found to be the same person, rightly or wrongly; their words stay theirs.
macro_rules! visible {
    () => {
        "m.conversation_id = $1 AND m.inbox_id = $2 AND (
            (m.direction = 'in' AND m.contact_id = $3)
            OR (m.direction = 'out' AND m.delivery IN ('sent', 'delivered', 'read')
                AND $3 = COALESCE(m.recipient_id, (SELECT p.contact_id FROM messages p
                    WHERE p.conversation_id = m.conversation_id AND p.inbox_id = $2
                        AND p.direction = 'in' AND p.version < m.version
                    ORDER BY p.version DESC LIMIT 1))))"
    };
}

/// Lists what a visitor sees before a place in the conversation's order, the latest first.
pub async fn list_shown(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    thread: &Thread,
    before: i64,
    limit: i64,
) -> Result<Vec<Shown>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM messages m LEFT JOIN agents a ON a.id = m.agent_id WHERE ",
        visible!(),
        " AND m.version < $4 ORDER BY m.version DESC LIMIT $5"
    ))
    .bind(thread.conversation_id)
    .bind(inbox)
    .bind(thread.contact_id)
    .bind(before)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists those of our messages up to a place that a visitor sees and that have not come as far as one
/// of `states` yet, the earliest first.
pub async fn list_unreceipted(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    thread: &Thread,
    up_to: i64,
    states: &[DeliveryState],
) -> Result<Vec<Shown>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM messages m LEFT JOIN agents a ON a.id = m.agent_id WHERE ",
        visible!(),
        " AND m.direction = 'out' AND m.version <= $4 AND m.delivery = ANY ($5)
         ORDER BY m.version LIMIT 200"
    ))
    .bind(thread.conversation_id)
    .bind(inbox)
    .bind(thread.contact_id)
    .bind(up_to)
    .bind(many(states, |state| *state))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds a message that a visitor sees by the inbox's id of it.
pub async fn find_visible(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    thread: &Thread,
    provider_id: &str,
) -> Result<Option<Shown>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM messages m LEFT JOIN agents a ON a.id = m.agent_id WHERE ",
        visible!(),
        " AND m.provider_id = $4"
    ))
    .bind(thread.conversation_id)
    .bind(inbox)
    .bind(thread.contact_id)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a visitor's own message by the inbox's id of it.
pub async fn find_own(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<Shown>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM messages m LEFT JOIN agents a ON a.id = m.agent_id
         WHERE m.inbox_id = $1 AND m.provider_id = $2 AND m.direction = 'in'"
    ))
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}
