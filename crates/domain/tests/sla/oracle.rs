//! Clocks over random histories, beside the same counted by hand.

use crate::by_hand::{Case, by_hand};
use crate::naive::{Plan, Plans};
use crate::story::{event, offer, policy_version, schedule_id};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use interdesk_domain::schedule::{DayHours, WeekSpan};
use interdesk_domain::sla::*;
use proptest::prelude::*;

fn happening() -> impl Strategy<Value = What> {
    let state = prop_oneof![3 => Just(State::WaitingForCustomer), 2 => Just(State::OnHold), 2 => Just(State::Snoozed), 3 => Just(State::Open)];
    let party = || {
        prop_oneof![
            Just(Party::Customer),
            Just(Party::Agent),
            Just(Party::System)
        ]
    };
    prop_oneof![
        6 => Just(What::CustomerMessage),
        6 => Just(What::AgentReply),
        1 => Just(What::InternalNote),
        1 => Just(What::Merged),
        1 => Just(What::Unasked),
        1 => party().prop_map(|by| What::Reacted { by }),
        5 => state.prop_map(What::Became),
        1 => prop_oneof![Just(State::Resolved), Just(State::Closed)].prop_map(What::Became),
        3 => Just(What::Queued),
        3 => Just(What::Offered { offer: offer(1) }),
        2 => Just(What::Accepted { offer: Some(offer(1)) }),
        1 => Just(What::Declined { offer: offer(1) }),
        1 => Just(What::Expired { offer: offer(1) }),
        1 => Just(What::Released),
        1 => Just(What::Unqueued),
        2 => (0..3i16).prop_map(What::PriorityChanged),
        2 => prop_oneof![1 => Just(None), 4 => (0..2u128).prop_map(Some)].prop_map(|n| What::PolicyChanged(n.map(policy_version))),
        2 => prop_oneof![1 => Just(None), 4 => (0..2u128).prop_map(Some)].prop_map(|n| What::ScheduleChanged(n.map(schedule_id))),
    ]
}

fn mid_flight() -> impl Strategy<Value = MidFlight> {
    prop_oneof![
        Just(MidFlight::Restart),
        Just(MidFlight::CarryOver),
        Just(MidFlight::Keep)
    ]
}

fn a_target() -> impl Strategy<Value = Target> {
    let at = prop_oneof![
        Just(At::Percent(50)),
        Just(At::Percent(80)),
        Just(At::Before(300_000)),
        Just(At::Breach),
        Just(At::After(600_000)),
        Just(At::Percent(150))
    ];
    let hours = prop_oneof![Just(Hours::Business), Just(Hours::Calendar)];
    (
        0..9usize,
        prop::option::of(0..3i16),
        1..10i64,
        hours,
        prop::collection::vec(at, 0..3),
    )
        .prop_map(|(clock, priority, twenties, hours, at)| Target {
            clock: Clock::ALL[clock],
            priority,
            // So that deadlines meet what happens, and schedules that open and close.
            within_ms: twenties * 20 * 60_000,
            hours,
            steps: at
                .into_iter()
                .enumerate()
                .map(|(n, at)| Step {
                    name: format!("step {n}"),
                    at,
                    actions: Vec::new(),
                })
                .collect(),
        })
}

prop_compose! {
    fn a_policy(n: u128)(
        targets in prop::collection::vec(a_target(), 4..20),
        (on_priority_change, on_policy_change, on_schedule_change) in (mid_flight(), mid_flight(), mid_flight()),
        (customer_reaction_answers, agent_reaction_updates) in any::<(bool, bool)>(),
    ) -> Policy {
        let mut policy = crate::story::policy(n, []);
        for target in targets {
            let known = policy.targets.iter().any(|known| (known.clock, known.priority) == (target.clock, target.priority));
            if !known {
                policy.targets.push(target);
            }
        }
        policy.rules = Rules { on_priority_change, on_policy_change, on_schedule_change, customer_reaction_answers, agent_reaction_updates };
        policy
    }
}

