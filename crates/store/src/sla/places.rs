//! What clocks read beside their own history: how far the log was read, who serves what, and what
//! conditions are asked about.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use uuid::Uuid;

row! {
    /// How far the log was read.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Cursor {
        /// The last event that was read.
        pub seq: i64,
    }
}

/// Locks how far a tenant's log was read: one reader at a time gets past here.
pub async fn lock_cursor(conn: &Conn, scope: TenantScope) -> Result<u64, Error> {
    let found: Vec<Cursor> =
        sql("SELECT seq FROM sla_cursors WHERE tenant_id = $1 FOR NO KEY UPDATE")
            .bind(scope.tenant())
            .load(&mut &*conn)
            .await?;
    if let Some(cursor) = found.into_iter().next() {
        return Ok(cursor.seq.unsigned_abs());
    }
    let made: Cursor = sql("INSERT INTO sla_cursors (tenant_id, seq) VALUES ($1, 0)
         ON CONFLICT (tenant_id) DO UPDATE SET seq = sla_cursors.seq RETURNING seq")
    .bind(scope.tenant())
    .get_result(&mut &*conn)
    .await?;
    Ok(made.seq.unsigned_abs())
}

/// Writes down how far a tenant's log was read.
pub async fn update_cursor(conn: &Conn, scope: TenantScope, seq: u64) -> Result<(), Error> {
    sql("UPDATE sla_cursors SET seq = $2 WHERE tenant_id = $1")
        .bind(scope.tenant())
        .bind(i64::try_from(seq).unwrap_or(i64::MAX))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Lists the tenants whose log goes on; for the system's role.
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
         LEFT JOIN sla_cursors c ON c.tenant_id = s.tenant_id
         WHERE s.seq > COALESCE(c.seq, 0) ORDER BY s.tenant_id")
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().map(|one| one.tenant_id).collect())
}

row! {
    /// A version of a policy that is, was or will be in force.
    pub struct Effective {
        /// What it decides.
        pub kind: PolicyKind,
        /// Which policy.
        pub id: Uuid,
        /// What people call it.
        pub name: String,
        /// Which version.
        pub version: i32,
        /// From when on.
        pub effective_from: DateTime<Utc>,
    }
}

