//! What no desk could do without: two commits and one confirm of the broker, one after the other.

use super::Bench;
use anyhow::{Context, Result};
use interdesk_bus::{Bus, Publication, RabbitBus, RabbitSettings, Topology};
use std::time::{Duration, Instant};
use uuid::Uuid;

const CONFIRMS: u128 = 1_000;

/// The parts of the floor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    /// A commit of one row by one client, on average, ms.
    pub(super) commit_ms: f64,
    /// A persistent message until its confirm, on average, ms.
    pub(super) confirm_ms: f64,
}

impl Floor {
    /// Returns what a message needs at least until its offer shows, ms.
    pub(super) fn ms(self) -> f64 {
        2.0 * self.commit_ms + self.confirm_ms
    }
}

/// Measures both parts.
pub(super) async fn measure(bench: &mut Bench) -> Result<Floor> {
    let duration = Duration::from_secs(bench.options.seconds.min(5));
    let commit_ms = 1_000.0 / bench.pgbench.run(1, duration).await?;
    let confirm_ms = confirm(&bench.services.amqp_url).await?;
    let floor = Floor {
        commit_ms,
        confirm_ms,
    };
    let rows = [
        (
            "offer.commit_ms",
            commit_ms,
            "a commit of one row by one client of pgbench, on average, ms",
        ),
        (
            "offer.confirm_ms",
            confirm_ms,
            "a persistent message until RabbitMQ confirmed it, on average, ms",
        ),
        (
            "offer.floor_ms",
            floor.ms(),
            "the floor: two such commits and one confirm, ms",
        ),
    ];
    for (name, value, what) in rows {
        bench.summary.add(name, value, what);
    }
    Ok(floor)
}

async fn confirm(url: &str) -> Result<f64> {
    let topology = Topology::new(1).with_prefix("floor.");
    let bus = RabbitBus::connect(url, topology, RabbitSettings::default()).await?;
    let began = Instant::now();
    for number in 0..CONFIRMS {
        let publication = Publication {
            id: Uuid::from_u128(number),
            tenant: Uuid::from_u128(1),
            shard: 0,
            aggregate: "conversation".to_owned(),
            event: "offer_made".to_owned(),
            body: vec![b' '; 400].into(),
            trace: None,
        };
        let answers = bus.publish(vec![publication]).await;
        answers.into_iter().next().context("no answer")??;
    }
    Ok(began.elapsed().as_secs_f64() * 1_000.0 / CONFIRMS as f64)
}
