//! Holidays: own lists and yearly rules.

use crate::{hours, wall};
use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz::Europe__Berlin as BERLIN;
use interdesk_domain::schedule::*;

const DAYS: [Weekday; 7] = [
    Weekday::Sun,
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
];

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn closed(name: &str) -> Holiday {
    Holiday {
        name: name.to_owned(),
        hours: DayHours::Closed,
    }
}

fn yearly(rule: Rule) -> Yearly {
    Yearly {
        name: "a day off".to_owned(),
        rule,
        hours: DayHours::Closed,
        observed: Observed::AsIs,
        from_year: None,
        until_year: None,
    }
}

#[test]
fn a_holiday_closes_its_date_and_says_its_name() {
    let mut holidays = Holidays::default();
    holidays.add_missing([(date("2026-12-25"), closed("Christmas Day"))]);
    // The listed day stays when an import names it too.
    holidays.add_missing([(date("2026-12-25"), closed("25 December"))]);
    let week = Week::closed().with(DAYS, "21:00", "02:00").expect("a week");
    let line = Timeline::new(Schedule::new(BERLIN, week, holidays).expect("a schedule"));
    // The night before ends at midnight, the night of the day never begins.
    let eve = wall(BERLIN, "2026-12-24 20:00");
    assert_eq!(
        line.elapsed(eve, wall(BERLIN, "2026-12-26 12:00")),
        hours(5)
    );
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-12-25 22:00")),
        Kind::Holiday("Christmas Day")
    );
    assert_eq!(
        line.deadline(eve, hours(4)),
        Some(wall(BERLIN, "2026-12-26 01:00"))
    );
}

#[test]
fn half_days_close_a_part_or_open_a_part() {
    let half = |from, to| vec![DaySpan::parse(from, to).expect("a span")];
    let mut holidays = Holidays::default();
    let after_noon = DayHours::ClosedDuring(half("12:00", "24:00"));
    let sunday = DayHours::OpenDuring(half("13:00", "18:00"));
    holidays.add_missing([
        (
            date("2026-12-24"),
            Holiday {
                name: "Christmas Eve".to_owned(),
                hours: after_noon,
            },
        ),
        (
            date("2026-12-20"),
            Holiday {
                name: "open Sunday".to_owned(),
                hours: sunday,
            },
        ),
    ]);
    let week = Week::closed()
        .with([Weekday::Thu], "09:00", "17:00")
        .expect("a week");
    let line = Timeline::new(Schedule::new(BERLIN, week, holidays).expect("a schedule"));
    let open = |day: &str| {
        line.elapsed(
            wall(BERLIN, &format!("{day} 00:00")),
            wall(BERLIN, &format!("{day} 23:59")),
        )
    };
    assert_eq!(open("2026-12-24"), hours(3));
    assert_eq!(open("2026-12-17"), hours(8));
    assert_eq!(open("2026-12-20"), hours(5));
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-12-24 08:00")),
        Kind::OutsideHours
    );
    assert_eq!(
        line.kind_at(wall(BERLIN, "2026-12-24 12:00")),
        Kind::Holiday("Christmas Eve")
    );
}

#[test]
fn easter_falls_where_the_tables_of_the_churches_say() {
    let western = [
        "1961-04-02",
        "2000-04-23",
        "2019-04-21",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2038-04-25",
        "2049-04-18",
        "2076-04-19",
        "1954-04-18",
        "1981-04-19",
    ];
    for text in western {
        let year: i32 = text[..4].parse().expect("a year");
        assert_eq!(Rule::Easter { days: 0 }.in_year(year), Some(date(text)));
    }
    let orthodox = [
        "2019-04-28",
        "2020-04-19",
        "2021-05-02",
        "2022-04-24",
        "2023-04-16",
        "2024-05-05",
        "2025-04-20",
        "2026-04-12",
        "2027-05-02",
    ];
    for text in orthodox {
        let year: i32 = text[..4].parse().expect("a year");
        assert_eq!(
            Rule::OrthodoxEaster { days: 0 }.in_year(year),
            Some(date(text))
        );
    }
    assert_eq!(
        Rule::Easter { days: -2 }.in_year(2026),
        Some(date("2026-04-03"))
    );
    assert_eq!(
        Rule::Easter { days: 39 }.in_year(2026),
        Some(date("2026-05-14"))
    );
}

