//! What reports add up: the runs of clocks that ended, by day, queue, policy version and priority.

use super::{Clock, End, Figures, Outcome, PolicyVersion, Sketch};
use crate::id::{QueueId, TeamId};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Under what an instance that ended is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// Which clock.
    pub clock: Clock,
    /// The day on which it ended, in the workspace's zone.
    pub day: NaiveDate,
    /// In which queue, where it was in one.
    pub queue: Option<QueueId>,
    /// With which team.
    pub team: Option<TeamId>,
    /// Under which version of which policy.
    pub policy: Option<PolicyVersion>,
    /// With which priority.
    pub priority: i16,
}

/// What the instances of a cell come to.
///
/// What ended is met, breached, void or without a target, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// In time.
    pub met: i64,
    /// Too late, or stopped when it was too late.
    pub breached: i64,
    /// Stopped before it was decided.
    pub void: i64,
    /// Measured, but nothing was promised.
    pub no_target: i64,
    /// Of all these, those for which what they waited for came.
    pub fulfilled: i64,
    /// Their counted milliseconds.
    pub counted_ms: i64,
    /// Their counted milliseconds, one by one.
    pub sketch: Sketch,
}

/// Where an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// In which queue, where it was in one.
    pub queue: Option<QueueId>,
    /// With which team.
    pub team: Option<TeamId>,
}

/// Changes of cells: what is to be added to the sums that are kept.
///
/// An instance that runs adds nothing. One that ended is added once; where a correction gives it
/// other figures, the old ones are taken away and the new ones are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollups {
    zone: Tz,
    cells: BTreeMap<Cell, Tally>,
}

impl Tally {
    /// Adds the figures of an instance that ended so many times; -1 takes them away.
    fn count(&mut self, figures: &Figures, how: End, times: i64) {
        match figures.outcome {
            Outcome::Met => self.met += times,
            Outcome::Breached => self.breached += times,
            Outcome::Void => self.void += times,
            Outcome::NoTarget => self.no_target += times,
            // What ended is decided.
            Outcome::Open => return,
        }
        if how == End::Fulfilled {
            self.fulfilled += times;
            self.counted_ms += times * figures.counted_ms;
            self.sketch.add(figures.counted_ms, times);
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        self.met += other.met;
        self.breached += other.breached;
        self.void += other.void;
        self.no_target += other.no_target;
        self.fulfilled += other.fulfilled;
        self.counted_ms += other.counted_ms;
        self.sketch.merge(&other.sketch);
    }

    fn negated(&self) -> Self {
        let buckets = self
            .sketch
            .buckets()
            .map(|(bucket, times)| (bucket, -times));
        Self {
            met: -self.met,
            breached: -self.breached,
            void: -self.void,
            no_target: -self.no_target,
            fulfilled: -self.fulfilled,
            counted_ms: -self.counted_ms,
            sketch: Sketch::of(buckets),
        }
    }

    /// Returns how many instances ended.
    pub fn ended(&self) -> i64 {
        self.met + self.breached + self.void + self.no_target
    }

    /// Returns the mean of what was counted until it came, in milliseconds.
    pub fn mean_ms(&self) -> Option<i64> {
        self.counted_ms.checked_div(self.fulfilled)
    }

    /// Returns how many of those that were decided were met, in per cent.
    pub fn met_percent(&self) -> Option<f64> {
        let decided = self.met + self.breached;
        (decided > 0).then(|| self.met as f64 * 100.0 / decided as f64)
    }
}

impl Rollups {
    /// Begins with no change; days are those of the zone.
    pub fn new(zone: Tz) -> Self {
        let cells = BTreeMap::new();
        Self { zone, cells }
    }

    /// Begins anew with the same days.
    pub fn emptied(&self) -> Self {
        Self::new(self.zone)
    }

    /// Adds an instance, if it ended.
    pub fn add(&mut self, figures: &Figures, place: Place) {
        self.count(figures, place, 1);
    }

    /// Takes away an instance that was added before.
    pub fn take(&mut self, figures: &Figures, place: Place) {
        self.count(figures, place, -1);
    }

    /// Takes what is kept of a cell away, so that what is left is what is wrong with it.
    pub fn subtract(&mut self, cell: Cell, kept: &Tally) {
        let tally = self.cells.entry(cell).or_default();
        tally.merge(&kept.negated());
        if *tally == Tally::default() {
            self.cells.remove(&cell);
        }
    }

    /// Returns the cells that change and by how much, always in the same order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (&Cell, &Tally)> {
        self.cells.iter()
    }

    /// Tells whether nothing changes.
    pub fn is_nothing(&self) -> bool {
        self.cells.is_empty()
    }

    fn count(&mut self, figures: &Figures, place: Place, times: i64) {
        let Some(ended) = figures.ended else {
            return;
        };
        let cell = Cell {
            clock: figures.id.clock,
            day: day(ended.at, self.zone),
            queue: place.queue,
            team: place.team,
            policy: figures.policy,
            priority: figures.priority,
        };
        let tally = self.cells.entry(cell).or_default();
        tally.count(figures, ended.how, times);
        if *tally == Tally::default() {
            self.cells.remove(&cell);
        }
    }
}

/// Returns the day of a moment in a zone.
pub fn day(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// Returns the first moment of a day in a zone.
///
/// Where clocks go forward at midnight that is not midnight; of a day that the zone left out it is
/// the first moment of the next.
pub fn day_begins(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..=200).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
    let mut found = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest());
    match found.next() {
        Some(begins) => begins.with_timezone(&Utc),
        None => midnight.and_utc(),
    }
}

/// Tells whether a clock is about to break its promise: it counts, and its deadline is closer than
/// a quarter of its target.
pub fn is_at_risk(figures: &Figures, now: DateTime<Utc>) -> bool {
    let (Some(within), Some(deadline)) = (figures.within_ms, figures.deadline) else {
        return false;
    };
    let is_open = figures.ended.is_none() && figures.outcome == Outcome::Open;
    let is_near = deadline - now <= TimeDelta::milliseconds(within / 4);
    is_open && deadline > now && is_near
}
