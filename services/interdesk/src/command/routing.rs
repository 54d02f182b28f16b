//! `interdesk routing`: decides again what was decided, and tries policies on days.

mod page;
mod policy;

use crate::foundation::{Foundation, Use};
use crate::say::say;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use interdesk_domain::id::QueueId;
use interdesk_domain::routing::simulate::synthetic::{Kind, Recipe, scenario};
use interdesk_domain::routing::simulate::{Report, Rule, Scenario, run, run_by};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::rehearse;
use interdesk_node::config::Config;
use interdesk_store::provision as tenants;
use interdesk_store::read::decisions::read_explanation;
use interdesk_store::read::why::{self as rows, Stored};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many decisions are read at a time.
const PAGE: i64 = 500;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Decide again what was decided in a span of time, from the stored facts alone.
    Replay {
        /// The workspace's short name.
        #[arg(long)]
        workspace: String,
        /// From this moment on, as in 2026-11-22T08:00:00Z.
        #[arg(long, value_name = "MOMENT")]
        from: DateTime<Utc>,
        /// Before this moment.
        #[arg(long, value_name = "MOMENT")]
        to: DateTime<Utc>,
    },
    /// Decide again everything that is stored, from its facts alone.
    Check {
        /// The workspace's short name; all of them unless told.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Show what a policy would make of a day that was, or of a made-up one.
    Simulate(Simulation),
}

/// What is simulated.
#[derive(clap::Args)]
pub(crate) struct Simulation {
    /// Changes to try: a JSON file with "order" and, by a queue's id or "*", "queues".
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A made-up day: calm, peak, skewed-skills, outage or mixed-deadlines.
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["from", "to", "workspace"])]
    synthetic: Option<String>,
    /// How many agents a made-up day has.
    #[arg(long, default_value_t = 8)]
    agents: u64,
    /// Which of all such days.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The workspace whose day it was.
    #[arg(long, required_unless_present = "synthetic")]
    workspace: Option<String>,
    /// From this moment on.
    #[arg(long, value_name = "MOMENT", required_unless_present = "synthetic")]
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[arg(long, value_name = "MOMENT", required_unless_present = "synthetic")]
    to: Option<DateTime<Utc>>,
    /// Write the result as a page of its own, with charts.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A rule or policy, and what a day was like under it.
struct Column {
    name: String,
    report: Report,
}

/// Runs it.
pub(crate) async fn run_command(
    load: impl FnOnce() -> anyhow::Result<Config>,
    command: Command,
) -> anyhow::Result<ExitCode> {
    match command {
        Command::Simulate(simulation) => {
            let day = day(load, &simulation).await?;
            simulate(day, &simulation)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay {
            workspace,
            from,
            to,
        } => {
            ensure!(from < to, "--from must be before --to");
            let foundation = Foundation::open(load()?, Use::Beside).await?;
            let done = replay(&foundation, &workspace, (from, to)).await;
            foundation.close().await;
            Ok(verdict(done?))
        }
        Command::Check { workspace } => {
            let foundation = Foundation::open(load()?, Use::Beside).await?;
            let done = check(&foundation, workspace).await;
            foundation.close().await;
            done
        }
    }
}

/// Decides again all that is stored of a workspace, or of every one.
async fn check(foundation: &Foundation, workspace: Option<String>) -> anyhow::Result<ExitCode> {
    let slugs = match workspace {
        Some(workspace) => vec![workspace],
        None => {
            let system = foundation.desk.database.begin_system().await?;
            let found = tenants::list_tenants(&system).await?;
            system.commit().await?;
            found.into_iter().map(|tenant| tenant.slug).collect()
        }
    };
    let mut all_hold = true;
    for slug in slugs {
        all_hold &= replay(foundation, &slug, (DateTime::UNIX_EPOCH, far())).await?;
    }
    Ok(verdict(all_hold))
}

/// A moment after all others that PostgreSQL takes as well.
fn far() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}

async fn scope_of(foundation: &Foundation, workspace: &str) -> anyhow::Result<TenantScope> {
    let system = foundation.desk.database.begin_system().await?;
    let tenant = tenants::find_tenant(&system, workspace).await?;
    system.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {workspace:?}"))?;
    Ok(TenantScope::new(tenant.id))
}

