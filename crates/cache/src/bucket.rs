//! Buckets of tokens: how fast something may go on, over all processes that share a cache.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A bucket that `burst` tokens fit in and that gains one every `every`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Which bucket; processes that name the same share it.
    pub key: String,
    /// How long a token takes to come back.
    pub every: Duration,
    /// How many may be taken at once from a full bucket; one at least.
    pub burst: u32,
}

impl Bucket {
    /// Returns how far ahead of now the bucket may be paid for.
    pub(crate) fn slack(&self) -> Duration {
        self.every.saturating_mul(self.burst.max(1) - 1)
    }

    /// Returns how long to wait for a token of a bucket that is paid for until `paid`.
    pub(crate) fn wait(&self, paid: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
        let ahead = (paid - now).to_std().unwrap_or_default();
        ahead.saturating_sub(self.slack())
    }

    /// Returns until when a bucket is paid for after one more token.
    pub(crate) fn pay(&self, paid: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let every = TimeDelta::from_std(self.every).unwrap_or(TimeDelta::MAX);
        paid.max(now)
            .checked_add_signed(every)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
