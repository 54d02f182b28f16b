//! Holidays: days that a list or a yearly rule takes out of the weekly pattern.

use super::{DaySpan, Error};
use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the hours of a day differ from those of its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayHours {
    /// Closed from midnight to midnight by the wall clock.
    Closed,
    /// Closed during these spans; else as the weekday has it.
    ClosedDuring(Vec<DaySpan>),
    /// Open during these spans alone, whatever the weekday has.
    OpenDuring(Vec<DaySpan>),
}

/// A day with other hours, and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// What people call it.
    pub name: String,
    /// Its hours.
    pub hours: DayHours,
}

/// A holiday that comes back every year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yearly {
    /// What people call it.
    pub name: String,
    /// On which day it falls.
    pub rule: Rule,
    /// Its hours.
    pub hours: DayHours,
    /// Where it goes when it falls on a weekend.
    #[serde(default)]
    pub observed: Observed,
    /// The first year it applies in.
    #[serde(default)]
    pub from_year: Option<i32>,
    /// The last year it applies in.
    #[serde(default)]
    pub until_year: Option<i32>,
}

/// Finds a day in every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The same date; 29 February in leap years alone.
    Fixed {
        /// The month, from 1.
        month: u32,
        /// The day of the month, from 1.
        day: u32,
    },
    /// A weekday of a month, counted from its beginning (1 to 5) or its end (-1 to -5).
    NthWeekday {
        /// The month, from 1.
        month: u32,
        /// The weekday.
        weekday: Weekday,
        /// Which of them.
        nth: i8,
    },
    /// Days after Easter Sunday of the Gregorian calendar; before it if negative.
    Easter {
        /// How many days.
        days: i16,
    },
    /// Days after the Easter Sunday of the Orthodox churches; before it if negative.
    OrthodoxEaster {
        /// How many days.
        days: i16,
    },
}

/// Where a holiday goes when it falls on a weekend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// It stays.
    #[default]
    AsIs,
    /// Saturday's goes to Friday, Sunday's to Monday.
    NearestWeekday,
    /// Both go to Monday.
    NextMonday,
}

/// All holidays of a schedule: single dates and yearly rules.
///
/// A date that is listed decides alone; otherwise the first rule that falls on it does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Holidays {
    /// Single dates.
    pub dates: BTreeMap<NaiveDate, Holiday>,
    /// Yearly rules, in order.
    pub yearly: Vec<Yearly>,
}

impl Holidays {
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty() && self.yearly.is_empty()
    }

    /// Adds dates that are not listed yet, such as those of an import: what is there stays.
    pub fn add_missing(&mut self, dates: impl IntoIterator<Item = (NaiveDate, Holiday)>) {
        for (date, holiday) in dates {
            self.dates.entry(date).or_insert(holiday);
        }
    }

    /// Returns the name and the hours of a date that is a holiday.
    pub fn on(&self, date: NaiveDate) -> Option<(&str, &DayHours)> {
        if let Some(holiday) = self.dates.get(&date) {
            return Some((&holiday.name, &holiday.hours));
        }
        let rule = self.yearly.iter().find(|yearly| yearly.falls_on(date))?;
        Some((&rule.name, &rule.hours))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let listed = self.dates.values().map(|holiday| &holiday.hours);
        let yearly = self.yearly.iter().map(|yearly| &yearly.hours);
        for hours in listed.chain(yearly) {
            hours.check()?;
        }
        match self.yearly.iter().find(|yearly| !yearly.rule.can_be()) {
            Some(impossible) => Err(Error::Yearly {
                name: impossible.name.clone(),
            }),
            None => Ok(()),
        }
    }
}

impl DayHours {
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Closed => Ok(()),
            Self::ClosedDuring(spans) | Self::OpenDuring(spans) => {
                spans.iter().try_for_each(|span| span.check())
            }
        }
    }
}

