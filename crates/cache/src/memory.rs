//! The cache within one process.

use crate::{Bucket, Cache, Error, Level};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::clock::Clock;
use interdesk_domain::id::AgentId;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many agents, throttles and notes are remembered at most, of each.
const LIMIT: usize = 100_000;

/// Keeps facts in this process; they go when it goes.
///
/// Agents and throttles have their own limits: whoever can invent throttle keys (a stranger at the
/// login) must not push agents out.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    facts: Mutex<Facts>,
}

struct Facts {
    agents: Leases<AgentId>,
    hits: Leases<String>,
    /// Until when each bucket is paid for.
    buckets: Leases<String>,
    notes: Leases<String>,
    /// Who is in which place.
    places: Leases<String, HashMap<AgentId, DateTime<Utc>>>,
}

impl MemoryCache {
    /// Makes an empty cache that tells time by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_limit(clock, LIMIT)
    }

    fn with_limit(clock: Arc<dyn Clock>, limit: usize) -> Self {
        let facts = Facts {
            agents: Leases::new(limit),
            hits: Leases::new(limit),
            buckets: Leases::new(limit),
            notes: Leases::new(limit),
            places: Leases::new(limit),
        };
        Self {
            clock,
            facts: Mutex::new(facts),
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Cache for MemoryCache {
    async fn touch(&self, agent: AgentId, lease: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        *self.facts().agents.entry(agent, now) = Lease {
            until: end(now, lease),
            kept: 1,
        };
        Ok(())
    }

    async fn alive(&self, agents: &[AgentId]) -> Result<Vec<bool>, Error> {
        let now = self.clock.now();
        let facts = self.facts();
        Ok(agents
            .iter()
            .map(|agent| facts.agents.is_live(agent, now))
            .collect())
    }

    async fn forget(&self, agent: AgentId) -> Result<(), Error> {
        self.facts().agents.kept.remove(&agent);
        Ok(())
    }

    async fn hit(&self, key: &str, window: Duration) -> Result<u64, Error> {
        let now = self.clock.now();
        let mut facts = self.facts();
        let lease = facts.hits.entry(key.to_owned(), now);
        if lease.until <= now {
            *lease = Lease {
                until: end(now, window),
                kept: 0,
            };
        }
        lease.kept += 1;
        Ok(lease.kept)
    }

    async fn take(&self, buckets: &[Bucket]) -> Result<Duration, Error> {
        let now = self.clock.now();
        let mut facts = self.facts();
        let waits = buckets.iter().map(|bucket| {
            let paid = facts.buckets.kept.get(&bucket.key);
            paid.map_or(Duration::ZERO, |lease| bucket.wait(lease.until, now))
        });
        let wait = waits.max().unwrap_or_default();
        if wait.is_zero() {
            for bucket in buckets {
                let lease = facts.buckets.entry(bucket.key.clone(), now);
                lease.until = bucket.pay(lease.until, now);
            }
        }
        Ok(wait)
    }

    async fn hold(&self, bucket: &Bucket, wait: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        let mut facts = self.facts();
        let lease = facts.buckets.entry(bucket.key.clone(), now);
        lease.until = lease
            .until
            .max(end(now, bucket.slack().saturating_add(wait)));
        Ok(())
    }

    async fn spend(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error> {
        let now = self.clock.now();
        let mut facts = self.facts();
        let paid = facts.buckets.kept.get(&bucket.key);
        let ahead = paid.map_or(Duration::ZERO, |lease| ahead(lease, now));
        let wanted = ahead.saturating_add(bucket.time(tokens));
        if wanted > bucket.whole() {
            return Ok(Level {
                wait: wanted - bucket.whole(),
                full_in: ahead,
            });
        }
        facts.buckets.entry(bucket.key.clone(), now).until = end(now, wanted);
        Ok(Level {
            wait: Duration::ZERO,
            full_in: wanted,
        })
    }

    async fn give_back(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error> {
        let now = self.clock.now();
        let mut facts = self.facts();
        let lease = facts.buckets.entry(bucket.key.clone(), now);
        let full_in = ahead(lease, now).saturating_sub(bucket.time(tokens));
        lease.until = end(now, full_in);
        Ok(Level {
            wait: Duration::ZERO,
            full_in,
        })
    }

    async fn note(&self, key: &str, lease: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        let until = end(now, lease);
        *self.facts().notes.entry(key.to_owned(), now) = Lease { until, kept: 1 };
        Ok(())
    }

    async fn noted(&self, keys: &[String]) -> Result<Vec<bool>, Error> {
        let now = self.clock.now();
        let facts = self.facts();
        let noted = keys.iter().map(|key| facts.notes.is_live(key, now));
        Ok(noted.collect())
    }

    async fn join(&self, place: &str, who: AgentId, lease: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        let until = end(now, lease);
        let mut facts = self.facts();
        let lease = facts.places.entry(place.to_owned(), now);
        lease.until = lease.until.max(until);
        lease.kept.retain(|_, until| *until > now);
        lease.kept.insert(who, until);
        Ok(())
    }

    async fn leave(&self, place: &str, who: AgentId) -> Result<(), Error> {
        if let Some(lease) = self.facts().places.kept.get_mut(place) {
            lease.kept.remove(&who);
        }
        Ok(())
    }

    async fn present(&self, places: &[String]) -> Result<Vec<Vec<AgentId>>, Error> {
        let now = self.clock.now();
        let facts = self.facts();
        let present = |place: &String| {
            let lease = facts.places.kept.get(place);
            let all = lease.into_iter().flat_map(|lease| &lease.kept);
            let mut found: Vec<AgentId> = all
                .filter(|(_, until)| **until > now)
                .map(|(who, _)| *who)
                .collect();
            found.sort_unstable();
            found
        };
        Ok(places.iter().map(present).collect())
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn ahead(lease: &Lease, now: DateTime<Utc>) -> Duration {
    (lease.until - now).to_std().unwrap_or_default()
}

fn end(now: DateTime<Utc>, lease: Duration) -> DateTime<Utc> {
    let lease = TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(lease)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Facts that run out, at most `limit` of them.
struct Leases<K, V = u64> {
    kept: HashMap<K, Lease<V>>,
    limit: usize,
}

struct Lease<V = u64> {
    until: DateTime<Utc>,
    /// What is kept until then: how often something happened, unless another thing is said.
    kept: V,
}

impl<K: Eq + Hash, V: Default> Leases<K, V> {
    fn new(limit: usize) -> Self {
        Self {
            kept: HashMap::new(),
            limit,
        }
    }

    fn is_live(&self, key: &K, now: DateTime<Utc>) -> bool {
        self.kept.get(key).is_some_and(|lease| lease.until > now)
    }

    /// Returns the lease of `key`; a new one has run out already.
    fn entry(&mut self, key: K, now: DateTime<Utc>) -> &mut Lease<V> {
        if self.kept.len() >= self.limit && !self.kept.contains_key(&key) {
            self.make_room(now);
        }
        self.kept.entry(key).or_insert(Lease {
            until: now,
            kept: V::default(),
        })
    }

    /// Drops what ran out, and where that is too little the tenth that would run out first, so
    /// that looking through everything is paid for by many insertions.
    fn make_room(&mut self, now: DateTime<Utc>) {
        self.kept.retain(|_, lease| lease.until > now);
        let wanted = self.limit - (self.limit / 10).max(1);
        if self.kept.len() <= wanted {
            return;
        }
        let surplus = self.kept.len() - wanted;
        let mut ends: Vec<_> = self.kept.values().map(|lease| lease.until).collect();
        let (_, last, _) = ends.select_nth_unstable(surplus - 1);
        let last = *last;
        let mut left = surplus;
        self.kept.retain(|_, lease| {
            let goes = lease.until <= last && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    struct HandClock(Mutex<DateTime<Utc>>);

    impl HandClock {
        fn new() -> Arc<Self> {
            Arc::new(Self(Mutex::new(DateTime::UNIX_EPOCH)))
        }

        fn advance(&self, seconds: i64) {
            *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
        }
    }

    impl Clock for HandClock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }

        fn new_uuid(&self) -> Uuid {
            Uuid::nil()
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_lease_ends_to_the_second() {
        let clock = HandClock::new();
        let cache = MemoryCache::new(clock.clone());
        let agent = AgentId(Uuid::from_u128(1));
        cache.touch(agent, MINUTE).await.unwrap();
        clock.advance(59);
        assert_eq!(cache.alive(&[agent]).await.unwrap(), [true]);
        clock.advance(1);
        assert_eq!(cache.alive(&[agent]).await.unwrap(), [false]);
    }

    #[tokio::test]
    async fn who_is_in_a_place_is_there_until_they_leave_or_their_lease_ends() {
        let clock = HandClock::new();
        let cache = MemoryCache::new(clock.clone());
        let (one, two) = (AgentId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)));
        let places = ["here".to_owned(), "there".to_owned()];
        cache.join("here", two, MINUTE).await.unwrap();
        cache.join("here", one, MINUTE * 2).await.unwrap();
        let present = cache.present(&places).await.unwrap();
        assert_eq!(present, [vec![one, two], vec![]]);
        clock.advance(60);
        assert_eq!(cache.present(&places).await.unwrap()[0], [one]);
        cache.leave("here", one).await.unwrap();
        assert!(cache.present(&places).await.unwrap()[0].is_empty());
    }

    #[tokio::test]
    async fn a_window_does_not_move_with_its_hits() {
        let clock = HandClock::new();
        let cache = MemoryCache::new(clock.clone());
        assert_eq!(cache.hit("login", MINUTE).await.unwrap(), 1);
        clock.advance(59);
        assert_eq!(cache.hit("login", MINUTE).await.unwrap(), 2);
        clock.advance(1);
        assert_eq!(cache.hit("login", MINUTE).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_flood_of_keys_is_bounded_and_pushes_out_those_that_end_first() {
        let cache = MemoryCache::with_limit(HandClock::new(), 100);
        let agent = AgentId(Uuid::from_u128(1));
        cache.touch(agent, MINUTE).await.unwrap();
        cache.hit("long", MINUTE * 60).await.unwrap();
        for number in 0..10_000 {
            cache.hit(&format!("key {number}"), MINUTE).await.unwrap();
        }
        assert!(cache.facts().hits.kept.len() <= 100);
        assert_eq!(cache.hit("long", MINUTE).await.unwrap(), 2);
        assert_eq!(cache.alive(&[agent]).await.unwrap(), [true]);
    }

    #[tokio::test]
    async fn what_ran_out_goes_first() {
        let clock = HandClock::new();
        let cache = MemoryCache::with_limit(clock.clone(), 100);
        for number in 0..99 {
            cache.hit(&format!("old {number}"), MINUTE).await.unwrap();
        }
        clock.advance(61);
        cache.hit("young", Duration::from_secs(1)).await.unwrap();
        cache.hit("another", MINUTE).await.unwrap();
        assert_eq!(cache.hit("young", MINUTE).await.unwrap(), 2);
        assert_eq!(cache.facts().hits.kept.len(), 2);
    }
}
