//! Short-lived facts: signs of life, who is typing, and throttles, in this process or in Redis.
//!
//! Nothing here is the truth about anything that matters: it may be lost at any time, and then the
//! desk goes on (an unknown agent counts as reachable, an unknown throttle as open).

mod bucket;
mod memory;
mod redis;

pub use bucket::{Bucket, Level};
pub use memory::MemoryCache;
pub use redis::RedisCache;

use interdesk_domain::id::AgentId;
use std::time::Duration;

/// What can go wrong with the cache.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached or does not answer in time.
    #[error("the cache is not available: {0}")]
    Unavailable(String),
}

/// Keeps short-lived facts.
#[async_trait::async_trait]
pub trait Cache: Send + Sync {
    /// Notes a sign of life of an agent, good for `lease`.
    async fn touch(&self, agent: AgentId, lease: Duration) -> Result<(), Error>;

    /// Tells for each agent whether there was a sign of life within the lease, in the given order.
    async fn alive(&self, agents: &[AgentId]) -> Result<Vec<bool>, Error>;

    /// Forgets an agent's sign of life.
    async fn forget(&self, agent: AgentId) -> Result<(), Error>;

    /// Counts one use of `key` within a fixed window and returns the count so far.
    async fn hit(&self, key: &str, window: Duration) -> Result<u64, Error>;

    /// Takes a token from each bucket, or from none of them, and returns how long to wait before
    /// asking again: zero where the tokens were taken.
    async fn take(&self, buckets: &[Bucket]) -> Result<Duration, Error>;

    /// Lets nobody take a token of a bucket for so long; who has to wait longer already still does.
    async fn hold(&self, bucket: &Bucket, wait: Duration) -> Result<(), Error>;

    /// Takes so many tokens from a bucket, or none of them. More than fit in it are never there.
    async fn spend(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error>;

    /// Puts tokens back that were taken and not needed; what is full stays full.
    async fn give_back(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error>;

    /// Notes that something goes on, for `lease`: somebody is typing.
    async fn note(&self, key: &str, lease: Duration) -> Result<(), Error>;

    /// Tells for each key whether it was noted within its lease, in the given order.
    async fn noted(&self, keys: &[String]) -> Result<Vec<bool>, Error>;

    /// Notes that somebody is in a place, for `lease`.
    async fn join(&self, place: &str, who: AgentId, lease: Duration) -> Result<(), Error>;

    /// Forgets that somebody is in a place.
    async fn leave(&self, place: &str, who: AgentId) -> Result<(), Error>;

    /// Lists for each place who is in it, in the given order.
    async fn present(&self, places: &[String]) -> Result<Vec<Vec<AgentId>>, Error>;

    /// Proves that the cache answers.
    async fn check(&self) -> Result<(), Error>;
}
