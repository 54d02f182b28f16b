//! Reports of service levels.

use super::sla_clock::{SlaClockKind, SlaPolicyVersion};
use super::{Nullable, Queue};
use crate::scalars::{Date, TimeZone};
use crate::viewer::{desk, outside, parse, viewer};
use crate::{Error, Long, loaders};
use async_graphql::{Context, Enum, ID, InputObject, Object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use interdesk_domain::id::{PolicyId, QueueId, TeamId};
use interdesk_domain::sla::Tally;
use interdesk_flow::sla_report::{self, By, Group, Line, MAX_DAYS, Question};
use interdesk_store::read::sla_report::Filter;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The most lines of one report.
const LINES: usize = 1_000;
/// The most entries of one list of a filter.
const LIST: usize = 100;
/// The longest key of a line.
const KEY: usize = 16_384;

/// Which clocks a report is about; what is left out does not matter.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct SlaReportFilter {
    /// Only these clocks.
    clocks: Option<Vec<SlaClockKind>>,
    /// Only in these queues.
    queue_ids: Option<Vec<ID>>,
    /// Only with these teams.
    team_ids: Option<Vec<ID>>,
    /// Only under these policies.
    policy_ids: Option<Vec<ID>>,
    /// Only under this version of them.
    policy_version: Option<i32>,
    /// Only with these priorities.
    priorities: Option<Vec<i16>>,
}

impl SlaReportFilter {
    /// Reads the filter; ids that name nothing match nothing.
    fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            clocks: self
                .clocks
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            queues: ids::<QueueId>("queueIds", self.queue_ids)?,
            teams: ids::<TeamId>("teamIds", self.team_ids)?,
            policies: ids::<PolicyId>("policyIds", self.policy_ids)?,
            version: self.policy_version,
            priorities: self.priorities,
        })
    }
}

fn ids<T: FromStr>(name: &str, ids: Option<Vec<ID>>) -> Result<Option<Vec<Option<T>>>, Error> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.len() > LIST {
        return Err(Error::BadInput(format!("{name} must be at most {LIST}")));
    }
    Ok(Some(ids.iter().filter_map(parse).map(Some).collect()))
}

/// What a report shows apart, beside the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub(crate) enum SlaReportBy {
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

/// A report of service levels: the clocks that ended in some days.
#[derive(Debug, Clone)]
pub(crate) struct SlaReport {
    question: Question,
    report: sla_report::Report,
}

/// What is asked of a report.
pub(crate) struct Asked {
    pub(crate) filter: Option<SlaReportFilter>,
    pub(crate) by: Option<Vec<SlaReportBy>>,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

impl SlaReport {
    /// Makes a report.
    pub(crate) async fn load(context: &Context<'_>, asked: Asked) -> Result<Option<Self>, Error> {
        let viewer = viewer(context)?;
        let question = Question {
            filter: asked.filter.unwrap_or_default().read()?,
            from: asked.from,
            to: asked.to,
            by: asked
                .by
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
        };
        if !question.is_possible() {
            let text = format!("from must not be after to, and at most {MAX_DAYS} days before it");
            return Err(Error::BadInput(text));
        }
        let desk = desk(context)?;
        let report = desk
            .database
            .read(viewer.scope(), async |conn| {
                sla_report::report(conn, viewer.scope(), &question, desk.now()).await
            })
            .await?;
        if report.lines.len() > LINES {
            let text =
                format!("the report has more than {LINES} lines, narrow it or show less apart");
            return Err(Error::BadInput(text));
        }
        Ok(Some(Self { question, report }))
    }
}

/// A report of service levels: the clocks that ended in some days, and those that run now. What ended
/// never changes any more, unless hours of the past are corrected; then it is marked as restated.
#[Object]
impl SlaReport {
    /// The first day.
    async fn from(&self) -> Date {
        Date(self.question.from)
    }

    /// The last day.
    async fn to(&self) -> Date {
        Date(self.question.to)
    }

    /// The zone by which the days begin (IANA).
    async fn zone(&self) -> TimeZone {
        TimeZone(self.report.zone.name().to_owned())
    }

    /// When a correction last changed something in it; null where none did.
    async fn restated_at(&self) -> Option<DateTime<Utc>> {
        let lines = self.report.lines.values();
        lines.filter_map(|line| line.restated_at).max()
    }

