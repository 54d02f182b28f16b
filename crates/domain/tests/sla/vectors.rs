//! The cases that other desks got wrong.

use crate::story::*;
use What::*;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use interdesk_domain::schedule::{Holidays, Schedule, Timeline, Week, WeekSpan};
use interdesk_domain::sla::Clock::*;
use interdesk_domain::sla::*;

const BY_CUSTOMER: What = Opened {
    by: Party::Customer,
};

fn utc(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().expect("a time")
}

fn berlin(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    let there = BERLIN.with_ymd_and_hms(year, month, day, hour, minute, 0);
    there.single().expect("a time").with_timezone(&Utc)
}

fn moment(n: usize, at: DateTime<Utc>, what: What) -> Moment {
    Moment {
        at,
        event: event(n),
        what,
    }
}

#[test]
fn a_schedule_that_changes_under_way_counts_960_1333_minutes() {
    let plan = |spans: [(u16, u16); 2]| {
        let week = Week::new(spans.map(|(from, to)| WeekSpan { from, to })).expect("a week");
        Timeline::new(Schedule::new(chrono_tz::UTC, week, Holidays::default()).expect("a schedule"))
    };
    let schedules = [
        (schedule_id(1), plan([(3600, 4440), (5040, 5880)])),
        (schedule_id(2), plan([(3780, 4350), (5220, 5790)])),
    ];
    let replies = policy(1, [target(FirstReply, 1000, Hours::Business)]);
    let book = Book::new([replies], schedules).expect("a book");
    // A Tuesday and a Wednesday.
    let (opened, changed, replied) = (
        utc("2026-11-17T17:01:38"),
        utc("2026-11-18T19:01:25"),
        utc("2026-11-18T19:01:46"),
    );
    let story = |last_alone: bool| {
        let first = if last_alone { 2 } else { 1 };
        let history = vec![
            moment(0, opened, PolicyChanged(Some(policy_version(1)))),
            moment(1, opened, ScheduleChanged(Some(schedule_id(first)))),
            moment(2, opened, BY_CUSTOMER),
            moment(3, changed, ScheduleChanged(Some(schedule_id(2)))),
            moment(4, replied, AgentReply),
        ];
        let report = evaluate(history, &book, utc("2026-11-20T00:00:00")).expect("a report");
        let run = runs(&report, FirstReply)[0].clone();
        (run.elapsed(report.now).num_milliseconds(), run.outcome())
    };
    // 960.1333 minutes; by the last schedule alone 690.1333.
    assert_eq!(story(false), (57_608_000, Outcome::Met));
    assert_eq!(story(true), (41_408_000, Outcome::Met));
    assert_eq!((57_608_000.0_f64 / 6.0).round(), 9_601_333.0);
}

fn due_of_an_hour(opened: DateTime<Utc>, schedule: Timeline) -> Option<DateTime<Utc>> {
    let book = Book::new(
        [policy(1, [target(FirstReply, 60, Hours::Business)])],
        [(schedule_id(1), schedule)],
    );
    let book = book.expect("a book");
    let history = vec![
        moment(0, opened, PolicyChanged(Some(policy_version(1)))),
        moment(1, opened, ScheduleChanged(Some(schedule_id(1)))),
        moment(2, opened, BY_CUSTOMER),
    ];
    let report = evaluate(history, &book, opened).expect("a report");
    let status = runs(&report, FirstReply)[0].status(opened);
    assert_eq!(report.next_wake_up(), status.deadline);
    status.deadline
}

#[test]
fn friday_16_30_and_an_hour_is_due_on_monday_09_30() {
    let due = due_of_an_hour(berlin(2026, 11, 20, 16, 30), workdays("09:00", "17:00"));
    assert_eq!(due, Some(berlin(2026, 11, 23, 9, 30)));
}

#[test]
fn around_the_clock_is_due_over_midnight() {
    let due = due_of_an_hour(berlin(2026, 11, 20, 23, 30), Timeline::always());
    assert_eq!(due, Some(berlin(2026, 11, 21, 0, 30)));
}

#[test]
fn from_21_to_02_is_due_over_midnight_and_over_the_day() {
    let night = || workdays("21:00", "02:00");
    let due = due_of_an_hour(berlin(2026, 11, 19, 23, 30), night());
    assert_eq!(due, Some(berlin(2026, 11, 20, 0, 30)));
    let due = due_of_an_hour(berlin(2026, 11, 20, 1, 30), night());
    assert_eq!(due, Some(berlin(2026, 11, 20, 21, 30)));
}

#[test]
fn from_08_to_12_and_13_30_to_18_leaves_out_the_break() {
    let days = [chrono::Weekday::Mon, chrono::Weekday::Fri];
    let week = Week::closed().with(days, "08:00", "12:00").expect("a week");
    let week = week.with(days, "13:30", "18:00").expect("a week");
    let schedule =
        Timeline::new(Schedule::new(BERLIN, week, Holidays::default()).expect("a schedule"));
    let due = due_of_an_hour(berlin(2026, 11, 20, 11, 45), schedule);
    assert_eq!(due, Some(berlin(2026, 11, 20, 14, 15)));
}

