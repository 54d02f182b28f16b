//! Webhooks durably accepted per second, beside pgbench in the same minutes on the same server.

use super::{Bench, load};
use crate::summary::median;
use anyhow::{Result, ensure};
use std::time::Duration;

/// More webhooks than a second can take on the machines that this runs on.
const MOST_PER_SECOND: u64 = 25_000;

/// Measures with 32 and with 128 connections; gives what 32 took per second.
pub(super) async fn measure(bench: &mut Bench) -> Result<f64> {
    let few = at(bench, 32).await?;
    at(bench, 128).await?;
    Ok(few)
}

/// Gives what 32 connections take per second, by one round alone.
pub(super) async fn most(bench: &mut Bench) -> Result<f64> {
    let outcome = one_round(bench, 32).await?;
    bench.drain().await?;
    Ok(outcome.per_second())
}

async fn at(bench: &mut Bench, connections: usize) -> Result<f64> {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let (mut middle, mut late, mut drained) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.options.rounds {
        let outcome = one_round(bench, connections).await?;
        let wait = bench.drain().await?;
        bench.database.checkpoint().await?;
        let duration = Duration::from_secs(bench.options.seconds);
        let pgbench = bench.pgbench.run(connections, duration).await?;
        println!(
            "Receive, {connections} connections, round {round}: {:.0}/s (drained {:.1} s later), \
             pgbench {pgbench:.0}/s",
            outcome.per_second(),
            wait.as_secs_f64()
        );
        ours.push(outcome.per_second());
        theirs.push(pgbench);
        middle.push(outcome.latency.value_at_quantile(0.5) as f64 / 1000.0);
        late.push(outcome.latency.value_at_quantile(0.99) as f64 / 1000.0);
        drained.push(wait.as_secs_f64());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let c = connections;
    let targets = if c == 32 {
        "at least 0.4, later 0.6"
    } else {
        "at least 0.6, later 0.9"
    };
    let summary = &mut bench.summary;
    let mut add = |name: &str, value: f64, what: &str| {
        summary.add(
            &format!("ingest.{name}_c{c}"),
            value,
            &what.replace('#', &c.to_string()),
        );
    };
    add(
        "per_second",
        ours,
        "webhooks durably accepted per second, # connections",
    );
    add(
        "pgbench",
        theirs,
        "one-row commits of pgbench per second, # clients",
    );
    add(
        "ratio",
        ours / theirs,
        &format!("the one by the other (target: {targets})"),
    );
    add(
        "p50_ms",
        median(middle),
        "half of the answers came within, ms",
    );
    add("p99_ms", median(late), "99 of 100 answers came within, ms");
    add(
        "drain_seconds",
        median(drained),
        "until relay, routing and audit had caught up, s",
    );
    Ok(ours)
}

async fn one_round(bench: &mut Bench, connections: usize) -> Result<load::Outcome> {
    let seconds = bench.options.seconds;
    let (mailer, crowd) = (&mut bench.mailer, &mut bench.crowd);
    let requests = mailer.write_many((0..seconds * MOST_PER_SECOND).map(|_| crowd.next()));
    bench.database.checkpoint().await?;
    let limit = Duration::from_secs(seconds);
    let outcome = load::closed_loop(bench.process.port, connections, requests, limit).await?;
    outcome.all_taken()?;
    ensure!(
        outcome.elapsed >= limit,
        "the prepared webhooks were used up too soon"
    );
    Ok(outcome)
}
