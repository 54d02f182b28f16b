//! Tells short stories of episodes.

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use interdesk_domain::id::{EventId, OfferId, PolicyId, ScheduleId};
use interdesk_domain::schedule::{Holidays, Schedule, Timeline, Week};
use interdesk_domain::sla::*;
use uuid::Uuid;

pub(crate) const BERLIN: Tz = Tz::Europe__Berlin;

/// Monday 16 November 2026, noon UTC.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-16T12:00:00Z".parse().expect("a time")
}

pub(crate) fn min(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

pub(crate) fn after(n: i64) -> DateTime<Utc> {
    noon() + min(n)
}

pub(crate) fn event(n: usize) -> EventId {
    EventId(Uuid::from_u128(n as u128 + 1))
}

pub(crate) fn offer(n: u128) -> OfferId {
    OfferId(Uuid::from_u128(n))
}

pub(crate) fn schedule_id(n: u128) -> ScheduleId {
    ScheduleId(Uuid::from_u128(n))
}

pub(crate) fn policy_version(n: u128) -> PolicyVersion {
    PolicyVersion {
        policy: PolicyId(Uuid::from_u128(n)),
        version: 1,
    }
}

/// Moments with their minutes after noon; the event's number is its place.
pub(crate) fn history(told: &[(i64, What)]) -> Vec<Moment> {
    let numbered = told.iter().enumerate();
    numbered
        .map(|(n, (minute, what))| Moment {
            at: after(*minute),
            event: event(n),
            what: *what,
        })
        .collect()
}

pub(crate) fn target(clock: Clock, minutes: i64, hours: Hours) -> Target {
    Target {
        clock,
        priority: None,
        within_ms: minutes * 60_000,
        hours,
        steps: Vec::new(),
    }
}

pub(crate) fn step(name: &str, at: At) -> Step {
    Step {
        name: name.to_owned(),
        at,
        actions: vec![Action::WidenLadder],
    }
}

pub(crate) fn policy(n: u128, targets: impl IntoIterator<Item = Target>) -> Policy {
    Policy {
        key: policy_version(n),
        name: format!("Policy {n}"),
        effective_from: DateTime::UNIX_EPOCH,
        effective_until: None,
        targets: targets.into_iter().collect(),
        rules: Rules::default(),
    }
}

/// A policy that promises an hour of calendar time for every clock.
pub(crate) fn an_hour_for_all() -> Policy {
    policy(
        1,
        Clock::ALL.map(|clock| target(clock, 60, Hours::Calendar)),
    )
}

pub(crate) fn week(days: &[Weekday], from: &str, to: &str) -> Timeline {
    let week = Week::closed()
        .with(days.iter().copied(), from, to)
        .expect("a week");
    Timeline::new(Schedule::new(BERLIN, week, Holidays::default()).expect("a schedule"))
}

pub(crate) fn workdays(from: &str, to: &str) -> Timeline {
    week(
        &[
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ],
        from,
        to,
    )
}

pub(crate) fn book(policies: impl IntoIterator<Item = Policy>) -> Book {
    Book::new(policies, []).expect("a book")
}

/// The runs of one clock.
pub(crate) fn runs<'a, 'b>(report: &'a Report<'b>, clock: Clock) -> Vec<&'a Instance<'b>> {
    report
        .instances
        .iter()
        .filter(|instance| instance.id.clock == clock)
        .collect()
}

/// Begin, end and counted time of a run, in minutes after noon.
pub(crate) type Life = (i64, Option<(i64, End)>, i64);

/// Tells the lives of the runs of one clock.
pub(crate) fn lives(report: &Report<'_>, clock: Clock) -> Vec<Life> {
    let minute = |at: DateTime<Utc>| (at - noon()).num_minutes();
    let life = |run: &Instance<'_>| {
        let ended = run.ended.map(|ended| (minute(ended.at), ended.how));
        (
            minute(run.started_at),
            ended,
            run.elapsed(report.now).num_minutes(),
        )
    };
    runs(report, clock).into_iter().map(life).collect()
}
