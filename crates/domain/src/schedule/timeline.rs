//! Which schedule applied when, and the arithmetic over it.

use super::walk::{Kind, Tiles};
use super::{Error, Schedule};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far ahead a deadline is looked for. A schedule that does not open enough in fifty years does
/// not reach it.
pub const HORIZON_DAYS: i64 = 50 * 366;

const DAY_MS: i64 = 86_400_000;

/// Versions of a schedule, each from its moment on; the first also applies before.
///
/// Moments are read to the millisecond: what is finer is cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "Vec<(DateTime<Utc>, Arc<Schedule>)>",
    into = "Vec<(DateTime<Utc>, Arc<Schedule>)>"
)]
pub struct Timeline {
    /// Never empty, sorted.
    versions: Vec<(DateTime<Utc>, Arc<Schedule>)>,
}

impl Timeline {
    /// Returns the timeline of one schedule that never changes.
    pub fn new(schedule: Schedule) -> Self {
        Self {
            versions: vec![(DateTime::UNIX_EPOCH, Arc::new(schedule))],
        }
    }

    /// Returns the timeline that never closes.
    pub fn always() -> Self {
        Self::new(Schedule::always())
    }

    /// Builds a timeline from versions in any order; of two for one moment the later listed wins.
    pub fn from_versions(
        versions: impl IntoIterator<Item = (DateTime<Utc>, Arc<Schedule>)>,
    ) -> Result<Self, Error> {
        let mut versions: Vec<_> = versions.into_iter().collect();
        if versions.is_empty() {
            return Err(Error::NoSchedule);
        }
        versions.reverse();
        versions.sort_by_key(|version| version.0.timestamp_millis());
        versions.dedup_by_key(|version| version.0.timestamp_millis());
        Ok(Self { versions })
    }

    /// Adds a version, or replaces that of the same moment.
    pub fn then(self, at: DateTime<Utc>, schedule: Schedule) -> Self {
        let mut versions = self.versions;
        let place = versions.partition_point(|version| version.0 <= at);
        match place
            .checked_sub(1)
            .filter(|before| versions[*before].0 == at)
        {
            Some(same) => versions[same].1 = Arc::new(schedule),
            None => versions.insert(place, (at, Arc::new(schedule))),
        }
        Self { versions }
    }

    /// Returns the schedule that applies at a moment.
    pub fn at(&self, at: DateTime<Utc>) -> &Arc<Schedule> {
        self.version(at.timestamp_millis()).0
    }

    /// Returns the open time between two moments; nothing if they are not in order.
    pub fn elapsed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        TimeDelta::milliseconds(self.elapsed_ms(from.timestamp_millis(), to.timestamp_millis()))
    }

    /// Returns the first moment by which so much open time has passed.
    ///
    /// That is the end of the last open span where the time fits exactly, not the beginning of the
    /// next. No time at all has passed at once, open or not. `None` where the schedule does not open
    /// enough within [`HORIZON_DAYS`].
    pub fn deadline(&self, from: DateTime<Utc>, open: TimeDelta) -> Option<DateTime<Utc>> {
        let at = self.deadline_ms(from.timestamp_millis(), open.num_milliseconds())?;
        DateTime::from_timestamp_millis(at)
    }

    /// Tells whether a moment is open, or why it is not.
    pub fn kind_at(&self, at: DateTime<Utc>) -> Kind<'_> {
        let at = at.timestamp_millis();
        let mut tiles = Tiles::new(self, at, at + 1);
        tiles.raw().map_or(Kind::OutsideHours, |raw| raw.2)
    }

    /// Returns the first open moment at or after one.
    pub fn next_open(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let deadline = self.deadline(at, TimeDelta::milliseconds(1))?;
        Some(deadline - TimeDelta::milliseconds(1))
    }

    /// Covers the time between two moments with tiles, open and closed, none beside its like.
    pub fn tiles(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Tiles<'_> {
        Tiles::new(self, from.timestamp_millis(), to.timestamp_millis())
    }

    pub(crate) fn elapsed_ms(&self, from: i64, to: i64) -> i64 {
        let mut tiles = Tiles::new(self, from, to);
        let mut sum = 0;
        while let Some((from, to, kind)) = tiles.raw() {
            if kind == Kind::Open {
                sum += to - from;
            }
        }
        sum
    }

    pub(crate) fn deadline_ms(&self, from: i64, open: i64) -> Option<i64> {
        if open <= 0 {
            return Some(from);
        }
        let mut rest = open;
        let mut tiles = Tiles::new(self, from, from.checked_add(HORIZON_DAYS * DAY_MS)?);
        while let Some((from, to, kind)) = tiles.raw() {
            if kind != Kind::Open {
                continue;
            }
            if rest <= to - from {
                return Some(from + rest);
            }
            rest -= to - from;
        }
        None
    }

    /// Returns the schedule at a moment, and when the next one takes over.
    pub(super) fn version(&self, at: i64) -> (&Arc<Schedule>, i64) {
        let next = self
            .versions
            .partition_point(|version| version.0.timestamp_millis() <= at);
        let until = self
            .versions
            .get(next)
            .map_or(i64::MAX, |version| version.0.timestamp_millis());
        // Before the second version the first applies, however early.
        match next {
            0 if self.versions.len() == 1 => (&self.versions[0].1, i64::MAX),
            0 => (&self.versions[0].1, self.versions[1].0.timestamp_millis()),
            _ => (&self.versions[next - 1].1, until),
        }
    }
}

impl TryFrom<Vec<(DateTime<Utc>, Arc<Schedule>)>> for Timeline {
    type Error = Error;

    fn try_from(versions: Vec<(DateTime<Utc>, Arc<Schedule>)>) -> Result<Self, Error> {
        Self::from_versions(versions)
    }
}

impl From<Timeline> for Vec<(DateTime<Utc>, Arc<Schedule>)> {
    fn from(timeline: Timeline) -> Self {
        timeline.versions
    }
}
