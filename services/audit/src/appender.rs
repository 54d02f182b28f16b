//! Continues the logs of tenants, patiently.

use crate::consumer::Settings;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::audit::{self, Signer};
use interdesk_flow::keys::{self, Purpose};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The first pause before something is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Continues the logs of tenants.
pub(crate) struct Appender {
    desk: Desk,
    settings: Settings,
    stop: CancellationToken,
    signer: Mutex<Signer>,
    /// Tenants whose last leaves no checkpoint covers yet.
    unsigned: Mutex<BTreeSet<TenantId>>,
}

impl Appender {
    /// Fetches the key that signs, however long the database is away; `None` when it is time to
    /// stop.
    pub(crate) async fn start(
        desk: Desk,
        settings: Settings,
        stop: CancellationToken,
    ) -> Result<Option<Self>, keys::Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            match signer(&desk, &settings).await {
                Ok(signer) => {
                    let (signer, unsigned) = (Mutex::new(signer), Mutex::default());
                    return Ok(Some(Self {
                        desk,
                        settings,
                        stop,
                        signer,
                        unsigned,
                    }));
                }
                Err(keys::Error::Store(error)) if error.is_passing() => {
                    tracing::warn!(%error, "the key that signs checkpoints is out of reach");
                }
                Err(error) => return Err(error),
            }
            let Some(longer) = rest(pause, &stop).await else {
                return Ok(None);
            };
            pause = longer;
        }
    }

    /// Fetches the key anew, so that a rotation needs no restart.
    pub(crate) async fn refresh(&self) -> Result<(), keys::Error> {
        *lock(&self.signer) = signer(&self.desk, &self.settings).await?;
        Ok(())
    }

    /// Returns the desk.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Lists the tenants whose last leaves no checkpoint covers yet.
    pub(crate) fn unsigned(&self) -> Vec<TenantId> {
        lock(&self.unsigned).iter().copied().collect()
    }

    /// Appends whatever a tenant's event log has beyond its last leaf; `false` when it is time to
    /// stop instead.
    ///
    /// While the database is away this waits. A log that cannot go on is left to the next sweep,
    /// which tries again, so that one tenant's trouble does not hold up the others of its shard.
    pub(crate) async fn catch_up(&self, tenant: TenantId) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.append(tenant).await {
                Ok(()) => return true,
                Err(error) => error,
            };
            if !error.is_passing() {
                tracing::error!(tenant.id = %tenant, %error, "the audit log cannot go on");
                return true;
            }
            tracing::warn!(tenant.id = %tenant, %error, "the audit log has to wait");
            match rest(pause, &self.stop).await {
                Some(longer) => pause = longer,
                None => return false,
            }
        }
    }

    async fn append(&self, tenant: TenantId) -> Result<(), audit::Error> {
        let signer = lock(&self.signer).clone();
        loop {
            let appended = audit::append(&self.desk, TenantScope::new(tenant), &signer).await?;
            match appended.unsigned {
                0 => lock(&self.unsigned).remove(&tenant),
                _ => lock(&self.unsigned).insert(tenant),
            };
            if !appended.more {
                return Ok(());
            }
        }
    }
}

async fn signer(desk: &Desk, settings: &Settings) -> Result<Signer, keys::Error> {
    let key = keys::signing(desk, &settings.vault, Purpose::Checkpoint).await?;
    Ok(Signer {
        key,
        every: settings.checkpoint_every,
        after: settings.checkpoint_after,
    })
}

/// Waits for the pause and returns the next one; `None` when it is time to stop.
async fn rest(pause: Duration, stop: &CancellationToken) -> Option<Duration> {
    tokio::select! {
        () = tokio::time::sleep(pause) => Some((pause * 2).min(LONGEST_PAUSE)),
        () = stop.cancelled() => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
