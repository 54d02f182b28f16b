//! What was given up on: where the bus within one process keeps it, and everything in one list.
//!
//! Over RabbitMQ dead letters wait in the queues' dead twins. The bus within one process keeps them
//! in the database, so that they outlive it; a command line beside it sees them there and asks for
//! another try by a notification, which [`follow_retries`] hears.

use crate::relay::Head;
use crate::telemetry::metrics::DEAD_LETTERS;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use interdesk_bus::local::StoreError;
use interdesk_bus::{Bus, DeadLetter, DeadStore, Publication, QueueName};
use interdesk_domain::clock::Clock;
use interdesk_domain::id::{InboxId, TenantId};
use interdesk_store::notify::{self, Listener, Topic};
use interdesk_store::{Database, dead};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long to wait before listening again.
const AGAIN: Duration = Duration::from_secs(1);

/// Keeps dead letters of the bus within one process in the database.
pub struct DatabaseDead {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl DatabaseDead {
    /// Keeps them in `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }
}

#[async_trait::async_trait]
impl DeadStore for DatabaseDead {
    async fn put(&self, letter: DeadLetter) -> Result<(), StoreError> {
        let row = to_row(&letter, self.clock.now());
        let transaction = self.database.begin_system().await?;
        dead::insert(&transaction, &row).await?;
        transaction.commit().await?;
        metrics::counter!(DEAD_LETTERS, "consumer" => row.consumer.clone()).increment(1);
        tracing::error!(
            queue = row.consumer,
            tenant.id = %row.tenant_id.0,
            event.id = %row.event_id,
            reason = row.reason,
            "an event is dead"
        );
        Ok(())
    }

    async fn list(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let transaction = self.database.begin_system().await?;
        let rows = dead::list(&transaction, to_limit(limit)).await?;
        transaction.commit().await?;
        Ok(rows.into_iter().filter_map(from_row).collect())
    }

    async fn remove(&self, queue: &QueueName, id: Uuid) -> Result<(), StoreError> {
        let transaction = self.database.begin_system().await?;
        dead::remove(&transaction, &queue.to_string(), id).await?;
        Ok(transaction.commit().await?)
    }
}

fn to_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn to_row(letter: &DeadLetter, died_at: DateTime<Utc>) -> dead::DeadLetter {
    let publication = &letter.publication;
    dead::DeadLetter {
        consumer: letter.queue.to_string(),
        event_id: publication.id,
        tenant_id: TenantId(publication.tenant),
        body: without_nul(&String::from_utf8_lossy(&publication.body)),
        reason: without_nul(&letter.reason),
        attempts: i32::try_from(letter.attempts).unwrap_or(i32::MAX),
        died_at,
    }
}

// PostgreSQL's texts cannot hold the character, and a dead letter must find its place.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn from_row(row: dead::DeadLetter) -> Option<DeadLetter> {
    let queue: QueueName = row.consumer.parse().ok()?;
    let (_, shard) = queue.reader()?;
    let head = Head::read(&row.body);
    let publication = Publication {
        id: row.event_id,
        tenant: row.tenant_id.0,
        shard,
        aggregate: head.aggregate.kind,
        event: head.kind.unwrap_or_else(|| "unknown".to_owned()),
        body: Bytes::from(row.body),
        trace: head.trace,
    };
    let attempts = u32::try_from(row.attempts).unwrap_or_default();
    Some(DeadLetter {
        queue,
        publication,
        attempts,
        reason: row.reason,
    })
}

/// Something that was given up on.
#[derive(Debug, Clone, PartialEq)]
pub enum Dead {
    /// A webhook's body that was proven but not understood.
    Webhook {
        /// Names the body.
        id: Uuid,
        /// Whose.
        tenant: TenantId,
        /// Where it came.
        inbox: InboxId,
        /// Why it was not understood.
        reason: String,
        /// When it came.
        received_at: DateTime<Utc>,
    },
    /// An event that a consumer could not handle.
    Event {
        /// The event's id; nil where it could not be read.
        id: Uuid,
        /// Whose.
        tenant: TenantId,
        /// Whose queue gave up.
        queue: QueueName,
        /// What happened.
        event: String,
        /// After how many tries.
        attempts: u32,
        /// Why.
        reason: String,
    },
}

