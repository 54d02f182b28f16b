//! Messages, their revisions and reactions.

use crate::persons::person_of;
use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// A message, as far as its later changes need it.
    pub struct MessageState {
        /// Which.
        pub id: MessageId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// The provider's id of it.
        pub provider_id: Option<String>,
        /// What it holds.
        pub content: Value,
        /// Counts edits.
        pub revision: i32,
        /// When its author took it back.
        pub deleted_at: Option<DateTime<Utc>>,
        /// When it was withdrawn, its time being over.
        pub expired_at: Option<DateTime<Utc>>,
        /// How far ours got.
        pub delivery: Option<DeliveryState>,
        /// Whether the provider has it and said that it holds it back.
        pub held: Option<bool>,
        /// The present try.
        pub attempt_id: Option<AttemptId>,
        /// Counts the tries.
        pub attempts: i32,
    }
}

/// The message that one of the provider's ids names within an inbox, as an expression in SQL: by its
/// main id or by a further one, each by its index. Row-level security keeps it out of other indexes
/// unless it stands in a `SELECT` of its own.
macro_rules! named {
    ($inbox:literal, $id:literal) => {
        concat!(
            "COALESCE((SELECT id FROM messages WHERE inbox_id = ",
            $inbox,
            " AND provider_id = ",
            $id,
            "), (SELECT message_id FROM message_ids WHERE inbox_id = ",
            $inbox,
            " AND provider_id = ",
            $id,
            "))"
        )
    };
}

/// The messages that ids of the provider name, as a table in SQL: `inbox_id`, `provider_id` as asked,
/// and `id`, null where nothing is named.
///
/// `OFFSET 0` keeps it apart, so that `id` is a plain value by which the rest is looked up.
macro_rules! all_named {
    ($inboxes:literal, $ids:literal) => {
        concat!(
            "(SELECT r.inbox_id, r.provider_id, ",
            crate::messages::named!("r.inbox_id", "r.provider_id"),
            " AS id FROM unnest(",
            $inboxes,
            ", ",
            $ids,
            ") AS r (inbox_id, provider_id) OFFSET 0)"
        )
    };
}

pub(crate) use {all_named, named};

