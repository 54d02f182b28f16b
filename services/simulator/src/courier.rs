//! Carries webhooks to the desk as providers do: again and again with the same
//! body until the desk says that it has them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_web::web::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response};
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Account, Error,
    chaos::{Fault, lock},
    clock::now,
    journal::{Attempt, Mark},
    signature,
    simulator::Retry,
    world::World,
};

/// One webhook request.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) account: String,
    /// Parcels of one lane arrive in order; without a lane, in any order.
    pub(crate) lane: Option<String>,
    /// The `webhook-id` of the signed channel.
    pub(crate) id: String,
    pub(crate) body: Bytes,
    pub(crate) marks: Vec<Mark>,
}

/// The parcels of a lane, each with how long it is held back.
type Lane = VecDeque<(Parcel, Duration)>;

/// Holds what is under way.
pub(crate) struct Courier {
    client: Client,
    connections: Semaphore,
    lanes: Mutex<HashMap<String, Lane>>,
    pending: AtomicU64,
}

impl Courier {
    pub(crate) fn new(retry: &Retry) -> Result<Self, Error> {
        let client = Client::builder()
            .no_proxy()
            .timeout(retry.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            client,
            connections: Semaphore::new(retry.connections.max(1)),
            lanes: Mutex::default(),
            pending: AtomicU64::new(0),
        })
    }

    /// Counts the webhooks that the desk has not taken yet.
    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Relaxed)
    }

    /// Gives the client, for calls beside webhooks.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

/// Sends a parcel on its way, with the account's misbehaviour.
pub(crate) fn post(world: &Arc<World>, parcel: Parcel) {
    let account = &parcel.account;
    let chaos = world.dice.chaos(account);
    let mut hold = world.between(chaos.delay_ms);
    if world.dice.strikes(account, Fault::Reorder) {
        hold += world.between(chaos.reorder_hold_ms);
    }
    let hold = Duration::from_millis(hold);
    if world.dice.strikes(account, Fault::Duplicate) {
        depart(world, parcel.clone(), hold);
    }
    depart(world, parcel, hold);
}

fn depart(world: &Arc<World>, parcel: Parcel, hold: Duration) {
    world.courier.pending.fetch_add(1, Relaxed);
    let Some(lane) = parcel.lane.clone() else {
        let own = world.clone();
        world.spawn(async move { deliver(&own, parcel, hold).await });
        return;
    };
    let mut lanes = lock(&world.courier.lanes);
    if let Some(queue) = lanes.get_mut(&lane) {
        queue.push_back((parcel, hold));
        return;
    }
    lanes.insert(lane.clone(), VecDeque::from([(parcel, hold)]));
    let own = world.clone();
    world.spawn(async move {
        while let Some((parcel, hold)) = next(&own, &lane) {
            deliver(&own, parcel, hold).await;
        }
    });
}

/// Takes the next parcel of a lane; closes the lane when there is none.
fn next(world: &World, lane: &str) -> Option<(Parcel, Duration)> {
    let mut lanes = lock(&world.courier.lanes);
    let parcel = lanes.get_mut(lane).and_then(VecDeque::pop_front);
    if parcel.is_none() {
        lanes.remove(lane);
    }
    parcel
}

async fn deliver(world: &World, parcel: Parcel, hold: Duration) {
    tokio::time::sleep(hold).await;
    let retry = &world.settings.retry;
    let give_up = Instant::now() + retry.time_to_live;
    let mut wait = retry.base;
    loop {
        let Some(asked) = attempt(world, &parcel).await else {
            break;
        };
        let wish = wait.max(asked);
        if Instant::now() + wish > give_up {
            tracing::warn!(account = %parcel.account, "a webhook was given up");
            break;
        }
        tokio::time::sleep(wish).await;
        wait = (wait * 2).min(retry.max);
    }
    world.courier.pending.fetch_sub(1, Relaxed);
}

/// Makes one request. `None` when the desk has it, otherwise how long the desk
/// asked to wait.
async fn attempt(world: &World, parcel: &Parcel) -> Option<Duration> {
    let account = world.account(&parcel.account)?;
    if account.webhook_url().is_empty() {
        // Telegram holds updates back until setWebhook.
        return Some(Duration::ZERO);
    }
    let request = request(&world.courier.client, &account, parcel);
    let answer = match (request, world.courier.connections.acquire().await) {
        (Ok(request), Ok(_permit)) => request.send().await,
        _ => return Some(Duration::ZERO),
    };
    let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
    let taken = status.is_some_and(|status| took(&account, status));
    let attempt = Attempt {
        status,
        taken,
        at: now(),
    };
    world
        .journal
        .attempt(&parcel.account, &parcel.marks, attempt);
    if let Account::Telegram(telegram) = &account
        && !taken
    {
        world.note_error(telegram.bot_id, status);
    }
    match (taken, answer) {
        (true, Ok(answer)) => {
            // The body is read so that the connection can be used again.
            let _ = answer.bytes().await;
            None
        }
        (_, Ok(answer)) => Some(retry_after(&account, &answer)),
        (_, Err(_)) => Some(Duration::ZERO),
    }
}

/// Says whether a status means that the desk has the webhook. Meta takes 200 alone.
fn took(account: &Account, status: u16) -> bool {
    match account {
        Account::WhatsApp(_) => status == 200,
        Account::Telegram(_) | Account::Webhook(_) | Account::Matrix(_) => {
            (200..300).contains(&status)
        }
    }
}

fn retry_after(account: &Account, answer: &Response) -> Duration {
    if matches!(account, Account::WhatsApp(_)) {
        return Duration::ZERO;
    }
    let header = answer.headers().get(reqwest::header::RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    Duration::from_secs(seconds.unwrap_or_default().min(3600))
}

/// Matrix names each transaction in its address, so that a repeat is known for one.
fn url(account: &Account, parcel: &Parcel) -> String {
    match account {
        Account::Matrix(account) => format!(
            "{}/_matrix/app/v1/transactions/{}",
            account.webhook_url, parcel.id
        ),
        other => other.webhook_url().to_owned(),
    }
}

fn method(account: &Account) -> Method {
    match account {
        Account::Matrix(_) => Method::PUT,
        _ => Method::POST,
    }
}

fn request(client: &Client, account: &Account, parcel: &Parcel) -> Result<RequestBuilder, Error> {
    let mut request = client
        .request(method(account), url(account, parcel))
        .header("content-type", "application/json")
        .body(parcel.body.clone());
    match account {
        Account::WhatsApp(account) => {
            let signature = signature::meta(&account.app_secret, &parcel.body);
            request = request.header("x-hub-signature-256", signature);
        }
        Account::Telegram(account) => {
            if let Some(secret) = &account.secret_token {
                request = request.header("x-telegram-bot-api-secret-token", secret);
            }
        }
        Account::Matrix(account) => {
            request = request.bearer_auth(&account.hs_token);
        }
        Account::Webhook(account) => {
            // The id stays, the timestamp is that of this attempt.
            let timestamp = now().timestamp();
            let signature = crate::webhook::sign(account, &parcel.id, timestamp, &parcel.body)?;
            request = request
                .header("webhook-id", &parcel.id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature);
        }
    }
    Ok(request)
}
