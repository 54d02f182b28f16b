//! The half of the relay that hands stamped events to the bus.
//!
//! Three loops run side by side in one task: [`read`] fetches pages and waits for room, [`send`]
//! keeps several of them on their way, [`mark`] remembers how far confirmed events reach. A
//! failure drops whatever is on its way before a later page can overtake the one that failed, and
//! all three begin again behind the last event of the confirmed prefix.

use super::publication::pack;
use super::{Relay, Settings, Shared};
use crate::telemetry::metrics::{EVENTS_PUBLISHED, RELAY_LAG};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use interdesk_bus::{Bus, Publication, PublishError};
use interdesk_store::{Conn, Error, relay as log};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The first pause after a failure of the bus; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// The rest between two marks of how far it got.
const BETWEEN_MARKS: Duration = Duration::from_millis(20);
/// How long confirms may take to come in after the end was asked for.
const LAST_CONFIRMS: Duration = Duration::from_secs(1);

/// Publishes whatever is stamped, until `stop` or until the database is lost.
pub(super) async fn run(relay: &Relay, stop: &CancellationToken) -> Result<(), Error> {
    let conn = relay.database.connect_system().await?;
    log::plan_once(&conn).await?;
    log::relax(&conn).await?;
    let (confirmed, _) = watch::channel(log::find_cursor(&conn).await?.published);
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let before = *confirmed.borrow();
        match attempt(relay, &conn, &confirmed, stop).await? {
            Ok(()) => break,
            Err(error) if *confirmed.borrow() > before => {
                tracing::warn!(%error, "publishing failed, going on from the last confirmed event");
                pause = FIRST_PAUSE;
            }
            Err(error) => {
                tracing::warn!(%error, ?pause, "publishing fails, trying again");
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
    let last = *confirmed.borrow();
    log::mark_published(&conn, last).await
}

/// Publishes until the first failure: the outer one is the database's, the inner one the bus's.
async fn attempt(
    relay: &Relay,
    conn: &Conn,
    confirmed: &watch::Sender<i64>,
    stop: &CancellationToken,
) -> Result<Result<(), PublishError>, Error> {
    let (pages, arriving) = mpsc::channel(1);
    let after = *confirmed.borrow();
    let reading = read(conn, &relay.settings, &relay.shared, after, pages);
    let sending = send(relay.bus.as_ref(), arriving, confirmed, &relay.shared, stop);
    let marking = mark(conn, confirmed.subscribe());
    tokio::select! {
        error = reading => Err(error),
        error = marking => Err(error),
        ended = sending => Ok(ended),
    }
}

/// Events on their way to [`send`], with the room they take.
struct Page {
    last: i64,
    batch: Vec<Publication>,
    room: OwnedSemaphorePermit,
}

async fn read(
    conn: &Conn,
    settings: &Settings,
    shared: &Shared,
    mut after: i64,
    pages: mpsc::Sender<Page>,
) -> Error {
    let lead = settings.lead.clamp(1, Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(lead));
    let size = settings.page.clamp(1, lead);
    loop {
        let events = match log::list_stamped(conn, after, size as i64).await {
            Ok(events) => events,
            Err(error) => return error,
        };
        let Some(last) = events.last().map(|event| event.stamp) else {
            shared.stamped.notified().await;
            continue;
        };
        let needed = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let batch = events
            .into_iter()
            .map(|event| pack(event, settings.shards))
            .collect();
        // Neither is closed while the other two loops run beside this one.
        if let Ok(room) = room.clone().acquire_many_owned(needed).await {
            let _ = pages.send(Page { last, batch, room }).await;
        }
        after = last;
        while after >= shared.last.load(Ordering::SeqCst) {
            shared.stamped.notified().await;
        }
    }
}

async fn send(
    bus: &dyn Bus,
    mut pages: mpsc::Receiver<Page>,
    confirmed: &watch::Sender<i64>,
    shared: &Shared,
    stop: &CancellationToken,
) -> Result<(), PublishError> {
    let mut on_their_way: FuturesUnordered<BoxFuture<'_, Answered>> = FuturesUnordered::new();
    let mut prefix = Prefix::new(*confirmed.borrow());
    let mut patience = std::pin::pin!(async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_CONFIRMS).await;
    });
    loop {
        tokio::select! {
            Some(answered) = on_their_way.next(), if !on_their_way.is_empty() => {
                let failure = prefix.settle(answered);
                confirmed.send_replace(prefix.reached);
                let lag = shared.last.load(Ordering::SeqCst) - prefix.reached;
                metrics::gauge!(RELAY_LAG).set(lag as f64);
                if let Some(failure) = failure {
                    return Err(failure);
                }
            }
            Some(page) = pages.recv(), if !stop.is_cancelled() => {
                prefix.expect(page.last);
                let mut publishing: BoxFuture<'_, Answered> = Box::pin(publish(bus, page));
                // The bus takes batches in the order of their first poll.
                match futures::poll!(publishing.as_mut()) {
                    Poll::Ready(answered) => on_their_way.push(Box::pin(async { answered })),
                    Poll::Pending => on_their_way.push(publishing),
                }
            }
            () = &mut patience => return Ok(()),
            () = stop.cancelled(), if on_their_way.is_empty() => return Ok(()),
        }
    }
}

