//! Assignments committed per second on one shard, beside pgbench with a row and a row of a log per
//! transaction.
//!
//! The router of the desk works here on a real PostgreSQL, fed as its consumer feeds it: with events in
//! bunches. An assignment counts once its event left the relay. Bus and cache are those within a process,
//! with nobody who listens, so that what is measured is routing and not its followers.

mod world;

use super::Bench;
use crate::summary::{Summary, median};
use anyhow::{Context, Result, ensure};
use interdesk_flow::route::Router;
use std::time::{Duration, Instant};
use world::World;

/// Events that a consumer takes together.
const BUNCH: usize = 256;
/// Work that is assigned in each round.
const ITEMS: usize = 10_000;
/// Agents of both rounds.
const AGENTS: usize = 1_000;
const CLIENTS: usize = 32;

/// Measures both, round by round beside pgbench.
pub(super) async fn measure(bench: &mut Bench) -> Result<()> {
    let (mut assigned, mut drained, mut yard) = (Vec::new(), Vec::new(), Vec::new());
    let services = bench.services.clone();
    for round in 1..=bench.options.rounds {
        let world = World::create(&services, &bench.folder).await?;
        let assign = apart(world.clone(), Round::Assign).await?;
        let drain = apart(world, Round::Drain).await?;
        let duration = Duration::from_secs(bench.options.seconds);
        let pgbench = bench.pgbench.run_logged(CLIENTS, duration).await?;
        println!(
            "Assign, round {round}: {assign:.0}/s as work comes, {drain:.0}/s when everybody comes free; \
             pgbench {pgbench:.0}/s"
        );
        assigned.push(assign);
        drained.push(drain);
        yard.push(pgbench);
    }
    report(
        &mut bench.summary,
        median(assigned),
        median(drained),
        median(yard),
    );
    Ok(())
}

fn report(summary: &mut Summary, assigned: f64, drained: f64, yard: f64) {
    let rows = [
        (
            "assign.per_second",
            assigned,
            "work queued, decided, offered, its event published, per second on one shard",
        ),
        (
            "assign.pgbench",
            yard,
            "commits of a row and a row of a log per second, pgbench with 32 clients",
        ),
        (
            "assign.ratio",
            assigned / yard,
            "the one by the other (target: at least 0.3)",
        ),
        (
            "drain.per_second",
            drained,
            "1,000 agents come free at once beside 10,000 waiting: assignments per second",
        ),
        (
            "drain.ratio",
            drained / yard,
            "that by pgbench's commits (target: at least 0.3)",
        ),
    ];
    for (name, value, what) in rows {
        summary.add(name, value, what);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Agents have room, and work comes.
    Assign,
    /// Work waits, and agents come.
    Drain,
}

/// Runs a round on two threads of its own, as the desk has them.
async fn apart(world: World, round: Round) -> Result<f64> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime.block_on(one_round(world, round))
    };
    tokio::task::spawn_blocking(run).await?
}

/// Gives the assignments per second of a round.
async fn one_round(world: World, round: Round) -> Result<f64> {
    let desk = world.desk()?;
    let relay = world.relay(&desk);
    let tenant = world.tenant(round == Round::Assign, AGENTS).await?;
    for agent in tenant.agents() {
        interdesk_flow::presence::seen(&desk, agent).await;
    }
    let mut router = match round {
        Round::Assign => {
            let router = Router::open(&desk, tenant.scope).await?;
            tenant.wait(ITEMS).await?;
            router
        }
        Round::Drain => {
            tenant.wait(ITEMS).await?;
            Router::open(&desk, tenant.scope).await?
        }
    };
    let told = match round {
        Round::Assign => tenant.queued(ITEMS, desk.now()),
        Round::Drain => tenant.come_free(desk.now()).await?,
    };
    world.settle_disk().await?;
    let reasons = interdesk_flow::Context::system(None, None).into();
    let (began, before) = (Instant::now(), world.published().await?);
    let mut offered = 0;
    for bunch in told.chunks(BUNCH) {
        router.learn(&desk, bunch).await?;
        offered += router.settle(&desk, &reasons).await?.offered;
    }
    let committed = began.elapsed();
    ensure!(offered == ITEMS, "{offered} of {ITEMS} were offered");
    let wanted = before + i64::try_from(ITEMS).context("too many")?;
    let limit = Instant::now() + Duration::from_secs(60);
    while world.published().await? < wanted {
        ensure!(Instant::now() < limit, "the events were not published");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = began.elapsed();
    println!("  {round:?}: committed after {committed:.2?}, published after {took:.2?}");
    tenant.prove(ITEMS).await?;
    relay.stop().await;
    Ok(ITEMS as f64 / took.as_secs_f64())
}
