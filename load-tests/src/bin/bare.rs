//! Answers what the desk answers, without the desk; `bench` starts it beside the desk.

use clap::Parser;
use interdesk_load_tests::bare::{Options, serve};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    serve(Options::parse()).await
}
