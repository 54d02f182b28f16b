//! Timers go off once, in time, and outlive a crash.

use crate::world::*;
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::event::Envelope;
use interdesk_domain::id::{TenantId, TimerId};
use interdesk_domain::scope::TenantScope;
use interdesk_node::clock::SystemClock;
use interdesk_node::timers::{OnTimer, Runner, Settings};
use interdesk_store::Transaction;
use interdesk_store::testing::TestDatabase;
use interdesk_store::timers::{self, Timer, TimerKind};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn set(test: &TestDatabase, tenant: Uuid, due_at: DateTime<Utc>) -> TimerId {
    let scope = TenantScope::new(TenantId(tenant));
    let id = TimerId(new_uuid());
    let timer = Timer {
        id,
        tenant_id: scope.tenant(),
        kind: TimerKind::OfferExpires,
        subject_id: new_uuid(),
        due_at,
    };
    let transaction = test.database.begin(scope).await.unwrap();
    timers::insert(&transaction, &timer).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

fn run(
    test: &TestDatabase,
    on_timer: Arc<dyn OnTimer>,
    settings: Settings,
) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let runner = Runner {
        database: test.database.clone(),
        clock: Arc::new(SystemClock),
        committed: Arc::new(Notify::new()),
        on_timer,
        settings,
    };
    (stop.clone(), tokio::spawn(runner.run(stop)))
}

fn quick() -> Settings {
    Settings {
        poll: Duration::from_millis(20),
        page: 16,
        ..Settings::default()
    }
}

/// Writes one event per timer.
struct Logs;

#[async_trait::async_trait]
impl OnTimer for Logs {
    async fn fire(&self, timer: &Timer, _: &mut Transaction) -> anyhow::Result<Vec<Envelope>> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok(vec![event(timer.tenant_id.0, timer.subject_id, 1)])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_goes_off_once_though_two_runners_look() {
    let test = TestDatabase::fresh().await;
    let tenants = [new_uuid(), new_uuid()];
    for number in 0..200 {
        set(&test, tenants[number % 2], now() - TimeDelta::seconds(1)).await;
    }
    let later = set(&test, tenants[0], now() + TimeDelta::hours(1)).await;
    let (first_stop, first) = run(&test, Arc::new(Logs), quick());
    let (second_stop, second) = run(&test, Arc::new(Logs), quick());
    let owner = connect(&test).await;
    eventually("all went off", async || {
        number(&owner, "SELECT count(*) FROM timers").await == 1
    })
    .await;
    first_stop.cancel();
    second_stop.cancel();
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(number(&owner, "SELECT count(*) FROM outbox").await, 200);
    let left = format!("SELECT count(*) FROM timers WHERE id = '{}'", later.0);
    assert_eq!(number(&owner, &left).await, 1);
}

/// Stops for ever in the middle of the first timer, as a process that dies does.
struct Hangs(Notify);

#[async_trait::async_trait]
impl OnTimer for Hangs {
    async fn fire(&self, _: &Timer, _: &mut Transaction) -> anyhow::Result<Vec<Envelope>> {
        self.0.notify_one();
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_commit_brings_the_timer_back() {
    let test = TestDatabase::fresh().await;
    set(&test, new_uuid(), now()).await;
    let hangs = Arc::new(Hangs(Notify::new()));
    let (_, dying) = run(&test, hangs.clone(), quick());
    hangs.0.notified().await;
    dying.abort();
    let _ = dying.await;

    let (stop, task) = run(&test, Arc::new(Logs), quick());
    let owner = connect(&test).await;
    eventually("it goes off", async || {
        number(&owner, "SELECT count(*) FROM outbox").await == 1
    })
    .await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(number(&owner, "SELECT count(*) FROM timers").await, 0);
}

/// Refuses some timers and writes down the others with the time.
struct Refuses {
    bad: HashSet<TimerId>,
    done: Mutex<Vec<(TimerId, Instant)>>,
    refused: Mutex<usize>,
}

#[async_trait::async_trait]
impl OnTimer for Refuses {
    async fn fire(&self, timer: &Timer, _: &mut Transaction) -> anyhow::Result<Vec<Envelope>> {
        if self.bad.contains(&timer.id) {
            *self.refused.lock().unwrap() += 1;
            anyhow::bail!("no such offer");
        }
        self.done.lock().unwrap().push((timer.id, Instant::now()));
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_timers_rest_and_keep_nobody_waiting() {
    let test = TestDatabase::fresh().await;
    let tenant = new_uuid();
    let mut bad = HashSet::new();
    // As many as a page holds, and due before the good one.
    for _ in 0..16 {
        bad.insert(set(&test, tenant, now() - TimeDelta::seconds(60)).await);
    }
    let good = set(&test, tenant, now()).await;
    let on_timer = Arc::new(Refuses {
        bad,
        done: Mutex::default(),
        refused: Mutex::default(),
    });
    let (stop, task) = run(&test, on_timer.clone(), quick());
    eventually("the good one goes off", async || {
        !on_timer.done.lock().unwrap().is_empty()
    })
    .await;
    eventually("the bad ones are tried again", async || {
        *on_timer.refused.lock().unwrap() >= 32
    })
    .await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(on_timer.done.lock().unwrap()[0].0, good);
    let owner = connect(&test).await;
    assert_eq!(number(&owner, "SELECT count(*) FROM timers").await, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_goes_off_at_its_time_and_not_at_the_next_look() {
    let test = TestDatabase::fresh().await;
    let due = now() + TimeDelta::milliseconds(700);
    let due_instant = Instant::now() + Duration::from_millis(700);
    set(&test, new_uuid(), due).await;
    let on_timer = Arc::new(Refuses {
        bad: HashSet::new(),
        done: Mutex::default(),
        refused: Mutex::default(),
    });
    let settings = Settings {
        poll: Duration::from_secs(3_600),
        ..Settings::default()
    };
    let (stop, task) = run(&test, on_timer.clone(), settings);
    eventually("it goes off", async || {
        !on_timer.done.lock().unwrap().is_empty()
    })
    .await;
    stop.cancel();
    task.await.unwrap();
    let (_, at) = on_timer.done.lock().unwrap()[0];
    // The machine's clocks may differ by a little.
    assert!(at + Duration::from_millis(20) >= due_instant, "not early");
}
