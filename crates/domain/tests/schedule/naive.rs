//! The count by hand: look at the wall clock once a minute.
//!
//! It shares nothing with the code under test: spans are not cut at midnight, holidays are a plain
//! list, and the zone is asked for every minute anew.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use interdesk_domain::schedule::{
    DayHours, DaySpan, Holiday, Holidays, Schedule, Timeline, Week, WeekSpan,
};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) zone: Tz,
    pub(crate) spans: Vec<WeekSpan>,
    pub(crate) days: Vec<(NaiveDate, DayHours)>,
}

impl Plan {
    fn is_open(&self, at: i64) -> bool {
        let clock = DateTime::<Utc>::from_timestamp_millis(at)
            .expect("a time")
            .with_timezone(&self.zone);
        let minute = (clock.hour() * 60 + clock.minute()) as u16;
        let of_week = clock.weekday().num_days_from_sunday() as u16 * 1440 + minute;
        let usual = self.spans.iter().any(|span| {
            (span.from..span.to).contains(&of_week)
                || (span.from..span.to).contains(&(of_week + 10_080))
        });
        let in_any = |spans: &[DaySpan]| {
            spans
                .iter()
                .any(|span| span.from <= minute && minute < span.to)
        };
        let date = clock.date_naive();
        match self.days.iter().find(|(day, _)| *day == date) {
            None => usual,
            Some((_, DayHours::Closed)) => false,
            Some((_, DayHours::ClosedDuring(spans))) => usual && !in_any(spans),
            Some((_, DayHours::OpenDuring(spans))) => in_any(spans),
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        let mut holidays = Holidays::default();
        holidays.add_missing(self.days.iter().map(|(date, hours)| {
            let hours = hours.clone();
            (
                *date,
                Holiday {
                    name: "a day off".to_owned(),
                    hours,
                },
            )
        }));
        let week = Week::new(self.spans.iter().copied()).expect("a week");
        Schedule::new(self.zone, week, holidays).expect("a schedule")
    }
}

/// Plans, each from a moment on, in whole minutes.
#[derive(Debug, Clone)]
pub(crate) struct Plans(pub(crate) Vec<(i64, Plan)>);

impl Plans {
    /// Counts minute by minute: what a wall clock shows changes only there.
    pub(crate) fn elapsed(&self, from: i64, to: i64) -> i64 {
        self.count(from, to, 60_000)
    }

    /// Counts second by second.
    pub(crate) fn elapsed_by_seconds(&self, from: i64, to: i64) -> i64 {
        self.count(from, to, 1_000)
    }

    fn count(&self, from: i64, to: i64, step: i64) -> i64 {
        let mut sum = 0;
        let mut at = from.div_euclid(step) * step;
        while at < to {
            let plan = self
                .0
                .iter()
                .rev()
                .find(|(since, _)| *since <= at)
                .unwrap_or(&self.0[0]);
            if plan.1.is_open(at) {
                sum += to.min(at + step) - from.max(at);
            }
            at += step;
        }
        sum
    }

    pub(crate) fn timeline(&self) -> Timeline {
        let versions = self.0.iter().map(|(since, plan)| {
            let at = DateTime::from_timestamp_millis(*since).expect("a time");
            (at, Arc::new(plan.schedule()))
        });
        Timeline::from_versions(versions).expect("a timeline")
    }
}
