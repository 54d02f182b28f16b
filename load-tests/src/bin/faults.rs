//! Breaks the desk on purpose; `./dev faults` prepares what it needs.

use clap::Parser;
use interdesk_load_tests::faults::{Options, run};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    run(Options::parse()).await
}
