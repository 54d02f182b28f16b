//! Holidays from an iCalendar file (RFC 5545), the part of it that calendars of holidays use.
//!
//! Read are `VEVENT`s: whole days and timed events, several days long, in UTC, in IANA zones or
//! floating; `RRULE`s that recur yearly; `RDATE` and `EXDATE`. Cancelled events are counted and left
//! out, other components are passed over. Whatever would change a date and is not understood is an
//! error that names its line: a holiday is never taken in wrongly in silence.

mod line;
mod recur;

use super::holiday::{DayHours, Holiday};
use super::week::{DAY, DaySpan, merge};
use chrono::{
    Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use line::Line;
use recur::Recurrence;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The longest text that is read, in bytes.
pub const LONGEST_TEXT: usize = 4 << 20;
/// The most dates that one calendar may name.
pub const MOST_DATES: usize = 20_000;
/// The most years that recurring events are written out for.
pub const MOST_YEARS: usize = 100;

/// Why a text is no calendar of holidays that we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is longer than [`LONGEST_TEXT`].
    #[error("the calendar is longer than 4 MiB")]
    TooLong,
    /// The calendar names more dates than [`MOST_DATES`].
    #[error("the calendar names more than 20000 dates")]
    TooManyDates,
    /// More years were asked for than [`MOST_YEARS`].
    #[error("at most 100 years are imported at once")]
    TooManyYears,
    /// There is no `BEGIN:VCALENDAR`.
    #[error("the text does not begin with BEGIN:VCALENDAR")]
    NoCalendar,
    /// The text ends within a component.
    #[error("the calendar ends before END:{component}")]
    Truncated {
        /// Which component is open.
        component: String,
    },
    /// A line that has no name or no value, or ends a component that is not open.
    #[error("line {line}: not a line of iCalendar")]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
    /// A value that cannot be read.
    #[error("line {line}: {value:?} is not a {what}")]
    Value {
        /// The line's number, from 1.
        line: usize,
        /// What it should be.
        what: &'static str,
        /// What it is, cut to 64 characters.
        value: String,
    },
    /// An event without `DTSTART`.
    #[error("line {line}: the event that ends here has no DTSTART")]
    NoStart {
        /// The line of its end, from 1.
        line: usize,
    },
    /// Something that would change dates and is not understood.
    #[error("line {line}: {what} is not supported; remove it or list the dates")]
    Unsupported {
        /// The line's number, from 1.
        line: usize,
        /// What it is, cut to 64 characters.
        what: String,
    },
}

/// What a calendar holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    /// The dates that are closed, wholly or for a part.
    pub dates: BTreeMap<NaiveDate, Holiday>,
    /// How many events were left out as cancelled.
    pub cancelled: usize,
}

/// Reads the holidays of a text that fall into `years`, by the wall clock of `zone`.
///
/// Events of one date become one holiday with all their names and closings.
pub fn parse(text: &str, zone: Tz, years: RangeInclusive<i32>) -> Result<Import, Error> {
    if text.len() > LONGEST_TEXT {
        return Err(Error::TooLong);
    }
    if i64::from(*years.end()) - i64::from(*years.start()) >= MOST_YEARS as i64 {
        return Err(Error::TooManyYears);
    }
    let mut import = Import::default();
    let mut open: Vec<String> = Vec::new();
    let mut event = Event::default();
    for line in line::lines(text) {
        let line = line?;
        match line.name.as_str() {
            "BEGIN" => {
                open.push(line.value.to_ascii_uppercase());
                if open[0] != "VCALENDAR" {
                    return Err(Error::NoCalendar);
                }
                if open.len() == 2 {
                    event = Event::default();
                }
            }
            "END" => {
                let name = line.value.to_ascii_uppercase();
                if open.pop().as_deref() != Some(&name) {
                    return Err(Error::Line { line: line.number });
                }
                if open.len() == 1 && name == "VEVENT" {
                    std::mem::take(&mut event).put(&mut import, line.number, &years)?;
                }
            }
            _ if open.is_empty() => return Err(Error::NoCalendar),
            _ if open.len() == 2 && open[1] == "VEVENT" => event.take(&line, zone)?,
            _ => {}
        }
    }
    match open.pop() {
        Some(component) => Err(Error::Truncated { component }),
        None if import == Import::default() && text.trim().is_empty() => Err(Error::NoCalendar),
        None => Ok(import),
    }
}

/// An event as far as it was read.
#[derive(Default)]
struct Event {
    summary: String,
    start: Option<Start>,
    end: Option<NaiveDateTime>,
    lasts: Option<TimeDelta>,
    recurs: Option<Recurrence>,
    also: BTreeSet<NaiveDate>,
    not: BTreeSet<NaiveDate>,
    cancelled: bool,
}

/// When an event begins, by the wall clock of the schedule.
#[derive(Clone, Copy)]
struct Start {
    at: NaiveDateTime,
    whole_day: bool,
}

impl Event {
    fn take(&mut self, line: &Line, zone: Tz) -> Result<(), Error> {
        match line.name.as_str() {
            "SUMMARY" => self.summary = line::unescape(&line.value),
            "STATUS" => self.cancelled = line.value.eq_ignore_ascii_case("CANCELLED"),
            "DTSTART" => self.start = Some(moment(line, &line.value, zone)?),
            "DTEND" => self.end = Some(moment(line, &line.value, zone)?.at),
            "DURATION" => self.lasts = Some(duration(line)?),
            "RRULE" if self.recurs.is_some() => return Err(line.unsupported("a second RRULE")),
            "RRULE" => self.recurs = Some(Recurrence::read(line)?),
            "RDATE" => self.also.extend(dates(line, zone)?),
            "EXDATE" => self.not.extend(dates(line, zone)?),
            name @ ("RECURRENCE-ID" | "EXRULE") => return Err(line.unsupported(name)),
            _ => {}
        }
        Ok(())
    }

