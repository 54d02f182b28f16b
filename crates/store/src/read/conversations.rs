//! Conversations: the lists that desks show.

use super::Window;
use crate::conversations::Conversation;
use crate::sight::{Sight, in_sight};
use crate::sql::{Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::id::{AgentId, ContactId, ConversationId, InboxId, QueueId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::scope::TenantScope;

/// Which conversations a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Only those in one of these states.
    pub status: Option<Vec<ConversationStatus>>,
    /// Only those of this queue.
    pub queue: Option<QueueId>,
    /// Only those of whom.
    pub assignee: Assignee,
    /// Only those where the customer wrote last by one of these channels.
    pub channels: Option<Vec<ChannelKind>>,
}

/// Whose conversations a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Assignee {
    /// Everybody's and nobody's.
    #[default]
    Any,
    /// Nobody's.
    Nobody,
    /// One agent's.
    Agent(AgentId),
}

/// A place in the list: the moment of the last message, and the id among equals.
pub type Place = (DateTime<Utc>, ConversationId);

macro_rules! columns {
    () => {
        "id, thread_key, contact_id, inbox_id, group_id, queue_id, assignee_id, status, version,
            episode_id, episode_number, last_message_at, last_customer_message_at, last_text,
            created_at, priority, snoozed_until, held_reason, merged_into, has_merged"
    };
}

// The assignee is part of the text, so that the planner sees the index that fits. The index knows the
// minute of the last message alone; within a minute PostgreSQL sorts.
macro_rules! filtered {
    ($columns:expr, $assignee:literal, $rest:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM conversations
             WHERE merged_into IS NULL AND ($1 IS NULL OR status = ANY ($1)) AND ($2 IS NULL OR queue_id = $2)
              AND ($4 IS NULL OR inbox_id = ANY ($4)) AND ",
            in_sight!("", "$5"),
            " AND ",
            $assignee,
            $rest
        )
    };
}

// CASE where COALESCE would say it: under row-level security a plan for any values takes a COALESCE for
// something that might leak, and keeps it from the index.
macro_rules! page {
    ($assignee:literal, $order:literal) => {
        filtered!(
            columns!(),
            $assignee,
            concat!(
                " AND (last_message_at, id) < (COALESCE($6, 'infinity'),
                COALESCE($7, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
              AND (last_message_at, id) > (COALESCE($8, '-infinity'),
                COALESCE($9, '00000000-0000-0000-0000-000000000000'))
              AND last_minute <= CASE WHEN $6 IS NULL THEN 'infinity'
                ELSE date_trunc('minute', $6 AT TIME ZONE 'UTC') END
              AND last_minute >= CASE WHEN $8 IS NULL THEN '-infinity'
                ELSE date_trunc('minute', $8 AT TIME ZONE 'UTC') END
              ORDER BY ",
                $order,
                " LIMIT $10"
            )
        )
    };
    ($assignee:literal, $from_end:expr, both) => {
        match $from_end {
            false => page!($assignee, "last_minute DESC, last_message_at DESC, id DESC"),
            true => page!($assignee, "last_minute, last_message_at, id"),
        }
    };
}

/// Lists conversations that are seen, the one with the latest message first.
pub async fn list(
    conn: &Conn,
    _scope: TenantScope,
    sight: &Sight,
    filter: &Filter,
    window: &Window<Place>,
) -> Result<Vec<Conversation>, Error> {
    let (text, assignee) = match filter.assignee {
        Assignee::Any => (page!("($3 IS NULL OR true)", window.from_end, both), None),
        Assignee::Nobody => (
            page!(
                "($3 IS NULL AND assignee_id IS NULL)",
                window.from_end,
                both
            ),
            None,
        ),
        Assignee::Agent(id) => (page!("assignee_id = $3", window.from_end, both), Some(id)),
    };
    let inboxes = inboxes_of(conn, filter).await?;
    let mut found: Vec<Conversation> = sql(text)
        .bind(filter.status.clone().map(Many))
        .bind(filter.queue)
        .bind(assignee)
        .bind(inboxes.map(Many))
        .bind(sight.keys())
        .bind(window.after.map(|place| place.0))
        .bind(window.after.map(|place| place.1))
        .bind(window.before.map(|place| place.0))
        .bind(window.before.map(|place| place.1))
        .bind(window.limit)
        .load(&mut &*conn)
        .await?;
    if window.from_end {
        found.reverse();
    }
    Ok(found)
}

row! {
    /// One number.
    pub struct Count {
        /// The number.
        pub count: i64,
    }
}

row! {
    /// An inbox by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Named {
        /// Which.
        pub id: InboxId,
    }
}

/// Finds the inboxes of the filter's channels. A workspace has few of them, and a list of ids leaves
/// the planner the index that it would not see beside a subquery.
async fn inboxes_of(conn: &Conn, filter: &Filter) -> Result<Option<Vec<InboxId>>, Error> {
    let Some(channels) = &filter.channels else {
        return Ok(None);
    };
    let found: Vec<Named> = sql("SELECT id FROM inboxes WHERE channel = ANY ($1)")
        .bind(Many(channels.clone()))
        .load(&mut &*conn)
        .await?;
    Ok(Some(found.into_iter().map(|inbox| inbox.id).collect()))
}

/// Counts conversations that are seen, up to `cap`.
pub async fn count(
    conn: &Conn,
    _scope: TenantScope,
    sight: &Sight,
    filter: &Filter,
    cap: i64,
) -> Result<i64, Error> {
    macro_rules! capped {
        ($assignee:literal) => {
            concat!(
                "SELECT count(*) AS count FROM (",
                filtered!("1", $assignee, " LIMIT $6"),
                ") AS capped"
            )
        };
    }
    let (text, assignee) = match filter.assignee {
        Assignee::Any => (capped!("($3 IS NULL OR true)"), None),
        Assignee::Nobody => (capped!("($3 IS NULL AND assignee_id IS NULL)"), None),
        Assignee::Agent(id) => (capped!("assignee_id = $3"), Some(id)),
    };
    let inboxes = inboxes_of(conn, filter).await?;
    let found: Count = sql(text)
        .bind(filter.status.clone().map(Many))
        .bind(filter.queue)
        .bind(assignee)
        .bind(inboxes.map(Many))
        .bind(sight.keys())
        .bind(cap)
        .get_result(&mut &*conn)
        .await?;
    Ok(found.count)
}

/// Finds conversations.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM conversations WHERE id = ANY ($1)"
    ))
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A conversation by its id alone.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct OfContact {
        /// Which.
        pub id: ConversationId,
    }
}

/// Lists the conversations of a contact that are not closed, one for each queue where they wrote by an
/// app; mails on matters of their own are not among them.
pub async fn list_of_contact(
    conn: &Conn,
    _scope: TenantScope,
    contact: ContactId,
) -> Result<Vec<ConversationId>, Error> {
    let found: Vec<OfContact> = sql("SELECT c.id FROM queues q JOIN conversations c
            ON c.tenant_id = q.tenant_id AND c.thread_key = 'contact:' || $1::text || ':' || q.id
         WHERE c.status <> 'closed'")
    .bind(contact)
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}
