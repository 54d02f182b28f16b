//! A report of a month over a million episodes, by sums and by scan: the same numbers, and how long.

use super::{Bench, workspace};
use crate::graphql::Agent;
use crate::summary::median;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio_postgres::Client;

/// Episodes, each with a clock that ended.
const EPISODES: i64 = 1_000_000;
const REPORTS: usize = 15;
const SCANS: usize = 3;
/// How far a percentile of a report may be off.
const TOLERANCE: f64 = 0.02;

const REPORT: &str = "query SlaReport($from: Date!, $to: Date!) {
    slaReport(from: $from, to: $to, filter: {clocks: [FIRST_REPLY]}, groupBy: [QUEUE]) {
        rows { queue { name } met breached void noTarget fulfilled countedMs p50Ms p90Ms p99Ms } } }";

/// Eight queues, and a million clocks over thirty days before today: half an hour as a rule, some
/// much longer, some stopped, three priorities, two versions of a policy. `$1` is the tenant.
const EPISODES_OF_A_MONTH: &str = "
    SELECT setseed(0.5);
    INSERT INTO queues (id, tenant_id, name, created_at)
    SELECT ('0a000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '$1', 'Month ' || n, now()
    FROM generate_series(1, 8) n;
    INSERT INTO sla_clocks (episode_id, clock, started_by, tenant_id, conversation_id, number,
        policy_id, policy_version, priority, within_ms, hours, started_at, ended_at, ended_how,
        ended_by, counted_ms, deadline, breached_at, outcome, queue_id)
    SELECT id, 'first_reply', id, '$1', id, 1, '0b000000-0000-7000-8000-000000000001',
        CASE WHEN ended < current_date - 15 THEN 1 ELSE 2 END, n % 3, 3600000, 'calendar',
        ended - ms * interval '1 ms', ended, how, id, ms,
        ended + (3600000 - ms) * interval '1 ms',
        CASE WHEN ms >= 3600000 THEN ended + (3600000 - ms) * interval '1 ms' END,
        CASE WHEN ms >= 3600000 THEN 'breached' WHEN how = 'stopped' THEN 'void' ELSE 'met' END,
        ('0a000000-0000-7000-8000-' || lpad((1 + n % 8)::text, 12, '0'))::uuid
    FROM (SELECT n, ('0c000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid AS id,
            date_trunc('milliseconds', current_date - 30 + n * interval '30 days' / ($2 + 1)) AS ended,
            (exp(14.4 + 1.1 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())))::bigint AS ms,
            CASE WHEN random() < 0.03 THEN 'stopped' ELSE 'fulfilled' END AS how
        FROM generate_series(1, $2) n) AS drawn;";

/// The same report by scan.
const SCAN: &str = "SELECT q.name, r.* FROM (
        SELECT queue_id, count(*) FILTER (WHERE outcome = 'met'),
            count(*) FILTER (WHERE outcome = 'breached'), count(*) FILTER (WHERE outcome = 'void'),
            count(*) FILTER (WHERE outcome = 'no_target'),
            count(*) FILTER (WHERE ended_how = 'fulfilled'),
            (sum(counted_ms) FILTER (WHERE ended_how = 'fulfilled'))::bigint,
            percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY counted_ms)
                FILTER (WHERE ended_how = 'fulfilled')
        FROM sla_clocks
        WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'bench') AND clock = 'first_reply'
            AND ended_at >= (current_date - 30)::timestamp AT TIME ZONE 'UTC'
            AND ended_at < current_date::timestamp AT TIME ZONE 'UTC'
        GROUP BY queue_id) AS r JOIN queues q ON q.id = r.queue_id ORDER BY q.name";

/// Counts and sums of a queue, and its percentiles.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    sums: [i64; 6],
    percentiles: [i64; 3],
}

type Lines = BTreeMap<String, Line>;

/// Fills the month and measures both.
pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let client = bench.database.connect().await?;
    // The database counts days by this.
    client.batch_execute("SET timezone = 'UTC'").await?;
    fill(bench, &client).await?;
    let agent = supervisor(bench, &client).await?;
    let (from, to) = month(&client).await?;
    let variables = json!({ "from": from, "to": to });
    let mut by_sums = Vec::new();
    let mut told = Lines::new();
    for _ in 0..REPORTS {
        let began = Instant::now();
        let answer = agent.ask(REPORT, variables.clone()).await?;
        by_sums.push(began.elapsed().as_secs_f64() * 1_000.0);
        told = read(&answer)?;
    }
    let mut by_scan = Vec::new();
    let mut exact = Lines::new();
    for _ in 0..SCANS {
        let began = Instant::now();
        exact = scan(&client).await?;
        by_scan.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let off = compare(&told, &exact)?;
    let (report, scan) = (median(by_sums), median(by_scan));
    println!(
        "Report: {report:.1} ms by sums, {scan:.0} ms by scan, percentiles {off:.4} off at most"
    );
    let summary = &mut bench.summary;
    summary.add(
        "sla.report_ms",
        report,
        "a report of 30 days over a million episodes, over HTTP, ms",
    );
    summary.add(
        "sla.report_ratio",
        scan / report,
        "the same by scan, in the database alone, takes so many times as long (target: over 20)",
    );
    summary.add(
        "sla.percentile_off_percent",
        off * 100.0,
        "how far its percentiles are off at most, % (target: under 2); counts and sums are equal",
    );
    Ok(())
}

