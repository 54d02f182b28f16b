//! Kills processes and services under traffic, then looks for what was lost, doubled or held twice.
//!
//! The judge knows three witnesses: the simulator's journal (what customers and providers saw), what
//! the agents here were answered, and the database read as its superuser. It never asks the desk
//! whether the desk did well.

mod agents;
mod cluster;
mod evidence;
mod judge;
mod plan;
mod planted;
mod story;
mod watcher;

use crate::services::Services;
use crate::summary::Summary;
use anyhow::{Result, ensure};
use judge::{Finding, Invariant};
use std::path::Path;

/// What is broken, and how often.
#[derive(Clone, Debug, clap::Parser)]
#[command(about = "Kills parts of the desk under traffic and counts what was lost")]
pub struct Options {
    /// How many times something is killed.
    #[arg(long, default_value_t = 36)]
    pub rounds: usize,
    /// Decides what is killed when; the same seed repeats the same faults.
    #[arg(long, default_value_t = 20_261_121)]
    pub seed: u64,
    /// Messages of customers per second.
    #[arg(long, default_value_t = 20.0)]
    pub rate: f64,
    /// Lets the planted bugs loose instead, one after the other: the judge must find each. Needs a
    /// binary with the feature `planted-bugs`, named by INTERDESK_TEST_PLANTED_BIN.
    #[arg(long)]
    pub planted: bool,
    /// Only this planted bug.
    #[arg(long)]
    pub bug: Option<String>,
}

/// Breaks the desk, judges it and writes the summary.
pub async fn run(options: Options) -> Result<()> {
    let services = Services::from_env()?;
    if options.planted {
        return planted::run(&services, &options).await;
    }
    let told = story::run(&services, &options).await?;
    let mut summary = told.summary;
    for finding in &told.findings {
        println!("  FOUND  {finding}");
    }
    for invariant in Invariant::ALL {
        let count = told
            .findings
            .iter()
            .filter(|finding| finding.invariant == invariant)
            .count();
        summary.add(invariant.name(), count as f64, invariant.says());
    }
    keep_planted(&mut summary);
    summary.print();
    summary.write(Path::new(SUMMARY))?;
    ensure!(
        told.findings.is_empty(),
        "{} findings; the desk does not hold",
        told.findings.len()
    );
    Ok(())
}

/// Where the results go.
const SUMMARY: &str = "target/faults/summary.json";

/// The planted bugs are let loose first and leave their count behind.
fn keep_planted(summary: &mut Summary) {
    let read = std::fs::read(planted::COUNT).ok();
    let found = read.and_then(|bytes| String::from_utf8(bytes).ok()?.trim().parse::<f64>().ok());
    if let Some(found) = found {
        let what = "planted bugs that the judge found, of five";
        summary.add("planted_bugs_found", found, what);
    }
}

/// Counts the findings of one kind.
fn count(findings: &[Finding], invariant: Invariant) -> usize {
    findings
        .iter()
        .filter(|finding| finding.invariant == invariant)
        .count()
}
