//! The holidays of a calendar are added to a schedule.

use super::activate::begin;
use super::{Answer, Changed, Hand, PolicyOutcome, Target, fault, invalid, refused};
use crate::Error;
use chrono::Datelike;
use interdesk_domain::condition::Problem;
use interdesk_domain::policy::{Document, PolicyKind};
use interdesk_domain::schedule::{Schedule, ical};
use interdesk_store::policies;
use serde::Serialize;

/// How many years ahead holidays that recur are written out.
const YEARS_AHEAD: i32 = 5;

/// Which calendar is added to which schedule.
#[derive(Debug, Clone, Serialize)]
pub struct ImportHolidays {
    /// The schedule; its kind is `schedule`.
    pub target: Target,
    /// The calendar, as an iCalendar text.
    pub calendar: String,
    /// The first year; the present one without it.
    pub from_year: Option<i32>,
    /// The last year; five years ahead without it.
    pub until_year: Option<i32>,
    /// Whether the new version is put in force too.
    pub activate: bool,
}

impl ImportHolidays {
    pub(super) async fn apply(&self, hand: &Hand<'_>) -> Answer {
        let target = Target {
            kind: PolicyKind::Schedule,
            ..self.target
        };
        let policy = hand.lock(&target).await?;
        let (kind, subject) = (policy.kind, policy.id);
        let newest = policies::version(hand.conn, hand.scope, kind, subject, policy.latest).await?;
        let newest = newest.ok_or(refused(PolicyOutcome::NotFound))?;
        let unreadable = |source| Error::Unreadable {
            what: "a schedule",
            source,
        };
        let Document::Schedule(schedule) =
            Document::read(kind, &newest.body).map_err(unreadable)?
        else {
            return Err(refused(PolicyOutcome::NotFound));
        };
        let this_year = hand.desk.now().with_timezone(&schedule.zone()).year();
        let from = self.from_year.unwrap_or(this_year);
        let until = self.until_year.unwrap_or(this_year + YEARS_AHEAD);
        let import =
            ical::parse(&self.calendar, schedule.zone(), from..=until).map_err(|error| {
                invalid(vec![fault(
                    "calendar",
                    Problem::Contradiction,
                    error.to_string(),
                )])
            })?;
        if import.dates.is_empty() {
            let mend = format!("the calendar names no day from {from} to {until}");
            return Err(invalid(vec![fault("calendar", Problem::Empty, mend)]));
        }
        let mut holidays = schedule.holidays().clone();
        let before = holidays.dates.len();
        holidays.add_missing(import.dates);
        let added = holidays.dates.len() - before;
        if added == 0 {
            return Err(refused(PolicyOutcome::Unchanged { subject }));
        }
        let schedule = Schedule::new(schedule.zone(), schedule.week().clone(), holidays);
        let schedule = schedule.map_err(|error| {
            let fault = fault("calendar", Problem::Contradiction, error.to_string());
            invalid(vec![fault])
        })?;
        let body = serde_json::to_value(&schedule).map_err(unreadable)?;
        let version = policy.latest + 1;
        let note = format!("{added} holidays from a calendar");
        hand.insert(kind, subject, &policy.name, version, &body, &note)
            .await?;
        let changed = Changed {
            kind,
            subject,
            version: Some(version),
            from: None,
            staged_permille: None,
        };
        hand.tell(&changed).await?;
        if self.activate {
            begin(hand, kind, subject, version, None).await?;
        }
        Ok(PolicyOutcome::Changed {
            subject,
            version: Some(version),
        })
    }
}
