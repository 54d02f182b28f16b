//! Tells the relay that something was committed, wherever it runs.

use super::Shared;
use interdesk_store::notify::{self, Listener, Topic};
use interdesk_store::{Database, Error};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The least time between two notifications of one process.
const QUIET: Duration = Duration::from_millis(5);
/// How long to wait before connecting again.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells the relay of another process about commits of this one, until `stop`; for a process that
/// runs no relay itself. Nobody else may wait for `committed`.
pub async fn notify_others(
    database: Database,
    committed: std::sync::Arc<Notify>,
    stop: CancellationToken,
) {
    let shared = Shared::default();
    tokio::select! {
        () = forward(&database, &committed, &shared) => {}
        () = stop.cancelled() => {}
    }
}

/// Hands commits on: to the stamping half of this process when it is the relay, to others by a
/// notification when it is not. One task owns the waiting, since a `Notify` wakes one only.
pub(super) async fn forward(database: &Database, committed: &Notify, shared: &Shared) {
    loop {
        committed.notified().await;
        if shared.active.load(Ordering::SeqCst) {
            shared.wake.notify_one();
            continue;
        }
        if let Err(error) = tell(database).await {
            // Whoever is the relay polls too.
            tracing::debug!(%error, "could not notify the relay");
        }
        tokio::time::sleep(QUIET).await;
    }
}

async fn tell(database: &Database) -> Result<(), Error> {
    let transaction = database.begin_system().await?;
    notify::notify(&transaction, Topic::Outbox, "").await?;
    transaction.commit().await
}

/// Listens for the commits of other processes.
pub(super) async fn listen(database: &Database, shared: &Shared) {
    loop {
        if let Err(error) = listen_once(database, shared).await {
            tracing::warn!(%error, "the relay hears no notifications, polling only");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(database: &Database, shared: &Shared) -> Result<(), Error> {
    let mut listener = Listener::connect(database, Topic::Outbox).await?;
    loop {
        listener.next().await?;
        shared.wake.notify_one();
    }
}
