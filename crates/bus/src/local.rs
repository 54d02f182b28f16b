//! The bus inside one process.
//!
//! It keeps nothing on disk and promises the same: a publication is answered `Ok` only when every
//! durable queue that takes it has acknowledged it or put it among the dead letters, so whoever
//! publishes from a durable cursor loses nothing in a crash and repeats a little. A publication
//! that waits for a retry therefore stays unanswered; await several batches at once.

mod consumer;
mod dead;
mod live;
mod queue;
mod ticket;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;
use tokio::sync::oneshot;
use uuid::Uuid;

use self::{live::Live, queue::Queue, ticket::Ticket};
use crate::{
    Bus, DeadLetter, Error, Publication, PublishError, QueueName, Reader, Topology,
    delivery::Source,
};

pub(crate) use self::consumer::{Consumer, Receipt};
pub use self::dead::{DeadStore, MemoryDead, StoreError};

/// How many messages a queue holds, ladder and unanswered deliveries included.
const CAPACITY: usize = 4096;

/// Carries events between the roles of one process.
pub struct LocalBus {
    topology: Topology,
    readers: Vec<Reader>,
    queues: BTreeMap<QueueName, Arc<Queue>>,
    lives: Mutex<Vec<Weak<Live>>>,
    dead: Arc<dyn DeadStore>,
    /// Held while a batch is put in the queues, so that batches do not interleave.
    turn: tokio::sync::Mutex<()>,
}

impl LocalBus {
    /// Opens the queues of these readers, whether or not one is there yet.
    ///
    /// Name every reader that runs in this process and no other: a publication waits for all of
    /// them.
    pub fn new(topology: Topology, readers: &[Reader], dead: Arc<dyn DeadStore>) -> Self {
        Self::with_capacity(topology, readers, dead, CAPACITY)
    }

    /// Opens queues that hold this many messages each.
    pub fn with_capacity(
        topology: Topology,
        readers: &[Reader],
        dead: Arc<dyn DeadStore>,
        capacity: usize,
    ) -> Self {
        let mut queues = BTreeMap::new();
        for name in topology.queue_names() {
            if name
                .reader()
                .is_some_and(|(reader, _)| readers.contains(&reader))
            {
                let queue = Queue::new(name.clone(), topology.clone(), dead.clone(), capacity);
                queues.insert(name, Arc::new(queue));
            }
        }
        let (lives, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self {
            topology,
            readers: readers.to_vec(),
            queues,
            lives,
            dead,
            turn,
        }
    }

    /// Opens all queues and keeps dead letters in memory, for tests and demonstrations.
    pub fn in_memory(topology: Topology) -> Self {
        Self::new(topology, &Reader::ALL, Arc::new(MemoryDead::default()))
    }

    /// Puts a publication in all its queues; the receiver hears when all have settled it.
    async fn enqueue(
        &self,
        publication: Publication,
    ) -> Result<oneshot::Receiver<()>, PublishError> {
        publication.validate()?;
        if publication.shard >= self.topology.shards {
            return Err(PublishError::Unroutable(publication.key()));
        }
        let queues: Vec<&Arc<Queue>> = self
            .readers
            .iter()
            .filter(|reader| reader.wants(&publication.event))
            .filter_map(|reader| self.queues.get(&reader.queue(publication.shard)))
            .collect();
        let publication = Arc::new(publication);
        let (ticket, answer) = Ticket::new(queues.len());
        for queue in queues {
            queue.push(publication.clone(), ticket.clone()).await?;
        }
        self.show_live(&publication);
        Ok(answer)
    }

    fn show_live(&self, publication: &Arc<Publication>) {
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.retain(|live| match live.upgrade() {
            Some(live) => {
                live.show(publication.clone());
                true
            }
            None => false,
        });
    }

    fn follow_live(&self, instance: String) -> Result<Consumer, Error> {
        let live = Arc::new(Live::new(instance));
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        if self.turn_closed() {
            return Err(Error::Closed);
        }
        lives.push(Arc::downgrade(&live));
        Ok(Consumer::live(live))
    }

    fn turn_closed(&self) -> bool {
        self.queues.values().any(|queue| queue.is_closed())
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(batch.len());
        {
            let _turn = self.turn.lock().await;
            let mut held = false;
            for publication in batch {
                if held {
                    answers.push(Err(PublishError::Held));
                    continue;
                }
                let answer = self.enqueue(publication).await;
                held = answer.as_ref().is_err_and(|error| !error.is_permanent());
                answers.push(answer);
            }
        }
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            results.push(match answer {
                Ok(answer) => answer.await.map_err(|_| PublishError::Closed),
                Err(error) => Err(error),
            });
        }
        let taken = results.iter().filter(|result| result.is_ok()).count();
        metrics::counter!("interdesk_bus_published_total").increment(taken as u64);
        let failed = results.len() - taken;
        metrics::counter!("interdesk_bus_publish_failed_total").increment(failed as u64);
        results
    }

    async fn consume(&self, queue: QueueName, prefetch: u16) -> Result<crate::Consumer, Error> {
        let consumer = match queue {
            QueueName::Live(instance) => self.follow_live(instance)?,
            name => match self.queues.get(&name) {
                Some(queue) => Consumer::durable(queue.clone(), prefetch)?,
                None => return Err(Error::NoQueue(name.to_string())),
            },
        };
        Ok(crate::Consumer(Source::Local(consumer)))
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        self.dead.list(limit).await.map_err(Error::dead_store)
    }

    async fn retry_dead(&self, ids: &[Uuid]) -> Result<usize, Error> {
        let letters = self
            .dead
            .list(usize::MAX)
            .await
            .map_err(Error::dead_store)?;
        let mut revived = 0;
        for letter in letters {
            if !ids.is_empty() && !ids.contains(&letter.publication.id) {
                continue;
            }
            let Some(queue) = self.queues.get(&letter.queue) else {
                continue;
            };
            if queue.revive(letter.publication).await? {
                revived += 1;
            }
        }
        Ok(revived)
    }

    async fn check(&self) -> Result<(), Error> {
        if self.turn_closed() {
            Err(Error::Closed)
        } else {
            Ok(())
        }
    }

    async fn close(&self) {
        for queue in self.queues.values() {
            queue.close();
        }
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        for live in lives.drain(..).filter_map(|live| live.upgrade()) {
            live.close();
        }
    }
}