    fn put(
        mut self,
        import: &mut Import,
        line: usize,
        years: &RangeInclusive<i32>,
    ) -> Result<(), Error> {
        if self.cancelled {
            import.cancelled += 1;
            return Ok(());
        }
        let start = self.start.ok_or(Error::NoStart { line })?;
        let shortest = match start.whole_day {
            true => TimeDelta::days(1),
            false => TimeDelta::zero(),
        };
        let lasts = match self.end {
            Some(end) => (end - start.at).max(shortest),
            None => self.lasts.unwrap_or(shortest),
        };
        if lasts > TimeDelta::days(366) {
            return Err(Error::Unsupported {
                line,
                what: "an event longer than a year".to_owned(),
            });
        }
        // What began late in the year before may reach into the first.
        let first = self.recurs.take().map_or_else(
            || vec![start.at.date()],
            |recurs| recurs.dates(start.at.date(), *years.start() - 1..=*years.end()),
        );
        let all: BTreeSet<_> = first.into_iter().chain(self.also).collect();
        for date in all.difference(&self.not) {
            let from = date.and_time(start.at.time());
            close(import, from, from + lasts, &self.summary, years);
            if import.dates.len() > MOST_DATES {
                return Err(Error::TooManyDates);
            }
        }
        Ok(())
    }
}

/// Closes every date between two times of the wall clock for its part.
fn close(
    import: &mut Import,
    from: NaiveDateTime,
    to: NaiveDateTime,
    name: &str,
    years: &RangeInclusive<i32>,
) {
    let mut date = from.date();
    while date.and_time(NaiveTime::MIN) < to {
        let midnight = date.and_time(NaiveTime::MIN);
        // Part of a minute closes the minute.
        let first = (from - midnight).num_seconds().max(0) / 60;
        let last = ((to - midnight).num_seconds() + 59) / 60;
        let span = DaySpan {
            from: first as u16,
            to: last.min(i64::from(DAY)) as u16,
        };
        if years.contains(&date.year()) && span.from < span.to {
            add(import.dates.entry(date), name, span);
        }
        match date.checked_add_days(Days::new(1)) {
            Some(next) => date = next,
            None => return,
        }
    }
}

fn add(
    entry: std::collections::btree_map::Entry<'_, NaiveDate, Holiday>,
    name: &str,
    span: DaySpan,
) {
    let holiday = entry.or_insert_with(|| Holiday {
        name: name.to_owned(),
        hours: DayHours::ClosedDuring(Vec::new()),
    });
    if !holiday.name.contains(name) {
        holiday.name = format!("{}, {name}", holiday.name);
    }
    if let DayHours::ClosedDuring(spans) = &mut holiday.hours {
        spans.push(span);
        merge(spans);
        if spans[..] == [DaySpan::WHOLE] {
            holiday.hours = DayHours::Closed;
        }
    }
}

fn dates(line: &Line, zone: Tz) -> Result<Vec<NaiveDate>, Error> {
    if line.param("VALUE") == Some("PERIOD") {
        return Err(line.unsupported("VALUE=PERIOD"));
    }
    let values = line.value.split(',');
    values
        .map(|value| Ok(moment(line, value, zone)?.at.date()))
        .collect()
}

/// Reads a date or a time, and turns it to the wall clock of `zone`.
fn moment(line: &Line, value: &str, zone: Tz) -> Result<Start, Error> {
    if let Ok(date) = NaiveDate::parse_from_str(value, "%Y%m%d") {
        let at = date.and_time(NaiveTime::MIN);
        return Ok(Start {
            at,
            whole_day: true,
        });
    }
    let (digits, utc) = match value.strip_suffix('Z') {
        Some(digits) => (digits, true),
        None => (value, false),
    };
    let at = NaiveDateTime::parse_from_str(digits, "%Y%m%dT%H%M%S")
        .map_err(|_| line.value("date or time", value))?;
    let at = match line.param("TZID") {
        _ if utc => Utc
            .from_utc_datetime(&at)
            .with_timezone(&zone)
            .naive_local(),
        None => at,
        Some(name) => {
            let from: Tz = name
                .parse()
                .map_err(|_| line.unsupported(&format!("the zone {name}")))?;
            let there = from.from_local_datetime(&at);
            let there = there
                .earliest()
                .ok_or_else(|| line.value("time of its zone", value))?;
            there.with_timezone(&zone).naive_local()
        }
    };
    Ok(Start {
        at: at.with_nanosecond(0).unwrap_or(at),
        whole_day: false,
    })
}

/// Reads a duration such as `P1D`, `P2W` or `PT4H30M`.
fn duration(line: &Line) -> Result<TimeDelta, Error> {
    let refuse = || line.value("duration", &line.value);
    let rest = line.value.strip_prefix('+').unwrap_or(&line.value);
    let mut rest = rest.strip_prefix('P').ok_or_else(refuse)?;
    let mut seconds = 0i64;
    let mut in_time = false;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            in_time = true;
            rest = time;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| refuse())?;
        let unit = match (rest[digits..].chars().next(), in_time) {
            (Some('W'), false) => 604_800,
            (Some('D'), false) => 86_400,
            (Some('H'), true) => 3_600,
            (Some('M'), true) => 60,
            (Some('S'), true) => 1,
            _ => return Err(refuse()),
        };
        seconds = number
            .checked_mul(unit)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(refuse)?;
        rest = &rest[digits + 1..];
    }
    TimeDelta::try_seconds(seconds).ok_or_else(refuse)
}
