//! Reports of service levels: sums of what ended, counts of what runs, and what is behind them.

use super::Window;
use crate::sla::Clock;
use crate::sql::{Column, Many, many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel_async::RunQueryDsl;
use futures::TryStreamExt;
use interdesk_domain::id::*;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{self, Cell, Outcome, PolicyVersion, Sketch, Tally};
use serde::{Deserialize, Serialize};

/// Which clocks a report is about.
///
/// Of each list everything counts that is in it; `None` in a list is what has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Only these clocks; all where there are none.
    pub clocks: Vec<sla::Clock>,
    /// Only in these queues.
    pub queues: Option<Vec<Option<QueueId>>>,
    /// Only with these teams.
    pub teams: Option<Vec<Option<TeamId>>>,
    /// Only under these policies.
    pub policies: Option<Vec<Option<PolicyId>>>,
    /// Only under this version of them.
    pub version: Option<i32>,
    /// Only with these priorities.
    pub priorities: Option<Vec<i16>>,
}

impl Filter {
    fn clocks(&self) -> Many<sla::Clock> {
        match self.clocks.as_slice() {
            [] => many(sla::Clock::ALL, |clock| clock),
            clocks => many(clocks, |clock| *clock),
        }
    }
}

/// Whether a column is among those wanted, null among them.
macro_rules! among {
    ($column:literal, $number:literal) => {
        concat!(
            "($",
            $number,
            " IS NULL OR ",
            $column,
            " = ANY ($",
            $number,
            ") OR (",
            $column,
            " IS NULL AND array_position($",
            $number,
            ", NULL) IS NOT NULL))"
        )
    };
}

/// What a filter asks, beside tenant ($1) and clocks ($2).
macro_rules! wanted {
    () => {
        concat!(
            among!("queue_id", "3"),
            " AND ",
            among!("team_id", "4"),
            " AND ",
            among!("policy_id", "5"),
            " AND ($6 IS NULL OR policy_version = $6) AND ($7 IS NULL OR priority = ANY ($7))"
        )
    };
}

row! {
    /// The sums of a cell, as they are kept.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct Kept {
        /// Which clock.
        pub clock: sla::Clock,
        /// The day on which they ended.
        pub day: NaiveDate,
        /// In which queue.
        pub queue_id: Option<QueueId>,
        /// With which team.
        pub team_id: Option<TeamId>,
        /// Under which policy.
        pub policy_id: Option<PolicyId>,
        /// Under which version.
        pub policy_version: Option<i32>,
        /// With which priority.
        pub priority: i16,
        /// In time.
        pub met: i64,
        /// Too late.
        pub breached: i64,
        /// Undecided.
        pub void: i64,
        /// Without a target.
        pub no_target: i64,
        /// Those for which it came.
        pub fulfilled: i64,
        /// Their counted milliseconds.
        pub counted_ms: i64,
        /// The buckets of these.
        pub buckets: Vec<i16>,
        /// How many in each.
        pub tallies: Vec<i64>,
        /// When a correction last changed it.
        pub restated_at: Option<DateTime<Utc>>,
    }
}

/// Gives the sums from one day to another, both among them, cell by cell; nothing is kept of them
/// here, however many there are.
pub async fn each_cell(
    conn: &Conn,
    scope: TenantScope,
    filter: &Filter,
    days: (NaiveDate, NaiveDate),
    mut take: impl FnMut(Cell, Tally, Option<DateTime<Utc>>),
) -> Result<(), Error> {
    let statement = sql(concat!(
        "SELECT clock, day, queue_id, team_id, policy_id, policy_version, priority, met, breached,
            void, no_target, fulfilled, counted_ms, buckets, tallies, restated_at
         FROM sla_rollups
         WHERE tenant_id = $1 AND clock = ANY ($2) AND day BETWEEN $8 AND $9 AND ",
        wanted!()
    ))
    .bind(scope.tenant())
    .bind(filter.clocks())
    .bind(filter.queues.clone().map(Many))
    .bind(filter.teams.clone().map(Many))
    .bind(filter.policies.clone().map(Many))
    .bind(filter.version)
    .bind(filter.priorities.clone().map(Many))
    .bind(days.0)
    .bind(days.1);
    let mut found = statement.load_stream::<Kept>(&mut &*conn).await?;
    while let Some(kept) = found.try_next().await? {
        let (cell, tally, restated_at) = kept.read();
        take(cell, tally, restated_at);
    }
    Ok(())
}

