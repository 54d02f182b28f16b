//! Weekly patterns: several spans a day, past midnight, around the clock, versions.

use crate::{hours, minutes, timeline, utc, wall};
use chrono::{TimeDelta, Weekday};
use chrono_tz::Tz;
use chrono_tz::Tz::Europe__Berlin as BERLIN;
use interdesk_domain::schedule::*;
use std::sync::Arc;

const WORKDAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

fn nine_to_five() -> Week {
    Week::closed()
        .with(WORKDAYS, "09:00", "17:00")
        .expect("a week")
}

fn every_day(from: &str, to: &str) -> Week {
    let days = WORKDAYS.into_iter().chain([Weekday::Sat, Weekday::Sun]);
    Week::closed().with(days, from, to).expect("a week")
}

#[test]
fn friday_half_past_four_plus_an_hour_is_monday_half_past_nine() {
    let line = timeline(BERLIN, nine_to_five());
    let friday = wall(BERLIN, "2026-11-20 16:30");
    let due = line.deadline(friday, hours(1));
    assert_eq!(due, Some(wall(BERLIN, "2026-11-23 09:30")));
    assert_eq!(
        line.elapsed(friday, wall(BERLIN, "2026-11-23 09:30")),
        hours(1)
    );
}

#[test]
fn around_the_clock_no_minute_is_lost_over_midnight() {
    for line in [
        timeline(BERLIN, Week::always()),
        timeline(BERLIN, every_day("00:00", "24:00")),
        Timeline::always(),
    ] {
        let late = utc("2026-11-21 23:50:00");
        assert_eq!(line.elapsed(late, utc("2026-11-22 00:10")), minutes(20));
        assert_eq!(
            line.deadline(late, minutes(20)),
            Some(utc("2026-11-22 00:10"))
        );
        let years = (utc("2010-03-01 00:00"), utc("2030-07-09 13:37:11"));
        assert_eq!(line.elapsed(years.0, years.1), years.1 - years.0);
    }
}

#[test]
fn from_nine_in_the_evening_to_two_counts_past_midnight() {
    let line = timeline(BERLIN, every_day("21:00", "02:00"));
    let from = wall(BERLIN, "2026-11-20 23:00");
    assert_eq!(
        line.elapsed(from, wall(BERLIN, "2026-11-21 12:00")),
        hours(3)
    );
    assert_eq!(
        line.deadline(from, hours(4)),
        Some(wall(BERLIN, "2026-11-21 22:00"))
    );
    // A span of Saturday night runs over the end of the week.
    let saturday = Week::closed()
        .with([Weekday::Sat], "21:00", "02:00")
        .expect("a week");
    let line = timeline(BERLIN, saturday);
    let whole_week = (
        wall(BERLIN, "2026-11-15 00:00"),
        wall(BERLIN, "2026-11-22 00:00"),
    );
    assert_eq!(line.elapsed(whole_week.0, whole_week.1), hours(5));
    let sunday = wall(BERLIN, "2026-11-22 00:00");
    assert_eq!(line.elapsed(sunday, sunday + hours(24)), hours(2));
}

#[test]
fn a_midday_break_does_not_count() {
    let week = every_day("08:00", "12:00");
    let week = week.with(WORKDAYS, "13:30", "18:00").expect("a week");
    let line = timeline(BERLIN, week);
    let from = wall(BERLIN, "2026-11-20 11:00");
    assert_eq!(
        line.elapsed(from, wall(BERLIN, "2026-11-20 14:00")),
        minutes(90)
    );
    assert_eq!(
        line.deadline(from, hours(1)),
        Some(wall(BERLIN, "2026-11-20 12:00"))
    );
    assert_eq!(
        line.deadline(from, minutes(61)),
        Some(wall(BERLIN, "2026-11-20 13:31"))
    );
}

/// The two schedules of the vector, in minutes of the week from Sunday 00:00.
fn l1_then_l2() -> Timeline {
    let spans = |spans: [(u16, u16); 2]| {
        Week::new(spans.map(|(from, to)| WeekSpan { from, to })).expect("a week")
    };
    let schedule = |week| Schedule::new(Tz::UTC, week, Holidays::default()).expect("a schedule");
    let l1 = schedule(spans([(3600, 4440), (5040, 5880)]));
    let l2 = schedule(spans([(3780, 4350), (5220, 5790)]));
    Timeline::new(l1).then(utc("2026-11-18 19:01:25"), l2)
}

