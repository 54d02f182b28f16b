//! A durable queue's stand-in: ordered, bounded, one active consumer.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{DeadStore, ticket::Ticket};
use crate::{DeadLetter, Error, Publication, PublishError, QueueName, Topology};

pub(crate) struct Queue {
    pub(super) name: QueueName,
    pub(super) wake: Notify,
    topology: Topology,
    dead: Arc<dyn DeadStore>,
    room: Arc<Semaphore>,
    state: Mutex<State>,
}

/// Positions only grow, so what comes back under its old position stands in front again.
#[derive(Default)]
struct State {
    ready: BTreeMap<u64, Entry>,
    unacked: BTreeMap<u64, Unacked>,
    /// The front one is active, the others wait for its place.
    consumers: VecDeque<u64>,
    /// Dead letters that are on their second life.
    revived: HashSet<Uuid>,
    last: u64,
    closed: bool,
}

struct Entry {
    publication: Arc<Publication>,
    attempt: u32,
    redeliveries: u32,
    origin: Origin,
    _room: OwnedSemaphorePermit,
}

struct Unacked {
    consumer: u64,
    entry: Entry,
}

enum Origin {
    Published(Arc<Ticket>),
    Dead,
}

/// What a consumer gets when it asks.
pub(super) enum Taken {
    Entry(Handed),
    Nothing,
    Closed,
}

pub(super) struct Handed {
    pub(super) position: u64,
    pub(super) publication: Arc<Publication>,
    pub(super) attempt: u32,
    pub(super) redeliveries: u32,
}

impl Queue {
    pub(super) fn new(
        name: QueueName,
        topology: Topology,
        dead: Arc<dyn DeadStore>,
        capacity: usize,
    ) -> Self {
        let room = Arc::new(Semaphore::new(capacity));
        Self {
            name,
            wake: Notify::new(),
            topology,
            dead,
            room,
            state: Mutex::default(),
        }
    }

    /// Waits for room and takes a publication.
    pub(super) async fn push(
        &self,
        publication: Arc<Publication>,
        ticket: Arc<Ticket>,
    ) -> Result<(), PublishError> {
        let room = self.room.clone().acquire_owned().await;
        let room = room.map_err(|_| PublishError::Closed)?;
        self.append(Entry::first(publication, Origin::Published(ticket), room));
        Ok(())
    }

