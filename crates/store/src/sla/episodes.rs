//! How far each conversation was read, and where each episode stands.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::State;

row! {
    /// How far a conversation was read.
    pub struct Conversation {
        /// Which.
        pub conversation_id: ConversationId,
        /// The episode of its last read event.
        pub episode_id: EpisodeId,
        /// The version of that event.
        pub version: i64,
    }
}

row! {
    /// Where an episode stands for the clocks.
    pub struct Episode {
        /// Which.
        pub episode_id: EpisodeId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// How many moments it has.
        pub moments: i32,
        /// Counts its events.
        pub version: i64,
        /// Up to when all that came due was told.
        pub told_until: Option<DateTime<Utc>>,
        /// When it began.
        pub opened_at: DateTime<Utc>,
        /// When it ended.
        pub resolved_at: Option<DateTime<Utc>>,
        /// The state of the conversation.
        pub state: State,
        /// Its priority.
        pub priority: i16,
        /// The policy that governs it.
        pub policy_id: Option<PolicyId>,
        /// Which version of it.
        pub policy_version: Option<i32>,
        /// The schedule by which it counts.
        pub schedule_id: Option<ScheduleId>,
        /// The queue that it is in, or was last.
        pub queue_id: Option<QueueId>,
        /// The team that has it, or had it last.
        pub team_id: Option<TeamId>,
        /// Who has it, or had it last.
        pub agent_id: Option<AgentId>,
        /// Whether the customer waits for an answer.
        pub asked: bool,
        /// When something comes next if nothing happens.
        pub next_wake_up: Option<DateTime<Utc>>,
    }
}

macro_rules! columns {
    () => {
        "episode_id, conversation_id, moments, version, told_until, opened_at, resolved_at, state,
         priority, policy_id, policy_version, schedule_id, queue_id, team_id, agent_id, asked, next_wake_up"
    };
}

/// Locks how far conversations were read, in the order of their ids.
pub async fn lock_conversations(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>, Error> {
    let found = sql(
        "SELECT conversation_id, episode_id, version FROM sla_conversations
         WHERE conversation_id = ANY ($1) ORDER BY conversation_id FOR NO KEY UPDATE",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists how far conversations were read.
pub async fn list_conversations(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[ConversationId],
) -> Result<Vec<Conversation>, Error> {
    let found = sql(
        "SELECT conversation_id, episode_id, version FROM sla_conversations
         WHERE conversation_id = ANY ($1)",
    )
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Writes how far conversations were read.
pub async fn upsert_conversations(
    conn: &Conn,
    scope: TenantScope,
    rows: &[Conversation],
) -> Result<(), Error> {
    sql(
        "INSERT INTO sla_conversations (tenant_id, conversation_id, episode_id, version)
         SELECT $1, t.conversation_id, t.episode_id, t.version
         FROM unnest($2, $3, $4) AS t (conversation_id, episode_id, version)
         ON CONFLICT (conversation_id) DO UPDATE SET
            episode_id = EXCLUDED.episode_id, version = EXCLUDED.version",
    )
    .bind(scope.tenant())
    .bind(many(rows, |row| row.conversation_id))
    .bind(many(rows, |row| row.episode_id))
    .bind(many(rows, |row| row.version))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Locks episodes in the order of their ids: whoever lets moments grow gets past here.
pub async fn lock_episodes(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[EpisodeId],
) -> Result<Vec<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes WHERE episode_id = ANY ($1) ORDER BY episode_id FOR NO KEY UPDATE"
    ))
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Finds episodes.
pub async fn find_episodes(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[EpisodeId],
) -> Result<Vec<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes WHERE episode_id = ANY ($1)"
    ))
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Locks an episode unless somebody else has it; none too if there is no such episode.
pub async fn try_lock_episode(
    conn: &Conn,
    _scope: TenantScope,
    id: EpisodeId,
) -> Result<Option<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes WHERE episode_id = $1 FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds an episode.
pub async fn find_episode(
    conn: &Conn,
    _scope: TenantScope,
    id: EpisodeId,
) -> Result<Option<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes WHERE episode_id = $1"
    ))
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Lists the episodes of a conversation in their order.
pub async fn list_episodes(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Vec<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes WHERE conversation_id = $1 ORDER BY opened_at, episode_id"
    ))
    .bind(conversation)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists a page of a tenant's episodes in the order of their ids.
pub async fn list_page(
    conn: &Conn,
    scope: TenantScope,
    after: Option<EpisodeId>,
    limit: i64,
) -> Result<Vec<Episode>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_episodes
         WHERE tenant_id = $1 AND episode_id > CASE WHEN $2 IS NULL
            THEN '00000000-0000-0000-0000-000000000000' ELSE $2 END
         ORDER BY episode_id LIMIT $3"
    ))
    .bind(scope.tenant())
    .bind(after)
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Which episodes something of the tenant concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// All that run.
    Running,
    /// Those of a contact that run.
    Contact(ContactId),
    /// Those in a queue that run.
    Queue(QueueId),
    /// Those that run, and those that ended after a moment.
    EndedAfter(DateTime<Utc>),
}

