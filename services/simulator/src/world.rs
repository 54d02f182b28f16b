//! Everything that is true outside the desk: accounts, customers, files, chance.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Account, Behaviour, Error, Settings, chance,
    chaos::{Dice, Fault, lock},
    clock::now,
    courier::Courier,
    customer::{Customers, Memory},
    ids::Ids,
    journal::Journal,
    matrix,
    media::Files,
    telegram,
    traffic::Desk,
    webhook, whatsapp,
};

/// The state that all parts share.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) dice: Dice,
    pub(crate) journal: Arc<Journal>,
    pub(crate) customers: Mutex<Customers>,
    pub(crate) files: Files,
    pub(crate) ids: Ids,
    pub(crate) courier: Courier,
    pub(crate) callbacks: webhook::Callbacks,
    pub(crate) rooms: matrix::Rooms,
    pub(crate) groups: whatsapp::Groups,
    pub(crate) submitted: whatsapp::Submitted,
    pub(crate) traffic: Desk,
    accounts: RwLock<BTreeMap<String, Account>>,
    behaviours: RwLock<HashMap<String, Behaviour>>,
    errors: Mutex<HashMap<i64, telegram::LastError>>,
    url: OnceLock<String>,
    draws: AtomicU64,
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Result<Arc<Self>, Error> {
        let accounts = settings.accounts.iter().cloned();
        Ok(Arc::new(Self {
            dice: Dice::new(settings.seed, settings.chaos.clone()),
            journal: Arc::new(Journal::open(
                settings.journal.as_deref(),
                settings.journal_limit,
            )?),
            customers: Mutex::new(Customers::new(settings.customer_limit)),
            files: Files::default(),
            ids: Ids::new(settings.seed, now()),
            courier: Courier::new(&settings.retry)?,
            callbacks: webhook::Callbacks::default(),
            rooms: matrix::Rooms::default(),
            groups: whatsapp::Groups::default(),
            submitted: whatsapp::Submitted::default(),
            traffic: Desk::default(),
            accounts: RwLock::new(accounts.map(|account| (account.key(), account)).collect()),
            behaviours: RwLock::default(),
            errors: Mutex::default(),
            url: OnceLock::new(),
            draws: AtomicU64::new(0),
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            settings,
        }))
    }

    /// Runs a task until it ends or the simulator stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let task = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        };
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// Stops all tasks.
    pub(crate) async fn halt(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn set_url(&self, url: String) {
        // It is set once, before the server takes its first request.
        let _ = self.url.set(url);
    }

    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// Writes the address from which a WhatsApp file is downloaded for five minutes.
    pub(crate) fn attachment_url(&self, id: &str) -> String {
        let until = now().timestamp() + 300;
        format!(
            "{}/whatsapp_business/attachments/?mid={id}&until={until}",
            self.url()
        )
    }

    pub(crate) fn account(&self, key: &str) -> Option<Account> {
        read(&self.accounts).get(key).cloned()
    }

    pub(crate) fn accounts(&self) -> Vec<Account> {
        read(&self.accounts).values().cloned().collect()
    }

    pub(crate) fn put_account(&self, account: Account) {
        let mut accounts = self
            .accounts
            .write()
            .unwrap_or_else(|error| error.into_inner());
        accounts.insert(account.key(), account);
    }

    pub(crate) fn behaviour(&self, account: &str) -> Behaviour {
        let own = read(&self.behaviours).get(account).cloned();
        own.unwrap_or_else(|| self.settings.behaviour.clone())
    }

    pub(crate) fn put_behaviour(&self, account: &str, behaviour: Behaviour) {
        let mut all = self
            .behaviours
            .write()
            .unwrap_or_else(|error| error.into_inner());
        all.insert(account.to_owned(), behaviour);
    }

    pub(crate) fn note_error(&self, bot_id: i64, status: Option<u16>) {
        let error = telegram::LastError {
            at: now().timestamp(),
            status,
        };
        lock(&self.errors).insert(bot_id, error);
    }

    pub(crate) fn last_error(&self, bot_id: i64) -> Option<telegram::LastError> {
        lock(&self.errors).get(&bot_id).copied()
    }

    /// Draws the next number of the common stream.
    pub(crate) fn draw(&self) -> u64 {
        chance::draw(self.settings.seed, 0, self.draws.fetch_add(1, Relaxed))
    }

    /// Draws a number of a closed range.
    pub(crate) fn between(&self, range: (u64, u64)) -> u64 {
        chance::between(self.draw(), range)
    }

    /// Draws whether something of this probability happens.
    pub(crate) fn happens(&self, probability: f64) -> bool {
        probability > 0.0 && chance::unit(self.draw()) < probability
    }

    /// Waits when the account is to answer slowly.
    pub(crate) async fn dawdle(&self, account: &str) {
        if self.dice.strikes(account, Fault::Slow) {
            let late = self.between(self.dice.chaos(account).slow_ms);
            tokio::time::sleep(Duration::from_millis(late)).await;
        }
    }

    /// Finds an account.
    pub(crate) fn known(&self, key: &str) -> Result<Account, Error> {
        self.account(key)
            .ok_or_else(|| Error::UnknownAccount(key.to_owned()))
    }

    /// Makes Meta's GET handshake with the desk.
    pub(crate) async fn verify_webhook(&self, key: &str) -> Result<bool, Error> {
        let Account::WhatsApp(account) = self.known(key)? else {
            return Err(Error::NotOffered {
                channel: "other",
                what: "handshake",
            });
        };
        self.proves(&account.webhook_url, &account.verify_token)
            .await
    }

    /// Tells whether whoever answers at an address knows a verify token.
    pub(crate) async fn proves(&self, url: &str, verify_token: &str) -> Result<bool, Error> {
        let challenge = self.ids.digits();
        let request = self.courier.client().get(url).query(&[
            ("hub.mode", "subscribe"),
            ("hub.challenge", &challenge),
            ("hub.verify_token", verify_token),
        ]);
        let answer = request.send().await?;
        let passed = answer.status().as_u16() == 200;
        Ok(passed && answer.text().await? == challenge)
    }

    /// Looks into what is remembered of a customer.
    pub(crate) fn remembered<T>(
        &self,
        account: &str,
        customer: &str,
        look: impl FnOnce(&mut Memory) -> T,
    ) -> Option<T> {
        lock(&self.customers).find(account, customer).map(look)
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|error| error.into_inner())
}
