//! How long `interdesk run` takes until it is ready, on a database that is there.

use crate::desk::{Program, free_port};
use crate::summary::{Summary, median};
use anyhow::Result;
use std::time::{Duration, Instant};

const TIMES: usize = 5;

/// Starts the desk five times.
pub(super) async fn measure(program: &Program, summary: &mut Summary) -> Result<()> {
    let mut seconds = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        let mut process = program.start("desk", &[], free_port()?)?;
        process.await_ready(Duration::from_secs(30)).await?;
        seconds.push(began.elapsed().as_secs_f64());
        process.stop().await?;
    }
    println!("Start: {seconds:.3?} s");
    summary.add(
        "start.seconds",
        median(seconds),
        "from the start of `interdesk run` until /readyz answers, s (target: under 1)",
    );
    Ok(())
}
