//! What the clocks say.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{self, End, Ended, Figures, Hours, InstanceId, Outcome, State};

row! {
    /// One run of a clock, as it is kept.
    pub struct Clock {
        /// Of which episode.
        pub episode_id: EpisodeId,
        /// Of which conversation.
        pub conversation_id: ConversationId,
        /// Which clock.
        pub clock: sla::Clock,
        /// The event that started it.
        pub started_by: EventId,
        /// Which run of its clock in the episode, from 1.
        pub number: i32,
        /// The policy that governs it.
        pub policy_id: Option<PolicyId>,
        /// Which version of it.
        pub policy_version: Option<i32>,
        /// The priority that its target is for.
        pub priority: i16,
        /// The target in milliseconds.
        pub within_ms: Option<i64>,
        /// Which time counts.
        pub hours: Option<Hours>,
        /// The schedule.
        pub schedule_id: Option<ScheduleId>,
        /// When it began.
        pub started_at: DateTime<Utc>,
        /// When it ended.
        pub ended_at: Option<DateTime<Utc>>,
        /// How it ended.
        pub ended_how: Option<End>,
        /// The event that ended it.
        pub ended_by: Option<EventId>,
        /// The counted milliseconds of what is over.
        pub counted_ms: i64,
        /// Since when its state lets it count.
        pub counting_since: Option<DateTime<Utc>>,
        /// The state that pauses it.
        pub paused_in: Option<State>,
        /// When the target is, or was, used up.
        pub deadline: Option<DateTime<Utc>>,
        /// When the target was used up.
        pub breached_at: Option<DateTime<Utc>>,
        /// What came of the promise.
        pub outcome: Outcome,
        /// The queue when it ended, or now.
        pub queue_id: Option<QueueId>,
        /// The team that had the episode when it ended, or has it.
        pub team_id: Option<TeamId>,
        /// Who had the episode when it ended, or has it.
        pub agent_id: Option<AgentId>,
        /// When its breach or next step comes if nothing happens.
        pub next_wake_up: Option<DateTime<Utc>>,
    }
}

impl Clock {
    /// Returns its name.
    pub fn id(&self) -> InstanceId {
        InstanceId {
            clock: self.clock,
            started_by: self.started_by,
        }
    }

    /// Returns what is kept as the pure function gives it.
    pub fn figures(&self) -> Figures {
        let ended = self.ended_at.zip(self.ended_how).zip(self.ended_by);
        let policy = self.policy_id.zip(self.policy_version);
        Figures {
            id: self.id(),
            number: self.number.unsigned_abs(),
            policy: policy.map(|(policy, version)| sla::PolicyVersion {
                policy,
                version: version.unsigned_abs(),
            }),
            priority: self.priority,
            within_ms: self.within_ms,
            hours: self.hours,
            schedule: self.schedule_id,
            started_at: self.started_at,
            ended: ended.map(|((at, how), event)| Ended { at, how, event }),
            counted_ms: self.counted_ms,
            counting_since: self.counting_since,
            paused_in: self.paused_in,
            deadline: self.deadline,
            breached_at: self.breached_at,
            outcome: self.outcome,
        }
    }
}

macro_rules! columns {
    () => {
        "episode_id, conversation_id, clock, started_by, number, policy_id, policy_version, priority,
         within_ms, hours, schedule_id, started_at, ended_at, ended_how, ended_by, counted_ms,
         counting_since, paused_in, deadline, breached_at, outcome, queue_id, team_id, agent_id,
         next_wake_up"
    };
}

/// Lists the clocks of episodes, each episode's in the order they began.
pub async fn list_clocks(
    conn: &Conn,
    _scope: TenantScope,
    episodes: &[EpisodeId],
) -> Result<Vec<Clock>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_clocks WHERE episode_id = ANY ($1)
         ORDER BY episode_id, started_at, clock, started_by"
    ))
    .bind(many(episodes, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the clocks of a conversation in the order they began.
pub async fn list_clocks_of_conversation(
    conn: &Conn,
    _scope: TenantScope,
    conversation: ConversationId,
) -> Result<Vec<Clock>, Error> {
    let found = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM sla_clocks WHERE conversation_id = $1 ORDER BY started_at, clock, started_by"
    ))
    .bind(conversation)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Writes clocks of locked episodes.
pub async fn upsert_clocks(conn: &Conn, scope: TenantScope, rows: &[Clock]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sql(concat!(
        "INSERT INTO sla_clocks (tenant_id, ",
        columns!(),
        ")
         SELECT $1, t.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
            $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) AS t
         ON CONFLICT (episode_id, clock, started_by) DO UPDATE SET
            number = EXCLUDED.number, policy_id = EXCLUDED.policy_id,
            policy_version = EXCLUDED.policy_version, priority = EXCLUDED.priority,
            within_ms = EXCLUDED.within_ms, hours = EXCLUDED.hours,
            schedule_id = EXCLUDED.schedule_id, started_at = EXCLUDED.started_at,
            ended_at = EXCLUDED.ended_at, ended_how = EXCLUDED.ended_how,
            ended_by = EXCLUDED.ended_by, counted_ms = EXCLUDED.counted_ms,
            counting_since = EXCLUDED.counting_since, paused_in = EXCLUDED.paused_in,
            deadline = EXCLUDED.deadline, breached_at = EXCLUDED.breached_at,
            outcome = EXCLUDED.outcome, queue_id = EXCLUDED.queue_id, team_id = EXCLUDED.team_id,
            agent_id = EXCLUDED.agent_id, next_wake_up = EXCLUDED.next_wake_up"
    ))
    .bind(scope.tenant())
    .bind(many(rows, |row| row.episode_id))
    .bind(many(rows, |row| row.conversation_id))
    .bind(many(rows, |row| row.clock))
    .bind(many(rows, |row| row.started_by))
    .bind(many(rows, |row| row.number))
    .bind(many(rows, |row| row.policy_id))
    .bind(many(rows, |row| row.policy_version))
    .bind(many(rows, |row| row.priority))
    .bind(many(rows, |row| row.within_ms))
    .bind(many(rows, |row| row.hours))
    .bind(many(rows, |row| row.schedule_id))
    .bind(many(rows, |row| row.started_at))
    .bind(many(rows, |row| row.ended_at))
    .bind(many(rows, |row| row.ended_how))
    .bind(many(rows, |row| row.ended_by))
    .bind(many(rows, |row| row.counted_ms))
    .bind(many(rows, |row| row.counting_since))
    .bind(many(rows, |row| row.paused_in))
    .bind(many(rows, |row| row.deadline))
    .bind(many(rows, |row| row.breached_at))
    .bind(many(rows, |row| row.outcome))
    .bind(many(rows, |row| row.queue_id))
    .bind(many(rows, |row| row.team_id))
    .bind(many(rows, |row| row.agent_id))
    .bind(many(rows, |row| row.next_wake_up))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}

/// Removes clocks of locked episodes that a correction left without a beginning.
pub async fn delete_clocks(
    conn: &Conn,
    _scope: TenantScope,
    clocks: &[(EpisodeId, InstanceId)],
) -> Result<(), Error> {
    if clocks.is_empty() {
        return Ok(());
    }
    sql(
        "DELETE FROM sla_clocks c USING unnest($1, $2, $3) AS t (episode_id, clock, started_by)
         WHERE c.episode_id = t.episode_id AND c.clock = t.clock AND c.started_by = t.started_by",
    )
    .bind(many(clocks, |one| one.0))
    .bind(many(clocks, |one| one.1.clock))
    .bind(many(clocks, |one| one.1.started_by))
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
