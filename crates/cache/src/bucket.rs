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

    /// Returns how much time all of its tokens take to come back.
    pub(crate) fn whole(&self) -> Duration {
        self.every.saturating_mul(self.burst.max(1))
    }

    /// Returns how much time so many tokens take to come back.
    pub(crate) fn time(&self, tokens: u32) -> Duration {
        self.every.saturating_mul(tokens)
    }

    /// Returns how many tokens are in the bucket.
    pub fn left(&self, level: Level) -> u32 {
        let missing = level
            .full_in
            .as_nanos()
            .div_ceil(self.every.as_nanos().max(1));
        self.burst
            .saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX))
    }
}

/// How a bucket stands after it was asked for tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// How long to wait before asking again: zero where the tokens were taken.
    pub wait: Duration,
    /// How long until the bucket is full.
    pub full_in: Duration,
}
