//! Reports of service levels: how many clocks met their promise, and how long things took.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use interdesk_domain::id::{PolicyId, QueueId, TeamId};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Cell, Clock, PolicyVersion, Tally, day_begins};
use interdesk_store::read::sla_report::{self, Filter};
use interdesk_store::{Conn, Error, sla_rollups};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest time that one report is about, in days.
pub const MAX_DAYS: i64 = 400;

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which clocks.
    pub filter: Filter,
    /// The first day, in the workspace's zone.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// What is shown apart, beside the clocks.
    pub by: Vec<By>,
}

/// What is shown apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Each day.
    Day,
    /// Each queue.
    Queue,
    /// Each team.
    Team,
    /// Each version of each policy.
    Policy,
    /// Each priority.
    Priority,
}

/// One line of a report: a clock, and what else is shown apart. The outer `None` is what is not shown
/// apart, the inner one what has no queue, team or policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// Which clock.
    pub clock: Clock,
    /// Which day.
    pub day: Option<NaiveDate>,
    /// Which queue.
    pub queue: Option<Option<QueueId>>,
    /// Which team.
    pub team: Option<Option<TeamId>>,
    /// Which version of which policy.
    pub policy: Option<Option<PolicyVersion>>,
    /// Which priority.
    pub priority: Option<i16>,
}

/// What runs at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Running {
    /// How many run.
    pub running: i64,
    /// Of these, those whose deadline is closer than a quarter of the target.
    pub at_risk: i64,
    /// Of these, those whose target is used up.
    pub overdue: i64,
}

/// What is in a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// What ended.
    pub tally: Tally,
    /// What runs; always none where days are shown apart.
    pub now: Running,
    /// When a correction last changed what ended.
    pub restated_at: Option<DateTime<Utc>>,
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The zone of its days.
    pub zone: Tz,
    /// Its lines, in the order of what they are about.
    pub lines: BTreeMap<Group, Line>,
}

impl Question {
    /// Returns the line that something belongs to.
    fn group(&self, cell: &Cell) -> Group {
        let by = |what| self.by.contains(&what);
        Group {
            clock: cell.clock,
            day: by(By::Day).then_some(cell.day),
            queue: by(By::Queue).then_some(cell.queue),
            team: by(By::Team).then_some(cell.team),
            policy: by(By::Policy).then_some(cell.policy),
            priority: by(By::Priority).then_some(cell.priority),
        }
    }

    /// Tells whether the days are in order and not too many.
    pub fn is_possible(&self) -> bool {
        (0..MAX_DAYS).contains(&(self.to - self.from).num_days())
    }
}

impl Group {
    /// Narrows a filter to what is behind this line.
    pub fn narrow(&self, filter: &Filter) -> Filter {
        let mut filter = filter.clone();
        filter.clocks = vec![self.clock];
        if let Some(queue) = self.queue {
            filter.queues = Some(vec![queue]);
        }
        if let Some(team) = self.team {
            filter.teams = Some(vec![team]);
        }
        if let Some(policy) = self.policy {
            let id: Option<PolicyId> = policy.map(|policy| policy.policy);
            filter.policies = Some(vec![id]);
            let version = policy.map(|policy| i32::try_from(policy.version).unwrap_or(i32::MAX));
            filter.version = version.or(filter.version);
        }
        if let Some(priority) = self.priority {
            filter.priorities = Some(vec![priority]);
        }
        filter
    }
}

/// Makes a report: three statements, however much it sums up.
pub async fn report(
    conn: &Conn,
    scope: TenantScope,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Report, Error> {
    let zone = sla_rollups::find_zone(conn, scope).await?;
    let mut lines: BTreeMap<Group, Line> = BTreeMap::new();
    let days = (question.from, question.to);
    sla_report::each_cell(
        conn,
        scope,
        &question.filter,
        days,
        |cell, tally, restated| {
            if tally == Tally::default() && restated.is_none() {
                return;
            }
            let line = lines.entry(question.group(&cell)).or_default();
            line.tally.merge(&tally);
            line.restated_at = line.restated_at.max(restated);
        },
    )
    .await?;
    if !question.by.contains(&By::Day) {
        let running = sla_report::count_running(conn, scope, &question.filter, now).await?;
        for found in running {
            let cell = Cell {
                clock: found.clock,
                day: question.to,
                queue: found.queue_id,
                team: found.team_id,
                policy: found.policy(),
                priority: found.priority,
            };
            let line = lines.entry(question.group(&cell)).or_default();
            line.now.running += found.running;
            line.now.at_risk += found.at_risk;
            line.now.overdue += found.overdue;
        }
    }
    Ok(Report { zone, lines })
}

/// Returns the moments between which the days of a report lie, the second not among them.
pub fn span(from: NaiveDate, to: NaiveDate, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    let after = to.succ_opt().unwrap_or(to);
    (day_begins(from, zone), day_begins(after, zone))
}
