//! The walk over time that everything is counted by: one step for each span of a day.
//!
//! Between two changes of the zone's offset the wall clock runs evenly, so that a step is a
//! subtraction. A step never crosses a midnight of the wall clock, a change of the offset or a change
//! of the schedule.

use super::week::{DAY, merge};
use super::{DayHours, DaySpan, Schedule, Timeline};
use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = DAY as i64 * MINUTE_MS;
/// Days from the first of January of year 1 to that of 1970.
const EPOCH_DAY: i64 = 719_163;
/// The years 1 to 9999: beyond them no wall clock has a date.
const FIRST_MS: i64 = -62_135_596_800_000 + 2 * DAY_MS;
const LAST_MS: i64 = 253_402_300_800_000 - 2 * DAY_MS;

/// Whether time counts, or why it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Open.
    Open,
    /// Closed by the weekly pattern.
    OutsideHours,
    /// Closed by the holiday of this name.
    Holiday(&'a str),
}

/// A stretch of time of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile<'a> {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends; not part of it.
    pub to: DateTime<Utc>,
    /// What it is.
    pub kind: Kind<'a>,
}

/// Walks over the tiles between two moments.
#[derive(Debug, Clone)]
pub struct Tiles<'a> {
    timeline: &'a Timeline,
    at: i64,
    until: i64,
    stretch: Stretch<'a>,
    waiting: Option<(i64, i64, Kind<'a>)>,
}

/// Time in which the wall clock runs evenly, on one date, under one schedule.
#[derive(Debug, Clone)]
struct Stretch<'a> {
    /// Where it ends, in milliseconds UTC.
    end: i64,
    /// The UTC moment of the date's midnight, as this offset would have it.
    midnight: i64,
    /// The day's tiles in order: the minute each ends before, and its kind.
    day: Vec<(u16, Kind<'a>)>,
    next: usize,
}

impl<'a> Tiles<'a> {
    pub(super) fn new(timeline: &'a Timeline, from: i64, to: i64) -> Self {
        Self {
            timeline,
            at: from.clamp(FIRST_MS, LAST_MS),
            until: to.clamp(FIRST_MS, LAST_MS),
            stretch: Stretch {
                end: i64::MIN,
                midnight: 0,
                day: Vec::new(),
                next: 0,
            },
            waiting: None,
        }
    }

    /// Takes one step: milliseconds from and to, and the kind. Neighbours may be alike.
    pub(super) fn raw(&mut self) -> Option<(i64, i64, Kind<'a>)> {
        if self.at >= self.until {
            return None;
        }
        if self.at >= self.stretch.end {
            self.stretch.enter(self.timeline, self.at, self.until);
        }
        let from = self.at;
        let stretch = &mut self.stretch;
        loop {
            let (minute, kind) = *stretch.day.get(stretch.next)?;
            let to = match stretch.next + 1 == stretch.day.len() {
                true => stretch.end,
                false => stretch
                    .end
                    .min(stretch.midnight + i64::from(minute) * MINUTE_MS),
            };
            if to > from {
                self.at = to.min(self.until);
                return Some((from, self.at, kind));
            }
            stretch.next += 1;
        }
    }
}

impl<'a> Iterator for Tiles<'a> {
    type Item = Tile<'a>;

    fn next(&mut self) -> Option<Tile<'a>> {
        let (from, mut to, kind) = self.waiting.take().or_else(|| self.raw())?;
        while let Some(next) = self.raw() {
            if next.2 != kind {
                self.waiting = Some(next);
                break;
            }
            to = next.1;
        }
        Some(Tile {
            from: moment(from),
            to: moment(to),
            kind,
        })
    }
}

impl<'a> Stretch<'a> {
    fn enter(&mut self, timeline: &'a Timeline, at: i64, until: i64) {
        let (schedule, version_end) = timeline.version(at);
        self.day.clear();
        self.next = 0;
        if schedule.is_always_open() {
            self.day.push((DAY, Kind::Open));
            self.end = version_end.min(until);
            return;
        }
        let offset = offset(schedule.zone(), at);
        let day = (at + offset).div_euclid(DAY_MS);
        self.midnight = day * DAY_MS - offset;
        let end = (self.midnight + DAY_MS).min(version_end);
        self.end = change(schedule.zone(), at, end).unwrap_or(end);
        if let Some(date) = NaiveDate::from_num_days_from_ce_opt((day + EPOCH_DAY) as i32) {
            fill(&mut self.day, schedule, date);
        }
    }
}

/// Lays out a date: every minute of it in one tile.
fn fill<'a>(day: &mut Vec<(u16, Kind<'a>)>, schedule: &'a Schedule, date: NaiveDate) {
    let usual = schedule.week().on(date.weekday());
    let (name, hours) = match schedule.holidays().on(date) {
        Some(holiday) => holiday,
        None => return lay(day, usual, Kind::OutsideHours),
    };
    match hours {
        DayHours::Closed => day.push((DAY, Kind::Holiday(name))),
        DayHours::OpenDuring(spans) => {
            let mut open = spans.clone();
            merge(&mut open);
            lay(day, &open, Kind::Holiday(name));
        }
        DayHours::ClosedDuring(spans) => {
            let mut closed = spans.clone();
            merge(&mut closed);
            lay_closed(day, usual, &closed, name);
        }
    }
}

fn lay<'a>(day: &mut Vec<(u16, Kind<'a>)>, open: &[DaySpan], closed: Kind<'a>) {
    let mut at = 0;
    for span in open {
        if span.from > at {
            day.push((span.from, closed));
        }
        day.push((span.to, Kind::Open));
        at = span.to;
    }
    if at < DAY {
        day.push((DAY, closed));
    }
}

/// Lays out a date that closes for a part: the closing is by its name, the rest as usual.
fn lay_closed<'a>(
    day: &mut Vec<(u16, Kind<'a>)>,
    usual: &[DaySpan],
    closed: &[DaySpan],
    name: &'a str,
) {
    let within = |spans: &[DaySpan], at: u16| spans.iter().any(|s| s.from <= at && at < s.to);
    let mut edges: Vec<u16> = usual
        .iter()
        .chain(closed)
        .flat_map(|span| [span.from, span.to])
        .chain([DAY])
        .filter(|edge| *edge > 0)
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut at = 0;
    for edge in edges {
        let kind = match (within(closed, at), within(usual, at)) {
            (true, _) => Kind::Holiday(name),
            (false, true) => Kind::Open,
            (false, false) => Kind::OutsideHours,
        };
        day.push((edge, kind));
        at = edge;
    }
}

/// Returns the milliseconds by which the wall clock is ahead of UTC.
fn offset(zone: Tz, at: i64) -> i64 {
    let seconds = zone.offset_from_utc_datetime(&moment(at).naive_utc()).fix();
    i64::from(seconds.local_minus_utc()) * 1000
}

/// Returns the first moment after `at` and before `end` whose offset differs.
///
/// The two are at most a day apart, and no zone changes its clocks twice in a day.
fn change(zone: Tz, at: i64, end: i64) -> Option<i64> {
    let before = offset(zone, at);
    if end <= at + 1 || offset(zone, end - 1) == before {
        return None;
    }
    let (mut same, mut other) = (at, end - 1);
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        match offset(zone, middle) == before {
            true => same = middle,
            false => other = middle,
        }
    }
    Some(other)
}

fn moment(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.clamp(FIRST_MS, LAST_MS)).unwrap_or_default()
}