/// Lists everything that was given up on: webhooks, then letters of the bus within one process,
/// then those of `bus`, at most `limit` of each.
pub async fn list(
    database: &Database,
    bus: Option<&dyn Bus>,
    limit: usize,
) -> anyhow::Result<Vec<Dead>> {
    let transaction = database.begin_system().await?;
    let webhooks = dead::list_webhooks(&transaction, to_limit(limit)).await?;
    let rows = dead::list(&transaction, to_limit(limit)).await?;
    transaction.commit().await?;
    let mut letters: Vec<DeadLetter> = rows.into_iter().filter_map(from_row).collect();
    if let Some(bus) = bus {
        // The bus within this process reads the same table.
        let known: BTreeSet<_> = letters.iter().map(name).collect();
        let others = bus.dead_letters(limit).await?.into_iter();
        letters.extend(others.filter(|letter| !known.contains(&name(letter))));
    }
    let webhooks = webhooks.into_iter().map(Dead::webhook);
    Ok(webhooks
        .chain(letters.into_iter().map(Dead::event))
        .collect())
}

fn name(letter: &DeadLetter) -> (QueueName, Uuid) {
    (letter.queue.clone(), letter.publication.id)
}

impl Dead {
    fn webhook(webhook: dead::DeadWebhook) -> Self {
        Self::Webhook {
            id: webhook.id.0,
            tenant: webhook.tenant_id,
            inbox: webhook.inbox_id,
            reason: webhook.reason,
            received_at: webhook.received_at,
        }
    }

    fn event(letter: DeadLetter) -> Self {
        Self::Event {
            id: letter.publication.id,
            tenant: TenantId(letter.publication.tenant),
            queue: letter.queue,
            event: letter.publication.event,
            attempts: letter.attempts,
            reason: letter.reason,
        }
    }
}

/// Asks the process that holds the bus within it to try dead events again; no ids means all.
pub async fn ask_for_retry(database: &Database, ids: &[Uuid]) -> anyhow::Result<()> {
    let transaction = database.begin_system().await?;
    if ids.is_empty() {
        notify::notify(&transaction, Topic::DeadRetry, "").await?;
    }
    for id in ids {
        notify::notify(&transaction, Topic::DeadRetry, &id.to_string()).await?;
    }
    Ok(transaction.commit().await?)
}

/// Does what [`ask_for_retry`] asks for, until `stop`; for the process of a bus within one process.
pub async fn follow_retries(database: Database, bus: Arc<dyn Bus>, stop: CancellationToken) {
    let following = async {
        loop {
            if let Err(error) = follow_once(&database, bus.as_ref()).await {
                tracing::warn!(%error, "hears no requests to retry dead events");
            }
            tokio::time::sleep(AGAIN).await;
        }
    };
    tokio::select! {
        () = following => {}
        () = stop.cancelled() => {}
    }
}

async fn follow_once(database: &Database, bus: &dyn Bus) -> anyhow::Result<()> {
    let mut listener = Listener::connect(database, Topic::DeadRetry).await?;
    loop {
        let payload = listener.next().await?;
        let ids: Vec<Uuid> = match payload.as_str() {
            "" => Vec::new(),
            id => match id.parse() {
                Ok(id) => vec![id],
                Err(_) => continue,
            },
        };
        match bus.retry_dead(&ids).await {
            Ok(revived) => tracing::info!(revived, "dead events are tried again"),
            Err(error) => tracing::warn!(%error, "could not retry dead events"),
        }
    }
}
