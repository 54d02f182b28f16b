//! How queues stand.

use super::Reader;
use crate::Error;
use async_graphql::dataloader::Loader;
use chrono::DateTime;
use interdesk_domain::id::QueueId;
use interdesk_store::read::queue_stats::{self, QueueStats};
use std::collections::HashMap;

/// How a queue stands at a moment, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StatsOf(pub(crate) QueueId, pub(crate) i64);

#[async_graphql::async_trait::async_trait]
impl Loader<StatsOf> for Reader {
    type Value = QueueStats;
    type Error = Error;

    async fn load(&self, keys: &[StatsOf]) -> Result<HashMap<StatsOf, QueueStats>, Error> {
        // A list asks for one moment, each of its lines a little later.
        let now = keys.iter().map(|key| key.1).max().unwrap_or_default();
        let now = DateTime::from_timestamp_micros(now).unwrap_or_default();
        let queues: Vec<QueueId> = keys.iter().map(|key| key.0).collect();
        let transaction = self.begin().await?;
        let mut found = queue_stats::list(&transaction, self.scope, &queues, now).await?;
        transaction.commit().await?;
        let of = |key: &StatsOf| (*key, found.remove(&key.0).unwrap_or_default());
        Ok(keys.iter().map(of).collect())
    }
}
