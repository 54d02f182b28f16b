//! The clocks behind each number of a report of service levels.

use super::sla_clock::SlaClock;
use super::sla_report::Key;
use crate::page::{PageArguments, PageInfo, cut};
use crate::viewer::{desk, viewer};
use crate::{Cursor, Error};
use async_graphql::{Context, Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::sla::Outcome;
use interdesk_flow::sla_report;
use interdesk_store::read::Window;
use interdesk_store::read::sla_report::{self as rows, Place, Which};
use interdesk_store::sla::Clock as Row;
use interdesk_store::sla_rollups;

/// A number of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum SlaReportNumber {
    /// Those that ended.
    Ended,
    /// Those that were met.
    Met,
    /// Those that were too late.
    Breached,
    /// Those that stopped before they were decided.
    Void,
    /// Those without a target.
    NoTarget,
    /// Those for which came what they waited for.
    Fulfilled,
    /// Those that run now.
    Running,
    /// Those that run and are at risk.
    AtRisk,
    /// Those that run and have used up their target.
    Overdue,
}

impl SlaReportNumber {
    fn which(self, span: (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> Which {
        let ended = |outcomes: &[Outcome], fulfilled| Which::Ended {
            from: span.0,
            to: span.1,
            outcomes: outcomes.to_vec(),
            fulfilled,
        };
        let running = |at_risk, overdue| Which::Running {
            now,
            at_risk,
            overdue,
        };
        match self {
            Self::Ended => ended(&Outcome::ALL, false),
            Self::Met => ended(&[Outcome::Met], false),
            Self::Breached => ended(&[Outcome::Breached], false),
            Self::Void => ended(&[Outcome::Void], false),
            Self::NoTarget => ended(&[Outcome::NoTarget], false),
            Self::Fulfilled => ended(&Outcome::ALL, true),
            Self::Running => running(false, false),
            Self::AtRisk => running(true, false),
            Self::Overdue => running(false, true),
        }
    }
}

/// A page of the clocks behind a number, in the order in which they ended, or began where they run.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SlaClockConnection {
    /// The clocks with their places.
    edges: Vec<SlaClockEdge>,
    /// The clocks alone.
    nodes: Vec<SlaClock>,
    /// What lies around the page.
    page_info: PageInfo,
}

/// A clock and its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SlaClockEdge {
    /// The place.
    cursor: Cursor,
    /// The clock.
    node: SlaClock,
}

impl SlaClockConnection {
    /// Lists the clocks behind a number of a line.
    pub(crate) async fn load(
        context: &Context<'_>,
        key: &ID,
        number: SlaReportNumber,
        arguments: &PageArguments,
    ) -> Result<Option<Self>, Error> {
        let viewer = viewer(context)?;
        let (scope, desk) = (viewer.scope(), desk(context)?);
        let key = Key::read(key)?;
        let window: Window<Place> = arguments.window(Cursor::clock)?;
        let transaction = desk.database.begin(scope).await?;
        let zone = sla_rollups::find_zone(&transaction, scope).await?;
        let which = number.which(sla_report::span(key.from, key.to, zone), desk.now());
        let found = rows::list(&transaction, scope, &key.filter, &which, &window).await?;
        transaction.commit().await?;
        let (found, page_info) = cut(found, &window, |row| Cursor::of_clock(place(row)));
        let places: Vec<Cursor> = found
            .iter()
            .map(|row| Cursor::of_clock(place(row)))
            .collect();
        let nodes = SlaClock::show(context, found).await?;
        let edges = places.into_iter().zip(nodes.iter().cloned());
        let edges = edges.map(|(cursor, node)| SlaClockEdge { cursor, node });
        Ok(Some(Self {
            edges: edges.collect(),
            nodes,
            page_info,
        }))
    }
}

fn place(row: &Row) -> Place {
    let at = row.ended_at.unwrap_or(row.started_at);
    (at, row.episode_id, row.started_by)
}
