//! Priorities, policies and schedules that change under way.

use crate::story::*;
use What::*;
use chrono::{DateTime, Utc};
use interdesk_domain::schedule::Timeline;
use interdesk_domain::sla::Clock::*;
use interdesk_domain::sla::*;

const BY_CUSTOMER: What = Opened {
    by: Party::Customer,
};
const POLICY: fn(u128) -> What = |n| PolicyChanged(Some(policy_version(n)));

/// First reply within 60 minutes, urgent (priority 2) within 20.
fn by_priority(how: MidFlight) -> Policy {
    let mut urgent = target(FirstReply, 20, Hours::Calendar);
    urgent.priority = Some(2);
    let mut policy = policy(1, [target(FirstReply, 60, Hours::Calendar), urgent]);
    policy.rules.on_priority_change = how;
    policy
}

/// When the first reply is due after the priority rose at a minute.
fn due_after_raise(how: MidFlight, at: i64) -> (Option<DateTime<Utc>>, i64) {
    let book = book([by_priority(how)]);
    let told = [(0, POLICY(1)), (0, BY_CUSTOMER), (at, PriorityChanged(2))];
    let report = evaluate(history(&told), &book, after(at)).expect("a report");
    let status = runs(&report, FirstReply)[0].status(report.now);
    (status.deadline, status.elapsed.num_minutes())
}

#[test]
fn a_raised_priority_restarts_carries_over_or_keeps() {
    assert_eq!(due_after_raise(MidFlight::Keep, 10), (Some(after(60)), 10));
    assert_eq!(
        due_after_raise(MidFlight::CarryOver, 10),
        (Some(after(20)), 10)
    );
    assert_eq!(
        due_after_raise(MidFlight::Restart, 10),
        (Some(after(30)), 0)
    );
}

#[test]
fn a_promise_that_was_already_used_up_when_it_came_is_broken_when_it_came() {
    // Before minute 30 nothing was promised that was broken.
    assert_eq!(
        due_after_raise(MidFlight::CarryOver, 30),
        (Some(after(30)), 30)
    );
}

#[test]
fn a_breach_is_never_taken_back() {
    for how in [MidFlight::Restart, MidFlight::CarryOver, MidFlight::Keep] {
        let mut relaxed = policy(2, [target(FirstReply, 600, Hours::Calendar)]);
        relaxed.rules.on_policy_change = how;
        let book = book([by_priority(how), relaxed]);
        let told = [
            (0, POLICY(1)),
            (0, BY_CUSTOMER),
            (70, POLICY(2)),
            (80, PolicyChanged(None)),
        ];
        let report = evaluate(history(&told), &book, after(90)).expect("a report");
        let run = runs(&report, FirstReply)[0];
        assert_eq!(
            (run.breached_at, run.outcome()),
            (Some(after(60)), Outcome::Breached)
        );
        assert_eq!(run.elapsed(report.now), min(90));
        assert_eq!(run.policy, Some(policy_version(1)));
    }
}

#[test]
fn the_policy_that_takes_over_says_what_becomes_of_what_runs() {
    let due = |how| {
        let mut second = policy(2, [target(FirstReply, 30, Hours::Calendar)]);
        second.rules.on_policy_change = how;
        let book = book([an_hour_for_all(), second]);
        let told = [
            (0, POLICY(1)),
            (0, BY_CUSTOMER),
            (10, POLICY(2)),
            (12, AgentReply),
        ];
        let report = evaluate(history(&told[..3]), &book, after(10)).expect("a report");
        let run = runs(&report, FirstReply)[0];
        let answered = evaluate(history(&told), &book, after(20)).expect("a report");
        // What starts after the change is under the new policy, which promises no updates.
        assert_eq!(runs(&answered, PeriodicUpdate)[0].target, None);
        (run.status(report.now).deadline, run.policy)
    };
    assert_eq!(
        due(MidFlight::Keep),
        (Some(after(60)), Some(policy_version(1)))
    );
    assert_eq!(
        due(MidFlight::CarryOver),
        (Some(after(30)), Some(policy_version(2)))
    );
    assert_eq!(
        due(MidFlight::Restart),
        (Some(after(40)), Some(policy_version(2)))
    );
}

