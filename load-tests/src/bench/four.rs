//! The desk as four processes over RabbitMQ and Redis, on the database of the one that went before.

use super::{Bench, floor::Floor, offer, sign_in, workspace};
use crate::desk::{Process, free_port};
use anyhow::{Context, Result};
use std::time::Duration;

const ROLES: [&str; 4] = ["ingestion", "routing", "agent", "audit"];

/// Measures the way to an agent's screen once more.
pub(super) async fn measure(bench: &mut Bench, rate: f64, floor: Floor) -> Result<()> {
    let program = bench
        .program
        .clone()
        .with("AMQP_URL", &bench.services.amqp_url)
        .with("REDIS_URL", &bench.services.redis_url)
        .with("INTERDESK_BUS_PREFIX", "bench.");
    let mut processes: Vec<Process> = Vec::new();
    for role in ROLES {
        let mut process = program.start(role, &[role], free_port()?)?;
        process.await_ready(Duration::from_secs(60)).await?;
        processes.push(process);
    }
    let port = |role: &str| {
        let place = ROLES.iter().position(|known| *known == role);
        place
            .map(|place| processes[place].port)
            .context("no such role")
    };
    let agents = sign_in(&program, &workspace(), port("agent")?).await?;
    let place = offer::Place {
        name: "offer_rabbit",
        how: "four processes over RabbitMQ",
        port: port("ingestion")?,
        agent: agents.first().context("there is no agent")?.clone(),
    };
    offer::measure(bench, &place, rate, floor).await?;
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}
