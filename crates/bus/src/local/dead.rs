//! Where dead letters of the local bus are kept.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{DeadLetter, Error, QueueName};

/// What a store of dead letters may fail with.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps dead letters; a delivery counts as done only after `put` returned.
#[async_trait]
pub trait DeadStore: Send + Sync + 'static {
    /// Keeps a letter; one with the same queue and id is replaced.
    async fn put(&self, letter: DeadLetter) -> Result<(), StoreError>;
    /// Lists up to `limit` letters, oldest first.
    async fn list(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError>;
    /// Forgets a letter after its retry was acknowledged.
    async fn remove(&self, queue: &QueueName, id: Uuid) -> Result<(), StoreError>;
}

/// Keeps dead letters in memory, for tests and demonstrations.
#[derive(Debug, Default)]
pub struct MemoryDead(Mutex<Vec<DeadLetter>>);

impl MemoryDead {
    fn letters(&self) -> std::sync::MutexGuard<'_, Vec<DeadLetter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DeadStore for MemoryDead {
    async fn put(&self, letter: DeadLetter) -> Result<(), StoreError> {
        let mut letters = self.letters();
        letters.retain(|old| !is(old, &letter.queue, letter.publication.id));
        letters.push(letter);
        Ok(())
    }

    async fn list(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        Ok(self.letters().iter().take(limit).cloned().collect())
    }

    async fn remove(&self, queue: &QueueName, id: Uuid) -> Result<(), StoreError> {
        self.letters().retain(|old| !is(old, queue, id));
        Ok(())
    }
}

fn is(letter: &DeadLetter, queue: &QueueName, id: Uuid) -> bool {
    letter.queue == *queue && letter.publication.id == id
}

impl Error {
    pub(super) fn dead_store(error: StoreError) -> Self {
        Error::DeadStore(Arc::from(error))
    }
}
