//! When a batch runs: behind the last of those who ask.
//!
//! The library's loaders gather for a millisecond, which is long for one object and short for a hundred
//! on a busy machine. And a list of more than 30 is not asked in one go: its executor lets others run
//! after every second element. So a batch waits for as long as every turn of its thread brings another
//! question, and no clock is looked at.

use async_graphql::dataloader::{DataLoader, Loader};
use futures::future::BoxFuture;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A loader whose batches hold all that a level of a document shows.
pub struct Batched<L> {
    loader: DataLoader<L>,
    asked: Arc<AtomicUsize>,
}

impl<L> Batched<L> {
    /// Makes the batches of a loader.
    pub(crate) fn of(loader: L) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let spawn = move |batch: BoxFuture<'static, ()>| {
            let asked = counted.clone();
            tokio::spawn(async move {
                behind_the_last(&asked).await;
                batch.await;
            })
        };
        Self {
            loader: DataLoader::new(loader, spawn).delay(Duration::ZERO),
            asked,
        }
    }

    /// Loads one thing; absent where there is none.
    ///
    /// On the heap: every field of an object is resolved in a future as large as that of its largest.
    pub(crate) fn load<K>(&self, key: K) -> BoxFuture<'_, Result<Option<L::Value>, L::Error>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        L: Loader<K>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(self.loader.load_one(key))
    }
}

/// Waits until everything that was ready has run and asked nothing.
async fn behind_the_last(asked: &AtomicUsize) {
    loop {
        let before = asked.load(Ordering::Relaxed);
        tokio::task::yield_now().await;
        if asked.load(Ordering::Relaxed) == before {
            return;
        }
    }
}
