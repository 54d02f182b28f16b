//! Days of virtual time: our rule beside others, what foresight could save, waits as they were
//! expected, and no fault on any day.
//!
//! A part of `./dev bench`, which takes all two hundred scenarios; here are some of them.

#![allow(clippy::unwrap_used)]

use chrono::TimeDelta;
use interdesk_domain::routing::expect::{Line, Started, expected_wait};
use interdesk_domain::routing::model::{AgentPresence, Standing};
use interdesk_domain::routing::simulate::synthetic::{Kind, Recipe, scenario};
use interdesk_domain::routing::simulate::{
    Chance, Change, Report, Rule, What, bound, compare, jain, run, run_by, two_hundred,
};

#[test]
fn our_rule_misses_about_as_little_as_the_best_rule_of_each_scenario() {
    let small = two_hundred()
        .into_iter()
        .filter(|recipe| recipe.agents < 10);
    let (mut at_peak, mut unlucky) = ((0, 0), 0);
    for recipe in small.step_by(11) {
        let comparison = compare(recipe, 2);
        let missed = Rule::ALL.map(|rule| comparison.missed_by(rule));
        assert!(!comparison.is_worse(), "{recipe:?}: {missed:?}");
        unlucky += usize::from(!comparison.holds());
        if recipe.kind == Kind::Peak {
            at_peak.0 += comparison.missed_by(Rule::Desk);
            at_peak.1 += comparison.missed_by(Rule::RoundRobin);
        }
    }
    assert!(unlucky <= 1, "{unlucky}");
    assert!(
        at_peak.1 > 100 && at_peak.0 * 10 <= at_peak.1 * 7,
        "{at_peak:?}"
    );
}

#[test]
fn a_worse_rule_is_found_to_be_worse() {
    let peak = Recipe::usual(Kind::Peak, 5, 1);
    let mut comparison = compare(peak, 2);
    assert!(comparison.holds());
    // As if the engine took what came first.
    for day in &mut comparison.missed {
        day[0] = day[3];
    }
    assert!(!comparison.holds());
    assert_eq!(comparison.unlucky_days(), 2);
}

#[test]
fn on_small_days_hardly_more_is_missed_than_with_foresight() {
    let (mut came, mut missed, mut fewest) = (0, 0, 0);
    for seed in 0..200 {
        let day = bound::small_day(seed);
        let least = bound::fewest_missed(&day);
        for rule in Rule::ALL {
            let by_rule = run_by(rule, &day).all.missed;
            assert!(
                by_rule >= least,
                "{} {}: a bound is a bound",
                day.name,
                rule.name()
            );
        }
        missed += run_by(Rule::Desk, &day).all.missed;
        fewest += least;
        came += day.arrivals.len();
    }
    // In what is answered in time; in what is missed foresight would do better by more.
    let (saved, best) = (came - missed, came - fewest);
    assert!(
        saved * 11 >= best * 10,
        "{saved} of {came} in time, {best} with foresight"
    );
}

#[test]
fn no_day_has_a_fault() {
    for kind in Kind::ALL {
        for asks in [false, true] {
            for (agents, seed) in [(3, 1), (3, 2), (5, 3)] {
                let report = run(&scenario(Recipe {
                    asks,
                    ..Recipe::usual(kind, agents, seed)
                }));
                let faults = (
                    report.breaches,
                    report.idled,
                    report.starved,
                    report.all.left,
                );
                assert_eq!(faults, (0, 0, 0, 0), "{kind:?} {agents} {seed}");
                assert_eq!(report.all.waits.count(), report.all.came);
                assert!(report.fairness() > 0.97, "{kind:?}: {}", report.fairness());
            }
        }
    }
}

#[test]
fn a_day_is_the_same_day_again() {
    let recipe = Recipe::usual(Kind::Outage, 3, 9);
    assert_eq!(run(&scenario(recipe)), run(&scenario(recipe)));
    let other = Recipe { seed: 10, ..recipe };
    assert_ne!(run(&scenario(recipe)), run(&scenario(other)));
}