#[test]
fn rules_find_their_day_in_every_year() {
    let nth = |month, weekday, nth| Rule::NthWeekday {
        month,
        weekday,
        nth,
    };
    let cases = [
        (nth(11, Weekday::Thu, 4), 2026, Some("2026-11-26")),
        (nth(5, Weekday::Mon, -1), 2026, Some("2026-05-25")),
        (nth(12, Weekday::Thu, -1), 2026, Some("2026-12-31")),
        (nth(2, Weekday::Sun, 5), 2026, None),
        (nth(2, Weekday::Sun, -5), 2026, None),
        (nth(3, Weekday::Sun, 5), 2026, Some("2026-03-29")),
        (Rule::Fixed { month: 2, day: 29 }, 2028, Some("2028-02-29")),
        (Rule::Fixed { month: 2, day: 29 }, 2026, None),
    ];
    for (rule, year, expect) in cases {
        assert_eq!(rule.in_year(year), expect.map(date), "{rule:?} {year}");
    }
}

#[test]
fn a_holiday_on_a_weekend_is_kept_where_its_rule_says() {
    let mut new_year = yearly(Rule::Fixed { month: 1, day: 1 });
    new_year.observed = Observed::NearestWeekday;
    // 1 January 2028 is a Saturday: it is kept in the year before.
    assert!(new_year.falls_on(date("2027-12-31")));
    assert!(!new_year.falls_on(date("2028-01-01")));
    new_year.observed = Observed::NextMonday;
    assert!(new_year.falls_on(date("2028-01-03")));
    new_year.from_year = Some(2029);
    assert!(!new_year.falls_on(date("2028-01-03")));
    new_year.until_year = Some(2029);
    assert!(new_year.falls_on(date("2029-01-01")));
    assert!(!new_year.falls_on(date("2030-01-01")));
}

#[test]
fn a_listed_date_decides_before_a_rule() {
    let mut holidays = Holidays {
        yearly: vec![yearly(Rule::Fixed { month: 12, day: 24 })],
        ..Holidays::default()
    };
    let open = DayHours::OpenDuring(vec![DaySpan::WHOLE]);
    holidays.add_missing([(
        date("2026-12-24"),
        Holiday {
            name: "open after all".to_owned(),
            hours: open,
        },
    )]);
    assert_eq!(
        holidays.on(date("2026-12-24")).map(|day| day.0),
        Some("open after all")
    );
    assert_eq!(
        holidays.on(date("2027-12-24")).map(|day| day.0),
        Some("a day off")
    );
    assert_eq!(holidays.on(date("2027-12-23")), None);
}

#[test]
fn impossible_holidays_are_refused() {
    let with = |rule| {
        let holidays = Holidays {
            yearly: vec![yearly(rule)],
            ..Holidays::default()
        };
        Schedule::new(BERLIN, Week::always(), holidays)
    };
    assert!(with(Rule::Fixed { month: 2, day: 30 }).is_err());
    assert!(
        with(Rule::NthWeekday {
            month: 13,
            weekday: Weekday::Mon,
            nth: 1
        })
        .is_err()
    );
    assert!(
        with(Rule::NthWeekday {
            month: 1,
            weekday: Weekday::Mon,
            nth: 0
        })
        .is_err()
    );
    let backwards = DayHours::OpenDuring(vec![DaySpan { from: 600, to: 540 }]);
    let mut holidays = Holidays::default();
    holidays.add_missing([(
        date("2026-12-24"),
        Holiday {
            name: "x".to_owned(),
            hours: backwards,
        },
    )]);
    assert!(Schedule::new(BERLIN, Week::always(), holidays).is_err());
}