/// Lists the versions of schedules and service levels that are, were or will be in force, without
/// what they say, each policy's in the order in which they apply.
pub async fn list_effective(conn: &Conn, scope: TenantScope) -> Result<Vec<Effective>, Error> {
    let found = sql("SELECT p.kind, p.id, p.name, v.version, v.effective_from
         FROM policies p JOIN policy_versions v
            ON v.tenant_id = p.tenant_id AND v.kind = p.kind AND v.id = p.id
         WHERE p.tenant_id = $1 AND p.kind IN ('schedule', 'sla') AND v.effective_from IS NOT NULL
         ORDER BY p.kind, p.id, v.effective_from, v.version")
    .bind(scope.tenant())
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A team that serves a queue, the first line first.
    pub struct Serving {
        /// Which queue.
        pub queue_id: QueueId,
        /// The hours of the queue.
        pub queue_schedule: Option<ScheduleId>,
        /// Which team; none where the queue has none.
        pub team_id: Option<TeamId>,
        /// The hours of the team.
        pub team_schedule: Option<ScheduleId>,
    }
}

/// Lists the teams of queues, each queue's first line first.
pub async fn list_serving(
    conn: &Conn,
    _scope: TenantScope,
    queues: &[QueueId],
) -> Result<Vec<Serving>, Error> {
    let found = sql(
        "SELECT q.id AS queue_id, q.schedule_id AS queue_schedule, t.id AS team_id,
            t.schedule_id AS team_schedule
         FROM queues q
         LEFT JOIN queue_teams s ON s.queue_id = q.id
         LEFT JOIN teams t ON t.id = s.team_id
         WHERE q.id = ANY ($1) ORDER BY q.id, s.rank, t.id",
    )
    .bind(many(queues, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A member of a team.
    pub struct TeamMember {
        /// Which team.
        pub team_id: TeamId,
        /// Who.
        pub agent_id: AgentId,
    }
}

/// Lists the teams of agents.
pub async fn list_members(
    conn: &Conn,
    _scope: TenantScope,
    agents: &[AgentId],
) -> Result<Vec<TeamMember>, Error> {
    let found = sql("SELECT team_id, agent_id FROM team_members
         WHERE agent_id = ANY ($1) ORDER BY team_id, agent_id")
    .bind(many(agents, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// What is known about a conversation beside its history.
    pub struct Place {
        /// Which conversation.
        pub conversation_id: ConversationId,
        /// The queue that it belongs to.
        pub queue_id: QueueId,
        /// Where it came in.
        pub inbox_id: InboxId,
        /// By which kind of app.
        pub channel: ChannelKind,
        /// Where the customer is.
        pub network: Option<String>,
        /// The customer's language.
        pub locale: Option<String>,
        /// What is known about the contact.
        pub attributes: serde_json::Value,
        /// Whether the contact is very important.
        pub vip: bool,
        /// The segments of the contact.
        pub segments: Vec<String>,
        /// The hours that were promised to the contact.
        pub schedule_id: Option<ScheduleId>,
        /// The tags.
        pub tags: Vec<String>,
        /// The customer's latest words in the present episode.
        pub text: Option<String>,
        /// Since when it waits in its queue.
        pub waiting_since: Option<DateTime<Utc>>,
    }
}

/// Lists what conditions are asked about, of conversations.
pub async fn list_facts(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<Place>, Error> {
    let found = sql(
        "SELECT c.id AS conversation_id, c.queue_id, c.inbox_id, i.channel, n.network, p.locale, p.attributes,
            p.vip, p.segments, p.schedule_id, c.tags, w.text, k.queued_at AS waiting_since
         FROM conversations c
         JOIN inboxes i ON i.id = c.inbox_id
         JOIN contacts p ON p.id = c.contact_id
         LEFT JOIN LATERAL (SELECT network FROM identities
            WHERE contact_id = c.contact_id AND valid_to IS NULL
            ORDER BY valid_from DESC LIMIT 1) n ON true
         LEFT JOIN LATERAL (SELECT string_agg(m.text, E'\\n') AS text FROM (
            SELECT text, episode_id, direction FROM messages
            WHERE conversation_id = c.id ORDER BY version DESC LIMIT 20) m
            WHERE m.direction = 'in' AND m.episode_id = c.episode_id) w ON true
         LEFT JOIN LATERAL (SELECT queued_at FROM work_items
            WHERE conversation_id = c.id AND state IN ('queued', 'offered', 'active')
            LIMIT 1) k ON true
         WHERE c.id = ANY ($1)",
    )
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A conversation whose work knows its deadline.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Marked {
        /// Which.
        pub conversation_id: ConversationId,
    }
}

/// Tells the live work of conversations by when it has to be answered; what somebody else has locked
/// is left out. Returns the conversations that have no work or whose work knows it now.
pub async fn mark_deadlines(
    conn: &Conn,
    _scope: TenantScope,
    deadlines: &[(ConversationId, Option<DateTime<Utc>>)],
) -> Result<Vec<ConversationId>, Error> {
    let marked: Vec<Marked> = sql(
        "WITH t AS (SELECT * FROM unnest($1, $2) AS t (conversation_id, deadline)),
         live AS (
            SELECT w.id, w.conversation_id, w.sla_deadline, t.deadline FROM t
            JOIN work_items w ON w.conversation_id = t.conversation_id
                AND w.state IN ('queued', 'offered', 'active')
         ),
         free AS (
            SELECT w.id FROM work_items w JOIN live ON live.id = w.id
            WHERE live.sla_deadline IS DISTINCT FROM live.deadline
            ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED
         ),
         marked AS (
            UPDATE work_items w SET sla_deadline = live.deadline
            FROM live JOIN free ON free.id = live.id WHERE w.id = live.id
            RETURNING w.id
         )
         SELECT t.conversation_id FROM t
         LEFT JOIN live ON live.conversation_id = t.conversation_id
         WHERE live.id IS NULL OR live.sla_deadline IS NOT DISTINCT FROM live.deadline
            OR live.id IN (SELECT id FROM marked)",
    )
    .bind(many(deadlines, |one| one.0))
    .bind(many(deadlines, |one| one.1))
    .load(&mut &*conn)
    .await?;
    Ok(marked.into_iter().map(|one| one.conversation_id).collect())
}

row! {
    /// A conversation's version.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Version {
        /// Counts its events.
        pub version: i64,
    }
}

/// Finds the version of a conversation, without waiting for whoever changes it.
pub async fn find_version(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Option<i64>, Error> {
    let found: Vec<Version> = sql("SELECT version FROM conversations WHERE id = $1")
        .bind(conversation)
        .load(&mut &*conn)
        .await?;
    Ok(found.into_iter().next().map(|found| found.version))
}

row! {
    /// Since when work waits in its queue.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Entered {
        /// When it entered.
        pub entered_at: DateTime<Utc>,
    }
}

/// Finds since when work waits in its present queue.
pub async fn find_entered(
    conn: &Conn,
    _scope: TenantScope,
    item: WorkItemId,
) -> Result<Option<DateTime<Utc>>, Error> {
    let found: Vec<Entered> = sql(
        "SELECT COALESCE(entered_at, queued_at) AS entered_at FROM work_items
         WHERE id = $1 AND state = 'queued'",
    )
    .bind(item)
    .load(&mut &*conn)
    .await?;
    Ok(found.into_iter().next().map(|found| found.entered_at))
}

/// Lets waiting work, which is locked, be older in its queue.
pub async fn set_entered(
    conn: &Conn,
    _scope: TenantScope,
    item: WorkItemId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sql("UPDATE work_items SET entered_at = $2 WHERE id = $1 AND state = 'queued'")
        .bind(item)
        .bind(at)
        .execute(&mut &*conn)
        .await?;
    Ok(())
}

/// Puts a tag on a locked conversation; `false` if it has it.
pub async fn add_tag(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
    tag: &str,
) -> Result<bool, Error> {
    let changed = sql("UPDATE conversations SET tags = array_append(tags, $2)
         WHERE id = $1 AND NOT $2 = ANY (tags)")
    .bind(conversation)
    .bind(tag)
    .execute(&mut &*conn)
    .await?;
    Ok(changed == 1)
}
