//! Starting and commanding a simulator in this process.

use std::{path::PathBuf, sync::Arc, time::Duration};

use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use tokio::task::JoinHandle;

use crate::{
    Account, Behaviour, Chaos, Customer, Draft, Error, Traffic, clock::now, journal::Journal,
    server, traffic, world::World,
};

/// How a simulator runs.
#[derive(Clone)]
pub struct Settings {
    /// The loopback port; 0 picks a free one.
    pub port: u16,
    /// Decides every draw of chance.
    pub seed: u64,
    /// A file for the journal, one JSON object per line.
    pub journal: Option<PathBuf>,
    /// Journal entries of each kind kept in memory.
    pub journal_limit: usize,
    /// Customers remembered.
    pub customer_limit: usize,
    /// Accounts to begin with.
    pub accounts: Vec<Account>,
    /// Misbehaviour to begin with, of all accounts.
    pub chaos: Chaos,
    /// What customers do, unless an account says otherwise.
    pub behaviour: Behaviour,
    /// How webhooks are retried.
    pub retry: Retry,
    /// How long after a customer's message WhatsApp takes free replies.
    pub window: Duration,
    /// Whether customers that are not remembered count as having just written, so
    /// that a new run takes replies to the talks of an old one.
    pub strangers: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            journal: None,
            journal_limit: 1_000_000,
            customer_limit: 100_000,
            accounts: Vec::new(),
            chaos: Chaos::default(),
            behaviour: Behaviour::default(),
            retry: Retry::default(),
            window: Duration::from_secs(24 * 60 * 60),
            strangers: false,
        }
    }
}

/// How webhooks are retried.
#[derive(Clone, Debug)]
pub struct Retry {
    /// The wait before the second attempt; doubles with each.
    pub base: Duration,
    /// The longest wait.
    pub max: Duration,
    /// When a webhook is given up.
    pub time_to_live: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Attempts at the same time.
    pub connections: usize,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(200),
            max: Duration::from_secs(5),
            time_to_live: Duration::from_secs(7 * 24 * 60 * 60),
            timeout: Duration::from_secs(15),
            connections: 64,
        }
    }
}

/// Starts simulators.
pub struct Simulator;

impl Simulator {
    /// Starts one on a loopback port. Call it inside a tokio runtime.
    pub async fn start(settings: Settings) -> Result<Running, Error> {
        let world = World::new(settings)?;
        let (server, handle, port) = server::start(&world)?;
        world.set_url(format!("http://127.0.0.1:{port}"));
        let server = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the simulator's server ended");
            }
        });
        Ok(Running {
            world,
            handle,
            server,
        })
    }
}

/// A running simulator. Dropping it without [`Running::stop`] leaves it running
/// until its runtime ends.
pub struct Running {
    world: Arc<World>,
    handle: ServerHandle,
    server: JoinHandle<()>,
}

impl Running {
    /// Says where it listens, e.g. `http://127.0.0.1:4010`.
    pub fn url(&self) -> String {
        self.world.url().to_owned()
    }

    /// Stops all tasks and the server.
    pub async fn stop(self) {
        self.world.halt().await;
        self.handle.stop(false).await;
        // The task ends with the server; how it ended was logged there.
        let _ = self.server.await;
    }

    /// Waits until the server ends.
    pub async fn wait(&mut self) {
        // A second wait after the end has nothing to wait for.
        if !self.server.is_finished() {
            let _ = (&mut self.server).await;
        }
    }

    /// Adds an account or replaces the one with the same key.
    pub fn add_account(&self, account: Account) {
        self.world.put_account(account);
    }

    /// Sets the misbehaviour of one account, or of all accounts at once.
    pub fn set_chaos(&self, account: Option<&str>, chaos: Chaos) {
        self.world.dice.set(account, chaos);
    }

    /// Sets what the customers of an account do.
    pub fn set_behaviour(&self, account: &str, behaviour: Behaviour) {
        self.world.put_behaviour(account, behaviour);
    }

    /// Lets a customer do something; gives the provider's message id.
    pub fn write(
        &self,
        account: &str,
        customer: &Customer,
        draft: impl Into<Draft>,
    ) -> Result<String, Error> {
        self.world.write(account, customer, draft.into())
    }

    /// Lets many customers write at once: one request on WhatsApp.
    pub fn write_batch(
        &self,
        account: &str,
        messages: Vec<(Customer, Draft)>,
    ) -> Result<Vec<String>, Error> {
        self.world.write_batch(account, messages)
    }

    /// Ends a customer's reply window, as if a day had passed.
    pub fn close_window(&self, account: &str, customer: &str) {
        self.world.remembered(account, customer, |memory| {
            memory.wrote_at = Some(now() - TimeDelta::days(2));
        });
    }

    /// Makes Meta's GET handshake with the desk; says whether the desk passed.
    pub async fn verify_webhook(&self, account: &str) -> Result<bool, Error> {
        self.world.verify_webhook(account).await
    }

    /// Starts steady traffic; an earlier one stops.
    pub fn start_traffic(&self, traffic: Traffic) {
        traffic::start(&self.world, traffic);
    }

    /// Stops the traffic; what was written still goes out. Gives how many messages
    /// the traffic wrote.
    pub fn stop_traffic(&self) -> u64 {
        self.world.traffic.stop()
    }

    /// Gives the journal.
    pub fn journal(&self) -> Arc<Journal> {
        self.world.journal.clone()
    }

    /// Lists the files that the desk handed over.
    pub fn uploads(&self) -> Vec<crate::Upload> {
        self.world.files.uploads()
    }

    /// Names the groups of WhatsApp numbers that the desk made.
    pub fn groups(&self) -> Vec<String> {
        self.world.groups.names()
    }

    /// Lets somebody follow the link of a group: they ask to be let in. Gives whether there is one.
    pub fn ask_to_join(&self, group: &str, number: &str) -> bool {
        self.world.groups.knock(group, number)
    }

    /// Lists who is in a group; nothing where there is none.
    pub fn group_people(&self, group: &str) -> Option<Vec<String>> {
        self.world.groups.people(group)
    }

    /// Counts the webhooks that the desk has not taken yet.
    pub fn pending(&self) -> u64 {
        self.world.courier.pending()
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }
}