/// Time between two things that happen: none, whole minutes, or any.
fn gap() -> impl Strategy<Value = i64> {
    let minutes = (0..60i64).prop_map(|minutes| minutes * 60_000);
    prop_oneof![1 => Just(0), 3 => minutes, 3 => 0..3_600_000i64]
}

/// Zones, each with the day of a change of clocks.
const CHANGES: [(Tz, &str); 6] = [
    (Tz::Europe__Berlin, "2026-03-28T20:00:00Z"),
    (Tz::Europe__Berlin, "2026-10-24T20:00:00Z"),
    (Tz::America__New_York, "2026-11-01T01:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-04-04T10:00:00Z"),
    (Tz::Africa__Casablanca, "2026-02-14T22:00:00Z"),
    (Tz::America__Sao_Paulo, "2018-11-03T22:00:00Z"),
];

prop_compose! {
    fn case()(
        change in 0..CHANGES.len(),
        earlier in 0..600i64,
        daily in prop::collection::vec((0..1440u16, 60..900u16), 2..4),
        other_version in 0..900i64,
        holiday in any::<bool>(),
        policies in (a_policy(0), a_policy(1)),
        first in (prop::option::of(0..2u128), prop::option::of(0..2u128), 0..3i16),
        opened_by in prop_oneof![4 => Just(Party::Customer), 1 => Just(Party::Agent), 1 => Just(Party::System)],
        told in prop::collection::vec((gap(), happening()), 1..20),
        more in 0..14_400_000i64,
    ) -> Case {
        let (zone, around) = CHANGES[change];
        let around: DateTime<Utc> = around.parse().expect("a time");
        let begin = (around - TimeDelta::minutes(earlier)).timestamp_millis();
        let days = if holiday { vec![(around.date_naive(), DayHours::Closed)] } else { Vec::new() };
        let plan = |n: usize| {
            let (from, length) = daily[n % daily.len()];
            let spans = (0..7).map(|day| WeekSpan { from: day * 1440 + from, to: day * 1440 + from + length }).collect();
            Plan { zone, spans, days: days.clone() }
        };
        let plans = vec![
            Plans(vec![(begin, plan(0)), (begin + other_version * 60_000, plan(1))]),
            Plans(vec![(begin, plan(2))]),
        ];
        let mut all = vec![
            (0, What::PolicyChanged(first.0.map(policy_version))),
            (0, What::ScheduleChanged(first.1.map(schedule_id))),
            (0, What::PriorityChanged(first.2)),
            (0, What::Opened { by: opened_by }),
        ];
        let mut at = 0;
        for (gap, what) in told {
            at += gap;
            all.push((at, what));
        }
        Case { begin, plans, policies: vec![policies.0, policies.1], told: all, now: at + more }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn clocks_agree_with_a_count_by_hand(case in case()) {
        let at = |ms: i64| DateTime::<Utc>::from_timestamp_millis(case.begin + ms).expect("a time");
        let history: Vec<Moment> = case.told.iter().enumerate().map(|(n, (ms, what))| Moment { at: at(*ms), event: event(n), what: *what }).collect();
        let timelines = case.plans.iter().enumerate().map(|(n, plans)| (schedule_id(n as u128), plans.timeline()));
        let book = Book::new(case.policies.iter().cloned(), timelines).expect("a book");
        let report = evaluate(history.iter().copied(), &book, at(case.now)).expect("a report");
        let desk = by_hand(&case);

        prop_assert_eq!(report.instances.len(), desk.runs.len());
        for (instance, run) in report.instances.iter().zip(&desk.runs) {
            prop_assert_eq!(instance.id, run.id);
            prop_assert_eq!(instance.ended.map(|ended| (ended.at, ended.how)), run.ended.map(|ended| (at(ended.0), ended.1)), "{}", run.id);
            prop_assert_eq!(instance.elapsed(report.now), TimeDelta::milliseconds(run.used), "{}", run.id);
            prop_assert_eq!(instance.breached_at, run.breached.map(at), "{}", run.id);
            let mut fired: Vec<_> = instance.fired.iter().map(|fired| (fired.at, fired.step.map(|step| step.name.clone()))).collect();
            let mut expected: Vec<_> = run.fired.iter().map(|fired| (at(fired.0), fired.1.clone())).collect();
            fired.sort();
            expected.sort();
            prop_assert_eq!(fired, expected, "{}", run.id);
            // The explanation covers the life and sums to what was counted.
            let lines = instance.explain(report.now);
            let end = instance.ended.map_or(report.now, |ended| ended.at);
            let lived: TimeDelta = lines.iter().map(|line| line.to - line.from).sum();
            prop_assert_eq!(lived, end - instance.started_at);
            prop_assert!(lines.windows(2).all(|pair| pair[0].to == pair[1].from));
            prop_assert_eq!(lines.last().map_or(TimeDelta::zero(), |line| line.total), instance.elapsed(report.now));
        }

        // The parts of the ledger are those counted by hand and sum to the wall.
        let ledger = report.ledger();
        for owner in Owner::ALL {
            let owned = desk.owners.get(&owner).copied().unwrap_or(0);
            prop_assert_eq!(ledger.of(owner), TimeDelta::milliseconds(owned), "{:?}", owner);
        }
        let wall = report.resolved.unwrap_or(report.now) - report.opened.expect("it is open");
        prop_assert_eq!(Owner::ALL.map(|owner| ledger.of(owner)).into_iter().sum::<TimeDelta>(), wall);
        prop_assert_eq!(ledger.wall(), wall);

        // The wake-up is exact: nothing new a millisecond before it, something at it.
        if let Some(wake) = report.next_wake_up() {
            let count = |now| evaluate(history.iter().copied(), &book, now).expect("a report").due().len();
            prop_assert!(wake > report.now);
            prop_assert_eq!(count(wake - TimeDelta::milliseconds(1)), report.due().len());
            prop_assert!(count(wake) > report.due().len());
        }

        // Figures that were kept when the last thing happened tell later what a fresh look tells.
        let last = case.told.last().map_or(0, |told| told.0);
        let kept = evaluate(history.iter().copied(), &book, at(last)).expect("a report").figures();
        prop_assert_eq!(kept.len(), report.instances.len());
        for (figures, instance) in kept.iter().zip(&report.instances) {
            let timeline = book.schedule(figures.schedule).expect("a schedule");
            prop_assert_eq!(figures.status(timeline, report.now), instance.status(report.now), "{}", figures.id);
        }

        // What came stays as it was whenever it is looked at again, and however often.
        let early = evaluate(history.iter().copied(), &book, at(case.now / 2)).expect("a report");
        let keys: Vec<_> = report.due().into_iter().filter(|due| due.at <= early.now).map(|due| (due.key, due.at)).collect();
        for due in early.due() {
            prop_assert!(keys.contains(&(due.key, due.at)));
        }
    }

    #[test]
    fn one_more_message_of_who_waits_already_changes_nothing(case in case()) {
        let at = |ms: i64| DateTime::<Utc>::from_timestamp_millis(case.begin + ms).expect("a time");
        let history: Vec<Moment> = case.told.iter().enumerate().map(|(n, (ms, what))| Moment { at: at(*ms), event: event(n), what: *what }).collect();
        let timelines = case.plans.iter().enumerate().map(|(n, plans)| (schedule_id(n as u128), plans.timeline()));
        let book = Book::new(case.policies.iter().cloned(), timelines).expect("a book");
        let mut course = Course::default();
        let mut kept = history.clone();
        kept.retain(|moment| {
            let is_idle = course.is_idle(moment.what);
            course.follow(moment.what);
            !is_idle
        });
        let all = evaluate(history, &book, at(case.now)).expect("a report");
        let few = evaluate(kept, &book, at(case.now)).expect("a report");
        prop_assert_eq!(all.figures(), few.figures());
        prop_assert_eq!(all.due().len(), few.due().len());
        prop_assert_eq!(Owner::ALL.map(|owner| all.ledger().of(owner)), Owner::ALL.map(|owner| few.ledger().of(owner)));
    }
}