#[test]
fn who_is_lost_leaves_their_work_to_others_and_who_gives_up_is_counted() {
    let mut day = scenario(Recipe::usual(Kind::Calm, 3, 4));
    let before = run(&day);
    assert_eq!((before.transfers, before.all.gave_up), (0, 0));
    let lost = *day.state.agents.keys().next().unwrap();
    let gone = AgentPresence {
        standing: Standing::Online,
        reachable: false,
        on_schedule: true,
    };
    let at = day.starts_at + TimeDelta::hours(1);
    day.changes.push(Change {
        at,
        what: What::Presence(lost, gone),
    });
    for arrival in &mut day.arrivals {
        arrival.gives_up_after = Some(TimeDelta::minutes(20));
        arrival.declines = 0;
    }
    let after = run(&day);
    assert!(
        after.transfers > 0 && after.all.gave_up > 0,
        "{:?}",
        after.all
    );
    assert_eq!(after.all.left, 0);
    assert_eq!(after.all.waits.count() + after.all.gave_up, after.all.came);
    assert!(after.agents[&lost].busy_ms < before.agents[&lost].busy_ms / 2);
    // Whoever gave up came in vain; nobody can count as answered.
    assert!(after.all.missed >= after.all.gave_up);
}

#[test]
fn waits_are_as_expected() {
    let mut every = Report::default();
    for kind in Kind::ALL {
        for seed in 0..4 {
            let report = run(&scenario(Recipe::usual(kind, 5, seed)));
            every.predictions.extend(report.predictions);
        }
    }
    let (count, p50, p90) = every.coverage(|_| true);
    assert!(count > 1_000, "{count}");
    assert!((0.42..0.68).contains(&p50), "the median covers {p50}");
    assert!((0.84..0.97).contains(&p90), "the ninetieth covers {p90}");
    let (_, near, _) = every.coverage(|one| one.position == 1);
    assert!((0.40..0.70).contains(&near), "first in line: {near}");
}

#[test]
fn an_expected_wait_grows_with_the_line_and_shrinks_with_the_pace() {
    let now = scenario(Recipe::usual(Kind::Calm, 3, 1)).starts_at;
    let at = |seconds: i64| now - TimeDelta::seconds(seconds);
    let started = |pace: i64| {
        let list = (1..=10).map(|number| Started {
            entered_at: at(number * pace + 200),
            started_at: at(number * pace),
        });
        list.collect::<Vec<_>>()
    };
    let line = |position, pace| Line {
        position,
        waits_since: at(300),
        started: started(pace),
        room_per_second: 1.0 / pace as f64,
    };
    let wait = |position, pace| expected_wait(&line(position, pace), now).unwrap();
    let mut before = wait(1, 30);
    for position in 2..40 {
        let next = wait(position, 30);
        assert!(next.p50_seconds > before.p50_seconds && next.p90_seconds > before.p90_seconds);
        assert!(next.p90_seconds > next.p50_seconds);
        before = next;
    }
    assert!(wait(5, 60).p50_seconds > wait(5, 30).p50_seconds);
    // Somebody waited for 500 s, in which ten began: the tenth of a line is about as far away.
    assert!(
        (300..560).contains(&wait(10, 30).p50_seconds),
        "{:?}",
        wait(10, 30)
    );
    let nothing = Line {
        position: 1,
        waits_since: now,
        started: Vec::new(),
        room_per_second: 0.0,
    };
    assert_eq!(expected_wait(&nothing, now), None);
    let room = Line {
        room_per_second: 0.01,
        ..nothing
    };
    assert!((30..200).contains(&expected_wait(&room, now).unwrap().p50_seconds));
}

#[test]
fn jains_index_tells_even_from_uneven() {
    assert_eq!(jain(&[2.0, 2.0, 2.0]), 1.0);
    assert_eq!(jain(&[3.0, 0.0, 0.0]), 1.0 / 3.0);
    assert_eq!(jain(&[]), 1.0);
    assert_eq!(jain(&[0.0, 0.0]), 1.0);
}

#[test]
fn chance_is_even() {
    let mut chance = Chance::new(1);
    let mut counts = [0; 6];
    for _ in 0..6_000 {
        counts[chance.below(6) as usize] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1_150).contains(count)),
        "{counts:?}"
    );
}
