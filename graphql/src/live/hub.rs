//! One feed per tenant that somebody watches.

use super::feed::{Feed, Signal};
use super::{Logged, Stand};
use crate::Error;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::Database;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Hands what the bus brings to whoever watches; clones are the same hub.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    database: Database,
    buffer: usize,
    feeds: Mutex<HashMap<TenantId, Feed>>,
}

impl Hub {
    /// Makes a hub; `buffer` events may wait for a slow subscriber before it reads the log instead.
    pub fn new(database: Database, buffer: usize) -> Self {
        Self(Arc::new(Inner {
            database,
            buffer: buffer.max(1),
            feeds: Mutex::default(),
        }))
    }

    /// Takes an event from the bus: an envelope with its seq. Nobody watching, nothing done.
    pub fn publish(&self, tenant: TenantId, body: &[u8]) {
        let feeds = self.feeds();
        let Some(feed) = feeds.get(&tenant) else {
            return;
        };
        match serde_json::from_slice::<Stand>(body) {
            Ok(stand) => feed.tell(Signal::Event(Arc::new(Logged::read(stand.seq, body)))),
            Err(error) => {
                tracing::warn!(error = %error, "an event without a place came over the bus");
                feed.tell(Signal::Look);
            }
        }
    }

    /// Says that something may have been missed: every feed looks into the log.
    pub fn rescan(&self) {
        self.feeds()
            .values()
            .for_each(|feed| feed.tell(Signal::Look));
    }

    /// Counts the tenants that somebody watches.
    pub fn watched(&self) -> usize {
        self.feeds().len()
    }

    /// Subscribes to what happens from now on; whatever is in the log already is not shown.
    pub(super) async fn subscribe(
        &self,
        scope: TenantScope,
    ) -> Result<broadcast::Receiver<Arc<Logged>>, Error> {
        let (live, mut ready) = {
            let mut feeds = self.feeds();
            let feed = feeds.entry(scope.tenant()).or_insert_with(|| {
                Feed::start(self.clone(), self.0.database.clone(), scope, self.0.buffer)
            });
            (feed.subscribe(), feed.ready())
        };
        // The feed must know where it begins before a subscriber looks how far the log goes: what
        // comes in between would be shown by neither.
        ready
            .wait_for(|ready| *ready)
            .await
            .map_err(|_| Error::Unavailable)?;
        Ok(live)
    }

    /// Returns a page of the events that follow `last`, as far as the feed keeps them.
    pub(super) fn recent(&self, tenant: TenantId, last: u64) -> Vec<Arc<Logged>> {
        let feeds = self.feeds();
        feeds
            .get(&tenant)
            .map_or_else(Vec::new, |feed| feed.recent(last))
    }

    /// Forgets the tenant's feed unless somebody watches; `true` when it is forgotten.
    pub(super) fn forget_unwatched(&self, tenant: TenantId) -> bool {
        let mut feeds = self.feeds();
        let is_unwatched = feeds.get(&tenant).is_none_or(Feed::is_unwatched);
        if is_unwatched {
            feeds.remove(&tenant);
        }
        is_unwatched
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<TenantId, Feed>> {
        self.0.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
