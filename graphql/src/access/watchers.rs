//! Who watches, and what they were last found to be allowed to: looked up once for all subscriptions of
//! one identity, however many pages it has open.

use super::{Identity, Proven, prove};
use crate::Error;
use interdesk_flow::{Desk, presence};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

type Map = Mutex<HashMap<Identity, Weak<Watcher>>>;

/// Everybody who watches.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<Map>);

/// One identity that watches, by one subscription or many.
pub(crate) struct Watcher {
    desk: Desk,
    identity: Identity,
    held: tokio::sync::Mutex<Held>,
    among: Weak<Map>,
}

/// What was found last.
struct Held {
    proven: Arc<Proven>,
    /// When the agent was last said to be there.
    seen: Option<Instant>,
}

impl Watchers {
    /// Returns the watcher of an identity, with what an operation of it has just found.
    pub(crate) fn watcher(
        &self,
        desk: &Desk,
        identity: &Identity,
        proven: &Arc<Proven>,
    ) -> Arc<Watcher> {
        let mut all = lock(&self.0);
        if let Some(watcher) = all.get(identity).and_then(Weak::upgrade) {
            if let Ok(mut held) = watcher.held.try_lock() {
                held.keep(proven);
            }
            return watcher;
        }
        let watcher = Arc::new(Watcher {
            desk: desk.clone(),
            identity: identity.clone(),
            held: tokio::sync::Mutex::new(Held {
                proven: proven.clone(),
                seen: None,
            }),
            among: Arc::downgrade(&self.0),
        });
        all.insert(identity.clone(), Arc::downgrade(&watcher));
        watcher
    }
}

impl Watcher {
    /// Returns the desk.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Returns what the identity was found to be allowed to at `since` or later; asks where nobody has.
    pub(crate) async fn prove(&self, since: Instant) -> Result<Arc<Proven>, Error> {
        let mut held = self.held.lock().await;
        if held.proven.at < since {
            held.proven = Arc::new(prove(&self.desk, &self.identity).await?);
        }
        Ok(held.proven.clone())
    }

    /// Says that the agent is there, unless another subscription did so within that time.
    pub(crate) async fn say_seen(&self, within: Duration) {
        let agent = {
            let mut held = self.held.lock().await;
            if held.seen.is_some_and(|seen| seen.elapsed() < within) {
                return;
            }
            held.seen = Some(Instant::now());
            held.proven.viewer.agent
        };
        presence::seen(&self.desk, agent).await;
    }
}

impl Held {
    fn keep(&mut self, proven: &Arc<Proven>) {
        if proven.at > self.proven.at {
            self.proven = proven.clone();
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let Some(all) = self.among.upgrade() else {
            return;
        };
        let mut all = lock(&all);
        // The same identity may have come back meanwhile.
        if all
            .get(&self.identity)
            .is_some_and(|one| one.strong_count() == 0)
        {
            all.remove(&self.identity);
        }
    }
}

fn lock(all: &Map) -> MutexGuard<'_, HashMap<Identity, Weak<Watcher>>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}
