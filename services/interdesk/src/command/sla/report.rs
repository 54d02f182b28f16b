//! A report of service levels, as a table or as CSV.

use super::find;
use crate::foundation::Foundation;
use crate::say::say;
use anyhow::{bail, ensure};
use chrono::{NaiveDate, TimeDelta};
use clap::ValueEnum;
use interdesk_domain::id::QueueId;
use interdesk_domain::sla::{self, Clock};
use interdesk_flow::sla_report::{self, By, Group, Line, MAX_DAYS, Question, Report};
use interdesk_store::read::sla_report::Filter;
use interdesk_store::{read, sla_rollups};
use std::collections::HashMap;
use std::process::ExitCode;

/// What a report is asked for.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// The workspace's short name.
    #[arg(long)]
    workspace: String,
    /// Only this queue, by its name or id.
    #[arg(long)]
    queue: Option<String>,
    /// Only this clock, such as first_reply; may be given more than once.
    #[arg(long, value_parser = clock)]
    clock: Vec<Clock>,
    /// The first day; 30 days before the last unless told.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// The last day; today unless told.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// What is shown apart, beside clocks; may be given more than once.
    #[arg(long)]
    by: Vec<Apart>,
    /// Print comma-separated values, times in milliseconds.
    #[arg(long)]
    csv: bool,
}

/// What is shown apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Apart {
    Day,
    Queue,
    Team,
    Policy,
    Priority,
}

fn clock(text: &str) -> Result<Clock, String> {
    let known = Clock::ALL.map(Clock::as_str).join(", ");
    Clock::parse(text).ok_or_else(|| format!("no such clock; there are {known}"))
}

/// Prints the report.
pub(super) async fn run(foundation: &Foundation, asked: Asked) -> anyhow::Result<ExitCode> {
    let desk = &foundation.desk;
    let scope = find(foundation, &asked.workspace).await?;
    let transaction = desk.database.begin(scope).await?;
    let zone = sla_rollups::find_zone(&transaction, scope).await?;
    let queues = read::queues::list(&transaction, scope).await?;
    let names: HashMap<QueueId, String> = queues
        .into_iter()
        .map(|queue| (queue.id, queue.name))
        .collect();
    let to = asked.to.unwrap_or_else(|| sla::day(desk.now(), zone));
    let question = Question {
        filter: Filter {
            clocks: asked.clock,
            queues: queue(asked.queue.as_deref(), &names)?,
            ..Filter::default()
        },
        from: asked.from.unwrap_or(to - TimeDelta::days(29)),
        to,
        by: asked.by.iter().map(|apart| apart.by()).collect(),
    };
    ensure!(
        question.is_possible(),
        "--from must not be after --to, and at most {MAX_DAYS} days before it"
    );
    let report = sla_report::report(&transaction, scope, &question, desk.now()).await?;
    transaction.commit().await?;
    let table = Table::of(&question, &report, &names, asked.csv);
    match asked.csv {
        true => table.print_csv(),
        false => table.print(&question, &report),
    }
    Ok(ExitCode::SUCCESS)
}

fn queue(
    wanted: Option<&str>,
    names: &HashMap<QueueId, String>,
) -> anyhow::Result<Option<Vec<Option<QueueId>>>> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let fits = |(id, name): &(&QueueId, &String)| **name == *wanted || id.to_string() == wanted;
    match names.iter().find(fits) {
        Some((id, _)) => Ok(Some(vec![Some(*id)])),
        None => bail!("the workspace has no queue {wanted:?}"),
    }
}

impl Apart {
    fn by(self) -> By {
        match self {
            Self::Day => By::Day,
            Self::Queue => By::Queue,
            Self::Team => By::Team,
            Self::Policy => By::Policy,
            Self::Priority => By::Priority,
        }
    }
}

/// A report in rows and columns.
struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// How many columns from the left are words.
    words: usize,
}

