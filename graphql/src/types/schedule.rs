//! When something is open.

use super::{Nullable, Policy};
use crate::loaders::{self, ScheduleOf, ScheduleRow};
use crate::scalars::TimeZone;
use crate::viewer::{desk, outside, viewer};
use crate::{Error, types};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::id::ScheduleId;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::schedule::{self, Kind, Timeline};
use std::sync::Arc;

/// How far ahead the next change is looked for, in days.
const AHEAD: i64 = 2 * 366;

/// When a team, a queue or somebody is open: weekly hours on the clocks of a zone, and holidays.
#[derive(Debug, Clone)]
pub(crate) struct Schedule(ScheduleRow);

impl From<ScheduleRow> for Schedule {
    fn from(row: ScheduleRow) -> Self {
        Self(row)
    }
}

/// When a team, a queue or somebody is open: weekly hours on the clocks of a zone, and holidays.
#[Object]
impl Schedule {
    /// Names the schedule.
    async fn id(&self) -> ID {
        outside(ScheduleId(self.0.policy.id))
    }

    /// What people call it; conditions name it by this.
    async fn name(&self) -> &str {
        &self.0.policy.name
    }

    /// The zone whose clocks count now; null before a version is in force.
    async fn zone(&self, context: &Context<'_>) -> Nullable<TimeZone> {
        let now = match desk(context) {
            Ok(desk) => desk.now(),
            Err(error) => return Some(Err(error)),
        };
        let timeline = self.timeline()?;
        Some(Ok(TimeZone(timeline.at(now).zone().name().to_owned())))
    }

    /// Whether it is open, now or at another moment; null before a version is in force.
    async fn is_open(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "When, if not now.")] at: Option<DateTime<Utc>>,
    ) -> Nullable<bool> {
        let at = match moment(context, at) {
            Ok(at) => at,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(self.timeline()?.kind_at(at) == Kind::Open))
    }

    /// The name of the holiday that closes it, now or at another moment; null where none does.
    async fn holiday(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "When, if not now.")] at: Option<DateTime<Utc>>,
    ) -> Nullable<String> {
        let at = match moment(context, at) {
            Ok(at) => at,
            Err(error) => return Some(Err(error)),
        };
        match self.timeline()?.kind_at(at) {
            Kind::Holiday(name) => Some(Ok(name.to_owned())),
            _ => None,
        }
    }

    /// When it opens or closes next, after now or after another moment; null where it does not within
    /// two years.
    async fn next_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "After when, if not now.")] after: Option<DateTime<Utc>>,
    ) -> Nullable<DateTime<Utc>> {
        let after = match moment(context, after) {
            Ok(after) => after,
            Err(error) => return Some(Err(error)),
        };
        let timeline = self.timeline()?;
        let is_open = timeline.kind_at(after) == Kind::Open;
        let until = after + TimeDelta::days(AHEAD);
        let mut tiles = timeline.tiles(after, until);
        let next = tiles.find(|tile| (tile.kind == Kind::Open) != is_open)?;
        Some(Ok(next.from))
    }

    /// The schedule as a policy, with all its versions.
    async fn policy(&self) -> Policy {
        Policy(self.0.policy.clone())
    }
}

impl Schedule {
    fn timeline(&self) -> Option<Timeline> {
        let versions = self.0.versions.iter().filter_map(|version| {
            let schedule: schedule::Schedule = serde_json::from_value(version.body.clone()).ok()?;
            Some((version.effective_from?, Arc::new(schedule)))
        });
        Timeline::from_versions(versions).ok()
    }
}

fn moment(context: &Context<'_>, at: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Error> {
    match at {
        Some(at) => Ok(at),
        None => Ok(desk(context)?.now()),
    }
}

/// Lists the schedules that are not given up, by name.
pub(crate) async fn schedules(context: &Context<'_>) -> Result<Vec<Schedule>, Error> {
    viewer(context)?;
    let found = types::policies(context, Some(types::PolicyKind::Schedule)).await?;
    let mut schedules = Vec::new();
    for policy in found.into_iter().filter(|one| one.0.retired_at.is_none()) {
        debug_assert_eq!(policy.0.kind, PolicyKind::Schedule);
        if let Some(schedule) = loaders::one(context, ScheduleOf(ScheduleId(policy.0.id))).await {
            schedules.push(schedule?);
        }
    }
    Ok(schedules)
}