impl Yearly {
    /// Tells whether the holiday is kept on a date.
    pub fn falls_on(&self, date: NaiveDate) -> bool {
        // What falls on the edge of a year may be kept in the year beside it.
        let years = match self.observed {
            Observed::AsIs => date.year()..=date.year(),
            _ => date.year() - 1..=date.year() + 1,
        };
        years
            .filter(|year| self.from_year.is_none_or(|first| first <= *year))
            .filter(|year| self.until_year.is_none_or(|last| *year <= last))
            .filter_map(|year| self.rule.in_year(year))
            .any(|day| self.observed.kept(day) == Some(date))
    }
}

impl Observed {
    fn kept(self, date: NaiveDate) -> Option<NaiveDate> {
        match (self, date.weekday()) {
            (Self::NearestWeekday, Weekday::Sat) => date.pred_opt(),
            (Self::NextMonday, Weekday::Sat) => date.checked_add_days(Days::new(2)),
            (Self::NearestWeekday | Self::NextMonday, Weekday::Sun) => date.succ_opt(),
            _ => Some(date),
        }
    }
}

impl Rule {
    /// Returns the day it falls on in a year.
    pub fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Fixed { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            Self::NthWeekday {
                month,
                weekday,
                nth,
            } => nth_weekday(year, month, weekday, nth),
            Self::Easter { days } => shifted(easter(year)?, days),
            Self::OrthodoxEaster { days } => shifted(orthodox_easter(year)?, days),
        }
    }

    fn can_be(self) -> bool {
        match self {
            // A leap year has every date that there is.
            Self::Fixed { .. } => self.in_year(2024).is_some(),
            Self::NthWeekday { month, nth, .. } => {
                (1..=12).contains(&month) && (1..=5).contains(&nth.unsigned_abs())
            }
            Self::Easter { .. } | Self::OrthodoxEaster { .. } => true,
        }
    }
}

fn shifted(day: NaiveDate, days: i16) -> Option<NaiveDate> {
    day.checked_add_signed(TimeDelta::days(days.into()))
}

fn nth_weekday(year: i32, month: u32, weekday: Weekday, nth: i8) -> Option<NaiveDate> {
    if nth > 0 {
        return NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth.unsigned_abs());
    }
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    let last = NaiveDate::from_ymd_opt(next_year, next_month, 1)?.pred_opt()?;
    let back = (7 + last.weekday().num_days_from_sunday() - weekday.num_days_from_sunday()) % 7;
    let weeks = u64::from(nth.unsigned_abs().checked_sub(1)?);
    let day = last.checked_sub_days(Days::new(u64::from(back) + 7 * weeks))?;
    (day.month() == month).then_some(day)
}

/// Finds Easter Sunday: the Sunday after the full moon of the church, from tables made arithmetic.
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let century = year.div_euclid(100);
    // How far leap days that were left out and the moon's drift have moved the tables.
    let solar = century - century.div_euclid(4);
    let lunar = (8 * century + 13).div_euclid(25);
    let mut epact = (19 * golden + solar - lunar + 15).rem_euclid(30);
    if epact == 29 || (epact == 28 && golden > 10) {
        epact -= 1;
    }
    let full_moon =
        NaiveDate::from_ymd_opt(year, 3, 21)?.checked_add_days(Days::new(epact as u64))?;
    sunday_after(full_moon)
}

/// Finds the Easter Sunday of the Julian calendar, as a date of the Gregorian one.
fn orthodox_easter(year: i32) -> Option<NaiveDate> {
    let epact = (19 * year.rem_euclid(19) + 15).rem_euclid(30);
    let century = year.div_euclid(100);
    let behind = century - century.div_euclid(4) - 2;
    let full_moon = NaiveDate::from_ymd_opt(year, 3, 21)?
        .checked_add_signed(TimeDelta::days(i64::from(epact + behind)))?;
    sunday_after(full_moon)
}

fn sunday_after(day: NaiveDate) -> Option<NaiveDate> {
    let ahead = 7 - day.weekday().num_days_from_sunday();
    day.checked_add_days(Days::new(ahead.into()))
}
