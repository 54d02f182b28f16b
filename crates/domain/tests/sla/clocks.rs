//! Each clock by itself: what starts it, what it counts in, what ends it.

use crate::story::*;
use What::*;
use interdesk_domain::sla::Clock::*;
use interdesk_domain::sla::State::*;
use interdesk_domain::sla::*;

const BY_CUSTOMER: What = Opened {
    by: Party::Customer,
};

/// Tells a story and reads one clock at its last minute.
fn check(clock: Clock, told: &[(i64, What)], now: i64, expect: &[Life]) {
    let book = book([]);
    let report = evaluate(history(told), &book, after(now)).expect("a report");
    assert_eq!(lives(&report, clock), expect, "{clock:?} {told:?}");
}

const DONE: fn(i64) -> Option<(i64, End)> = |at| Some((at, End::Fulfilled));
const GONE: fn(i64) -> Option<(i64, End)> = |at| Some((at, End::Stopped));

#[test]
fn first_reply_runs_from_the_opening_to_the_first_public_reply() {
    let told = [
        (0, BY_CUSTOMER),
        (0, CustomerMessage),
        (5, InternalNote),
        (9, CustomerMessage),
        (20, AgentReply),
        (30, AgentReply),
    ];
    check(FirstReply, &told, 60, &[(0, DONE(20), 20)]);
    check(FirstReply, &told[..4], 60, &[(0, None, 60)]);
    // It counts in every state.
    for state in [Open, WaitingForCustomer, OnHold, Snoozed] {
        check(
            FirstReply,
            &[(0, BY_CUSTOMER), (5, Became(state))],
            60,
            &[(0, None, 60)],
        );
    }
    check(
        FirstReply,
        &[(0, BY_CUSTOMER), (7, Became(Resolved))],
        60,
        &[(0, GONE(7), 7)],
    );
}

#[test]
fn first_reply_of_an_agents_episode_starts_with_the_customers_first_message() {
    let told = [
        (0, Opened { by: Party::Agent }),
        (0, AgentReply),
        (5, AgentReply),
        (30, CustomerMessage),
        (35, CustomerMessage),
        (40, AgentReply),
        (50, CustomerMessage),
    ];
    check(FirstReply, &told[..3], 60, &[]);
    check(FirstReply, &told, 60, &[(30, DONE(40), 10)]);
    check(NextReply, &told, 60, &[(50, None, 10)]);
}

#[test]
fn next_reply_runs_from_the_oldest_unanswered_message() {
    let told = [
        (0, BY_CUSTOMER),
        (1, CustomerMessage),
        (10, AgentReply),
        (20, CustomerMessage),
        (25, CustomerMessage),
        (40, AgentReply),
        (45, AgentReply),
        (50, CustomerMessage),
        (58, Became(Resolved)),
    ];
    check(
        NextReply,
        &told,
        99,
        &[(20, DONE(40), 20), (50, DONE(58), 8)],
    );
    let waiting = [
        (0, BY_CUSTOMER),
        (10, AgentReply),
        (20, CustomerMessage),
        (25, Became(WaitingForCustomer)),
        (30, Became(Snoozed)),
    ];
    check(NextReply, &waiting, 50, &[(20, None, 30)]);
}

#[test]
fn periodic_update_runs_from_each_reply_to_the_next_while_unresolved() {
    let told = [
        (0, BY_CUSTOMER),
        (10, AgentReply),
        (11, Became(WaitingForCustomer)),
        (20, CustomerMessage),
        (40, AgentReply),
        (50, Became(OnHold)),
        (70, Became(Closed)),
    ];
    check(
        PeriodicUpdate,
        &told,
        99,
        &[(10, DONE(40), 30), (40, GONE(70), 30)],
    );
}

#[test]
fn pausable_update_leaves_out_the_waits_for_the_customer() {
    let told = [
        (0, BY_CUSTOMER),
        (10, AgentReply),
        (11, Became(WaitingForCustomer)),
        (20, CustomerMessage),
        (30, Became(OnHold)),
        (40, AgentReply),
        (50, Became(Snoozed)),
    ];
    check(
        PausableUpdate,
        &told,
        99,
        &[(10, DONE(40), 21), (40, None, 10)],
    );
}

#[test]
fn requester_wait_agent_work_and_total_resolution_end_with_the_resolution() {
    let told = [
        (0, BY_CUSTOMER),
        (10, Became(Open)),
        (20, Became(WaitingForCustomer)),
        (35, CustomerMessage),
        (40, Became(OnHold)),
        (60, Became(Snoozed)),
        (70, Became(Open)),
        (75, Became(Resolved)),
        (80, Became(Closed)),
        (85, CustomerMessage),
    ];
    check(RequesterWait, &told, 99, &[(0, DONE(75), 20 + 5 + 20 + 5)]);
    check(AgentWork, &told, 99, &[(0, DONE(75), 20 + 5 + 5)]);
    check(TotalResolution, &told, 99, &[(0, DONE(75), 75)]);
}

