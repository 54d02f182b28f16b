//! What a consumer does with what it gets.

use crate::world::*;
use bytes::Bytes;
use interdesk_bus::{Bus, LocalBus, MemoryDead, Publication, QueueName, Reader, Topology};
use interdesk_domain::event::Envelope;
use interdesk_node::consume::{HandlerError, Meta, Options, consume};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) fn bus() -> Arc<LocalBus> {
    let topology = Topology::new(1).with_ladder([20; 4].map(Duration::from_millis));
    Arc::new(LocalBus::new(
        topology,
        &[Reader::Audit],
        Arc::new(MemoryDead::default()),
    ))
}

pub(crate) fn pack(event: &Envelope) -> Publication {
    Publication {
        id: event.id.0,
        tenant: event.tenant.0,
        shard: 0,
        aggregate: "conversation".to_owned(),
        event: event.event.kind().to_owned(),
        body: Bytes::from(serde_json::to_vec(event).unwrap()),
        trace: None,
    }
}

/// Publishes beside the test: a local bus answers when all is handled.
pub(crate) fn publish(bus: &Arc<LocalBus>, batch: Vec<Publication>) -> JoinHandle<usize> {
    let bus = bus.clone();
    tokio::spawn(async move {
        bus.publish(batch)
            .await
            .iter()
            .filter(|result| result.is_ok())
            .count()
    })
}

