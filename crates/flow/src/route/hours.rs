//! Who is at work and what is open, and until when that stays so.

use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::id::ScheduleId;
use interdesk_domain::schedule::{Kind, Schedule, Timeline};
use interdesk_store::policies::Version;
use std::collections::HashMap;
use std::sync::Arc;

/// How far ahead is looked; what does not change before that is looked at again then.
const AHEAD: TimeDelta = TimeDelta::days(8);

/// All schedules of a tenant.
#[derive(Debug, Default)]
pub(super) struct Hours {
    timelines: HashMap<ScheduleId, Timeline>,
    known: HashMap<ScheduleId, Span>,
}

/// Whether something is open, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) open: bool,
    /// The next moment at which it may be otherwise.
    pub(super) until: Option<DateTime<Utc>>,
}

/// What says when an agent is at work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shifts {
    pub(super) schedule: Option<ScheduleId>,
    /// Time off: from, and until.
    pub(super) absences: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Hours {
    /// Reads the versions of all schedules; one that cannot be read counts as not there.
    pub(super) fn new(versions: Vec<Version>) -> Self {
        type Versions = Vec<(DateTime<Utc>, Arc<Schedule>)>;
        let mut lists: HashMap<ScheduleId, Versions> = HashMap::new();
        for version in versions {
            let Some(from) = version.effective_from else {
                continue;
            };
            match serde_json::from_value::<Schedule>(version.body) {
                Ok(schedule) => {
                    let list = lists.entry(ScheduleId(version.id)).or_default();
                    list.push((from, Arc::new(schedule)));
                }
                Err(error) => tracing::error!(schedule.id = %ScheduleId(version.id),
                    version = version.version, error = %error, "a schedule cannot be read"),
            }
        }
        let timelines = lists
            .into_iter()
            .filter_map(|(id, list)| Some((id, Timeline::from_versions(list).ok()?)));
        Self {
            timelines: timelines.collect(),
            known: HashMap::new(),
        }
    }

    /// Tells whether a schedule is open; without one it always is.
    pub(super) fn at(&mut self, schedule: Option<ScheduleId>, now: DateTime<Utc>) -> Span {
        let always = Span {
            open: true,
            until: None,
        };
        let Some(id) = schedule else { return always };
        if let Some(span) = self.known.get(&id)
            && span.until.is_some_and(|until| until > now)
        {
            return *span;
        }
        let Some(timeline) = self.timelines.get(&id) else {
            return always;
        };
        let span = Span {
            open: timeline.kind_at(now) == Kind::Open,
            until: timeline
                .tiles(now, now + AHEAD)
                .next()
                .map(|tile| tile.to)
                .filter(|to| *to > now)
                .or(Some(now + AHEAD)),
        };
        self.known.insert(id, span);
        span
    }

    /// Tells whether an agent is at work: on schedule and not off.
    pub(super) fn at_work(&mut self, shifts: &Shifts, now: DateTime<Utc>) -> Span {
        let scheduled = self.at(shifts.schedule, now);
        let is_off = shifts
            .absences
            .iter()
            .any(|(from, until)| *from <= now && now < *until);
        let edges = shifts
            .absences
            .iter()
            .flat_map(|(from, until)| [*from, *until]);
        let next = edges
            .filter(|edge| *edge > now)
            .chain(scheduled.until)
            .min();
        Span {
            open: scheduled.open && !is_off,
            until: next,
        }
    }
}
