//! A database with writers, a bus that keeps a journal, and relays between them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use interdesk_bus::{Bus, Consumer, DeadLetter, Error, Publication, PublishError, QueueName};
use interdesk_domain::clock::Clock;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::{ConversationId, EventId, MessageId, TenantId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_node::clock::SystemClock;
use interdesk_node::relay::{Relay, Settings};
use interdesk_store::testing::TestDatabase;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Long enough for anything on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) fn new_uuid() -> Uuid {
    SystemClock.new_uuid()
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemClock.now()
}

/// Connects past row-level security.
pub(crate) async fn connect(test: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(&test.owner_url, NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// An event of a conversation.
pub(crate) fn event(tenant: Uuid, conversation: Uuid, version: i64) -> Envelope {
    let conversation_id = ConversationId(conversation);
    let message = MessageId(new_uuid());
    Envelope {
        id: EventId(new_uuid()),
        tenant: TenantId(tenant),
        seq: None,
        schema_version: SCHEMA_VERSION,
        aggregate: Aggregate {
            kind: AggregateKind::Conversation,
            id: conversation,
            version,
        },
        actor: Actor::System,
        cause: None,
        occurred_at: now(),
        trace: None,
        event: Event::MessageReceived {
            conversation: conversation_id,
            episode: conversation.into(),
            message,
            inbox: tenant.into(),
            channel: ChannelKind::Webhook,
            content: "text".to_owned(),
        },
    }
}

/// Writes an event within whatever transaction the client has open.
pub(crate) async fn log(client: &Client, event: &Envelope) {
    let body = interdesk_store::outbox::to_json(event).unwrap();
    client
        .execute(
            "INSERT INTO outbox (event_id, tenant_id, kind, body) VALUES ($1::text::uuid, $2::text::uuid, $3, $4)",
            &[&event.id.0.to_string(), &event.tenant.0.to_string(), &event.event.kind(), &body],
        )
        .await
        .unwrap();
}

/// Writes many events of one tenant at once.
pub(crate) async fn log_many(client: &Client, tenant: Uuid, count: i64) {
    let sample = event(tenant, new_uuid(), 1);
    let body = interdesk_store::outbox::to_json(&sample).unwrap();
    client
        .execute(
            "INSERT INTO outbox (event_id, tenant_id, kind, body)
             SELECT gen_random_uuid(), $1::text::uuid, $2, $3 FROM generate_series(1, $4::bigint)",
            &[&tenant.to_string(), &sample.event.kind(), &body, &count],
        )
        .await
        .unwrap();
}

/// Returns the one number that a query yields.
pub(crate) async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}

/// Waits until everything in the log is stamped and marked as published.
pub(crate) async fn wait_until_published(client: &Client) {
    eventually("everything is published", async || {
        number(client, "SELECT count(*) FROM outbox").await
            == number(client, "SELECT published FROM relay_cursor").await
    })
    .await;
}

pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition().await {
        assert!(Instant::now() < deadline, "in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        shards: 2,
        poll: Duration::from_millis(20),
        ..Settings::default()
    }
}

/// A relay that runs beside the test.
pub(crate) struct Running {
    pub(crate) committed: Arc<Notify>,
    pub(crate) stop: CancellationToken,
    task: JoinHandle<()>,
}

pub(crate) fn start(test: &TestDatabase, bus: Arc<dyn Bus>, settings: Settings) -> Running {
    let (committed, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let relay = Relay::new(test.database.clone(), bus, committed.clone(), settings);
    let task = tokio::spawn(relay.run(stop.clone()));
    Running {
        committed,
        stop,
        task,
    }
}

impl Running {
    /// Ends it as it should end.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.task)
            .await
            .unwrap()
            .unwrap();
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A bus that writes down what it is given, and fails as told.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) entries: Mutex<Vec<Publication>>,
    /// Of a hundred publications, how many fail.
    pub(crate) failing: AtomicU32,
    /// How long a batch takes.
    pub(crate) delay: Mutex<Duration>,
    /// Batches on their way, now and at most.
    now: AtomicUsize,
    pub(crate) most: AtomicUsize,
    turn: tokio::sync::Mutex<()>,
}

impl Journal {
    pub(crate) fn len(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    pub(crate) fn envelopes(&self) -> Vec<Envelope> {
        let entries = self.entries.lock().unwrap();
        entries
            .iter()
            .map(|entry| serde_json::from_slice(&entry.body).unwrap())
            .collect()
    }

    /// Asserts that each tenant's events came in order: a repeat now and then, but never a skip.
    pub(crate) fn assert_no_skip(&self) -> HashMap<TenantId, u64> {
        let mut last: HashMap<TenantId, u64> = HashMap::new();
        let mut ids: HashMap<(TenantId, u64), Uuid> = HashMap::new();
        for entry in self.entries.lock().unwrap().iter() {
            let envelope: Envelope = serde_json::from_slice(&entry.body).unwrap();
            let seq = envelope.seq.expect("published events have a seq");
            let last = last.entry(envelope.tenant).or_default();
            assert!(seq <= *last + 1, "seq {seq} after {last}");
            *last = seq.max(*last);
            let known = ids.entry((envelope.tenant, seq)).or_insert(entry.id);
            assert_eq!(*known, entry.id, "seq {seq} was given twice");
        }
        let events: HashSet<Uuid> = ids.values().copied().collect();
        assert_eq!(events.len(), ids.len(), "an event has one seq");
        last
    }

    fn take(&self, publication: Publication) -> Result<(), PublishError> {
        if rand::random_range(0..100) < self.failing.load(Ordering::SeqCst) {
            return Err(PublishError::Refused);
        }
        self.entries.lock().unwrap().push(publication);
        Ok(())
    }
}

#[async_trait]
impl Bus for Journal {
    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), PublishError>> {
        let mut results: Vec<Result<(), PublishError>> = Vec::new();
        let turn = self.turn.lock().await;
        for publication in batch {
            let failed = results.last().is_some_and(Result::is_err);
            results.push(if failed {
                Err(PublishError::Held)
            } else {
                self.take(publication)
            });
        }
        // Like RabbitMQ's bus, it lets no batch overtake one that failed before that is known.
        let failed = results.last().is_some_and(Result::is_err);
        let _turn = failed.then_some(turn);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        results
    }

    async fn consume(&self, queue: QueueName, _prefetch: u16) -> Result<Consumer, Error> {
        Err(Error::NoQueue(queue.to_string()))
    }

    async fn dead_letters(&self, _limit: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(Vec::new())
    }

    async fn retry_dead(&self, _ids: &[Uuid]) -> Result<usize, Error> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {}
}

/// Checks the log itself: seqs without gap or double, and versions in order within a conversation.
pub(crate) async fn assert_log_is_sound(client: &Client) {
    let rows = client
        .query(
            "SELECT s.tenant_id::text, s.seq, o.body FROM event_seqs s
             JOIN outbox o ON o.pos = s.pos AND o.logged_at = s.logged_at ORDER BY s.stamp",
            &[],
        )
        .await
        .unwrap();
    let mut seqs: HashMap<String, i64> = HashMap::new();
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    let mut ids = HashSet::new();
    for row in &rows {
        let (tenant, seq): (String, i64) = (row.get(0), row.get(1));
        let last = seqs.entry(tenant).or_default();
        assert_eq!(seq, *last + 1, "seqs have no gap");
        *last = seq;
        let event: Envelope = serde_json::from_str(row.get(2)).unwrap();
        assert!(ids.insert(event.id), "an event has one seq");
        let version = versions.entry(event.aggregate.id).or_default();
        assert!(
            event.aggregate.version > *version,
            "versions of a conversation are in order"
        );
        *version = event.aggregate.version;
    }
    let logged = number(client, "SELECT count(*) FROM outbox").await;
    assert_eq!(rows.len() as i64, logged, "every event has a seq");
}