async fn fill(bench: &Bench, client: &Client) -> Result<()> {
    let began = Instant::now();
    let tenant: String = client
        .query_one("SELECT id::text FROM tenants WHERE slug = 'bench'", &[])
        .await?
        .get(0);
    let statements = EPISODES_OF_A_MONTH
        .replace("$1", &tenant)
        .replace("$2", &EPISODES.to_string());
    client.batch_execute(&statements).await?;
    client.batch_execute("VACUUM ANALYZE sla_clocks").await?;
    let drawn = began.elapsed();
    let slug = workspace().slug;
    let sums = bench.program.rebuild_sums(&slug).await?;
    client.batch_execute("VACUUM ANALYZE sla_rollups").await?;
    bench.database.checkpoint().await?;
    let all = began.elapsed();
    println!(
        "Month: {EPISODES} episodes drawn in {drawn:.1?}, with their sums in {all:.1?}; {sums}"
    );
    Ok(())
}

/// Signs in somebody who sees the work of all.
async fn supervisor(bench: &Bench, client: &Client) -> Result<Agent> {
    let workspace = workspace();
    let email = workspace.email(0);
    client
        .execute(
            "UPDATE agents SET role = 'supervisor' WHERE email = $1",
            &[&email],
        )
        .await?;
    let token = bench.program.token(&workspace.slug, &email).await?;
    Agent::new(bench.process.port, &token)
}

async fn month(client: &Client) -> Result<(String, String)> {
    let row = client
        .query_one(
            "SELECT (current_date - 30)::text, (current_date - 1)::text",
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}

fn read(answer: &Value) -> Result<Lines> {
    let rows = answer["slaReport"]["rows"]
        .as_array()
        .context("the answer has no report")?;
    let mut lines = Lines::new();
    for row in rows {
        // What the desk itself did today is in other queues.
        let Some(queue) = row["queue"]["name"]
            .as_str()
            .filter(|name| name.starts_with("Month"))
        else {
            continue;
        };
        let number = |name: &str| row[name].as_i64().with_context(|| format!("no {name}"));
        let mut sums = [0; 6];
        let names = [
            "met",
            "breached",
            "void",
            "noTarget",
            "fulfilled",
            "countedMs",
        ];
        for (sum, name) in sums.iter_mut().zip(names) {
            *sum = number(name)?;
        }
        let percentiles = [number("p50Ms")?, number("p90Ms")?, number("p99Ms")?];
        lines.insert(queue.to_owned(), Line { sums, percentiles });
    }
    Ok(lines)
}

async fn scan(client: &Client) -> Result<Lines> {
    let rows = client.query(SCAN, &[]).await?;
    let lines = rows.iter().filter_map(|row| {
        let name: String = row.get(0);
        let percentiles: Vec<i64> = row.get(8);
        let line = Line {
            sums: std::array::from_fn(|at| row.get(at + 2)),
            percentiles: percentiles.try_into().ok()?,
        };
        name.starts_with("Month").then_some((name, line))
    });
    Ok(lines.collect())
}

/// Proves that both say the same; gives how far a percentile is off at most.
fn compare(told: &Lines, exact: &Lines) -> Result<f64> {
    ensure!(exact.len() == 8, "the month has {} queues", exact.len());
    ensure!(
        told.keys().eq(exact.keys()),
        "other queues: {told:?}, {exact:?}"
    );
    let ended: i64 = exact.values().flat_map(|line| &line.sums[..4]).sum();
    ensure!(ended == EPISODES, "{ended} episodes");
    let mut most = 0.0_f64;
    for (told, exact) in told.values().zip(exact.values()) {
        ensure!(told.sums == exact.sums, "{told:?} is not {exact:?}");
        for (told, exact) in told.percentiles.iter().zip(&exact.percentiles) {
            most = most.max((*told as f64 / *exact as f64 - 1.0).abs());
        }
    }
    ensure!(most <= TOLERANCE, "a percentile is {most} off");
    Ok(most)
}