impl Kept {
    fn read(self) -> (Cell, Tally, Option<DateTime<Utc>>) {
        let cell = Cell {
            clock: self.clock,
            day: self.day,
            queue: self.queue_id,
            team: self.team_id,
            policy: policy(self.policy_id, self.policy_version),
            priority: self.priority,
        };
        let tally = Tally {
            met: self.met,
            breached: self.breached,
            void: self.void,
            no_target: self.no_target,
            fulfilled: self.fulfilled,
            counted_ms: self.counted_ms,
            sketch: Sketch::of(self.buckets.into_iter().zip(self.tallies)),
        };
        (cell, tally, self.restated_at)
    }
}

fn policy(id: Option<PolicyId>, version: Option<i32>) -> Option<PolicyVersion> {
    let (policy, version) = id.zip(version)?;
    let version = version.unsigned_abs();
    Some(PolicyVersion { policy, version })
}

row! {
    /// What runs at a moment.
    pub struct Running {
        /// Which clock.
        pub clock: sla::Clock,
        /// In which queue.
        pub queue_id: Option<QueueId>,
        /// With which team.
        pub team_id: Option<TeamId>,
        /// Under which policy.
        pub policy_id: Option<PolicyId>,
        /// Under which version.
        pub policy_version: Option<i32>,
        /// With which priority.
        pub priority: i16,
        /// How many run.
        pub running: i64,
        /// Of these, those whose deadline is closer than a quarter of the target.
        pub at_risk: i64,
        /// Of these, those whose target is used up.
        pub overdue: i64,
    }
}

impl Running {
    /// Returns the policy and its version.
    pub fn policy(&self) -> Option<PolicyVersion> {
        policy(self.policy_id, self.policy_version)
    }
}

/// What is at risk at a moment ($8), and what is overdue (domain::sla::is_at_risk).
macro_rules! at_risk {
    () => {
        "(outcome = 'open' AND deadline > $8
            AND deadline - $8 <= (within_ms / 4) * interval '1 millisecond')"
    };
}

macro_rules! overdue {
    () => {
        "(breached_at IS NOT NULL OR deadline <= $8)"
    };
}

/// Counts the clocks that run.
pub async fn count_running(
    conn: &Conn,
    scope: TenantScope,
    filter: &Filter,
    now: DateTime<Utc>,
) -> Result<Vec<Running>, Error> {
    let found =
        sql(concat!(
        "SELECT clock, queue_id, team_id, policy_id, policy_version, priority, count(*) AS running,
            count(*) FILTER (WHERE ", at_risk!(), ") AS at_risk,
            count(*) FILTER (WHERE ", overdue!(), ") AS overdue
         FROM sla_clocks
         WHERE tenant_id = $1 AND ended_at IS NULL AND clock = ANY ($2) AND ",
        wanted!(),
        " GROUP BY clock, queue_id, team_id, policy_id, policy_version, priority"
    ))
        .bind(scope.tenant())
        .bind(filter.clocks())
        .bind(filter.queues.clone().map(Many))
        .bind(filter.teams.clone().map(Many))
        .bind(filter.policies.clone().map(Many))
        .bind(filter.version)
        .bind(filter.priorities.clone().map(Many))
        .bind(now)
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Which of the clocks behind a number are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that ended between two moments, the second not among them, with one of these outcomes.
    Ended {
        /// From when on.
        from: DateTime<Utc>,
        /// Until when.
        to: DateTime<Utc>,
        /// Only with these outcomes.
        outcomes: Vec<Outcome>,
        /// Only those for which it came.
        fulfilled: bool,
    },
    /// Those that run.
    Running {
        /// At which moment.
        now: DateTime<Utc>,
        /// Only those that are at risk.
        at_risk: bool,
        /// Only those whose target is used up.
        overdue: bool,
    },
}

/// A place among the clocks behind a number: when it ended, or began where it runs, and its names.
pub type Place = (DateTime<Utc>, EpisodeId, EventId);