fn verdict(holds: bool) -> ExitCode {
    match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Decides again page by page, and says what does not come out as it was stored; returns whether
/// everything does.
async fn replay(
    foundation: &Foundation,
    workspace: &str,
    span: (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<bool> {
    let scope = scope_of(foundation, workspace).await?;
    let (mut same, mut given, mut others, mut old) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut after = None;
    loop {
        let transaction = foundation.desk.database.begin(scope).await?;
        let page = rows::list_decisions(&transaction, scope, span, after, PAGE).await?;
        transaction.commit().await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some((last.decided_at, last.id));
        for row in &page {
            match again(row) {
                Again::Same => same += 1,
                Again::Old => old += 1,
                Again::Other(why) => {
                    others += 1;
                    say!("{} at {}: {why}", row.id, row.decided_at.to_rfc3339());
                }
            }
            given += u64::from(row.agent_id.is_some());
        }
    }
    let all = same + others;
    say!("{same} of {all} decisions come out as they were stored; {given} gave work to somebody");
    if old > 0 {
        say!("{old} are of a form that holds too little to decide again");
    }
    Ok(others == 0)
}

/// What deciding again gave.
enum Again {
    /// The same.
    Same,
    /// The stored form holds too little.
    Old,
    /// Something else.
    Other(String),
}

fn again(row: &Stored) -> Again {
    let explanation = match read_explanation(&row.explanation) {
        Ok(Some(explanation)) => explanation,
        Ok(None) => return Again::Old,
        Err(error) => return Again::Other(format!("it cannot be read: {error}")),
    };
    if (explanation.item, explanation.epoch) != (row.work_item_id, row.epoch) {
        return Again::Other("it explains other work than it is stored for".to_owned());
    }
    match explanation.check() {
        Err(discrepancy) => Again::Other(discrepancy.to_string()),
        Ok(winner) if winner != row.agent_id => {
            Again::Other("the facts give it to somebody else than who got it".to_owned())
        }
        Ok(_) => Again::Same,
    }
}

async fn day(
    load: impl FnOnce() -> anyhow::Result<Config>,
    simulation: &Simulation,
) -> anyhow::Result<Scenario> {
    if let Some(name) = &simulation.synthetic {
        let kinds = Kind::ALL.map(Kind::name).join(", ");
        let kind = Kind::parse(name)
            .with_context(|| format!("there is no scenario {name:?}; there are {kinds}"))?;
        ensure!(
            (1..=1_000).contains(&simulation.agents),
            "--agents must be from 1 to 1000"
        );
        return Ok(scenario(Recipe::usual(
            kind,
            simulation.agents,
            simulation.seed,
        )));
    }
    let (Some(workspace), Some(from), Some(to)) =
        (&simulation.workspace, simulation.from, simulation.to)
    else {
        bail!("name --workspace, --from and --to, or --synthetic");
    };
    ensure!(from < to, "--from must be before --to");
    let foundation = Foundation::open(load()?, Use::Beside).await?;
    let day = match scope_of(&foundation, workspace).await {
        Ok(scope) => rehearse::recorded(&foundation.desk, scope, (from, to)).await,
        Err(error) => {
            foundation.close().await;
            return Err(error);
        }
    };
    foundation.close().await;
    Ok(day?)
}

fn simulate(day: Scenario, simulation: &Simulation) -> anyhow::Result<()> {
    let mut columns = vec![Column {
        name: "present policy".to_owned(),
        report: run(&day),
    }];
    match &simulation.policy {
        Some(file) => {
            let mut tried = day.clone();
            policy::apply(file, &mut tried.state)?;
            columns.push(Column {
                name: file.file_name().map_or_else(
                    || "tried policy".to_owned(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                report: run(&tried),
            });
        }
        None => columns.extend(Rule::ALL[1..].iter().map(|rule| Column {
            name: rule.name().to_owned(),
            report: run_by(*rule, &day),
        })),
    }
    print(&day, &columns);
    if let Some(file) = &simulation.html {
        write(file, &page::page(&day, &columns))?;
        say!("written to {}", file.display());
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn print(day: &Scenario, columns: &[Column]) {
    let agents = day.state.agents.len();
    say!(
        "{}: {} work items, {agents} agents",
        day.name,
        day.arrivals.len()
    );
    say!("");
    let mut head = format!("{:<22}", "");
    for column in columns {
        head.push_str(&format!(" {:>24}", column.name));
    }
    say!("{head}");
    for (name, value) in lines() {
        let mut line = format!("{name:<22}");
        for column in columns {
            line.push_str(&format!(" {:>24}", value(&column.report)));
        }
        say!("{line}");
    }
}

type Line = (&'static str, fn(&Report) -> String);

/// What a table tells of each day.
fn lines() -> [Line; 10] {
    [
        ("came", |report| report.all.came.to_string()),
        ("deadlines missed", |report| report.all.missed.to_string()),
        ("gave up", |report| report.all.gave_up.to_string()),
        ("never served", |report| report.all.left.to_string()),
        ("waited, p50", |report| wait(report, 500)),
        ("waited, p90", |report| wait(report, 900)),
        ("waited, p99", |report| wait(report, 990)),
        ("transfers", |report| report.transfers.to_string()),
        ("fairness (Jain)", |report| {
            format!("{:.3}", report.fairness())
        }),
        ("load, least to most", |report| {
            let loads = report.agents.values().map(|load| load.busy_ms / 60_000);
            let (least, most) = (loads.clone().min(), loads.max());
            format!("{} to {} min", least.unwrap_or(0), most.unwrap_or(0))
        }),
    ]
}

fn wait(report: &Report, permille: usize) -> String {
    format!("{} s", report.all.waits.at(permille).num_seconds())
}

/// What each queue missed, by column.
fn missed_by_queue(columns: &[Column]) -> BTreeMap<QueueId, Vec<usize>> {
    let mut missed: BTreeMap<QueueId, Vec<usize>> = BTreeMap::new();
    for (place, column) in columns.iter().enumerate() {
        for (queue, part) in &column.report.queues {
            let row = missed.entry(*queue).or_default();
            row.resize(columns.len(), 0);
            row[place] = part.missed;
        }
    }
    missed
}
