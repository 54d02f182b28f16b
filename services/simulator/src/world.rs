//! Everything that is true outside the desk: accounts, customers, files, and what
//! happens when somebody writes.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_web::web::Bytes;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Account, Behaviour, Content, Customer, Draft, Error, Settings, chance,
    chaos::{Dice, Fault, lock},
    clock::now,
    courier::{self, Courier, Parcel},
    customer::{Customers, Line, Memory},
    ids::Ids,
    journal::{Journal, Mark, Receipt, Written},
    media::{File, Files},
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

/// A reply of the desk on its way to a customer.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) customer: Customer,
    pub(crate) provider_id: String,
    pub(crate) attempt_id: Option<String>,
    /// The code with which it fails after having been accepted.
    pub(crate) fails: Option<u32>,
    /// Whether `sent` is the only receipt (WhatsApp reactions).
    pub(crate) only_sent: bool,
    /// Whether the receipt `sent` has been sent already.
    pub(crate) sent_before: bool,
    /// Buttons under it: id and label.
    pub(crate) buttons: Vec<(String, String)>,
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

    /// Writes the address from which a WhatsApp file is downloaded.
    pub(crate) fn attachment_url(&self, id: &str) -> String {
        format!("{}/whatsapp_business/attachments/?mid={id}", self.url())
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

    /// Lets a customer do something. Gives the provider's message id.
    pub(crate) fn write(
        self: &Arc<Self>,
        account: &str,
        customer: &Customer,
        draft: Draft,
    ) -> Result<String, Error> {
        let account = self.known(account)?;
        let key = account.key();
        let answers = self.behaviour(&key).answers;
        if answers > 0 && !matches!(draft.content, Content::Reaction { .. }) {
            let mut customers = lock(&self.customers);
            let memory = customers.meet(&key, customer, now());
            memory.script = (0..answers)
                .map(|n| Content::text(format!("Answer {} of {answers}", n + 1)))
                .collect();
        }
        self.act(&account, customer, draft)
    }

    /// Lets a customer open a talk with lines to say after each reply.
    pub(crate) fn open(
        self: &Arc<Self>,
        account: &str,
        customer: &Customer,
        draft: Draft,
        script: Vec<Content>,
    ) -> Result<String, Error> {
        let account = self.known(account)?;
        {
            let mut customers = lock(&self.customers);
            let memory = customers.meet(&account.key(), customer, now());
            memory.script = script.into();
            memory.replies = 0;
        }
        self.act(&account, customer, draft)
    }

    /// Lets customers write at the same moment; WhatsApp puts all in one request.
    pub(crate) fn write_batch(
        self: &Arc<Self>,
        account: &str,
        messages: Vec<(Customer, Draft)>,
    ) -> Result<Vec<String>, Error> {
        if !(1..=1000).contains(&messages.len()) {
            return Err(Error::BatchSize(messages.len()));
        }
        let Account::WhatsApp(whatsapp) = self.known(account)? else {
            let write = |(customer, draft)| self.write(account, &customer, draft);
            return messages.into_iter().map(write).collect();
        };
        let (mut ids, mut updates, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for (customer, draft) in &messages {
            let (id, update, mark) = self.whatsapp_update(&whatsapp, customer, draft)?;
            ids.push(id);
            updates.push(update);
            marks.push(mark);
        }
        let body = whatsapp::batch(&whatsapp, &updates);
        self.post(account, None, String::new(), body, marks);
        Ok(ids)
    }

    /// Makes Meta's GET handshake with the desk.
    pub(crate) async fn verify_webhook(&self, key: &str) -> Result<bool, Error> {
        let Account::WhatsApp(account) = self.known(key)? else {
            return Err(Error::NotOffered {
                channel: "other",
                what: "handshake",
            });
        };
        let challenge = self.ids.digits();
        let request = self.courier.client().get(&account.webhook_url).query(&[
            ("hub.mode", "subscribe"),
            ("hub.challenge", &challenge),
            ("hub.verify_token", &account.verify_token),
        ]);
        let answer = request.send().await?;
        let passed = answer.status().as_u16() == 200;
        Ok(passed && answer.text().await? == challenge)
    }

    fn known(&self, key: &str) -> Result<Account, Error> {
        self.account(key)
            .ok_or_else(|| Error::UnknownAccount(key.to_owned()))
    }

    fn act(
        self: &Arc<Self>,
        account: &Account,
        customer: &Customer,
        draft: Draft,
    ) -> Result<String, Error> {
        match account {
            Account::WhatsApp(whatsapp) => {
                if self.block(account, customer, &draft.content) {
                    return Ok(String::new());
                }
                let (id, update, mark) = self.whatsapp_update(whatsapp, customer, &draft)?;
                let body = whatsapp::webhook(whatsapp, &update);
                self.post(&account.key(), None, String::new(), body, vec![mark]);
                Ok(id)
            }
            Account::Telegram(telegram) => {
                self.block(account, customer, &draft.content);
                telegram::act(self, telegram, customer, draft)
            }
            Account::Webhook(app) => {
                if self.block(account, customer, &draft.content) {
                    return Ok(String::new());
                }
                webhook::act(self, app, customer, draft)
            }
        }
    }

    /// Notes a block or its end; says whether the act was one.
    fn block(&self, account: &Account, customer: &Customer, content: &Content) -> bool {
        let blocks = matches!(content, Content::Block);
        let acts = blocks || matches!(content, Content::Unblock);
        if acts {
            let mut customers = lock(&self.customers);
            customers.meet(&account.key(), customer, now()).blocked = blocks;
        }
        acts
    }

    fn whatsapp_update(
        &self,
        account: &crate::account::WhatsApp,
        customer: &Customer,
        draft: &Draft,
    ) -> Result<(String, whatsapp::Update, Mark), Error> {
        if customer.id.len() > 15 || customer.id.parse::<u64>().is_err() {
            return Err(Error::CustomerId(customer.id.clone()));
        }
        let file = self.sample(&draft.content);
        let attached = file
            .as_ref()
            .map(|file| (file, self.attachment_url(&file.id)));
        let content = whatsapp::content(account, &draft.content, attached);
        let mut content = content.ok_or(Error::NotOffered {
            channel: "whatsapp",
            what: draft.content.kind(),
        })?;
        if let Some(reply_to) = &draft.reply_to {
            content["context"] =
                serde_json::json!({ "from": account.display_phone_number, "id": reply_to });
        }
        let (id, at) = (self.ids.wamid(), now());
        let update = whatsapp::message(account, customer, &id, at, content);
        let mark = self.wrote(&account.phone_number_id, customer, &id, &id, &draft.content);
        Ok((id, update, mark))
    }

    /// Makes and keeps the file that a content carries.
    pub(crate) fn sample(&self, content: &Content) -> Option<File> {
        let Content::Media { media, .. } = content else {
            return None;
        };
        let file = File::sample(*media, self.ids.digits());
        self.files.keep(file.clone());
        Some(file)
    }

    /// Remembers and journals what a customer did. `line_id` is how the chat names
    /// it, `provider_id` how the journal does.
    pub(crate) fn wrote(
        &self,
        account: &str,
        customer: &Customer,
        line_id: &str,
        provider_id: &str,
        content: &Content,
    ) -> Mark {
        let at = now();
        let mut customers = lock(&self.customers);
        let memory = customers.meet(account, customer, at);
        memory.customer = customer.clone();
        memory.wrote_at = Some(at);
        memory.remember(Line {
            id: line_id.to_owned(),
            from_desk: false,
            text: content.words().to_owned(),
            at,
            reaction: None,
        });
        drop(customers);
        self.journal.write(Written {
            account: account.to_owned(),
            customer: customer.id.clone(),
            provider_id: provider_id.to_owned(),
            kind: content.kind(),
            text: content.words().to_owned(),
            at,
            attempts: 0,
            acknowledged_at: None,
            last_status: None,
        })
    }

    pub(crate) fn post(
        self: &Arc<Self>,
        account: &str,
        lane: Option<String>,
        id: String,
        body: Vec<u8>,
        marks: Vec<Mark>,
    ) {
        let account = account.to_owned();
        courier::post(
            self,
            Parcel {
                account,
                lane,
                id,
                body: Bytes::from(body),
                marks,
            },
        );
    }

    /// Lets a reply arrive: receipts go out, the customer may read, react, answer.
    pub(crate) fn arrive(self: &Arc<Self>, account: &Account, arrival: Arrival) {
        let (world, account) = (self.clone(), account.clone());
        self.spawn(async move {
            let behaviour = world.behaviour(&account.key());
            if let Some(code) = arrival.fails {
                world.pause(behaviour.delivered_ms).await;
                world.receipt(&account, &arrival, "failed", Some(code));
                return;
            }
            if !arrival.sent_before {
                world.receipt(&account, &arrival, "sent", None);
            }
            if arrival.only_sent {
                return;
            }
            world.pause(behaviour.delivered_ms).await;
            world.receipt(&account, &arrival, "delivered", None);
            if !world.happens(behaviour.read) {
                return;
            }
            world.pause(behaviour.read_ms).await;
            world.receipt(&account, &arrival, "read", None);
            world.respond(&account, &arrival, &behaviour).await;
        });
    }

    async fn pause(&self, range: (u64, u64)) {
        tokio::time::sleep(Duration::from_millis(self.between(range))).await;
    }

    async fn respond(self: &Arc<Self>, account: &Account, to: &Arrival, behaviour: &Behaviour) {
        let id = &to.provider_id;
        if self.happens(behaviour.react) {
            let reaction = Content::Reaction {
                message_id: id.clone(),
                emoji: "👍".to_owned(),
            };
            self.try_act(account, to, reaction.into());
        }
        let next = self.remembered(&account.key(), &to.customer.id, |memory| {
            memory.replies += 1;
            memory.script.pop_front()
        });
        let Some(next) = next.flatten() else {
            return;
        };
        self.pause(behaviour.answer_ms).await;
        let answer = match to.buttons.first() {
            Some((button, title)) => Content::Button {
                message_id: id.clone(),
                id: button.clone(),
                title: title.clone(),
            },
            None => at_message(next, id),
        };
        self.try_act(account, to, answer.into());
    }

    fn try_act(self: &Arc<Self>, account: &Account, to: &Arrival, draft: Draft) {
        if let Err(error) = self.act(account, &to.customer, draft) {
            tracing::warn!(%error, "a customer could not answer");
        }
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

    /// Sends a receipt unless the account loses it. Telegram has none.
    fn receipt(
        self: &Arc<Self>,
        account: &Account,
        arrival: &Arrival,
        status: &'static str,
        code: Option<u32>,
    ) -> Option<Mark> {
        let key = account.key();
        // The app's answer to the callback is its `sent`.
        let silent = match account {
            Account::WhatsApp(_) => false,
            Account::Telegram(_) => true,
            Account::Webhook(_) => status == "sent",
        };
        if silent {
            return None;
        }
        let lost = self.dice.strikes(&key, Fault::LoseReceipt);
        let at = now();
        let mark = self.journal.receipt(Receipt {
            account: key.clone(),
            provider_id: arrival.provider_id.clone(),
            attempt_id: arrival.attempt_id.clone(),
            status,
            at,
            lost,
            attempts: 0,
            acknowledged_at: None,
        });
        if lost {
            return None;
        }
        let (id, body) = match account {
            Account::WhatsApp(whatsapp) => {
                let update = whatsapp::receipt(
                    whatsapp,
                    &arrival.customer,
                    &arrival.provider_id,
                    status,
                    at,
                    arrival.attempt_id.as_deref(),
                    code.map(whatsapp::failure),
                );
                (String::new(), whatsapp::webhook(whatsapp, &update))
            }
            Account::Telegram(_) => return None,
            Account::Webhook(_) => {
                let id = self.ids.prefixed("evt_");
                (id, webhook::status_event(arrival, status, code, at))
            }
        };
        self.post(&key, None, id, body, vec![mark]);
        Some(mark)
    }

    /// Sends a receipt and waits a moment for the desk to take it.
    pub(crate) async fn receipt_now(
        self: &Arc<Self>,
        account: &Account,
        arrival: &Arrival,
        status: &'static str,
    ) {
        let Some(mark) = self.receipt(account, arrival, status, None) else {
            return;
        };
        for _ in 0..50 {
            if self.journal.acknowledged(mark) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Points a scripted reaction at the reply that it answers.
fn at_message(content: Content, id: &str) -> Content {
    match content {
        Content::Reaction { message_id, emoji } if message_id.is_empty() => Content::Reaction {
            message_id: id.to_owned(),
            emoji,
        },
        other => other,
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|error| error.into_inner())
}