macro_rules! columns {
    () => {
        "SELECT episode_id, conversation_id, clock, started_by, number, policy_id, policy_version,
            priority, within_ms, hours, schedule_id, started_at, ended_at, ended_how, ended_by,
            counted_ms, counting_since, paused_in, deadline, breached_at, outcome, queue_id, team_id,
            agent_id, next_wake_up
         FROM sla_clocks WHERE tenant_id = $1 AND clock = $2 AND "
    };
}

macro_rules! part {
    ($at:literal, $direction:literal) => {
        concat!(
            " AND (",
            $at,
            ", episode_id, started_by) > (COALESCE($12, '-infinity'),
                COALESCE($13, '00000000-0000-0000-0000-000000000000'),
                COALESCE($14, '00000000-0000-0000-0000-000000000000'))
              AND (",
            $at,
            ", episode_id, started_by) < (COALESCE($15, 'infinity'),
                COALESCE($16, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
                COALESCE($17, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
              ORDER BY ",
            $at,
            " ",
            $direction,
            ", episode_id ",
            $direction,
            ", started_by ",
            $direction,
            " LIMIT $18"
        )
    };
}

macro_rules! ended {
    ($direction:literal) => {
        concat!(
            columns!(),
            wanted!(),
            " AND ended_at >= $8 AND ended_at < $9 AND outcome = ANY ($10)
              AND (NOT $11 OR ended_how = 'fulfilled')",
            part!("ended_at", $direction)
        )
    };
}

macro_rules! running {
    ($direction:literal) => {
        concat!(
            columns!(),
            wanted!(),
            " AND ended_at IS NULL AND $9 IS NOT NULL AND (NOT $10 OR ",
            at_risk!(),
            ") AND (NOT $11 OR ",
            overdue!(),
            ")",
            part!("started_at", $direction)
        )
    };
}

/// Lists the clocks behind a number, in the order in which they ended, or began where they run.
///
/// A number is about one clock: the first of the filter, without which there is nothing behind it.
pub async fn list(
    conn: &Conn,
    scope: TenantScope,
    filter: &Filter,
    which: &Which,
    window: &Window<Place>,
) -> Result<Vec<Clock>, Error> {
    let text = match (which, window.from_end) {
        (Which::Ended { .. }, false) => ended!("ASC"),
        (Which::Ended { .. }, true) => ended!("DESC"),
        (Which::Running { .. }, false) => running!("ASC"),
        (Which::Running { .. }, true) => running!("DESC"),
    };
    let statement = sql(text)
        .bind(scope.tenant())
        // One alone, so that the index gives the order and a page costs what it shows.
        .bind(filter.clocks.as_slice().first().copied())
        .bind(filter.queues.clone().map(Many))
        .bind(filter.teams.clone().map(Many))
        .bind(filter.policies.clone().map(Many))
        .bind(filter.version)
        .bind(filter.priorities.clone().map(Many));
    let statement = match which {
        Which::Ended {
            from,
            to,
            outcomes,
            fulfilled,
        } => statement
            // The place bounds the index too, so that a page far on costs what it shows.
            .bind(window.after.map_or(*from, |place| place.0.max(*from)))
            .bind(
                window
                    .before
                    .map_or(*to, |place| (place.0 + TimeDelta::microseconds(1)).min(*to)),
            )
            .bind(many(outcomes, |outcome| *outcome))
            .bind(*fulfilled),
        Which::Running {
            now,
            at_risk,
            overdue,
        } => statement
            .bind(*now)
            .bind(*now)
            .bind(*at_risk)
            .bind(*overdue),
    };
    let mut found: Vec<Clock> = statement
        .bind(window.after.map(|place| place.0))
        .bind(window.after.map(|place| place.1))
        .bind(window.after.map(|place| place.2))
        .bind(window.before.map(|place| place.0))
        .bind(window.before.map(|place| place.1))
        .bind(window.before.map(|place| place.2))
        .bind(window.limit)
        .load(&mut &*conn)
        .await?;
    if window.from_end {
        found.reverse();
    }
    Ok(found)
}

macro_rules! numbers {
    ($($type:ty as $sql:ty;)*) => {$(
        impl Column for Vec<$type> {
            type Sql = diesel::sql_types::Array<$sql>;
            type Raw = Self;
            fn decode(raw: Self) -> diesel::deserialize::Result<Self> {
                Ok(raw)
            }
        }
    )*};
}

numbers! {
    i16 as diesel::sql_types::SmallInt;
    i64 as diesel::sql_types::BigInt;
}
