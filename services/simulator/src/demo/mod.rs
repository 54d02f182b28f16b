//! Customers for a stranger to look at: they come every few seconds, wait for a
//! reply, read it, and sometimes answer or react.

mod lines;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Account, Behaviour, Error, Settings, Simulator, traffic, world::World};

/// How long a customer waits for the desk before going away.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long a finished talk still counts as open.
const AFTERGLOW: u32 = 1;

/// How a demo runs.
pub struct Demo {
    /// The simulator, with its accounts.
    pub simulator: Settings,
    /// The most talks that wait or go on at the same time.
    pub open: usize,
    /// The pause between two arrivals, in milliseconds.
    pub every_ms: (u64, u64),
}

impl Demo {
    /// Makes a demo of these accounts with the usual pace.
    pub fn new(port: u16, accounts: Vec<Account>) -> Self {
        let behaviour = Behaviour {
            answers: 0,
            answer_ms: (3_000, 8_000),
            react: 0.15,
            delivered_ms: (300, 900),
            read: 1.0,
            read_ms: (1_000, 3_000),
        };
        let simulator = Settings {
            port,
            accounts,
            behaviour,
            strangers: true,
            ..Settings::default()
        };
        Self {
            simulator,
            open: 30,
            every_ms: (5_000, 8_000),
        }
    }
}

/// Runs a demo until it is told to stop.
pub async fn run(demo: Demo, stop: CancellationToken) -> Result<(), Error> {
    let Demo {
        simulator,
        open,
        every_ms,
    } = demo;
    let running = Simulator::start(simulator).await?;
    tokio::select! {
        () = stop.cancelled() => {}
        () = arrivals(running.world(), open, every_ms) => {}
    }
    running.stop().await;
    Ok(())
}

/// A talk that a customer has begun.
struct Talk {
    account: String,
    customer: String,
    since: Instant,
}

async fn arrivals(world: &Arc<World>, open: usize, every_ms: (u64, u64)) {
    let mut talks: VecDeque<Talk> = VecDeque::new();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for n in 0_u64.. {
        talks.retain(|talk| goes_on(world, talk));
        let accounts = world.accounts();
        if talks.len() < open && !accounts.is_empty() {
            let account = &accounts[(n % accounts.len() as u64) as usize];
            talks.extend(arrive(world, account, n));
        }
        let pause = world.between(every_ms);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

fn goes_on(world: &World, talk: &Talk) -> bool {
    let waiting = world.remembered(&talk.account, &talk.customer, |memory| {
        !memory.script.is_empty() || memory.replies < AFTERGLOW
    });
    waiting == Some(true) && talk.since.elapsed() < PATIENCE
}

fn arrive(world: &Arc<World>, account: &Account, n: u64) -> Option<Talk> {
    // Customers come back after a while, so that talks are opened again.
    let mut customer = traffic::customer(account, 1 + world.draw() % 400);
    customer.hide_phone = matches!(account, Account::WhatsApp(_)) && n % 12 == 6;
    let (first, script) = lines::story(world.draw());
    match world.open(&account.key(), &customer, first.into(), script) {
        Ok(_) => Some(Talk {
            account: account.key(),
            customer: customer.id,
            since: Instant::now(),
        }),
        Err(error) => {
            tracing::warn!(%error, "a customer could not write");
            None
        }
    }
}
