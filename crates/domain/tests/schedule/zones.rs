//! Days on which clocks change: what each wall clock shows is what counts.

use crate::{timeline, wall};
use chrono::{Datelike, NaiveDate, Offset, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use interdesk_domain::schedule::{Kind, Schedule, Timeline, Week};

const DAYS: [Weekday; 7] = [
    Weekday::Sun,
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
];

/// Open minutes of one date in a zone, for daily hours.
fn open_minutes(zone: Tz, date: &str, from: &str, to: &str) -> i64 {
    let week = Week::closed().with(DAYS, from, to).expect("a week");
    let date: NaiveDate = date.parse().expect("a date");
    // A day around the date, cut to the date by the wall clock.
    let noon = Utc.from_utc_datetime(&date.and_hms_opt(12, 0, 0).expect("noon"));
    let line = timeline(zone, week);
    line.tiles(noon - TimeDelta::days(2), noon + TimeDelta::days(2))
        .filter(|tile| tile.kind == Kind::Open)
        .map(|tile| {
            let mut minutes = 0;
            let mut at = tile.from;
            while at < tile.to {
                minutes += i64::from(at.with_timezone(&zone).date_naive() == date);
                at += TimeDelta::minutes(1);
            }
            minutes
        })
        .sum()
}

#[test]
fn skipped_hours_count_nothing_and_repeated_hours_count_twice() {
    use Tz::{
        Africa__Casablanca as CASABLANCA, America__New_York as NEW_YORK,
        America__Sao_Paulo as SAO_PAULO, America__St_Johns as ST_JOHNS,
        Asia__Kathmandu as KATHMANDU, Australia__Lord_Howe as LORD_HOWE, Europe__Berlin as BERLIN,
        Pacific__Apia as APIA,
    };
    let cases = [
        // zone, date, daily hours, minutes that are open on that date
        (BERLIN, "2026-03-29", "00:00", "24:00", 23 * 60),
        (BERLIN, "2026-10-25", "00:00", "24:00", 25 * 60),
        (BERLIN, "2026-03-29", "02:00", "03:00", 0),
        (BERLIN, "2026-03-29", "01:30", "03:30", 60),
        (BERLIN, "2026-10-25", "02:00", "03:00", 120),
        (BERLIN, "2026-10-25", "02:15", "02:45", 60),
        (BERLIN, "2026-10-25", "21:00", "02:00", 5 * 60),
        (NEW_YORK, "2026-03-08", "00:00", "24:00", 23 * 60),
        (NEW_YORK, "2026-11-01", "00:00", "24:00", 25 * 60),
        (NEW_YORK, "2026-11-01", "01:00", "02:00", 120),
        (NEW_YORK, "2026-03-08", "01:00", "09:00", 7 * 60),
        // Half an hour, both ways.
        (LORD_HOWE, "2026-04-05", "00:00", "24:00", 24 * 60 + 30),
        (LORD_HOWE, "2026-10-04", "00:00", "24:00", 24 * 60 - 30),
        (LORD_HOWE, "2026-04-05", "01:30", "02:00", 60),
        (LORD_HOWE, "2026-10-04", "02:00", "02:30", 0),
        // Clocks go back for Ramadan and forward after it.
        (CASABLANCA, "2026-02-15", "00:00", "24:00", 25 * 60),
        (CASABLANCA, "2026-03-22", "00:00", "24:00", 23 * 60),
        // The change skips midnight, or repeats the hour before it.
        (SAO_PAULO, "2018-11-04", "00:00", "24:00", 23 * 60),
        (SAO_PAULO, "2018-11-04", "00:00", "01:00", 0),
        (SAO_PAULO, "2018-02-17", "00:00", "24:00", 25 * 60),
        (SAO_PAULO, "2018-02-17", "23:00", "24:00", 120),
        (SAO_PAULO, "2026-11-01", "00:00", "24:00", 24 * 60),
        // A minute past midnight the clock went back into the day before.
        (ST_JOHNS, "2010-11-06", "23:00", "24:00", 60 + 59),
        (ST_JOHNS, "2010-11-07", "00:00", "24:00", 24 * 60 + 1),
        // An island that crossed the date line had no 30 December.
        (APIA, "2011-12-30", "00:00", "24:00", 0),
        (APIA, "2011-12-31", "00:00", "24:00", 24 * 60),
        (KATHMANDU, "2026-10-25", "09:00", "17:00", 8 * 60),
    ];
    for (zone, date, from, to, expect) in cases {
        assert_eq!(
            open_minutes(zone, date, from, to),
            expect,
            "{zone} {date} {from}-{to}"
        );
    }
}

#[test]
fn a_deadline_goes_over_a_change_of_clocks_by_real_hours() {
    let berlin = Tz::Europe__Berlin;
    let line = timeline(berlin, Week::always());
    let spring = wall(berlin, "2026-03-29 01:30");
    assert_eq!(
        line.deadline(spring, TimeDelta::hours(1)),
        Some(wall(berlin, "2026-03-29 03:30"))
    );
    let autumn = wall(berlin, "2026-10-25 01:30");
    let due = line
        .deadline(autumn, TimeDelta::hours(2))
        .expect("a deadline");
    // The second half past two of that night.
    assert_eq!(
        due.with_timezone(&berlin).to_rfc3339(),
        "2026-10-25T02:30:00+01:00"
    );
}

/// Zones whose every change is looked at.
const ZONES: [Tz; 14] = [
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Dublin,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::America__Sao_Paulo,
    Tz::America__Santiago,
    Tz::Africa__Casablanca,
    Tz::Africa__Cairo,
    Tz::Asia__Tehran,
    Tz::Asia__Gaza,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Antarctica__Troll,
];

#[test]
fn no_zone_changes_its_clocks_twice_within_a_day() {
    // The walk looks for one change between two moments a day apart.
    for zone in ZONES {
        let mut at = Utc
            .with_ymd_and_hms(1990, 1, 1, 0, 0, 0)
            .single()
            .expect("a time");
        let mut last_change = at - TimeDelta::days(9);
        let offset = |at| zone.offset_from_utc_datetime(&at).fix();
        while at.year() < 2038 {
            let next = at + TimeDelta::minutes(180);
            if offset(next.naive_utc()) != offset(at.naive_utc()) {
                assert!(next - last_change > TimeDelta::hours(30), "{zone} {next}");
                last_change = next;
            }
            at = next;
        }
    }
}

#[test]
fn tiles_of_a_year_end_where_the_wall_clock_says() {
    for zone in ZONES {
        let line = timeline(
            zone,
            Week::closed().with(DAYS, "09:00", "17:00").expect("a week"),
        );
        let (from, to) = (
            wall(Tz::UTC, "2011-01-01 00:00"),
            wall(Tz::UTC, "2013-01-01 00:00"),
        );
        let open = line.tiles(from, to).filter(|tile| tile.kind == Kind::Open);
        for tile in open.skip(1).filter(|tile| tile.to < to) {
            let (first, last) = (tile.from.with_timezone(&zone), tile.to.with_timezone(&zone));
            assert_eq!((first.hour(), first.minute()), (9, 0), "{zone} {first}");
            assert_eq!((last.hour(), last.minute()), (17, 0), "{zone} {last}");
        }
    }
}

#[test]
fn far_times_are_counted_and_never_panic() {
    let line = Timeline::new(Schedule::always());
    let (min, max) = (
        chrono::DateTime::<Utc>::MIN_UTC,
        chrono::DateTime::<Utc>::MAX_UTC,
    );
    assert!(line.elapsed(min, max) > TimeDelta::days(9_000 * 365));
    assert_eq!(line.deadline(max, TimeDelta::hours(1)), None);
    let berlin = timeline(Tz::Europe__Berlin, Week::always());
    assert_eq!(berlin.deadline(max, TimeDelta::hours(1)), None);
}
