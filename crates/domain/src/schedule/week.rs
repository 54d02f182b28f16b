//! The weekly pattern, in minutes of the wall clock.

use super::Error;
use chrono::Weekday;
use serde::{Deserialize, Serialize};

/// Minutes in a day of the wall clock.
pub(super) const DAY: u16 = 24 * 60;
/// Minutes in a week of the wall clock.
const WEEK: u16 = 7 * DAY;

/// Part of a day by the wall clock: from a minute (0 to 1439) up to, not including, another (to 1440).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DaySpan {
    /// The first minute.
    pub from: u16,
    /// The minute it ends before.
    pub to: u16,
}

impl DaySpan {
    /// The whole day.
    pub const WHOLE: Self = Self { from: 0, to: DAY };

    /// Reads a span from two times of day, such as `09:00` and `12:30`; `24:00` ends the day.
    pub fn parse(from: &str, to: &str) -> Result<Self, Error> {
        let span = Self {
            from: time_of_day(from)?,
            to: time_of_day(to)?,
        };
        span.check()?;
        Ok(span)
    }

    pub(super) fn check(self) -> Result<(), Error> {
        match self.from < self.to && self.to <= DAY {
            true => Ok(()),
            false => Err(Error::DaySpan {
                from: self.from,
                to: self.to,
            }),
        }
    }
}

/// Part of a week by the wall clock, in minutes from Sunday 00:00.
///
/// It begins below 10080 and may run over the end of the week, up to a whole week long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WeekSpan {
    /// The first minute.
    pub from: u16,
    /// The minute it ends before.
    pub to: u16,
}

/// The open times of every week. Spans that touch or overlap are one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<WeekSpan>", into = "Vec<WeekSpan>")]
pub struct Week {
    /// Open spans of each day, Sunday first: sorted, apart from each other.
    days: [Vec<DaySpan>; 7],
}

impl Week {
    /// Returns a week that is never open.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Returns a week that is always open.
    pub fn always() -> Self {
        Self {
            days: std::array::from_fn(|_| vec![DaySpan::WHOLE]),
        }
    }

    /// Builds a week from spans in any order.
    pub fn new(spans: impl IntoIterator<Item = WeekSpan>) -> Result<Self, Error> {
        let mut week = Self::closed();
        for span in spans {
            week.add(span)?;
        }
        Ok(week)
    }

    /// Adds the same times to several days, such as `09:00` to `17:00`.
    ///
    /// An end at or before the beginning is on the next day.
    pub fn with(
        mut self,
        days: impl IntoIterator<Item = Weekday>,
        from: &str,
        to: &str,
    ) -> Result<Self, Error> {
        let (from, mut to) = (time_of_day(from)?, time_of_day(to)?);
        if to <= from {
            to += DAY;
        }
        for day in days {
            let midnight = day.num_days_from_sunday() as u16 * DAY;
            self.add(WeekSpan {
                from: midnight + from,
                to: midnight + to,
            })?;
        }
        Ok(self)
    }

    /// Tells whether no minute is closed.
    pub fn is_always(&self) -> bool {
        self.days.iter().all(|day| day[..] == [DaySpan::WHOLE])
    }

    /// Returns the open spans of a weekday, sorted and apart from each other.
    pub fn on(&self, day: Weekday) -> &[DaySpan] {
        &self.days[day.num_days_from_sunday() as usize]
    }

    /// Cuts a span at each midnight and puts the pieces on their days.
    fn add(&mut self, span: WeekSpan) -> Result<(), Error> {
        let fits = span.from < WEEK && span.from < span.to && span.to - span.from <= WEEK;
        if !fits {
            return Err(Error::WeekSpan {
                from: span.from,
                to: span.to,
            });
        }
        let mut from = span.from;
        while from < span.to {
            let midnight = from / DAY * DAY;
            let to = span.to.min(midnight + DAY);
            let day = &mut self.days[usize::from(from / DAY % 7)];
            day.push(DaySpan {
                from: from - midnight,
                to: to - midnight,
            });
            merge(day);
            from = to;
        }
        Ok(())
    }
}

impl TryFrom<Vec<WeekSpan>> for Week {
    type Error = Error;

    fn try_from(spans: Vec<WeekSpan>) -> Result<Self, Error> {
        Self::new(spans)
    }
}

impl From<Week> for Vec<WeekSpan> {
    fn from(week: Week) -> Self {
        let days = (0..).map(|day: u16| day * DAY).zip(week.days);
        days.flat_map(|(midnight, spans)| {
            spans.into_iter().map(move |span| WeekSpan {
                from: midnight + span.from,
                to: midnight + span.to,
            })
        })
        .collect()
    }
}

/// Sorts spans and joins those that touch or overlap.
pub(super) fn merge(spans: &mut Vec<DaySpan>) {
    spans.sort();
    spans.dedup_by(|next, kept| {
        let joins = next.from <= kept.to;
        if joins {
            kept.to = kept.to.max(next.to);
        }
        joins
    });
}

fn time_of_day(text: &str) -> Result<u16, Error> {
    let refuse = || Error::TimeOfDay(text.chars().take(16).collect());
    let (hour, minute) = text.split_once(':').ok_or_else(refuse)?;
    let number =
        |digits: &str| match digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse::<u16>().map_err(|_| refuse()),
            false => Err(refuse()),
        };
    let (hour, minute) = (number(hour)?, number(minute)?);
    match minute < 60 && hour * 60 + minute <= DAY {
        true => Ok(hour * 60 + minute),
        false => Err(refuse()),
    }
}
