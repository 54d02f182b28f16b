//! Yearly recurrences.

use super::Error;
use super::line::Line;
use chrono::{Datelike, NaiveDate, Weekday};
use std::ops::RangeInclusive;

/// A yearly `RRULE`.
pub(super) struct Recurrence {
    interval: i32,
    count: Option<usize>,
    until: Option<NaiveDate>,
    months: Vec<u32>,
    month_days: Vec<i32>,
    /// Weekdays; with a number, that one of the month alone.
    week_days: Vec<(i32, Weekday)>,
}

impl Recurrence {
    pub(super) fn read(line: &Line) -> Result<Self, Error> {
        let mut rule = Self {
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            week_days: Vec::new(),
        };
        let mut yearly = false;
        for part in line.value.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| line.value("part of a recurrence", part))?;
            match key.to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("YEARLY") => yearly = true,
                "INTERVAL" => rule.interval = number(line, value, 1..=1000)?,
                "COUNT" => rule.count = Some(number(line, value, 1..=100_000)? as usize),
                "UNTIL" => rule.until = Some(until(line, value)?),
                "BYMONTH" => {
                    for month in value.split(',') {
                        rule.months.push(number(line, month, 1..=12)? as u32);
                    }
                }
                "BYMONTHDAY" => {
                    for day in value.split(',') {
                        rule.month_days.push(number(line, day, -31..=31)?);
                    }
                }
                "BYDAY" => {
                    for day in value.split(',') {
                        rule.week_days.push(week_day(line, day)?);
                    }
                }
                // Weeks are not counted, so that their first day makes no difference.
                "WKST" => {}
                _ => return Err(line.unsupported(&format!("a recurrence with {part}"))),
            }
        }
        if !yearly {
            return Err(line.value("recurrence with a FREQ", &line.value));
        }
        if rule.months.is_empty() && !rule.week_days.is_empty() && rule.month_days.is_empty() {
            return Err(line.unsupported("BYDAY without BYMONTH"));
        }
        Ok(rule)
    }

    /// Returns the dates from the first on that fall into `years`.
    pub(super) fn dates(&self, first: NaiveDate, years: RangeInclusive<i32>) -> Vec<NaiveDate> {
        // The first event counts as one, even where the rule would not name its date.
        let mut found = vec![first];
        let mut seen = 1;
        let mut year = first.year();
        while year <= *years.end() {
            for date in self.in_year(year, first) {
                if date <= first {
                    continue;
                }
                seen += 1;
                let over = self.count.is_some_and(|count| seen > count)
                    || self.until.is_some_and(|until| date > until);
                if over {
                    return found;
                }
                if years.contains(&date.year()) {
                    found.push(date);
                }
            }
            year += self.interval;
        }
        found
    }

    /// Returns the dates of one year in order.
    fn in_year(&self, year: i32, first: NaiveDate) -> Vec<NaiveDate> {
        let any_day = self.month_days.is_empty() && self.week_days.is_empty();
        let every_month = self.months.is_empty() && !any_day;
        let month_of_first = self.months.is_empty() && any_day;
        let mut dates = Vec::new();
        for month in 1..=12u32 {
            let named = every_month
                || self.months.contains(&month)
                || (month_of_first && month == first.month());
            if !named {
                continue;
            }
            let days = (1..=31).filter_map(|day| NaiveDate::from_ymd_opt(year, month, day));
            let days: Vec<_> = days.collect();
            let matching = days.iter().filter(|date| match any_day {
                true => date.day() == first.day(),
                false => self.names(**date, days.len() as i32),
            });
            dates.extend(matching);
        }
        dates
    }

    fn names(&self, date: NaiveDate, length: i32) -> bool {
        let day = date.day() as i32;
        let from_end = day - length - 1;
        let by_month_day = self.month_days.is_empty()
            || self.month_days.contains(&day)
            || self.month_days.contains(&from_end);
        let by_week_day = self.week_days.is_empty()
            || self.week_days.iter().any(|(nth, weekday)| {
                let which = match nth {
                    1.. => (day - 1) / 7 + 1,
                    0 => 0,
                    _ => -((length - day) / 7 + 1),
                };
                date.weekday() == *weekday && which == *nth
            });
        by_month_day && by_week_day
    }
}

fn number(line: &Line, value: &str, range: RangeInclusive<i32>) -> Result<i32, Error> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| line.value("number in its range", value))
}

fn until(line: &Line, value: &str) -> Result<NaiveDate, Error> {
    let date = value.get(..8).unwrap_or(value);
    NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| line.value("date", value))
}

fn week_day(line: &Line, text: &str) -> Result<(i32, Weekday), Error> {
    let refuse = || line.value("weekday", text);
    let split = text
        .len()
        .checked_sub(2)
        .filter(|at| text.is_char_boundary(*at));
    let (nth, name) = text.split_at(split.ok_or_else(refuse)?);
    let weekday = match name.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return Err(refuse()),
    };
    let nth = match nth {
        "" => 0,
        _ => number(line, nth.strip_prefix('+').unwrap_or(nth), -5..=5)?,
    };
    Ok((nth, weekday))
}
