//! The laws of business time over random schedules, near and far from changes of clocks.

use crate::naive::{Plan, Plans};
use chrono::{DateTime, Days, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use interdesk_domain::schedule::{DayHours, DaySpan, Kind, Timeline, WeekSpan};
use proptest::prelude::*;
use std::sync::LazyLock;

const ZONES: [Tz; 10] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::America__Sao_Paulo,
    Tz::America__St_Johns,
    Tz::Africa__Casablanca,
    Tz::Australia__Lord_Howe,
    Tz::Asia__Kathmandu,
    Tz::Pacific__Apia,
    Tz::Africa__Cairo,
];

/// Changes of clocks of each zone, found by looking every hour.
static CHANGES: LazyLock<Vec<(Tz, Vec<i64>)>> = LazyLock::new(|| {
    let changes_of = |zone: Tz| {
        let offset = |hour: i64| {
            let at = DateTime::from_timestamp(hour * 3600, 0).expect("a time");
            zone.offset_from_utc_datetime(&at.naive_utc()).fix()
        };
        // 2008 to 2028.
        (333_120..508_440)
            .filter(|hour| offset(*hour) != offset(hour - 1))
            .map(|hour| hour * 3_600_000)
            .collect()
    };
    ZONES
        .into_iter()
        .map(|zone| (zone, changes_of(zone)))
        .collect()
});

fn day_span() -> impl Strategy<Value = DaySpan> {
    (0..1439u16, 1..900u16).prop_map(|(from, length)| DaySpan {
        from,
        to: (from + length).min(1440),
    })
}

fn day_hours() -> impl Strategy<Value = DayHours> {
    prop_oneof![
        Just(DayHours::Closed),
        prop::collection::vec(day_span(), 1..3).prop_map(DayHours::ClosedDuring),
        prop::collection::vec(day_span(), 1..3).prop_map(DayHours::OpenDuring),
    ]
}

fn spans() -> impl Strategy<Value = Vec<WeekSpan>> {
    let any = (0..10_080u16, 1..2_000u16).prop_map(|(from, length)| WeekSpan {
        from,
        to: from + length,
    });
    let daily = (0..1440u16, 1..1440u16).prop_map(|(from, length)| {
        (0..7)
            .map(|day| WeekSpan {
                from: day * 1440 + from,
                to: day * 1440 + from + length,
            })
            .collect()
    });
    prop_oneof![
        3 => prop::collection::vec(any, 0..8),
        3 => daily,
        1 => Just(vec![WeekSpan { from: 0, to: 10_080 }]),
        1 => Just(vec![WeekSpan { from: 7_000, to: 17_080 }]),
    ]
}

/// A beginning, close to a change of clocks half of the time.
fn beginning() -> impl Strategy<Value = (Tz, i64)> {
    (
        0..ZONES.len(),
        any::<bool>(),
        any::<prop::sample::Index>(),
        0..631_152_000_000i64,
        0..172_800_000i64,
    )
        .prop_map(|(zone, near, which, anywhere, before)| {
            let (zone, changes) = &CHANGES[zone];
            match near && !changes.is_empty() {
                true => (*zone, which.get(changes) - before),
                false => (*zone, 1_199_145_600_000 + anywhere),
            }
        })
}

#[derive(Debug, Clone)]
struct Case {
    plans: Plans,
    from: i64,
    to: i64,
    split: i64,
}

prop_compose! {
    fn case()(
        (zone, from) in beginning(),
        length in prop_oneof![12 => 0..110_000_000i64, 1 => 0..700_000_000i64],
        part in 0.0..1.0f64,
        weeks in prop::collection::vec((spans(), prop::collection::vec((0..8u64, day_hours()), 0..4)), 1..3),
        other_zone in 0..ZONES.len(),
        change in 0..3_000i64,
    ) -> Case {
        let first = DateTime::<Utc>::from_timestamp_millis(from).expect("a time").date_naive();
        let plan = |n: usize, (spans, days): (Vec<WeekSpan>, Vec<(u64, DayHours)>)| {
            let zone = if n == 0 { zone } else { ZONES[other_zone] };
            let days = days.into_iter().map(|(ahead, hours)| (first + Days::new(ahead) - Days::new(1), hours));
            let since = from.div_euclid(60_000) * 60_000 + n as i64 * change * 60_000;
            (since, Plan { zone, spans, days: days.collect() })
        };
        let plans = Plans(weeks.into_iter().enumerate().map(|(n, week)| plan(n, week)).collect());
        Case { plans, from, to: from + length, split: from + (length as f64 * part) as i64 }
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("a time")
}

fn elapsed(line: &Timeline, from: i64, to: i64) -> i64 {
    line.elapsed(at(from), at(to)).num_milliseconds()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_of_agreement_with_a_count_by_hand(case in case()) {
        let line = case.plans.timeline();
        prop_assert_eq!(elapsed(&line, case.from, case.to), case.plans.elapsed(case.from, case.to));
    }

    #[test]
    fn law_of_additivity_over_any_split(case in case()) {
        let line = case.plans.timeline();
        let Case { from, to, split, .. } = case;
        let parts = elapsed(&line, from, split) + elapsed(&line, split, to);
        prop_assert_eq!(elapsed(&line, from, to), parts);
    }

    #[test]
    fn law_of_monotony_and_never_faster_than_the_wall_clock(case in case()) {
        let line = case.plans.timeline();
        let Case { from, to, split, .. } = case;
        let whole = elapsed(&line, from, to);
        prop_assert!(elapsed(&line, from, split) <= whole && whole <= to - from);
    }

    #[test]
    fn law_of_the_inverse_the_deadline_is_the_first_moment_by_which_the_time_has_passed(case in case()) {
        let line = case.plans.timeline();
        let Case { from, to, .. } = case;
        let whole = elapsed(&line, from, to);
        let due = line.deadline(at(from), TimeDelta::milliseconds(whole)).expect("it was reached");
        let due = due.timestamp_millis();
        prop_assert!(due <= to);
        prop_assert_eq!(elapsed(&line, from, due), whole);
        if whole > 0 {
            prop_assert_eq!(elapsed(&line, from, due - 1), whole - 1);
        }
    }

    #[test]
    fn law_of_cover_tiles_leave_no_gap_and_the_open_ones_sum_to_the_time(case in case()) {
        let line = case.plans.timeline();
        let Case { from, to, .. } = case;
        let mut reached = from;
        let mut open = 0;
        let mut last: Option<Kind<'_>> = None;
        for tile in line.tiles(at(from), at(to)) {
            prop_assert_eq!(tile.from.timestamp_millis(), reached);
            prop_assert!(tile.to > tile.from && last != Some(tile.kind));
            reached = tile.to.timestamp_millis();
            last = Some(tile.kind);
            if tile.kind == Kind::Open {
                open += (tile.to - tile.from).num_milliseconds();
            }
        }
        prop_assert_eq!((reached, open), (to, elapsed(&line, from, to)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_count_by_hand_is_the_same_second_by_second(case in case(), hours in 1..6i64) {
        let Case { plans, from, to, .. } = case;
        let to = to.min(from + hours * 3_600_000);
        prop_assert_eq!(plans.elapsed(from, to), plans.elapsed_by_seconds(from, to));
    }
}