impl Table {
    fn of(
        question: &Question,
        report: &Report,
        names: &HashMap<QueueId, String>,
        plain: bool,
    ) -> Self {
        let apart = |by: By| question.by.contains(&by);
        let mut head = Vec::new();
        for (by, name) in [
            (By::Day, "day"),
            (By::Queue, "queue"),
            (By::Team, "team"),
            (By::Policy, "policy"),
            (By::Priority, "priority"),
        ] {
            if apart(by) {
                head.push(name);
            }
        }
        head.push("clock");
        let words = head.len();
        head.extend([
            "met",
            "breached",
            "void",
            "no target",
            "met %",
            "mean",
            "p50",
            "p90",
            "p99",
        ]);
        if !apart(By::Day) {
            head.extend(["running", "at risk", "overdue"]);
        }
        head.push("restated");
        let rows = report.lines.iter().map(|(group, line)| {
            let mut cells = group_cells(group, names);
            cells.extend(line_cells(line, !apart(By::Day), plain));
            cells
        });
        Self {
            head,
            rows: rows.collect(),
            words,
        }
    }

    fn print(&self, question: &Question, report: &Report) {
        say!(
            "{} to {}, {}",
            question.from,
            question.to,
            report.zone.name()
        );
        say!("");
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).max(self.head[column].len())
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let padded = cells.iter().zip(&widths).enumerate();
            let padded = padded.map(|(column, (cell, width))| match column < self.words {
                true => format!("{cell:<width$}"),
                false => format!("{cell:>width$}"),
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        say!("{}", line(&self.head));
        for row in &self.rows {
            say!(
                "{}",
                line(&row.iter().map(String::as_str).collect::<Vec<_>>())
            );
        }
        if self.rows.is_empty() {
            say!("nothing ended in these days, and nothing runs");
        }
    }

    fn print_csv(&self) {
        say!(
            "{}",
            self.head
                .join(",")
                .replace(' ', "_")
                .replace('%', "percent")
        );
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            say!("{}", cells.join(","));
        }
    }
}

fn group_cells(group: &Group, names: &HashMap<QueueId, String>) -> Vec<String> {
    let mut cells = Vec::new();
    cells.extend(group.day.map(|day| day.to_string()));
    let name = |queue: QueueId| {
        names
            .get(&queue)
            .cloned()
            .unwrap_or_else(|| queue.to_string())
    };
    cells.extend(group.queue.map(|queue| queue.map_or_else(none, name)));
    cells.extend(
        group
            .team
            .map(|team| team.map_or_else(none, |team| team.to_string())),
    );
    cells.extend(
        group.policy.map(|policy| {
            policy.map_or_else(none, |key| format!("{} v{}", key.policy, key.version))
        }),
    );
    cells.extend(group.priority.map(|priority| priority.to_string()));
    cells.push(group.clock.as_str().to_owned());
    cells
}

fn line_cells(line: &Line, with_running: bool, plain: bool) -> Vec<String> {
    let tally = &line.tally;
    let time = |ms: Option<i64>| match (ms, plain) {
        (None, _) => String::new(),
        (Some(ms), true) => ms.to_string(),
        (Some(ms), false) => span(ms),
    };
    let mut cells: Vec<String> = [tally.met, tally.breached, tally.void, tally.no_target]
        .map(|count| count.to_string())
        .into();
    cells.push(
        tally
            .met_percent()
            .map_or_else(String::new, |share| format!("{share:.1}")),
    );
    cells.push(time(tally.mean_ms()));
    cells.extend([50, 90, 99].map(|percent| time(tally.sketch.percentile(percent))));
    if with_running {
        let now = [line.now.running, line.now.at_risk, line.now.overdue];
        cells.extend(now.map(|count| count.to_string()));
    }
    cells.push(
        line.restated_at
            .map_or_else(String::new, |at| at.format("%F %R").to_string()),
    );
    cells
}

fn none() -> String {
    "none".to_owned()
}

/// Writes a time in its two largest units.
fn span(ms: i64) -> String {
    let seconds = (ms + 500) / 1_000;
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{seconds:02}s"),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

/// Quotes a value where commas or quotes are in it, and keeps spreadsheets from computing names.
fn quoted(cell: &str) -> String {
    let computes = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if computes {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_show_their_two_largest_units() {
        let cases = [
            (400, "0s"),
            (59_499, "59s"),
            (61_000, "1m01s"),
            (3_600_000, "1h00m"),
            (90_000_000, "1d01h"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn names_of_queues_break_no_csv_and_compute_nothing() {
        assert_eq!(quoted("Care, north"), "\"Care, north\"");
        assert_eq!(quoted("the \"fast\" one"), "\"the \"\"fast\"\" one\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("Care"), "Care");
    }
}
