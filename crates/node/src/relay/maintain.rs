//! Keeps partitions of the event log ready and drops old ones.

use interdesk_store::{Database, Error, relay as log};
use std::time::Duration;

const DAYS_AHEAD: i32 = 3;
const EVERY: Duration = Duration::from_secs(3_600);
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Maintains at once and then every hour.
pub(super) async fn run(database: &Database, retention_days: u32) {
    loop {
        let pause = match once(database, retention_days).await {
            Ok(0) => EVERY,
            Ok(dropped) => {
                tracing::info!(dropped, "dropped old days of the event log");
                EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "could not maintain the event log, trying again");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn once(database: &Database, retention_days: u32) -> Result<i64, Error> {
    let days_kept = i32::try_from(retention_days).unwrap_or(i32::MAX);
    // Not one of the pool's: dropped midway, that would keep its locks on the log for a while.
    let conn = database.connect_system().await?;
    log::maintain(&conn, DAYS_AHEAD, days_kept).await
}