/// Lists a page of the ids of the episodes that something concerns, in their order; the nil id comes
/// before all.
pub async fn list_concerned(
    conn: &Conn,
    scope: TenantScope,
    concern: Concern,
    after: EpisodeId,
    limit: i64,
) -> Result<Vec<EpisodeId>, Error> {
    row! {
        /// An episode.
        #[allow(unreachable_pub, reason = "rows are written as public")]
        pub struct Found {
            /// Which.
            pub episode_id: EpisodeId,
        }
    }
    let page = |query: &'static str| sql(query).bind(scope.tenant()).bind(after).bind(limit);
    let query = match concern {
        Concern::Running => page(
            "SELECT episode_id FROM sla_episodes
             WHERE tenant_id = $1 AND episode_id > $2 AND resolved_at IS NULL
             ORDER BY episode_id LIMIT $3",
        ),
        Concern::Contact(contact) => page(
            "SELECT e.episode_id FROM sla_episodes e
             JOIN conversations c ON c.id = e.conversation_id
             WHERE e.tenant_id = $1 AND e.episode_id > $2 AND e.resolved_at IS NULL
                AND c.contact_id = $4
             ORDER BY e.episode_id LIMIT $3",
        )
        .bind(contact),
        Concern::Queue(queue) => page(
            "SELECT episode_id FROM sla_episodes
             WHERE tenant_id = $1 AND episode_id > $2 AND resolved_at IS NULL AND queue_id = $4
             ORDER BY episode_id LIMIT $3",
        )
        .bind(queue),
        Concern::EndedAfter(at) => page(
            "SELECT episode_id FROM sla_episodes
             WHERE tenant_id = $1 AND episode_id > $2 AND (resolved_at IS NULL OR resolved_at > $4)
             ORDER BY episode_id LIMIT $3",
        )
        .bind(at),
    };
    let found: Vec<Found> = query.load(&mut &*conn).await?;
    Ok(found.into_iter().map(|one| one.episode_id).collect())
}

/// An episode and the next timer that it wants, if any.
pub type WakeUp = (EpisodeId, Option<(TimerId, DateTime<Utc>)>);

/// Sets the timers of episodes anew: those that were set are taken away, but for one that goes off
/// at this moment, which finds nothing to do.
pub async fn set_wake_ups(
    conn: &Conn,
    scope: TenantScope,
    wake_ups: &[WakeUp],
) -> Result<(), Error> {
    if wake_ups.is_empty() {
        return Ok(());
    }
    sql("DELETE FROM timers WHERE id IN (SELECT id FROM timers
         WHERE subject_id = ANY ($1) AND kind = 'sla_wake' FOR UPDATE SKIP LOCKED)")
    .bind(many(wake_ups, |one| one.0))
    .execute(&mut &*conn)
    .await?;
    add_wake_ups(
        conn,
        scope,
        wake_ups
            .iter()
            .filter_map(|(episode, wake)| wake.map(|(id, at)| (*episode, id, at))),
    )
    .await
}

/// Sets further timers for episodes.
pub async fn add_wake_ups(
    conn: &Conn,
    scope: TenantScope,
    wake_ups: impl IntoIterator<Item = (EpisodeId, TimerId, DateTime<Utc>)>,
) -> Result<(), Error> {
    let set: Vec<_> = wake_ups.into_iter().collect();
    if set.is_empty() {
        return Ok(());
    }
    sql(
        "INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
         SELECT t.id, $1, 'sla_wake', t.subject_id, t.due_at
         FROM unnest($2, $3, $4) AS t (id, subject_id, due_at)",
    )
    .bind(scope.tenant())
    .bind(many(&set, |one| one.1))
    .bind(many(&set, |one| one.0))
    .bind(many(&set, |one| one.2))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Writes where episodes stand.
pub async fn upsert_episodes(
    conn: &Conn,
    scope: TenantScope,
    rows: &[Episode],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sql(
        "INSERT INTO sla_episodes (tenant_id, episode_id, conversation_id, moments, version,
            told_until, opened_at, resolved_at, state, priority, policy_id, policy_version,
            schedule_id, queue_id, team_id, agent_id, asked, next_wake_up)
         SELECT $1, t.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
            $16, $17, $18) AS t
         ON CONFLICT (episode_id) DO UPDATE SET
            moments = EXCLUDED.moments, version = EXCLUDED.version,
            told_until = EXCLUDED.told_until, opened_at = EXCLUDED.opened_at,
            resolved_at = EXCLUDED.resolved_at, state = EXCLUDED.state,
            priority = EXCLUDED.priority, policy_id = EXCLUDED.policy_id,
            policy_version = EXCLUDED.policy_version, schedule_id = EXCLUDED.schedule_id,
            queue_id = EXCLUDED.queue_id, team_id = EXCLUDED.team_id,
            agent_id = EXCLUDED.agent_id, asked = EXCLUDED.asked,
            next_wake_up = EXCLUDED.next_wake_up",
    )
    .bind(scope.tenant())
    .bind(many(rows, |row| row.episode_id))
    .bind(many(rows, |row| row.conversation_id))
    .bind(many(rows, |row| row.moments))
    .bind(many(rows, |row| row.version))
    .bind(many(rows, |row| row.told_until))
    .bind(many(rows, |row| row.opened_at))
    .bind(many(rows, |row| row.resolved_at))
    .bind(many(rows, |row| row.state))
    .bind(many(rows, |row| row.priority))
    .bind(many(rows, |row| row.policy_id))
    .bind(many(rows, |row| row.policy_version))
    .bind(many(rows, |row| row.schedule_id))
    .bind(many(rows, |row| row.queue_id))
    .bind(many(rows, |row| row.team_id))
    .bind(many(rows, |row| row.agent_id))
    .bind(many(rows, |row| row.asked))
    .bind(many(rows, |row| row.next_wake_up))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