#[test]
fn the_update_clock_never_beats_the_first_reply_clock_before_a_first_reply() {
    let updates = [NextReply, PeriodicUpdate, PausableUpdate];
    let short = updates.map(|clock| target(clock, 5, Hours::Calendar));
    let long = target(FirstReply, 60, Hours::Calendar);
    let book = book([policy(1, short.into_iter().chain([long]))]);
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (0, CustomerMessage),
        (10, CustomerMessage),
        (20, CustomerMessage),
    ];
    let report = evaluate(history(&told), &book, after(30)).expect("a report");
    assert!(updates.iter().all(|clock| runs(&report, *clock).is_empty()));
    assert_eq!(report.next_wake_up(), Some(after(60)));
}

#[test]
fn the_update_clock_does_not_run_after_an_agents_answer() {
    let book = book([an_hour_for_all()]);
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (5, AgentReply),
        (6, CustomerMessage),
        (9, AgentReply),
        (10, AgentReply),
    ];
    let report = evaluate(history(&told), &book, after(600)).expect("a report");
    assert_eq!(
        lives(&report, NextReply),
        [(6, Some((9, End::Fulfilled)), 3)]
    );
    assert!(
        runs(&report, NextReply)
            .iter()
            .all(|run| run.outcome() == Outcome::Met)
    );
}

#[test]
fn the_first_reply_clock_of_an_episode_starts_at_reopen() {
    let told = [
        (0, BY_CUSTOMER),
        (10, AgentReply),
        (20, Became(State::Resolved)),
        (
            500,
            Reopened {
                by: Party::Customer,
            },
        ),
        (500, CustomerMessage),
        (530, AgentReply),
    ];
    let all = history(&told);
    let parts: Vec<_> = episodes(&all).collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [3, 3]
    );
    let book = book([]);
    let report = evaluate(parts[1].iter().copied(), &book, after(600)).expect("a report");
    assert_eq!(
        lives(&report, FirstReply),
        [(500, Some((530, End::Fulfilled)), 30)]
    );
    assert!(runs(&report, NextReply).is_empty());
}

#[test]
fn the_last_word_from_the_customer_then_resolved_stops_next_reply() {
    let book = book([an_hour_for_all()]);
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (5, AgentReply),
        (10, CustomerMessage),
        (15, Became(State::Resolved)),
    ];
    let report = evaluate(history(&told), &book, after(10_000)).expect("a report");
    assert_eq!(
        lives(&report, NextReply),
        [(10, Some((15, End::Fulfilled)), 5)]
    );
    assert!(report.due().is_empty());
    assert_eq!(report.next_wake_up(), None);
}

#[test]
fn a_missed_duration_is_frozen_at_resolution() {
    let book = book([an_hour_for_all()]);
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (90, Became(State::Resolved)),
    ];
    for now in [90, 91, 100_000] {
        let report = evaluate(history(&told), &book, after(now)).expect("a report");
        let status = runs(&report, FirstReply)[0].status(report.now);
        assert_eq!(
            (status.elapsed, status.remaining),
            (min(90), Some(min(-30)))
        );
        assert_eq!(
            (status.outcome, status.deadline),
            (Outcome::Breached, Some(after(60)))
        );
        assert_eq!(status.phase, Phase::Ended(End::Stopped));
    }
}

#[test]
fn the_breach_of_a_service_that_was_down_an_hour_has_the_computed_time() {
    let book = book([an_hour_for_all()]);
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (200, AgentReply),
    ];
    let awake = evaluate(history(&told[..2]), &book, after(60)).expect("a report");
    let late = evaluate(history(&told[..2]), &book, after(125)).expect("a report");
    let after_all = evaluate(history(&told), &book, after(300)).expect("a report");
    for report in [awake, late, after_all] {
        let breach = runs(&report, FirstReply)[0].breached_at;
        assert_eq!(breach, Some(after(60)));
        let due = report.due();
        let key = due[0].key.to_string();
        assert!(
            key.starts_with("first_reply:event_") && key.ends_with(":breach"),
            "{key}"
        );
        assert_eq!(due[0].at, after(60));
    }
}

#[test]
fn an_answer_at_the_deadline_is_late_and_a_millisecond_before_it_is_not() {
    let book = book([an_hour_for_all()]);
    let outcome = |late: i64| {
        let mut told = history(&[
            (0, PolicyChanged(Some(policy_version(1)))),
            (0, BY_CUSTOMER),
            (60, AgentReply),
        ]);
        told[2].at += TimeDelta::milliseconds(late);
        let report = evaluate(told, &book, after(90)).expect("a report");
        runs(&report, FirstReply)[0].outcome()
    };
    assert_eq!(outcome(-1), Outcome::Met);
    assert_eq!(outcome(0), Outcome::Breached);
}