#[test]
fn queue_wait_runs_through_offers_until_somebody_accepts() {
    let told = [
        (0, BY_CUSTOMER),
        (1, Queued),
        (5, Offered { offer: offer(1) }),
        (8, Declined { offer: offer(1) }),
        (9, Queued),
        (12, Offered { offer: offer(2) }),
        (
            15,
            Accepted {
                offer: Some(offer(2)),
            },
        ),
        (30, Released),
        (31, Queued),
        (40, Unqueued),
    ];
    check(
        QueueWait,
        &told,
        99,
        &[(1, DONE(15), 14), (31, GONE(40), 9)],
    );
    check(
        TimeToAccept,
        &told,
        99,
        &[(5, GONE(8), 3), (12, DONE(15), 3)],
    );
    let pulled = [(0, BY_CUSTOMER), (1, Queued), (7, Accepted { offer: None })];
    check(QueueWait, &pulled, 99, &[(1, DONE(7), 6)]);
}

#[test]
fn an_offer_that_ends_without_its_agent_stops_its_clock() {
    let ends = [
        Declined { offer: offer(1) },
        Expired { offer: offer(1) },
        Rescinded { offer: offer(1) },
        Queued,
        Unqueued,
        Became(Resolved),
    ];
    for end in ends {
        let told = [
            (0, BY_CUSTOMER),
            (1, Queued),
            (2, Offered { offer: offer(1) }),
            (4, end),
        ];
        check(TimeToAccept, &told, 60, &[(2, GONE(4), 2)]);
    }
}

#[test]
fn a_customer_message_always_ends_a_customer_wait() {
    let told = [
        (0, BY_CUSTOMER),
        (10, Became(WaitingForCustomer)),
        (30, CustomerMessage),
    ];
    check(RequesterWait, &told, 40, &[(0, None, 20)]);
    let held = [
        (0, BY_CUSTOMER),
        (10, Became(Snoozed)),
        (30, CustomerMessage),
    ];
    check(RequesterWait, &held, 40, &[(0, None, 10)]);
}

#[test]
fn the_table_of_states_is_that_of_the_definitions() {
    let counted = |clock: Clock| -> Vec<State> {
        State::ALL
            .into_iter()
            .filter(|state| clock.counts_in(*state))
            .collect()
    };
    assert_eq!(counted(FirstReply), State::ALL);
    assert_eq!(counted(NextReply), State::ALL);
    assert_eq!(
        counted(PeriodicUpdate),
        [New, Open, WaitingForCustomer, OnHold, Snoozed]
    );
    assert_eq!(counted(PausableUpdate), [New, Open, OnHold]);
    assert_eq!(counted(RequesterWait), [New, Open, OnHold]);
    assert_eq!(counted(AgentWork), [New, Open]);
    assert_eq!(
        counted(TotalResolution),
        [New, Open, WaitingForCustomer, OnHold, Snoozed]
    );
    for clock in Clock::ALL {
        assert_eq!(Clock::parse(clock.as_str()), Some(clock));
    }
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()), Some(state));
    }
}

#[test]
fn reactions_count_where_the_policy_says_so() {
    let told = [
        (0, PolicyChanged(Some(policy_version(1)))),
        (0, BY_CUSTOMER),
        (10, AgentReply),
        (10, Became(WaitingForCustomer)),
        (
            20,
            Reacted {
                by: Party::Customer,
            },
        ),
        (30, Reacted { by: Party::Agent }),
    ];
    let with = |customer, agent| {
        let mut rules = policy(1, []);
        rules.rules.customer_reaction_answers = customer;
        rules.rules.agent_reaction_updates = agent;
        let book = book([rules]);
        let report = evaluate(history(&told), &book, after(50)).expect("a report");
        assert!(lives(&report, NextReply).is_empty());
        assert_eq!(lives(&report, FirstReply), [(0, DONE(10), 10)]);
        (
            lives(&report, RequesterWait),
            lives(&report, PeriodicUpdate),
        )
    };
    assert_eq!(
        with(false, false),
        (vec![(0, None, 10)], vec![(10, None, 40)])
    );
    assert_eq!(with(true, false).0, [(0, None, 40)]);
    assert_eq!(with(false, true).1, [(10, DONE(30), 20), (30, None, 20)]);
}

#[test]
fn what_comes_before_the_opening_is_refused_and_a_second_opening_is_nothing() {
    let book = book([]);
    let report = |told: &[(i64, What)]| {
        evaluate(history(told), &book, after(60)).map(|report| report.instances.len())
    };
    assert_eq!(
        report(&[(0, CustomerMessage)]),
        Err(Error::NotOpened(event(0)))
    );
    assert_eq!(
        report(&[(0, PriorityChanged(3)), (1, BY_CUSTOMER), (2, BY_CUSTOMER)]),
        Ok(4)
    );
    assert_eq!(
        report(&[(0, PolicyChanged(Some(policy_version(7))))]),
        Err(Error::UnknownPolicy(policy_version(7)))
    );
    assert_eq!(
        report(&[(0, ScheduleChanged(Some(schedule_id(7))))]),
        Err(Error::UnknownSchedule(schedule_id(7)))
    );
    // A moment before its predecessor is with it; what is still to come has not happened.
    assert_eq!(
        report(&[(5, BY_CUSTOMER), (3, CustomerMessage), (61, Queued)]),
        Ok(4)
    );
}