struct Consuming {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Consuming {
    fn start<F>(
        bus: &Arc<LocalBus>,
        options: Options,
        handler: impl Fn(Envelope, Meta) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let consuming = consume(
            bus.clone(),
            QueueName::Audit(0),
            options,
            stop.clone(),
            handler,
        );
        Self {
            stop,
            task: tokio::spawn(consuming),
        }
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

fn quick() -> Options {
    Options {
        longest_pause: Duration::from_millis(20),
        ..Options::new("test")
    }
}

fn events(conversations: usize, versions: i64) -> Vec<Envelope> {
    let ids: Vec<Uuid> = (0..conversations).map(|_| new_uuid()).collect();
    (1..=versions)
        .flat_map(|v| ids.iter().map(move |id| event(new_uuid(), *id, v)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_work_side_by_side_and_keep_the_order_of_each_aggregate() {
    let bus = bus();
    let seen: Arc<Mutex<HashMap<Uuid, Vec<i64>>>> = Arc::default();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let consuming = {
        let (seen, now, most) = (seen.clone(), now.clone(), most.clone());
        let options = Options {
            lanes: 4,
            ..quick()
        };
        Consuming::start(&bus, options, move |event, _| {
            let (seen, now, most) = (seen.clone(), now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(rand::random_range(0..5))).await;
                let mut seen = seen.lock().unwrap();
                seen.entry(event.aggregate.id)
                    .or_default()
                    .push(event.aggregate.version);
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    let batch: Vec<_> = events(10, 20).iter().map(pack).collect();
    assert_eq!(publish(&bus, batch).await.unwrap(), 200);
    consuming.end().await;
    let in_order: Vec<i64> = (1..=20).collect();
    assert!(
        seen.lock()
            .unwrap()
            .values()
            .all(|versions| *versions == in_order)
    );
    assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worth_trying_later_keeps_its_place_and_counts_no_try() {
    let bus = bus();
    let seen: Arc<Mutex<Vec<(i64, u32)>>> = Arc::default();
    let tries = Arc::new(AtomicUsize::new(0));
    let consuming = {
        let (seen, tries) = (seen.clone(), tries.clone());
        Consuming::start(&bus, quick(), move |event, meta| {
            let (seen, tries) = (seen.clone(), tries.clone());
            async move {
                if tries.fetch_add(1, Ordering::SeqCst) < 9 {
                    return Err(HandlerError::TryLater(anyhow::anyhow!(
                        "the database is away"
                    )));
                }
                seen.lock()
                    .unwrap()
                    .push((event.aggregate.version, meta.attempt));
                Ok(())
            }
        })
    };
    let batch: Vec<_> = events(1, 3).iter().map(pack).collect();
    assert_eq!(publish(&bus, batch).await.unwrap(), 3);
    consuming.end().await;
    assert_eq!(*seen.lock().unwrap(), [(1, 1), (2, 1), (3, 1)]);
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_down_the_ladder_and_dies_while_its_neighbours_live() {
    let bus = bus();
    let handled = Arc::new(AtomicUsize::new(0));
    let attempts: Arc<Mutex<Vec<u32>>> = Arc::default();
    let consuming = {
        let (handled, attempts) = (handled.clone(), attempts.clone());
        Consuming::start(&bus, quick(), move |event, meta| {
            let (handled, attempts) = (handled.clone(), attempts.clone());
            async move {
                if event.aggregate.version == 2 {
                    attempts.lock().unwrap().push(meta.attempt);
                    return Err(HandlerError::Poison(anyhow::anyhow!("no such inbox")));
                }
                assert!(event.aggregate.version != 3, "a bug of the handler");
                handled.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    let mut batch: Vec<_> = events(1, 4).iter().map(pack).collect();
    batch[0].body = Bytes::from_static(b"{\"not\": \"an envelope\"}");
    assert_eq!(publish(&bus, batch).await.unwrap(), 4);
    consuming.end().await;
    let mut letters = bus.dead_letters(10).await.unwrap();
    letters.sort_by_key(|letter| letter.reason.clone());
    let reasons: Vec<_> = letters
        .iter()
        .map(|letter| letter.reason.as_str())
        .collect();
    assert_eq!(reasons[0], "no such inbox");
    assert!(
        reasons[1].starts_with("the event cannot be read"),
        "{reasons:?}"
    );
    assert_eq!(reasons[2], "the handler panicked");
    assert_eq!(*attempts.lock().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_under_way_and_gives_the_rest_back() {
    let bus = bus();
    let (begun, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let first: Arc<Mutex<Vec<i64>>> = Arc::default();
    let consuming = {
        let (begun, gate, first) = (begun.clone(), gate.clone(), first.clone());
        Consuming::start(&bus, quick(), move |event, _| {
            let (begun, gate, first) = (begun.clone(), gate.clone(), first.clone());
            async move {
                begun.notify_one();
                gate.acquire().await.unwrap().forget();
                first.lock().unwrap().push(event.aggregate.version);
                Ok(())
            }
        })
    };
    let publishing = publish(&bus, events(1, 5).iter().map(pack).collect());
    begun.notified().await;
    consuming.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!consuming.task.is_finished(), "it finishes what it began");
    gate.add_permits(10);
    consuming.end().await;
    assert_eq!(*first.lock().unwrap(), [1]);

    let second: Arc<Mutex<Vec<i64>>> = Arc::default();
    let consuming = {
        let second = second.clone();
        Consuming::start(&bus, quick(), move |event, _| {
            second.lock().unwrap().push(event.aggregate.version);
            std::future::ready(Ok(()))
        })
    };
    assert_eq!(publishing.await.unwrap(), 5);
    consuming.end().await;
    assert_eq!(*second.lock().unwrap(), [2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_holds_no_more_than_its_prefetch() {
    let topology = Topology::new(1);
    let dead = Arc::new(MemoryDead::default());
    let bus = Arc::new(LocalBus::with_capacity(
        topology,
        &[Reader::Audit],
        dead,
        100,
    ));
    let test = interdesk_store::testing::TestDatabase::fresh().await;
    let owner = connect(&test).await;
    log_many(&owner, new_uuid(), 3_000).await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let gate = Arc::new(Semaphore::new(0));
    let consuming = {
        let (now, most, gate) = (now.clone(), most.clone(), gate.clone());
        let options = Options {
            prefetch: 20,
            lanes: 8,
            ..quick()
        };
        Consuming::start(&bus, options, move |_, _| {
            let (now, most, gate) = (now.clone(), most.clone(), gate.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    let settings = interdesk_node::relay::Settings {
        shards: 1,
        page: 50,
        lead: 200,
        ..settings()
    };
    let relay = start(&test, bus.clone(), settings);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        number(&owner, "SELECT published FROM relay_cursor").await,
        0
    );
    assert!((1..=8).contains(&most.load(Ordering::SeqCst)));
    gate.add_permits(100_000);
    wait_until_published(&owner).await;
    relay.end().await;
    consuming.end().await;
}