    /// Takes a dead letter back as a first attempt, unless it is already on its way.
    pub(super) async fn revive(&self, publication: Publication) -> Result<bool, Error> {
        let room = self
            .room
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Error::Closed)?;
        if !self.state().revived.insert(publication.id) {
            return Ok(false);
        }
        self.append(Entry::first(Arc::new(publication), Origin::Dead, room));
        Ok(true)
    }

    pub(super) fn join(&self) -> Result<u64, Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Closed);
        }
        state.last += 1;
        let consumer = state.last;
        state.consumers.push_back(consumer);
        Ok(consumer)
    }

    /// Takes back all that a consumer holds and gives its place to the next.
    pub(super) fn leave(&self, consumer: u64) {
        let mut state = self.state();
        state.consumers.retain(|other| *other != consumer);
        let held: Vec<u64> = state
            .unacked
            .iter()
            .filter(|(_, unacked)| unacked.consumer == consumer)
            .map(|(position, _)| *position)
            .collect();
        for position in held {
            state.put_back(position);
        }
        drop(state);
        self.wake.notify_waiters();
    }

    pub(super) fn take(&self, consumer: u64, prefetch: usize) -> Taken {
        let mut state = self.state();
        if state.closed {
            return Taken::Closed;
        }
        let active = state.consumers.front() == Some(&consumer);
        if !active || state.unacked.len() >= prefetch {
            return Taken::Nothing;
        }
        let Some((position, entry)) = state.ready.pop_first() else {
            return Taken::Nothing;
        };
        let handed = Handed {
            position,
            publication: entry.publication.clone(),
            attempt: entry.attempt,
            redeliveries: entry.redeliveries,
        };
        state.unacked.insert(position, Unacked { consumer, entry });
        Taken::Entry(handed)
    }

    pub(super) async fn ack(&self, position: u64, consumer: u64) -> Result<(), Error> {
        let entry = self.settle(position, consumer)?;
        if matches!(entry.origin, Origin::Published(_)) {
            return Ok(());
        }
        let id = entry.publication.id;
        self.state().revived.remove(&id);
        self.dead
            .remove(&self.name, id)
            .await
            .map_err(Error::dead_store)
    }

    /// Waits outside the line and then stands at its end; it keeps its room meanwhile.
    pub(super) async fn retry(
        self: &Arc<Self>,
        position: u64,
        consumer: u64,
        attempt: u32,
        reason: &str,
    ) -> Result<(), Error> {
        let Some((_, wait)) = self.topology.rung(&self.name, attempt) else {
            return self.bury(position, consumer, reason).await;
        };
        let mut entry = self.release(position, consumer)?;
        metrics::counter!("interdesk_bus_retried_total", "queue" => self.name.kind()).increment(1);
        entry.attempt = attempt + 1;
        entry.redeliveries = 0;
        let queue = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(queue) = queue.upgrade() {
                queue.append(entry);
            }
        });
        Ok(())
    }

    /// Puts it among the dead letters first and lets it go after that.
    pub(super) async fn bury(
        &self,
        position: u64,
        consumer: u64,
        reason: &str,
    ) -> Result<(), Error> {
        let letter = self.letter(position, consumer, reason).ok_or(Error::Lost)?;
        let id = letter.publication.id;
        self.dead.put(letter).await.map_err(Error::dead_store)?;
        metrics::counter!("interdesk_bus_dead_total", "queue" => self.name.kind()).increment(1);
        self.settle(position, consumer)?;
        self.state().revived.remove(&id);
        Ok(())
    }

    /// Puts one delivery back at the front.
    pub(super) fn give_back(&self, position: u64, consumer: u64) {
        let mut state = self.state();
        if state.holds(position, consumer) {
            state.put_back(position);
        }
        drop(state);
        self.wake.notify_waiters();
    }

    pub(super) fn close(&self) {
        self.room.close();
        let mut state = self.state();
        state.closed = true;
        state.ready.clear();
        state.unacked.clear();
        drop(state);
        self.wake.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn append(&self, entry: Entry) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.last += 1;
        let position = state.last;
        state.ready.insert(position, entry);
        drop(state);
        self.wake.notify_waiters();
    }

    fn release(&self, position: u64, consumer: u64) -> Result<Entry, Error> {
        let mut state = self.state();
        if !state.holds(position, consumer) {
            return Err(Error::Lost);
        }
        let unacked = state.unacked.remove(&position).ok_or(Error::Lost)?;
        drop(state);
        self.wake.notify_waiters();
        Ok(unacked.entry)
    }

    /// Lets it go for good and tells its publisher.
    fn settle(&self, position: u64, consumer: u64) -> Result<Entry, Error> {
        let entry = self.release(position, consumer)?;
        if let Origin::Published(ticket) = &entry.origin {
            ticket.settle();
        }
        Ok(entry)
    }

    fn letter(&self, position: u64, consumer: u64, reason: &str) -> Option<DeadLetter> {
        let state = self.state();
        let unacked = state
            .unacked
            .get(&position)
            .filter(|held| held.consumer == consumer)?;
        Some(DeadLetter {
            queue: self.name.clone(),
            publication: unacked.entry.publication.as_ref().clone(),
            attempts: unacked.entry.attempt,
            reason: reason.to_owned(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn holds(&self, position: u64, consumer: u64) -> bool {
        self.unacked
            .get(&position)
            .is_some_and(|unacked| unacked.consumer == consumer)
    }

    fn put_back(&mut self, position: u64) {
        if let Some(Unacked { mut entry, .. }) = self.unacked.remove(&position) {
            entry.redeliveries += 1;
            self.ready.insert(position, entry);
        }
    }
}

impl Entry {
    fn first(publication: Arc<Publication>, origin: Origin, room: OwnedSemaphorePermit) -> Self {
        Self {
            publication,
            attempt: 1,
            redeliveries: 0,
            origin,
            _room: room,
        }
    }
}
