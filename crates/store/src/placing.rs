//! What placing new work reads and writes: who wrote, who had them last, how much waits.

use crate::sql::{many, row, sql};
use crate::timers::TimerKind;
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::routing::limit::Limited;
use interdesk_domain::scope::TenantScope;
use serde_json::Value;

row! {
    /// Whether placing has anything to read.
    pub struct Wanted {
        /// Whether there is such a policy.
        pub is_wanted: bool,
    }
}

/// Tells whether the tenant has rules, or a policy of a queue, which may limit its length or keep work
/// for who had it last.
pub async fn is_wanted(conn: &Conn, scope: TenantScope) -> Result<bool, Error> {
    let found: Wanted = sql("SELECT EXISTS (SELECT FROM policies
         WHERE tenant_id = $1 AND kind IN ('rules', 'queue') AND retired_at IS NULL) AS is_wanted")
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await?;
    Ok(found.is_wanted)
}

row! {
    /// What is known about a contact.
    pub struct Contact {
        /// Who.
        pub id: ContactId,
        /// The language of their app.
        pub locale: Option<String>,
        /// What the tenant knows about them.
        pub attributes: Value,
        /// Whether they are very important.
        pub vip: bool,
        /// The segments that they are in.
        pub segments: Vec<String>,
    }
}

/// Finds what is known about contacts; those who write for the first time are not there yet.
pub async fn find_contacts(
    conn: &Conn,
    _scope: TenantScope,
    contacts: &[ContactId],
) -> Result<Vec<Contact>, Error> {
    let found =
        sql("SELECT id, locale, attributes, vip, segments FROM contacts WHERE id = ANY ($1)")
            .bind(many(contacts, |id| *id))
            .load(&mut &*conn)
            .await?;
    Ok(found)
}

row! {
    /// Who had a conversation last.
    pub struct LastOwner {
        /// Which conversation.
        pub conversation_id: ConversationId,
        /// Who.
        pub agent_id: AgentId,
    }
}

/// Finds who had conversations last, as far as they may still work.
pub async fn find_last_owners(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<LastOwner>, Error> {
    let owners = sql(
        "SELECT DISTINCT ON (w.conversation_id) w.conversation_id, w.agent_id
         FROM work_items w JOIN agents a ON a.id = w.agent_id AND a.disabled_at IS NULL
         WHERE w.conversation_id = ANY ($1) AND w.state IN ('done', 'wrap_up')
         ORDER BY w.conversation_id, w.queued_at DESC, w.id DESC",
    )
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(owners)
}

row! {
    /// How much waits in a queue.
    pub struct Length {
        /// Which queue.
        pub queue_id: QueueId,
        /// How many items.
        pub waiting: i64,
    }
}

/// Counts what waits in queues, but for calls that were promised; one that is empty is left out.
pub async fn count_waiting(
    conn: &Conn,
    _scope: TenantScope,
    queues: &[QueueId],
) -> Result<Vec<Length>, Error> {
    let lengths = sql("SELECT queue_id, count(*) AS waiting FROM work_items
         WHERE queue_id = ANY ($1) AND state = 'queued' AND limited IS NULL GROUP BY queue_id")
    .bind(many(queues, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(lengths)
}

/// Where a new work item goes, and what it asks for.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Which.
    pub work_item: WorkItemId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Where it waits.
    pub queue: QueueId,
    /// Its priority.
    pub priority: i16,
    /// Whether the contact is very important.
    pub vip: bool,
    /// What it asks an agent to be able to do.
    pub skills: Option<Value>,
    /// The language that it asks for.
    pub language: Option<String>,
    /// Who should have it, and until when nobody else gets it.
    pub preferred: Option<(AgentId, DateTime<Utc>)>,
    /// The tags that the conversation gets, as a JSON list.
    pub tags: Value,
    /// What the rules said, with their reasons.
    pub placement: Option<Value>,
    /// What becomes of it because its queue is full.
    pub limited: Option<Full>,
}

/// What becomes of work because its queue is full.
#[derive(Debug, Clone)]
pub struct Full {
    /// In a word.
    pub limited: Limited,
    /// The words for its customer.
    pub text: Option<String>,
    /// The timer by which they are told.
    pub timer: TimerId,
}

/// Writes where new work items go, in the transaction that made them.
pub async fn place(
    conn: &Conn,
    scope: TenantScope,
    placed: &[Placed],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let full = |one: &Placed| one.limited.clone();
    sql("WITH t AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $16)
                AS t (work_item, conversation, queue, priority, vip, skills, language, agent, until,
                    tags, placement, limited, text, ends, timer)
         ), placed AS (
            UPDATE work_items w SET queue_id = t.queue, priority = t.priority, vip = t.vip,
                skills = t.skills, language = t.language, preferred_agent = t.agent,
                preferred_until = t.until, placement = t.placement, limited = t.limited,
                limited_text = t.text,
                state = CASE WHEN t.ends THEN 'cancelled' ELSE w.state END,
                ended_at = CASE WHEN t.ends THEN $13 ELSE w.ended_at END,
                class = CASE WHEN t.limited = 'call_back' THEN 'call' ELSE w.class END
            FROM t WHERE w.id = ANY ($1) AND w.id = t.work_item
         ), told AS (
            INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
            SELECT t.timer, $17, $18, t.work_item, $13 FROM t WHERE t.timer IS NOT NULL
         )
         UPDATE conversations c SET priority = t.priority, queue_id = t.queue,
            tags = ARRAY(SELECT DISTINCT tag FROM (
                SELECT unnest(c.tags) AS tag UNION ALL
                SELECT jsonb_array_elements_text(t.tags)) AS all_tags ORDER BY tag)
         FROM t WHERE c.id = ANY ($2) AND c.id = t.conversation")
    .bind(many(placed, |one| one.work_item))
    .bind(many(placed, |one| one.conversation))
    .bind(many(placed, |one| one.queue))
    .bind(many(placed, |one| one.priority))
    .bind(many(placed, |one| one.vip))
    .bind(many(placed, |one| one.skills.clone()))
    .bind(many(placed, |one| one.language.clone()))
    .bind(many(placed, |one| one.preferred.map(|(agent, _)| agent)))
    .bind(many(placed, |one| one.preferred.map(|(_, until)| until)))
    .bind(many(placed, |one| &one.tags))
    .bind(many(placed, |one| one.placement.clone()))
    .bind(many(placed, |one| full(one).map(|it| it.limited.as_str())))
    .bind(now)
    .bind(many(placed, |one| full(one).and_then(|it| it.text.clone())))
    .bind(many(placed, |one| {
        full(one).is_some_and(|it| it.limited.ends_work())
    }))
    .bind(many(placed, |one| full(one).map(|it| it.timer)))
    .bind(scope.tenant())
    .bind(TimerKind::LimitTold)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
