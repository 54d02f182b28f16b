//! Sums of what ended, and percentiles from buckets.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use interdesk_domain::id::{EventId, PolicyId, QueueId};
use interdesk_domain::sla::*;
use proptest::prelude::*;
use uuid::Uuid;

fn exact(sorted: &[i64], percent: usize) -> i64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

fn sketch(durations: &[i64]) -> Sketch {
    let mut sketch = Sketch::default();
    for ms in durations {
        sketch.add(*ms, 1);
    }
    sketch
}

/// Durations of every size, from none to a century.
fn durations() -> impl Strategy<Value = Vec<i64>> {
    let one = (0u32..42, any::<i64>()).prop_map(|(bits, seed)| seed.rem_euclid(1 << bits));
    prop::collection::vec(one, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn percentiles_are_within_two_per_cent_of_the_exact_ones(mut all in durations()) {
        let sketch = sketch(&all);
        all.sort_unstable();
        for percent in [1, 50, 90, 99, 100] {
            let exact = exact(&all, percent);
            let told = sketch.percentile(percent as u8).unwrap();
            prop_assert!((told - exact).abs() * 50 <= exact, "p{percent}: {told} for {exact}");
        }
    }

    #[test]
    fn merging_is_addition(left in durations(), right in durations()) {
        let mut merged = sketch(&left);
        merged.merge(&sketch(&right));
        let both: Vec<i64> = left.iter().chain(&right).copied().collect();
        prop_assert_eq!(&merged, &sketch(&both));
        prop_assert_eq!(merged.count(), both.len() as i64);
        prop_assert_eq!(&Sketch::of(merged.buckets()), &merged);
        for ms in &right {
            merged.add(*ms, -1);
        }
        prop_assert_eq!(merged, sketch(&left));
    }

    #[test]
    fn sums_do_not_depend_on_the_order_and_a_correction_leaves_what_a_recount_gives(
        runs in prop::collection::vec(run(), 1..60),
        corrected in prop::collection::vec((any::<prop::sample::Index>(), run()), 0..20),
    ) {
        let mut now = runs.clone();
        let mut kept = sums(&runs);
        for (which, run) in corrected {
            let one = which.index(now.len());
            kept.take(&now[one].0, now[one].1);
            kept.add(&run.0, run.1);
            now[one] = run;
        }
        now.reverse();
        prop_assert_eq!(&kept, &sums(&now));
        let ended = now.iter().filter(|(figures, _)| figures.ended.is_some()).count();
        let told: i64 = kept.cells().map(|(_, tally)| tally.ended()).sum();
        prop_assert_eq!(told, ended as i64);
    }
}

fn sums(runs: &[(Figures, Place)]) -> Rollups {
    let mut rollups = Rollups::new(Tz::Europe__Berlin);
    for (figures, place) in runs {
        rollups.add(figures, *place);
    }
    rollups
}

fn run() -> impl Strategy<Value = (Figures, Place)> {
    let ended = (0i64..200_000, any::<bool>());
    let parts = (
        0..9usize,
        0..3u128,
        0..2u32,
        0..2i16,
        prop::option::of(ended),
        0..100_000i64,
    );
    parts.prop_map(|(clock, queue, version, priority, ended, counted_ms)| {
        let within_ms = (version > 0).then_some(50_000);
        let how = |fulfilled| {
            if fulfilled {
                End::Fulfilled
            } else {
                End::Stopped
            }
        };
        let ended = ended.map(|(minute, fulfilled)| (at(minute), how(fulfilled)));
        let outcome = match (within_ms, ended) {
            (None, _) => Outcome::NoTarget,
            (Some(within), _) if counted_ms >= within => Outcome::Breached,
            (Some(_), None) => Outcome::Open,
            (Some(_), Some((_, End::Fulfilled))) => Outcome::Met,
            (Some(_), Some((_, End::Stopped))) => Outcome::Void,
        };
        let policy = PolicyId(Uuid::from_u128(9));
        let figures = Figures {
            id: InstanceId {
                clock: Clock::ALL[clock],
                started_by: EventId(Uuid::from_u128(1)),
            },
            number: 1,
            policy: (version > 0).then_some(PolicyVersion { policy, version }),
            priority,
            within_ms,
            hours: Some(Hours::Calendar),
            schedule: None,
            started_at: at(0),
            ended: ended.map(|(at, how)| Ended {
                at,
                how,
                event: EventId(Uuid::from_u128(2)),
            }),
            counted_ms,
            counting_since: None,
            paused_in: None,
            deadline: None,
            breached_at: None,
            outcome,
        };
        let queue = (queue > 0).then_some(QueueId(Uuid::from_u128(queue)));
        (figures, Place { queue, team: None })
    })
}

fn at(minute: i64) -> DateTime<Utc> {
    let begin: DateTime<Utc> = "2026-10-20T12:00:00Z".parse().unwrap();
    begin + TimeDelta::minutes(minute)
}

#[test]
fn every_bucket_up_to_a_century_keeps_the_promise() {
    let century = 100 * 366 * 86_400_000i64;
    let mut ms = 0i64;
    while ms < century {
        for value in [ms, ms + 1, ms + ms / 101] {
            let told = sketch(&[value]).percentile(50).unwrap();
            assert!((told - value).abs() * 50 <= value, "{told} for {value}");
        }
        ms += ms / 173 + 1;
    }
}

#[test]
fn a_day_is_that_of_the_zone() {
    let late: DateTime<Utc> = "2026-03-28T23:30:00Z".parse().unwrap();
    assert_eq!(day(late, Tz::UTC).to_string(), "2026-03-28");
    assert_eq!(day(late, Tz::Europe__Berlin).to_string(), "2026-03-29");
    assert_eq!(day(late, Tz::America__Sao_Paulo).to_string(), "2026-03-28");
}

#[test]
fn what_runs_is_in_no_sum_and_what_was_stopped_is_in_no_mean() {
    let mut tally = Tally::default();
    assert_eq!((tally.mean_ms(), tally.met_percent()), (None, None));
    tally.merge(&Tally {
        met: 3,
        breached: 1,
        fulfilled: 3,
        counted_ms: 9_000,
        ..Tally::default()
    });
    assert_eq!(
        (tally.mean_ms(), tally.met_percent()),
        (Some(3_000), Some(75.0))
    );
    assert_eq!(tally.ended(), 4);
    assert_eq!(Sketch::default().percentile(50), None);
}

#[test]
fn a_day_begins_with_its_first_moment_whatever_the_clocks_do() {
    let days = [
        (Tz::America__Sao_Paulo, "2018-11-04"),
        (Tz::America__Sao_Paulo, "2018-02-18"),
        (Tz::Europe__Berlin, "2026-03-29"),
        (Tz::Atlantic__Azores, "2026-10-25"),
        (Tz::Africa__Casablanca, "2026-02-15"),
        (Tz::Pacific__Apia, "2011-12-31"),
    ];
    for (zone, date) in days {
        let date: chrono::NaiveDate = date.parse().unwrap();
        let begins = day_begins(date, zone);
        assert_eq!(day(begins, zone), date, "{zone}");
        assert!(
            day(begins - TimeDelta::milliseconds(1), zone) < date,
            "{zone}"
        );
    }
    let left_out = "2011-12-30".parse().unwrap();
    let next = "2011-12-31".parse().unwrap();
    assert_eq!(
        day_begins(left_out, Tz::Pacific__Apia),
        day_begins(next, Tz::Pacific__Apia)
    );
}