/// Finds a message by any of the provider's ids and locks it.
pub async fn lock_by_provider_id(
    conn: &Conn,
    _scope: TenantScope,
    inbox: InboxId,
    provider_id: &str,
) -> Result<Option<MessageState>, Error> {
    let found = sql(concat!(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, expired_at, delivery, attempt_id, attempts,
            delivery = 'sent' AND failure IS NOT NULL AS held
         FROM messages WHERE id = (SELECT ",
        named!("$1", "$2"),
        ") FOR NO KEY UPDATE"
    ))
    .bind(inbox)
    .bind(provider_id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a message by the try that the provider was told, and locks it.
pub async fn lock_by_attempt(
    conn: &Conn,
    _scope: TenantScope,
    attempt: AttemptId,
) -> Result<Option<MessageState>, Error> {
    let found = sql(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, expired_at, delivery, attempt_id, attempts,
            delivery = 'sent' AND failure IS NOT NULL AS held
         FROM messages WHERE attempt_id = $1 FOR NO KEY UPDATE",
    )
    .bind(attempt)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds a message by our id and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
) -> Result<Option<MessageState>, Error> {
    let found = sql(
        "SELECT id, conversation_id, inbox_id, provider_id, content, revision,
            deleted_at, expired_at, delivery, attempt_id, attempts,
            delivery = 'sent' AND failure IS NOT NULL AS held
         FROM messages WHERE id = $1 FOR NO KEY UPDATE",
    )
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Replaces what a message holds and keeps what it held before.
pub async fn replace_content(
    conn: &Conn,
    scope: TenantScope,
    message: &MessageState,
    content: Value,
    text: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("WITH kept AS (
            INSERT INTO message_revisions (message_id, tenant_id, revision, content, replaced_at)
            VALUES ($1, $2, $3, $4, $5)
         )
         UPDATE messages SET content = $6, text = $7, revision = $3 + 1 WHERE id = $1")
    .bind(message.id)
    .bind(scope.tenant())
    .bind(message.revision)
    .bind(message.content.clone())
    .bind(at)
    .bind(content)
    .bind(text)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// What is known about an edit that comes now.
    pub struct EditState {
        /// Whether the same edit was seen before.
        pub seen: bool,
        /// Whether a later one was.
        pub outdated: bool,
    }
}

/// Compares an edit, made at `at`, with those that came before it.
pub async fn compare_edit(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    content: &Value,
    at: DateTime<Utc>,
) -> Result<EditState, Error> {
    let found = sql("SELECT
            COALESCE(bool_or(revision > 0 AND content = $2 AND replaced_at >= $3), false) AS seen,
            COALESCE(bool_or(replaced_at > $3), false) AS outdated
         FROM message_revisions WHERE message_id = $1")
    .bind(id)
    .bind(content.clone())
    .bind(at)
    .get_result(&mut &*conn)
    .await?;
    Ok(found)
}

/// Keeps an edit that came after a later one: on record, but not what the message holds.
pub async fn keep_outdated(
    conn: &Conn,
    scope: TenantScope,
    message: &MessageState,
    content: Value,
) -> Result<(), Error> {
    sql("WITH kept AS (
            INSERT INTO message_revisions (message_id, tenant_id, revision, content, replaced_at)
            SELECT $1, $2, $3, $4, max(replaced_at) FROM message_revisions WHERE message_id = $1
         )
         UPDATE messages SET revision = $3 + 1 WHERE id = $1")
    .bind(message.id)
    .bind(scope.tenant())
    .bind(message.revision)
    .bind(content)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Notes that the author took a message back; what it held stays on record.
pub async fn mark_deleted(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE messages SET deleted_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// How far one of our messages got.
#[derive(Debug, Clone)]
pub struct Progress {
    /// How far.
    pub delivery: DeliveryState,
    /// The provider's id, where it is known now.
    pub provider_id: Option<String>,
    /// Why it failed or waits, as JSON.
    pub failure: Option<Value>,
}

/// Writes how far one of our messages got; a provider's id once known stays, and so does the reason
/// while the state stays.
pub async fn mark_progress(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    progress: &Progress,
) -> Result<(), Error> {
    sql(
        "UPDATE messages SET delivery = $2, provider_id = COALESCE(provider_id, $3),
            failure = CASE WHEN delivery = $2 AND $4 IS NULL THEN failure ELSE $4 END
         WHERE id = $1",
    )
    .bind(id)
    .bind(progress.delivery)
    .bind(progress.provider_id.clone())
    .bind(progress.failure.clone())
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Notes that the provider, which held a message back, has sent it.
pub async fn mark_let_go(conn: &Conn, _scope: TenantScope, id: MessageId) -> Result<(), Error> {
    sql("UPDATE messages SET failure = NULL WHERE id = $1 AND delivery = 'sent'")
        .bind(id)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Notes further ids by which the provider names a message; one that names another message already
/// stays with it.
///
/// The caller holds [`crate::early::lock`] of all of them.
pub async fn insert_ids(
    conn: &Conn,
    scope: TenantScope,
    inbox: InboxId,
    message: MessageId,
    ids: &[&str],
) -> Result<(), Error> {
    sql(
        "INSERT INTO message_ids (inbox_id, provider_id, message_id, tenant_id)
         SELECT $1, r.id, $2, $3 FROM unnest($4) AS r (id)
         WHERE (SELECT m.id FROM messages m WHERE m.inbox_id = $1 AND m.provider_id = r.id) IS NULL
         ON CONFLICT (inbox_id, provider_id) DO NOTHING",
    )
    .bind(inbox)
    .bind(message)
    .bind(scope.tenant())
    .bind(many(ids, |id| *id))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// A note for a conversation's timeline that nobody wrote.
#[derive(Debug, Clone)]
pub struct NewNote<'a> {
    /// Names it.
    pub id: MessageId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Of which episode.
    pub episode_id: EpisodeId,
    /// By which app.
    pub inbox_id: InboxId,
    /// What tells a repeat.
    pub provider_id: &'a str,
    /// The canonical content.
    pub content: serde_json::Value,
    /// The words of it.
    pub text: &'a str,
    /// The JSON of it, as it came.
    pub raw: &'a str,
    /// When it happened.
    pub sent_at: DateTime<Utc>,
    /// When it is stored.
    pub stored_at: DateTime<Utc>,
    /// The conversation's version at its event.
    pub version: i64,
    /// That of the conversation that the thread is merged into.
    pub shown_version: Option<i64>,
}

/// Writes a note; the conversation is locked and stays as it is otherwise.
pub async fn insert_note(conn: &Conn, scope: TenantScope, note: NewNote<'_>) -> Result<(), Error> {
    // Not the customer's: it opens no reply window, and nobody has to have seen it.
    sql(
        "INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
            provider_id, content, text, raw, sent_at, stored_at, version, delivery, shown_version)
         VALUES ($1, $2, $3, $4, $5, 'out', $6, $7, $8, $9, $10, $11, $12, 'sent', $13)",
    )
    .bind(note.id)
    .bind(scope.tenant())
    .bind(note.conversation_id)
    .bind(note.episode_id)
    .bind(note.inbox_id)
    .bind(note.provider_id)
    .bind(note.content)
    .bind(note.text)
    .bind(note.raw)
    .bind(note.sent_at)
    .bind(note.stored_at)
    .bind(note.version)
    .bind(note.shown_version)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// What stands on a message, by whom.
#[derive(Debug, Clone)]
pub struct NewReaction<'a> {
    /// In which inbox.
    pub inbox_id: InboxId,
    /// The provider's id of the message.
    pub target: &'a str,
    /// The address of who reacted.
    pub author: &'a str,
    /// What stands now.
    pub emojis: Vec<String>,
    /// When, by the provider's clock.
    pub changed_at: DateTime<Utc>,
}

/// Writes what stands on a message unless something newer is known; `true` when it changed.
pub async fn set_reaction(
    conn: &Conn,
    scope: TenantScope,
    reaction: &NewReaction<'_>,
) -> Result<bool, Error> {
    // What says the same as before still moves the time on, so that something older stays older.
    let changed: Count = sql("WITH before AS (
            SELECT emojis FROM reactions WHERE inbox_id = $1 AND target = $2 AND author = $3
         ), after AS (
            INSERT INTO reactions (inbox_id, target, author, tenant_id, emojis, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (inbox_id, target, author) DO UPDATE
            SET emojis = excluded.emojis, changed_at = excluded.changed_at
            WHERE reactions.changed_at <= excluded.changed_at
            RETURNING emojis
         )
         SELECT count(*) AS count FROM after
         WHERE emojis <> COALESCE((SELECT emojis FROM before), '{}')")
    .bind(reaction.inbox_id)
    .bind(reaction.target)
    .bind(reaction.author)
    .bind(scope.tenant())
    .bind(Many(reaction.emojis.clone()))
    .bind(reaction.changed_at)
    .get_result(&mut &*conn)
    .await?;
    Ok(changed.count == 1)
}

/// An agent's reply.
#[derive(Debug)]
pub struct NewReply {
    /// Names the message.
    pub id: MessageId,
    /// Of which conversation.
    pub conversation_id: ConversationId,
    /// Of which episode.
    pub episode_id: EpisodeId,
    /// Which app carries it.
    pub inbox_id: InboxId,
    /// Who it goes to; `None` for a group.
    pub recipient_id: Option<ContactId>,
    /// Who wrote it; `None` for what the desk says itself, which is nobody's answer.
    pub agent_id: Option<AgentId>,
    /// The canonical content as JSON.
    pub content: Value,
    /// The words of it.
    pub text: String,
    /// The beginning of the words, for lists.
    pub preview: String,
    /// The provider's id of what it answers.
    pub reply_to: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// The conversation's version at its event.
    pub version: i64,
}

/// Writes a reply that waits for its delivery, and notes it with conversation and episode.
pub async fn insert_reply(
    conn: &Conn,
    scope: TenantScope,
    reply: NewReply,
    status: interdesk_domain::conversation::ConversationStatus,
) -> Result<(), Error> {
    sql("WITH reply AS (
            INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, direction,
                agent_id, content, text, reply_to, sent_at, stored_at, version, delivery, recipient_id)
            VALUES ($1, $2, $3, $4, $5, 'out', $6, $7, $8, $9, $10, $10, $11, 'queued', $14)
         ), episode AS (
            UPDATE episodes SET first_reply_at = $10
            WHERE id = $4 AND first_reply_at IS NULL AND $6 IS NOT NULL
         )
         UPDATE conversations SET version = $11, status = $12, last_message_at = $10, last_text = $13
         WHERE id = $3")
    .bind(reply.id)
    .bind(scope.tenant())
    .bind(reply.conversation_id)
    .bind(reply.episode_id)
    .bind(reply.inbox_id)
    .bind(reply.agent_id)
    .bind(reply.content)
    .bind(reply.text)
    .bind(reply.reply_to)
    .bind(reply.at)
    .bind(reply.version)
    .bind(status)
    .bind(reply.preview)
    .bind(reply.recipient_id)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

row! {
    /// A number of rows.
    pub struct Count {
        /// How many.
        pub count: i64,
    }
}

/// Leaves out what tells of a conversation beside its messages, as a condition in SQL: nobody has to have seen
/// who came into a group, or that the customer's mailbox answered by itself.
macro_rules! beside_notices {
    ($message:literal) => {
        concat!(
            "NOT (",
            $message,
            ".direction = 'out' AND ",
            $message,
            ".agent_id IS NULL AND ",
            $message,
            ".content ->> 'type' = 'notice')"
        )
    };
}

/// The messages that a conversation shows of those that are merged into it since a version of it, as a
/// table in SQL: what came since by their threads, and all of what was merged since. `place` is the version
/// at which each came to be shown.
macro_rules! shown_since {
    ($conversation:literal, $version:literal) => {
        concat!(
            "(SELECT x.id, x.agent_id, x.place FROM conversations b CROSS JOIN LATERAL (
                SELECT o.id, o.agent_id, CASE WHEN o.version > b.merged_own_version
                    THEN o.shown_version ELSE b.merged_version END AS place
                FROM messages o WHERE o.conversation_id = b.id AND ",
            beside_notices!("o"),
            "
                    AND (b.merged_version > ",
            $version,
            " OR o.version > b.merged_own_version)) x
              WHERE b.merged_into = ",
            $conversation,
            " AND x.place > ",
            $version,
            ")"
        )
    };
}

/// Counts what others wrote in a conversation after `version`, or replaced or took back since: what
/// the agent may not have seen.
pub async fn count_missed(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    version: i64,
    agent: AgentId,
) -> Result<i64, Error> {
    let missed: Count = sql(concat!(
        "SELECT (
            SELECT count(*) FROM messages n
            WHERE conversation_id = $1 AND version > $2 AND agent_id IS DISTINCT FROM $3 AND ",
        beside_notices!("n"),
        "
         ) + (
            SELECT count(*) FROM messages
            WHERE conversation_id = $1 AND changed_version > $2 AND version <= $2
                AND agent_id IS NULL
         ) + (
            SELECT count(*) FROM ",
        shown_since!("$1", "$2"),
        " m WHERE m.agent_id IS DISTINCT FROM $3
         ) AS count"
    ))
    .bind(conversation)
    .bind(version)
    .bind(agent)
    .get_result(&mut &*conn)
    .await?;
    Ok(missed.count)
}

/// Lists what `count_missed` counts, oldest first.
pub async fn list_missed(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    version: i64,
    agent: AgentId,
    limit: i64,
) -> Result<Vec<MessageId>, Error> {
    row! {
        /// A message by its id alone.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Missed {
            /// Which.
            pub id: MessageId,
        }
    }
    let missed: Vec<Missed> = sql(concat!(
        "SELECT id FROM (
            SELECT id, version FROM messages n
            WHERE conversation_id = $1 AND version > $2 AND agent_id IS DISTINCT FROM $3 AND ",
        beside_notices!("n"),
        "
            UNION ALL
            SELECT id, version FROM messages
            WHERE conversation_id = $1 AND changed_version > $2 AND version <= $2
                AND agent_id IS NULL
            UNION ALL
            SELECT m.id, m.place FROM ",
        shown_since!("$1", "$2"),
        " m WHERE m.agent_id IS DISTINCT FROM $3
         ) m ORDER BY version, id LIMIT $4"
    ))
    .bind(conversation)
    .bind(version)
    .bind(agent)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(missed.into_iter().map(|one| one.id).collect())
}

/// Notes the conversation's version at which the author of a message replaced it or took it back.
pub async fn mark_changed(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    version: i64,
) -> Result<(), Error> {
    sql("UPDATE messages SET changed_version = $2 WHERE id = $1")
        .bind(id)
        .bind(version)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

row! {
    /// A reply on its way out.
    pub struct Pending {
        /// Which message.
        pub id: MessageId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// What it holds.
        pub content: Value,
        /// The provider's id of what it answers.
        pub reply_to: Option<String>,
        /// How far it got: queued or sending.
        pub delivery: DeliveryState,
        /// Counts the tries so far.
        pub attempts: i32,
        /// Whether it waits for the time of its next try.
        pub waits: bool,
        /// The group that it goes to.
        pub group_id: Option<String>,
        /// Who it goes to.
        pub contact_id: ContactId,
        /// Whether they are the person of the conversation still.
        pub is_theirs: bool,
        /// What the inbox's adapter remembers of the conversation.
        pub state: Option<String>,
        /// When it is to be gone.
        pub expires_at: Option<DateTime<Utc>>,
        /// Who wrote it.
        pub agent_id: Option<AgentId>,
        /// What they are called.
        pub agent_name: Option<String>,
    }
}

/// Finds the oldest reply of a conversation that is not out yet, and locks it: replies leave in the
/// order in which they were written.
pub async fn lock_next_pending(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Pending>, Error> {
    let found = sql(concat!(
        "SELECT m.id, m.conversation_id, m.inbox_id, m.content, m.reply_to, m.delivery,
            m.attempts, m.expires_at, c.group_id, r.id AS contact_id, r.person = ",
        person_of!("c.contact_id"),
        " AS is_theirs, m.agent_id, (SELECT a.name FROM agents a WHERE a.id = m.agent_id) AS agent_name,
            (SELECT s.state FROM channel_states s
                WHERE s.conversation_id = m.conversation_id AND s.inbox_id = m.inbox_id
                    -- What another contact of the same person told leads to that one.
                    AND (c.group_id IS NOT NULL OR s.contact_id IS NULL OR s.contact_id = r.id
                        OR r.person <> ",
        person_of!("s.contact_id"),
        ")) AS state,
            EXISTS (SELECT FROM timers t WHERE t.subject_id = m.id AND t.kind = 'delivery_retry') AS waits
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         CROSS JOIN LATERAL (SELECT n.id, ",
        person_of!("n.id"),
        " AS person FROM (SELECT COALESCE(m.recipient_id, c.contact_id) AS id OFFSET 0) AS n) AS r
         WHERE m.conversation_id = $1 AND m.delivery IN ('queued', 'sending')
         ORDER BY m.version LIMIT 1 FOR NO KEY UPDATE OF m"
    ))
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// What decides when the oldest reply of a conversation may leave.
    pub struct Turn {
        /// Which reply.
        pub id: MessageId,
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// What kind of app that is.
        pub channel: ChannelKind,
        /// The group that it goes to.
        pub group_id: Option<String>,
        /// Who it goes to.
        pub contact_id: ContactId,
        /// How many messages may leave through the app in a second; `None` for what it declares.
        pub per_second: Option<i32>,
    }
}

/// Finds the oldest reply of a conversation where it neither is under way nor waits for a time.
pub async fn find_turn(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<Turn>, Error> {
    let found = sql("SELECT m.id, m.inbox_id, i.channel, f.per_second,
            COALESCE(m.recipient_id, c.contact_id) AS contact_id, c.group_id
         FROM (SELECT id, inbox_id, conversation_id, delivery, recipient_id FROM messages
                WHERE conversation_id = $1 AND delivery IN ('queued', 'sending')
                ORDER BY version LIMIT 1) m
         JOIN conversations c ON c.id = m.conversation_id
         JOIN inboxes i ON i.id = m.inbox_id
         LEFT JOIN inbox_facts f ON f.inbox_id = m.inbox_id
         WHERE m.delivery = 'queued' AND NOT EXISTS
            (SELECT FROM timers t WHERE t.subject_id = m.id AND t.kind = 'delivery_retry')")
    .bind(conversation)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// A conversation with a reply that nobody began to deliver.
    pub struct Overdue {
        /// Whose.
        pub tenant_id: TenantId,
        /// Which.
        pub conversation_id: ConversationId,
    }
}

/// Lists the conversations whose next reply was written before a moment and is neither under way
/// nor waits for its next try, the oldest first; for the system's role.
pub async fn list_overdue(
    conn: &Conn,
    written_before: DateTime<Utc>,
    at_most: i64,
) -> Result<Vec<Overdue>, Error> {
    let found = sql("SELECT tenant_id, conversation_id FROM overdue_replies($1, $2::integer)")
        .bind(written_before)
        .bind(at_most)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Begins a try.
pub async fn mark_sending(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
    attempt: AttemptId,
) -> Result<(), Error> {
    sql(
        "UPDATE messages SET delivery = 'sending', attempt_id = $2, attempts = attempts + 1
         WHERE id = $1",
    )
    .bind(id)
    .bind(attempt)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Finds a message of the conversation, or of one that is merged into it, that the provider knows.
pub async fn find_quoted(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Quoted>, Error> {
    let found = sql(
        "SELECT inbox_id, provider_id FROM messages
         WHERE id = $2 AND provider_id IS NOT NULL AND (conversation_id = $1
            OR conversation_id = ANY (ARRAY(SELECT id FROM conversations WHERE merged_into = $1)))",
    )
    .bind(conversation)
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

row! {
    /// A message that another one answers.
    pub struct Quoted {
        /// Which app carries it.
        pub inbox_id: InboxId,
        /// The provider's id of it.
        pub provider_id: String,
    }
}

row! {
    /// Where a message belongs.
    pub struct Place {
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which app carries it.
        pub inbox_id: InboxId,
    }
}

/// Finds where a message belongs.
pub async fn find_place(
    conn: &Conn,
    _scope: TenantScope,
    id: MessageId,
) -> Result<Option<Place>, Error> {
    let found = sql("SELECT conversation_id, inbox_id FROM messages WHERE id = $1")
        .bind(id)
        .get_result(&mut &*conn)
        .await
        .optional()?;
    Ok(found)
}