#[test]
fn the_first_policy_applies_from_the_opening_however_late_it_is_found() {
    let mut late = an_hour_for_all();
    late.rules.on_policy_change = MidFlight::Restart;
    let book = book([late]);
    let told = [(0, BY_CUSTOMER), (15, POLICY(1))];
    let report = evaluate(history(&told), &book, after(20)).expect("a report");
    assert_eq!(
        runs(&report, FirstReply)[0].status(report.now).deadline,
        Some(after(60))
    );
}

#[test]
fn history_keeps_what_applied_when() {
    let book = book([by_priority(MidFlight::Restart)]);
    let told = [
        (0, POLICY(1)),
        (0, BY_CUSTOMER),
        (10, PriorityChanged(2)),
        (15, AgentReply),
    ];
    let report = evaluate(history(&told), &book, after(20)).expect("a report");
    let run = runs(&report, FirstReply)[0];
    let entries: Vec<_> = run
        .entries
        .iter()
        .map(|entry| (entry.at, entry.event, entry.what.clone()))
        .collect();
    let retargeted = Happening::Retargeted {
        how: MidFlight::Restart,
        policy: Some(policy_version(1)),
        priority: 2,
        from_ms: Some(3_600_000),
        to_ms: Some(1_200_000),
    };
    let expect = [
        (after(0), Some(event(1)), Happening::Activated),
        (after(10), Some(event(2)), retargeted),
        (after(15), Some(event(3)), Happening::Fulfilled),
    ];
    assert_eq!(entries, expect);
    let lines = run.explain(report.now);
    assert_eq!(
        lines.iter().map(|line| line.forgotten).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(lines[1].total, min(5));
}

#[test]
fn a_change_to_a_like_promise_changes_nothing_that_counts() {
    let mut same = an_hour_for_all();
    same.key = policy_version(2);
    same.rules.on_policy_change = MidFlight::Restart;
    let book = book([an_hour_for_all(), same]);
    let told = [(0, POLICY(1)), (0, BY_CUSTOMER), (10, POLICY(2))];
    let report = evaluate(history(&told), &book, after(20)).expect("a report");
    let run = runs(&report, FirstReply)[0];
    assert_eq!(
        (run.policy, run.elapsed(report.now)),
        (Some(policy_version(2)), min(20))
    );
}

#[test]
fn a_schedule_that_changes_restarts_carries_over_or_keeps() {
    // Noon UTC is 13:00 in Berlin; the first closes at 14:00, the second is open around the clock.
    let due = |how| {
        let mut replies = policy(1, [target(FirstReply, 120, Hours::Business)]);
        replies.rules.on_schedule_change = how;
        let schedules = [
            (schedule_id(1), workdays("08:00", "14:00")),
            (schedule_id(2), Timeline::always()),
        ];
        let book = Book::new([replies], schedules).expect("a book");
        let told = [
            (0, POLICY(1)),
            (0, ScheduleChanged(Some(schedule_id(1)))),
            (0, BY_CUSTOMER),
            (90, ScheduleChanged(Some(schedule_id(2)))),
        ];
        let report = evaluate(history(&told), &book, after(90)).expect("a report");
        runs(&report, FirstReply)[0].status(report.now).deadline
    };
    // Keep: an hour of today and one of tomorrow, from 08:00.
    assert_eq!(due(MidFlight::Keep), Some(after(20 * 60)));
    assert_eq!(due(MidFlight::CarryOver), Some(after(150)));
    assert_eq!(due(MidFlight::Restart), Some(after(210)));
}

#[test]
fn from_business_to_calendar_time_each_part_counts_by_its_own_hours() {
    let book = Book::new(
        [
            policy(1, [target(FirstReply, 120, Hours::Business)]),
            policy(2, [target(FirstReply, 120, Hours::Calendar)]),
        ],
        [(schedule_id(1), workdays("08:00", "14:00"))],
    )
    .expect("a book");
    let told = [
        (0, POLICY(1)),
        (0, ScheduleChanged(Some(schedule_id(1)))),
        (0, BY_CUSTOMER),
        (90, POLICY(2)),
    ];
    let report = evaluate(history(&told), &book, after(100)).expect("a report");
    let status = runs(&report, FirstReply)[0].status(report.now);
    assert_eq!(
        (status.elapsed, status.deadline),
        (min(70), Some(after(150)))
    );
}

#[test]
fn the_first_policy_in_order_that_matches_is_chosen_in_its_newest_effective_version() {
    let mut old = policy(1, []);
    old.effective_until = Some(after(100));
    let mut new = old.clone();
    new.key.version = 2;
    new.effective_from = after(10);
    let fallback = policy(2, []);
    let ordered = [old, new, fallback];
    let choose = |at, wanted: &str| {
        let found = Policy::choose(&ordered, after(at), |policy| wanted.contains(&policy.name));
        found.map(|policy| (policy.key.policy, policy.key.version))
    };
    let (first, second) = (policy_version(1).policy, policy_version(2).policy);
    assert_eq!(choose(0, "Policy 1, Policy 2"), Some((first, 1)));
    assert_eq!(choose(10, "Policy 1, Policy 2"), Some((first, 2)));
    assert_eq!(choose(10, "Policy 2"), Some((second, 1)));
    assert_eq!(choose(100, "Policy 1, Policy 2"), Some((second, 1)));
    assert_eq!(choose(100, "Policy 1"), None);
}

#[test]
fn policies_that_cannot_be_are_refused() {
    let with = |targets: Vec<Target>| Book::new([policy(1, targets)], []).map(|_| ());
    let hour = || target(FirstReply, 60, Hours::Calendar);
    let stepped = |steps: Vec<Step>| vec![Target { steps, ..hour() }];
    assert_eq!(
        with(vec![target(FirstReply, 0, Hours::Calendar)]),
        Err(Error::NoTime {
            clock: "first_reply"
        })
    );
    assert_eq!(
        with(vec![hour(), hour()]),
        Err(Error::TwoTargets {
            clock: "first_reply"
        })
    );
    assert!(matches!(
        with(stepped(vec![
            step("a", At::Breach),
            step("a", At::Percent(50))
        ])),
        Err(Error::StepName { .. })
    ));
    assert!(matches!(
        with(stepped(vec![step("a:b", At::Breach)])),
        Err(Error::StepName { .. })
    ));
    assert!(matches!(
        with(stepped(vec![step("a", At::Percent(0))])),
        Err(Error::StepTime { .. })
    ));
    assert!(matches!(
        with(stepped(vec![step("a", At::After(0))])),
        Err(Error::StepTime { .. })
    ));
    assert_eq!(
        with(stepped(vec![
            step("a", At::Percent(80)),
            step("b", At::After(60_000))
        ])),
        Ok(())
    );
}

#[test]
fn a_holiday_that_is_added_afterwards_restates_what_it_changes_and_nothing_else() {
    let with = |schedule: Timeline| {
        let targets = [
            target(FirstReply, 60, Hours::Business),
            target(TotalResolution, 6000, Hours::Calendar),
        ];
        Book::new([policy(1, targets)], [(schedule_id(1), schedule)]).expect("a book")
    };
    let told = [
        (0, POLICY(1)),
        (0, ScheduleChanged(Some(schedule_id(1)))),
        (0, BY_CUSTOMER),
        (90, AgentReply),
    ];
    let (as_kept, corrected) = (
        with(workdays("08:00", "17:00")),
        with(workdays("14:00", "17:00")),
    );
    let figures = |book: &Book, now| {
        evaluate(history(&told), book, after(now))
            .expect("a report")
            .figures()
    };
    let before = figures(&as_kept, 100);
    // What is kept stays true, however late it is looked at.
    assert_eq!(restated(&before, &figures(&as_kept, 5000)), []);
    let json = serde_json::to_string(&before).expect("json");
    assert_eq!(
        serde_json::from_str::<Vec<Figures>>(&json).expect("figures"),
        before
    );
    let changed = restated(&before, &figures(&corrected, 100));
    let first = changed.iter().find(|pair| {
        pair.after
            .as_ref()
            .is_some_and(|after| after.id.clock == FirstReply)
    });
    let first = first.expect("the first reply changed");
    let outcome = |figures: &Option<Figures>| {
        figures
            .as_ref()
            .map(|figures| (figures.outcome, figures.counted_ms / 60_000))
    };
    assert_eq!(outcome(&first.before), Some((Outcome::Breached, 90)));
    assert_eq!(outcome(&first.after), Some((Outcome::Met, 30)));
    assert!(changed.iter().all(|pair| {
        pair.after
            .as_ref()
            .is_some_and(|after| after.id.clock != TotalResolution)
    }));
    assert_eq!(restated(&before, &[]).len(), before.len());
}
