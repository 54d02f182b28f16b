//! Holidays from iCalendar: what is read, and what is refused.

use crate::calendars::date;
use crate::{hours, timeline, wall};
use chrono_tz::Tz::Europe__Berlin as BERLIN;
use interdesk_domain::schedule::ical::{self, Error};
use interdesk_domain::schedule::*;

fn import(events: &str) -> Result<ical::Import, Error> {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
    ical::parse(&text, BERLIN, 2026..=2028)
}

fn event(lines: &str) -> Result<ical::Import, Error> {
    import(&format!(
        "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Day off\r\n{lines}\r\nEND:VEVENT\r\n"
    ))
}

fn dates(lines: &str) -> Vec<String> {
    let import = event(lines).expect("a calendar");
    import.dates.keys().map(ToString::to_string).collect()
}

#[test]
fn icalendar_days_are_taken_in() {
    let cases: [(&str, &[&str]); 13] = [
        ("DTSTART;VALUE=DATE:20261225", &["2026-12-25"]),
        (
            "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227",
            &["2026-12-25", "2026-12-26"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\r\nDURATION:P2D",
            &["2026-12-25", "2026-12-26"],
        ),
        (
            "DTSTART;VALUE=DATE:20251231\r\nDTEND;VALUE=DATE:20260102",
            &["2026-01-01"],
        ),
        (
            "DTSTART;VALUE=DATE:20101003\r\nRRULE:FREQ=YEARLY",
            &["2026-10-03", "2027-10-03", "2028-10-03"],
        ),
        (
            "DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY",
            &["2028-02-29"],
        ),
        (
            "DTSTART;VALUE=DATE:20251127\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            &["2026-11-26", "2027-11-25", "2028-11-23"],
        ),
        (
            "DTSTART;VALUE=DATE:20250526\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20271231",
            &["2026-05-25", "2027-05-31"],
        ),
        (
            "DTSTART;VALUE=DATE:20241105\r\nRRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            &["2028-11-07"],
        ),
        (
            "DTSTART;VALUE=DATE:20250101\r\nRRULE:FREQ=YEARLY;COUNT=3",
            &["2026-01-01", "2027-01-01"],
        ),
        (
            "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270101\r\nRDATE;VALUE=DATE:20270104",
            &["2026-01-01", "2027-01-04", "2028-01-01"],
        ),
        (
            "DTSTART;VALUE=DATE:20260630\r\nRRULE:FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1;UNTIL=20261231",
            &["2026-06-30", "2026-12-31"],
        ),
        ("DTSTART;VALUE=DATE:20260501\r\nSTATUS:CANCELLED", &[]),
    ];
    for (lines, expect) in cases {
        assert_eq!(dates(lines), expect, "{lines}");
    }
    assert_eq!(
        event("DTSTART;VALUE=DATE:20260501\r\nSTATUS:CANCELLED").map(|import| import.cancelled),
        Ok(1)
    );
}

#[test]
fn timed_events_close_their_part_by_the_schedules_wall_clock() {
    let cases = [
        (
            "DTSTART:20261224T120000\r\nDTEND:20261225T000000",
            ("2026-12-24", (720, 1440)),
        ),
        (
            "DTSTART:20260701T100000Z\r\nDTEND:20260701T113000Z",
            ("2026-07-01", (720, 810)),
        ),
        (
            "DTSTART;TZID=America/New_York:20261126T090000\r\nDURATION:PT1H30M",
            ("2026-11-26", (900, 990)),
        ),
        (
            "DTSTART;TZID=\"Europe/Berlin\":20261231T120015\r\nDTEND;TZID=\"Europe/Berlin\":20261231T235959",
            ("2026-12-31", (720, 1440)),
        ),
    ];
    for (lines, (day, (from, to))) in cases {
        let import = event(lines).expect("a calendar");
        let hours = DayHours::ClosedDuring(vec![DaySpan { from, to }]);
        let expect = Holiday {
            name: "Day off".to_owned(),
            hours,
        };
        assert_eq!(
            import.dates.into_iter().collect::<Vec<_>>(),
            [(date(day), expect)],
            "{lines}"
        );
    }
}

#[test]
fn folded_lines_escapes_alarms_and_zones_are_read_over() {
    let text = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
        BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Tag der Arbeit\\, Mai\r\n feiertag\r\nDTSTART;VALUE=DATE:2026\r\n\t0501\r\nBEGIN:VALARM\r\nDURATION:PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nSUMMARY:Brueckentag\r\nDTSTART:20260501T120000\r\nDTEND:20260501T130000\r\nEND:VEVENT\r\n";
    let import = import(text).expect("a calendar");
    let day = &import.dates[&date("2026-05-01")];
    assert_eq!(day.name, "Tag der Arbeit, Maifeiertag, Brueckentag");
    assert_eq!(day.hours, DayHours::Closed);
    let line = timeline(BERLIN, Week::always());
    let mut holidays = Holidays::default();
    holidays.add_missing(import.dates);
    let closed =
        Timeline::new(Schedule::new(BERLIN, Week::always(), holidays).expect("a schedule"));
    let week = (
        wall(BERLIN, "2026-04-28 00:00"),
        wall(BERLIN, "2026-05-05 00:00"),
    );
    assert_eq!(
        line.elapsed(week.0, week.1) - closed.elapsed(week.0, week.1),
        hours(24)
    );
}

#[test]
fn what_is_not_understood_is_an_error_that_names_its_line() {
    let unsupported = [
        "DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=WEEKLY",
        "DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=YEARLY;BYYEARDAY=5",
        "DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=YEARLY;BYDAY=1MO",
        "DTSTART;VALUE=DATE:20260105\r\nRECURRENCE-ID:20260105",
        "RDATE;VALUE=PERIOD:20260105T000000Z/P1D",
        "DTSTART;TZID=W. Europe Standard Time:20260105T090000",
    ];
    for lines in unsupported {
        let error = event(lines).expect_err(lines);
        assert!(
            matches!(error, Error::Unsupported { line: 6 | 7, .. }),
            "{lines}: {error}"
        );
    }
    let values = [
        "DTSTART:2026-01-05",
        "DTSTART:20260132",
        "DTSTART;VALUE=DATE:20260105\r\nDURATION:1D",
        "DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=YEARLY;BYMONTH=13",
        "DTSTART;VALUE=DATE:20260105\r\nRRULE:BYMONTH=1",
        "DTSTART;TZID=Europe/Berlin:20260329T023000",
    ];
    for lines in values {
        let error = event(lines).expect_err(lines);
        assert!(
            matches!(error, Error::Value { line: 6 | 7, .. }),
            "{lines}: {error}"
        );
    }
    assert_eq!(event("X-NOTHING:1"), Err(Error::NoStart { line: 7 }));
    assert_eq!(event("no colon here"), Err(Error::Line { line: 6 }));
    assert_eq!(import("END:VEVENT\r\n"), Err(Error::Line { line: 3 }));
    let parse = |text: &str| ical::parse(text, BERLIN, 2026..=2028);
    assert_eq!(parse(""), Err(Error::NoCalendar));
    assert_eq!(parse("DTSTART:20260101"), Err(Error::NoCalendar));
    assert_eq!(parse("BEGIN:VCARD\nEND:VCARD"), Err(Error::NoCalendar));
    let cut = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n");
    assert_eq!(
        cut,
        Err(Error::Truncated {
            component: "VEVENT".to_owned()
        })
    );
    assert_eq!(
        ical::parse("", BERLIN, 1900..=2100),
        Err(Error::TooManyYears)
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(lines in proptest::collection::vec("(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|EXDATE|SUMMARY| )(;TZID=[A-Z/a-z]{0,9})?:(VEVENT|VCALENDAR|P[0-9]{0,20}[DWT]|FREQ=YEARLY;(BYDAY|COUNT|INTERVAL|BYMONTHDAY)=[-+0-9A-Z]{0,5}|[0-9]{8}(T[0-9]{6}Z?)?|\\PC{0,12})", 0..12)) {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR", lines.join("\n"));
        let _ = ical::parse(&text, BERLIN, 2020..=2030);
    }
}
