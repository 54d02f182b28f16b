//! Steady traffic: customers who write at a given rate.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{Account, Behaviour, Content, Customer, chance, chaos::lock, world::World};

/// Webhooks under way beyond which customers wait: an outage of the desk must not
/// fill this process's memory.
const MOST_PENDING: u64 = 50_000;

/// Steady traffic.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Messages per second over all accounts.
    pub rate: f64,
    /// Different customers per account.
    #[serde(default = "hundred")]
    pub customers: u64,
    /// How long; none means until stopped.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// The accounts that take part; none means all.
    #[serde(default)]
    pub accounts: Option<Vec<String>>,
    /// What customers do after a reply; none leaves it as it is.
    #[serde(default)]
    pub behaviour: Option<Behaviour>,
}

fn hundred() -> u64 {
    100
}

/// The traffic under way.
#[derive(Default)]
pub(crate) struct Desk {
    current: Mutex<Option<CancellationToken>>,
    written: AtomicU64,
}

impl Desk {
    /// Stops the traffic and gives how many messages it wrote.
    pub(crate) fn stop(&self) -> u64 {
        if let Some(current) = lock(&self.current).take() {
            current.cancel();
        }
        self.written.load(Relaxed)
    }
}

/// Starts traffic in place of the one under way.
pub(crate) fn start(world: &Arc<World>, traffic: Traffic) {
    world.traffic.stop();
    world.traffic.written.store(0, Relaxed);
    let stop = CancellationToken::new();
    *lock(&world.traffic.current) = Some(stop.clone());
    let own = world.clone();
    world.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = flow(&own, &traffic) => {}
        }
    });
}

async fn flow(world: &Arc<World>, traffic: &Traffic) {
    let accounts: Vec<Account> = world
        .accounts()
        .into_iter()
        .filter(|account| {
            let chosen = traffic.accounts.as_ref();
            chosen.is_none_or(|chosen| chosen.contains(&account.key()))
        })
        .collect();
    if accounts.is_empty() || traffic.rate <= 0.0 {
        return;
    }
    if let Some(behaviour) = &traffic.behaviour {
        for account in &accounts {
            world.put_behaviour(&account.key(), behaviour.clone());
        }
    }
    let total = traffic
        .seconds
        .map(|seconds| (seconds * traffic.rate) as u64);
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / traffic.rate));
    for n in 0..total.unwrap_or(u64::MAX) {
        ticks.tick().await;
        while world.courier.pending() > MOST_PENDING {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let account = &accounts[(n % accounts.len() as u64) as usize];
        let who = chance::draw(world.settings.seed, chance::hash("traffic"), n);
        let customer = customer(account, who % traffic.customers.max(1));
        let text = Content::text(format!("Message {n} of {}", customer.name));
        match world.write(&account.key(), &customer, text.into()) {
            Ok(_) => world.traffic.written.fetch_add(1, Relaxed),
            Err(error) => {
                tracing::warn!(%error, "a customer could not write");
                0
            }
        };
    }
}

/// Makes the `n`th customer of an account, with an id that fits its channel.
pub(crate) fn customer(account: &Account, n: u64) -> Customer {
    Customer::new(match account {
        Account::WhatsApp(_) => (15_550_100_000 + n).to_string(),
        Account::Telegram(_) => (700_000_000 + n).to_string(),
        Account::Webhook(_) => format!("user-{n}"),
        Account::Matrix(account) => format!("@customer-{n}:{}", account.server_name),
    })
}
