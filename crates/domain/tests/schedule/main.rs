//! Business time: named cases, tables of changing clocks, laws against a naive count.

mod calendars;
mod hours;
mod ical;
mod laws;
mod naive;
mod zones;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use interdesk_domain::schedule::{Holidays, Schedule, Timeline, Week};

/// Reads a time of a zone's wall clock; the earlier where it comes twice.
fn wall(zone: Tz, text: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M"))
        .expect("a time");
    let there = zone.from_local_datetime(&local).earliest();
    there.expect("a time of the zone").with_timezone(&Utc)
}

fn utc(text: &str) -> DateTime<Utc> {
    wall(Tz::UTC, text)
}

fn timeline(zone: Tz, week: Week) -> Timeline {
    Timeline::new(Schedule::new(zone, week, Holidays::default()).expect("a schedule"))
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn hours(n: i64) -> TimeDelta {
    TimeDelta::hours(n)
}
