//! Runs the conformance kit and writes its table between the marks of a page.
//!
//! `cargo run -p interdesk-channels --example conformance -- docs/channels.md` writes the table,
//! `--check` in front of the path only tells whether it is current. Without a path the table is
//! printed.

use anyhow::{Context, bail, ensure};
use interdesk_channels::kit;

const BEGIN: &str = "<!-- conformance: written by the kit -->\n";
const END: &str = "<!-- end of conformance -->\n";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = arguments.first().is_some_and(|first| first == "--check");
    if check {
        arguments.remove(0);
    }
    let table = table().await?;
    let Some(path) = arguments.first() else {
        print!("{table}");
        return Ok(());
    };
    let page = std::fs::read_to_string(path).with_context(|| format!("{path} is not readable"))?;
    let (before, rest) = page
        .split_once(BEGIN)
        .with_context(|| format!("{path} has no mark where the table begins"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("{path} has no mark where the table ends"))?;
    let current = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if check {
        ensure!(
            current == page,
            "the table in {path} is not current; run: cargo run -p interdesk-channels --example \
             conformance -- {path}"
        );
        return Ok(());
    }
    std::fs::write(path, current).with_context(|| format!("{path} cannot be written"))
}

async fn table() -> anyhow::Result<String> {
    let mut reports = Vec::new();
    let mut failures = Vec::new();
    for subject in kit::subjects() {
        let report = kit::run(&subject).await;
        failures.extend(report.failures());
        reports.push(report);
    }
    if !failures.is_empty() {
        bail!("cases fail:\n{}", failures.join("\n"));
    }
    Ok(kit::table(&reports))
}
