//! What routing is worth: two hundred scenarios of virtual time under every rule, small days beside
//! foresight, waits beside what was expected, and faults.

use crate::summary::Summary;
use interdesk_domain::routing::simulate::synthetic::{Kind, Recipe, scenario};
use interdesk_domain::routing::simulate::{
    Comparison, Report, Rule, bound, compare, run, run_by, two_hundred,
};
use std::thread;

/// How many days of each scenario.
const DAYS: u64 = 5;
/// How many small days are held beside foresight.
const SMALL_DAYS: u64 = 400;

/// Lives through all of it.
pub(super) fn measure(summary: &mut Summary) {
    println!("\nRouting: two hundred scenarios, {DAYS} days each, six rules …");
    let comparisons = compare_all();
    against_others(&comparisons, summary);
    against_foresight(summary);
    as_expected(summary);
}

fn compare_all() -> Vec<Comparison> {
    let recipes = two_hundred();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                let own: Vec<Recipe> = recipes
                    .iter()
                    .skip(share)
                    .step_by(threads)
                    .copied()
                    .collect();
                scope.spawn(move || {
                    own.into_iter()
                        .map(|recipe| compare(recipe, DAYS))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let done = shares.into_iter().filter_map(|share| share.join().ok());
        done.flatten().collect()
    })
}

fn against_others(comparisons: &[Comparison], summary: &mut Summary) {
    println!("\n  deadlines missed, by rule:");
    for kind in Kind::ALL {
        let of_kind = || comparisons.iter().filter(|one| one.recipe.kind == kind);
        let came: usize = of_kind().map(|one| one.came).sum();
        println!("  {} ({came} came)", kind.name());
        for rule in Rule::ALL {
            let missed: usize = of_kind().map(|one| one.missed_by(rule)).sum();
            println!("    {:<26} {missed:>8}", rule.name());
        }
    }
    let count = |holds: &dyn Fn(&Comparison) -> bool| {
        comparisons.iter().filter(|one| holds(one)).count() as f64
    };
    let at_peak = |rule: Rule| {
        let peaks = comparisons
            .iter()
            .filter(|one| one.recipe.kind == Kind::Peak);
        peaks.map(|one| one.missed_by(rule)).sum::<usize>() as f64
    };
    let unlucky: usize = comparisons.iter().map(Comparison::unlucky_days).sum();
    summary.add(
        "routing.scenarios",
        comparisons.len() as f64,
        "scenarios of virtual time",
    );
    summary.add(
        "routing.scenarios_held",
        count(&|one| one.holds()),
        "of them with at most 1.05 times the misses of the best of six rules, and one",
    );
    summary.add(
        "routing.scenarios_worse",
        count(&|one| one.is_worse()),
        "of them with more misses than that and chance explain (target: 0)",
    );
    summary.add(
        "routing.days_unlucky",
        unlucky as f64,
        "single days, of a thousand, on which some rule was luckier by more than that",
    );
    summary.add(
        "routing.peak_over_round_robin",
        at_peak(Rule::Desk) / at_peak(Rule::RoundRobin),
        "misses at peak as a share of round robin's (target: at most 0.7)",
    );
}

fn against_foresight(summary: &mut Summary) {
    let (mut came, mut missed, mut fewest) = (0, 0, 0);
    for seed in 0..SMALL_DAYS {
        let day = bound::small_day(seed);
        came += day.arrivals.len();
        missed += run_by(Rule::Desk, &day).all.missed;
        fewest += bound::fewest_missed(&day);
    }
    summary.add(
        "routing.foresight_in_time",
        (came - fewest) as f64 / (came - missed) as f64,
        "what foresight answers in time over what we do, small days (target: at most 1.1)",
    );
    summary.add(
        "routing.foresight_missed",
        missed as f64 / fewest as f64,
        "what we miss over what foresight misses, small days",
    );
}

fn as_expected(summary: &mut Summary) {
    let mut every = Report::default();
    for kind in Kind::ALL {
        let mut of_kind = Report::default();
        for agents in [3, 8, 20] {
            for seed in 0..5 {
                let day = run(&scenario(Recipe::usual(kind, agents, seed)));
                every.breaches += day.breaches;
                every.idled += day.idled;
                every.starved += day.starved + day.all.left;
                of_kind.predictions.extend(day.predictions);
            }
        }
        let (count, p50, p90) = of_kind.coverage(|_| true);
        println!(
            "  waits expected on {} days: {count}, p50 covers {p50:.3}, p90 {p90:.3}",
            kind.name()
        );
        every.predictions.extend(of_kind.predictions);
    }
    let (_, p50, p90) = every.coverage(|_| true);
    summary.add(
        "routing.wait_p50_coverage",
        p50,
        "share of waits below the p50 that was expected",
    );
    summary.add(
        "routing.wait_p90_coverage",
        p90,
        "share of waits below the p90 that was expected (about 0.9)",
    );
    let faults = every.breaches + every.idled + every.starved;
    summary.add(
        "routing.faults",
        faults as f64,
        "capacity breached, somebody idle beside work, work passed that was owed (target: 0)",
    );
}
