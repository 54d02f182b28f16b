//! Business time: when a team is open, to the millisecond.
//!
//! A [`Schedule`] is a zone, a weekly pattern and holidays. It is open at a moment exactly when the
//! clock on a wall in its zone shows an open time of that date. Everything else follows: an hour that
//! a change of clocks skips counts nothing, one that it repeats counts twice, and a schedule that is
//! open around the clock never loses a minute.
//!
//! A [`Timeline`] says which schedule applied when. [`Timeline::elapsed`] and [`Timeline::deadline`]
//! are exact inverses, and [`Timeline::tiles`] shows what they counted. The laws are in
//! `docs/sla.md` and tested in `tests/schedule`.

mod choice;
mod holiday;
pub mod ical;
mod timeline;
mod walk;
mod week;

pub use choice::Candidates;
pub use holiday::{DayHours, Holiday, Holidays, Observed, Rule, Yearly};
pub use timeline::{HORIZON_DAYS, Timeline};
pub use walk::{Kind, Tile, Tiles};
pub use week::{DaySpan, Week, WeekSpan};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Why something is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A span of a day that is empty, backwards or longer than the day.
    #[error("the span {from}-{to} is not within a day; give minutes from 0 to 1440, the end last")]
    DaySpan {
        /// Its first minute.
        from: u16,
        /// The minute it ends before.
        to: u16,
    },
    /// A span of a week that is empty, backwards or longer than the week.
    #[error(
        "the span {from}-{to} is not within a week; begin it below 10080 and end it within a week of that"
    )]
    WeekSpan {
        /// Its first minute.
        from: u16,
        /// The minute it ends before.
        to: u16,
    },
    /// A text that is no time of day.
    #[error("{0:?} is not a time of day; write it as 09:30")]
    TimeOfDay(String),
    /// A yearly rule that names no day.
    #[error("the yearly holiday {name:?} never falls on a day; check its month, day and weekday")]
    Yearly {
        /// The holiday's name.
        name: String,
    },
    /// A timeline without a schedule.
    #[error("a timeline needs at least one schedule")]
    NoSchedule,
}

/// When a team is open: a zone, a weekly pattern by the wall clock, and holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Schedule {
    zone: Tz,
    week: Week,
    holidays: Holidays,
}

/// A schedule as it is written down.
#[derive(Serialize, Deserialize)]
struct Parts {
    zone: Tz,
    week: Week,
    #[serde(default)]
    holidays: Holidays,
}

impl Schedule {
    /// Builds a schedule; refuses holidays that cannot be.
    pub fn new(zone: Tz, week: Week, holidays: Holidays) -> Result<Self, Error> {
        holidays.check()?;
        Ok(Self {
            zone,
            week,
            holidays,
        })
    }

    /// Returns the schedule that never closes.
    pub fn always() -> Self {
        Self {
            zone: Tz::UTC,
            week: Week::always(),
            holidays: Holidays::default(),
        }
    }

    /// Returns the zone whose wall clock counts.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns the weekly pattern.
    pub fn week(&self) -> &Week {
        &self.week
    }

    /// Returns the holidays.
    pub fn holidays(&self) -> &Holidays {
        &self.holidays
    }

    /// Tells whether it never closes.
    pub fn is_always_open(&self) -> bool {
        self.week.is_always() && self.holidays.is_empty()
    }
}

impl TryFrom<Parts> for Schedule {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        Self::new(parts.zone, parts.week, parts.holidays)
    }
}

impl From<Schedule> for Parts {
    fn from(schedule: Schedule) -> Self {
        Self {
            zone: schedule.zone,
            week: schedule.week,
            holidays: schedule.holidays,
        }
    }
}
