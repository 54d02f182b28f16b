//! Load: a number of connections, each with one request under way.

use crate::wire::{Connection, Requests};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Sends every request, however long it takes.
pub(super) const UNTIL_DONE: Duration = Duration::from_secs(600);

/// What came of a load.
pub(super) struct Outcome {
    /// How many were answered 200.
    pub(super) taken: u64,
    /// How many were answered otherwise.
    pub(super) refused: u64,
    /// How long it went on.
    pub(super) elapsed: Duration,
    /// How long each answer took, in microseconds.
    pub(super) latency: Histogram<u64>,
}

impl Outcome {
    /// Gives how many were taken per second.
    pub(super) fn per_second(&self) -> f64 {
        self.taken as f64 / self.elapsed.as_secs_f64()
    }

    /// Fails when one was refused: a rate of refusals would be no measure.
    pub(super) fn all_taken(&self) -> Result<()> {
        let Self { taken, refused, .. } = self;
        ensure!(
            *refused == 0,
            "{refused} webhooks were refused beside {taken} taken"
        );
        Ok(())
    }
}

/// Sends requests over `connections`, each waiting for its answer before the next, until they are
/// used up or the time is over.
pub(super) async fn closed_loop(
    port: u16,
    connections: usize,
    requests: Requests,
    limit: Duration,
) -> Result<Outcome> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(port).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in open {
        let (requests, next) = (requests.clone(), next.clone());
        tasks.spawn(async move { send(connection, &requests, &next, began + limit).await });
    }
    let mut total = Part::new()?;
    while let Some(part) = tasks.join_next().await {
        total.add(part??)?;
    }
    let Part {
        taken,
        refused,
        latency,
        ended,
    } = total;
    Ok(Outcome {
        taken,
        refused,
        latency,
        elapsed: ended - began,
    })
}

/// What came of one connection.
struct Part {
    taken: u64,
    refused: u64,
    latency: Histogram<u64>,
    ended: Instant,
}

impl Part {
    fn new() -> Result<Self> {
        Ok(Self {
            taken: 0,
            refused: 0,
            latency: Histogram::new(3)?,
            ended: Instant::now(),
        })
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.taken += other.taken;
        self.refused += other.refused;
        self.latency.add(other.latency)?;
        self.ended = self.ended.max(other.ended);
        Ok(())
    }
}

async fn send(
    mut connection: Connection,
    requests: &Requests,
    next: &AtomicUsize,
    until: Instant,
) -> Result<Part> {
    let mut part = Part::new()?;
    loop {
        let began = Instant::now();
        part.ended = began;
        if began >= until {
            return Ok(part);
        }
        let Some(request) = requests.get(next.fetch_add(1, Relaxed)) else {
            return Ok(part);
        };
        match connection.send(request).await? {
            200 => part.taken += 1,
            _ => part.refused += 1,
        }
        part.latency.record(began.elapsed().as_micros() as u64)?;
    }
}