    /// Its lines: one for each clock and whatever is shown apart, at most 1,000.
    #[graphql(directive = crate::cost::list_size::apply(20, None, None))]
    async fn rows(&self) -> Vec<SlaReportRow> {
        let lines = self.report.lines.iter().map(|(group, line)| SlaReportRow {
            key: Key::of(&self.question, group),
            group: *group,
            line: line.clone(),
        });
        lines.collect()
    }
}

/// One line of a report.
#[derive(Debug, Clone)]
pub(crate) struct SlaReportRow {
    key: Key,
    group: Group,
    line: Line,
}

/// One line of a report: a clock, and whatever is shown apart.
#[Object]
impl SlaReportRow {
    /// Names what is behind this line; `slaBehind` takes it.
    async fn key(&self) -> Result<ID, Error> {
        self.key.outside()
    }

    /// Which clock.
    async fn clock(&self) -> SlaClockKind {
        self.group.clock.into()
    }

    /// The day on which they ended; null where days are not shown apart.
    async fn day(&self) -> Option<Date> {
        self.group.day.map(Date)
    }

    /// The queue; null where queues are not shown apart, and for what was in none.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.group.queue.flatten()?).await
    }

    /// Names the team; null where teams are not shown apart, and for what nobody had.
    async fn team_id(&self) -> Option<ID> {
        self.group.team.flatten().map(outside)
    }

    /// The policy; null where policies are not shown apart, and for what had none.
    async fn policy(&self) -> Option<SlaPolicyVersion> {
        self.group.policy.flatten().map(SlaPolicyVersion)
    }

    /// The priority; null where priorities are not shown apart.
    async fn priority(&self) -> Option<i16> {
        self.group.priority
    }

    /// How many ended.
    async fn ended(&self) -> Long {
        self.tally().ended().into()
    }

    /// How many were met.
    async fn met(&self) -> Long {
        self.tally().met.into()
    }

    /// How many were too late.
    async fn breached(&self) -> Long {
        self.tally().breached.into()
    }

    /// How many stopped before they were decided.
    async fn void(&self) -> Long {
        self.tally().void.into()
    }

    /// How many had no target.
    async fn no_target(&self) -> Long {
        self.tally().no_target.into()
    }

    /// How many of those that were decided were met, in per cent; null where none was decided.
    async fn met_percent(&self) -> Option<f64> {
        self.tally().met_percent()
    }

    /// For how many came what they waited for, in time or not: those that the times below are of.
    async fn fulfilled(&self) -> Long {
        self.tally().fulfilled.into()
    }

    /// The sum of their counted milliseconds.
    async fn counted_ms(&self) -> Long {
        self.tally().counted_ms.into()
    }

    /// Their mean; null where there is none.
    async fn mean_ms(&self) -> Option<Long> {
        self.tally().mean_ms().map(Long)
    }

    /// The time that half of them did not exceed, within 2 %; null where there is none.
    async fn p50_ms(&self) -> Option<Long> {
        self.tally().sketch.percentile(50).map(Long)
    }

    /// The time that 90 per cent of them did not exceed, within 2 %.
    async fn p90_ms(&self) -> Option<Long> {
        self.tally().sketch.percentile(90).map(Long)
    }

    /// The time that 99 per cent of them did not exceed, within 2 %.
    async fn p99_ms(&self) -> Option<Long> {
        self.tally().sketch.percentile(99).map(Long)
    }

    /// How many run now; null where days are shown apart.
    async fn running(&self) -> Option<Long> {
        self.now(self.line.now.running)
    }

    /// How many of these count and have a deadline closer than a quarter of their target.
    async fn at_risk(&self) -> Option<Long> {
        self.now(self.line.now.at_risk)
    }

    /// How many of these have used up their target.
    async fn overdue(&self) -> Option<Long> {
        self.now(self.line.now.overdue)
    }

    /// When a correction last changed what ended; null where none did.
    async fn restated_at(&self) -> Option<DateTime<Utc>> {
        self.line.restated_at
    }
}

impl SlaReportRow {
    fn tally(&self) -> &Tally {
        &self.line.tally
    }

    fn now(&self, count: i64) -> Option<Long> {
        self.group.day.is_none().then_some(Long(count))
    }
}

/// What is behind a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) filter: Filter,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

impl Key {
    fn of(question: &Question, group: &Group) -> Self {
        Self {
            filter: group.narrow(&question.filter),
            from: group.day.unwrap_or(question.from),
            to: group.day.unwrap_or(question.to),
        }
    }

    fn outside(&self) -> Result<ID, Error> {
        Ok(ID(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?)))
    }

    pub(super) fn read(id: &ID) -> Result<Self, Error> {
        let bad = || Error::BadInput("key must be one that a line of slaReport gave".to_owned());
        if id.len() > KEY {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).map_err(|_| bad())?;
        serde_json::from_slice(&bytes).map_err(|_| bad())
    }
}