/// How a page fared.
struct Answered {
    last: i64,
    /// How many events were confirmed before the first that was not.
    taken: usize,
    size: usize,
    failure: Option<PublishError>,
}

async fn publish(bus: &dyn Bus, page: Page) -> Answered {
    let (last, size) = (page.last, page.batch.len());
    let results = bus.publish(page.batch).await;
    drop(page.room);
    let mut answered = Answered {
        last,
        taken: 0,
        size,
        failure: None,
    };
    for result in results {
        match result {
            Ok(()) => {}
            // It stays in the log, where readers of the log find it; waiting would help nobody.
            Err(error) if error.is_permanent() => {
                tracing::error!(%error, "an event cannot be published, leaving it out");
            }
            Err(error) => {
                answered.failure = Some(error);
                break;
            }
        }
        answered.taken += 1;
    }
    metrics::counter!(EVENTS_PUBLISHED).increment(answered.taken as u64);
    if answered.taken < size && answered.failure.is_none() {
        answered.failure = Some(PublishError::Held);
    }
    answered
}

/// Follows how far confirmed pages reach without a hole.
struct Prefix {
    reached: i64,
    /// The pages on their way by their last stamp, and whether they are confirmed.
    open: BTreeMap<i64, bool>,
}

impl Prefix {
    fn new(reached: i64) -> Self {
        Self {
            reached,
            open: BTreeMap::new(),
        }
    }

    fn expect(&mut self, last: i64) {
        self.open.insert(last, false);
    }

    fn settle(&mut self, answered: Answered) -> Option<PublishError> {
        if answered.failure.is_some() {
            let is_next = self.open.keys().next() == Some(&answered.last);
            if is_next && answered.taken > 0 {
                // Stamps have no gap, so the last one that was taken can be counted.
                self.reached = answered.last - (answered.size - answered.taken) as i64;
            }
            return answered.failure;
        }
        self.open.insert(answered.last, true);
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.get()) {
            self.reached = *entry.key();
            entry.remove();
        }
        None
    }
}

/// Writes down how far it got, now and then: a mark that is missing after a crash only repeats.
async fn mark(conn: &Conn, mut confirmed: watch::Receiver<i64>) -> Error {
    // What was confirmed before a failure may not be marked yet.
    confirmed.mark_changed();
    loop {
        // The sender outlives this loop.
        if confirmed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let reached = *confirmed.borrow_and_update();
        if let Err(error) = log::mark_published(conn, reached).await {
            return error;
        }
        tokio::time::sleep(BETWEEN_MARKS).await;
    }
}