#[test]
fn a_change_of_schedule_counts_each_part_by_its_own_schedule() {
    let (from, to) = (utc("2026-11-17 17:01:38"), utc("2026-11-18 19:01:46"));
    let line = l1_then_l2();
    assert_eq!(line.elapsed(from, to), TimeDelta::milliseconds(57_608_000));
    assert_eq!(57_608_000.0_f64 / 60_000.0, 960.133_333_333_333_3);
    let last_alone = Timeline::new((**line.at(to)).clone());
    // By the last schedule alone it would be 690.1333 minutes.
    assert_eq!(last_alone.elapsed(from, to).num_milliseconds(), 41_408_000);
    assert_eq!(
        line.deadline(from, TimeDelta::milliseconds(57_608_000)),
        Some(to)
    );
}

#[test]
fn a_schedule_that_never_opens_has_no_deadline() {
    let line = timeline(BERLIN, Week::closed());
    assert_eq!(line.deadline(utc("2026-11-22 00:00"), minutes(1)), None);
    assert_eq!(line.next_open(utc("2026-11-22 00:00")), None);
    assert_eq!(
        line.deadline(utc("2026-11-22 00:00"), minutes(0)),
        Some(utc("2026-11-22 00:00"))
    );
}

#[test]
fn edges_are_in_at_the_beginning_and_out_at_the_end() {
    let line = timeline(BERLIN, nine_to_five());
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-11-20 08:59:59")),
        Kind::OutsideHours
    );
    assert_eq!(line.kind_at(wall(BERLIN, "2026-11-20 09:00")), Kind::Open);
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-11-20 16:59:59")),
        Kind::Open
    );
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-11-20 17:00")),
        Kind::OutsideHours
    );
    let friday = wall(BERLIN, "2026-11-20 16:30");
    // What fits exactly is over when the team leaves, not when it comes back.
    assert_eq!(
        line.deadline(friday, minutes(30)),
        Some(wall(BERLIN, "2026-11-20 17:00"))
    );
    assert_eq!(
        line.next_open(wall(BERLIN, "2026-11-20 17:00")),
        Some(wall(BERLIN, "2026-11-23 09:00"))
    );
    assert_eq!(line.next_open(friday), Some(friday));
    assert_eq!(line.elapsed(friday, friday - hours(5)), hours(0));
}

#[test]
fn schedules_read_back_what_they_wrote_and_refuse_what_cannot_be() {
    let line = l1_then_l2();
    let json = serde_json::to_string(&line).expect("json");
    assert_eq!(
        serde_json::from_str::<Timeline>(&json).expect("a timeline"),
        line
    );
    assert!(
        Week::new([WeekSpan {
            from: 10_080,
            to: 10_081
        }])
        .is_err()
    );
    assert!(Week::new([WeekSpan { from: 5, to: 5 }]).is_err());
    assert!(
        Week::new([WeekSpan {
            from: 5,
            to: 10_086
        }])
        .is_err()
    );
    assert!(Week::closed().with(WORKDAYS, "9:00", "17:00").is_err());
    assert!(Week::closed().with(WORKDAYS, "09:60", "17:00").is_err());
    assert!(Timeline::from_versions([]).is_err());
    assert!(serde_json::from_str::<Timeline>("[]").is_err());
    assert!(DaySpan::parse("12:00", "09:00").is_err());
    assert!(serde_json::from_str::<Schedule>(r#"{"zone":"Europe/Atlantis","week":[]}"#).is_err());
}

#[test]
fn of_two_versions_for_one_moment_the_later_listed_wins() {
    let always = Arc::new(Schedule::always());
    let never =
        Arc::new(Schedule::new(BERLIN, Week::closed(), Holidays::default()).expect("a schedule"));
    let at = utc("2026-11-22 12:00");
    let line =
        Timeline::from_versions([(at, always.clone()), (at, never.clone())]).expect("a timeline");
    assert_eq!(line.elapsed(at, at + hours(1)), hours(0));
    let line = Timeline::from_versions([(at, never.clone()), (at - hours(2), always)])
        .expect("a timeline");
    assert_eq!(line.elapsed(at - hours(9), at + hours(1)), hours(9));
}

#[test]
fn the_nearest_promise_chooses_the_schedule() {
    let id = |n| Some(interdesk_domain::id::ScheduleId(uuid::Uuid::from_u128(n)));
    let mut names = Candidates {
        team: id(1),
        ..Candidates::default()
    };
    assert_eq!(names.choose(), id(1));
    names.queue = id(2);
    assert_eq!(names.choose(), id(2));
    names.contact = id(3);
    assert_eq!(names.choose(), id(3));
    names.contract = id(4);
    assert_eq!(names.choose(), id(4));
    assert_eq!(Candidates::default().choose(), None);
}
