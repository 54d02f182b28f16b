//! One subscriber: scans the log from a place, then follows live; nothing missed, nothing doubled.

use super::feed::{PAGE, PATIENCE};
use super::{Hub, Logged};
use crate::Error;
use interdesk_domain::scope::TenantScope;
use interdesk_store::relay;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};

/// One subscriber's way through a tenant's log.
pub(crate) struct Follower {
    hub: Hub,
    scope: TenantScope,
    live: broadcast::Receiver<Arc<Logged>>,
    /// The last seq that was shown.
    last: u64,
    /// Read from the log and not shown yet.
    scanned: VecDeque<Arc<Logged>>,
    is_scanning: bool,
}

impl Follower {
    /// Begins behind `after`, or now.
    ///
    /// Fails with [`Error::ResyncRequired`] where the log does not reach back so far, or has not
    /// come so far: then it is another log, for example a restored one.
    pub(crate) async fn begin(
        hub: Hub,
        scope: TenantScope,
        after: Option<u64>,
    ) -> Result<Self, Error> {
        let live = hub.subscribe(scope).await?;
        let (oldest, newest) = hub
            .database()
            .read(scope, async |conn| relay::bounds(conn, scope).await)
            .await?;
        let last = after.unwrap_or(newest);
        if last + 1 < oldest || last > newest {
            return Err(Error::ResyncRequired);
        }
        let scanned = VecDeque::new();
        Ok(Self {
            hub,
            scope,
            live,
            last,
            scanned,
            is_scanning: last < newest,
        })
    }

    /// Returns the place behind which the next event is.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Waits for the next event; an error is the last that comes.
    pub(crate) async fn next(&mut self) -> Result<Arc<Logged>, Error> {
        loop {
            if let Some(event) = self.scanned.pop_front() {
                self.last = event.seq;
                return Ok(event);
            }
            if self.is_scanning {
                self.scan().await?;
                continue;
            }
            match self.live.recv().await {
                Ok(event) if event.seq <= self.last => {}
                Ok(event) if event.seq == self.last + 1 => {
                    self.last = event.seq;
                    return Ok(event);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => self.is_scanning = true,
                // The feed ends only when nobody listens, so this is the end of the process.
                Err(RecvError::Closed) => return Err(Error::Unavailable),
            }
        }
    }

    async fn scan(&mut self) -> Result<(), Error> {
        // Whoever comes back soon finds what was read for others; the log says where that ends.
        self.scanned = self.hub.recent(self.scope.tenant(), self.last).into();
        if !self.scanned.is_empty() {
            return Ok(());
        }
        let events = match self.list().await {
            Ok(events) => events,
            Err(error) => {
                let tenant = self.scope.tenant();
                tracing::warn!(tenant.id = %tenant, error = %error, "the event log is not readable");
                tokio::time::sleep(PATIENCE).await;
                return Ok(());
            }
        };
        // Days that were dropped meanwhile leave a hole that nothing fills.
        if events.first().is_some_and(|(seq, _)| *seq != self.last + 1) {
            return Err(Error::ResyncRequired);
        }
        self.is_scanning = events.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.scanned = events
            .into_iter()
            .map(|(seq, body)| Arc::new(Logged::read(seq, body.as_bytes())))
            .collect();
        Ok(())
    }

    async fn list(&self) -> Result<Vec<(u64, String)>, interdesk_store::Error> {
        let events = self
            .hub
            .database()
            .read(self.scope, async |conn| {
                relay::list_after(conn, self.scope, self.last, PAGE).await
            })
            .await?;
        Ok(events)
    }
}
