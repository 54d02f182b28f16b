//! Measures the desk; `./dev bench` prepares what it needs.

use clap::Parser;
use interdesk_load_tests::bench::{Options, run};

// One thread: the load shares two processors with the desk and PostgreSQL.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run(Options::parse()).await
}
