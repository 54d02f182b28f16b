//! What every cache promises, over both of them, and what Redis adds: to fail fast and come back.

#![allow(clippy::unwrap_used)]

use chrono::{DateTime, Utc};
use interdesk_cache::{Bucket, Cache, MemoryCache, RedisCache};
use interdesk_domain::clock::Clock;
use interdesk_domain::id::AgentId;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

struct WallClock;

#[allow(
    clippy::disallowed_methods,
    reason = "leases of Redis run in real time, so these must too"
)]
impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

fn new_agent() -> AgentId {
    AgentId(WallClock.new_uuid())
}

/// Runs one promise over both caches.
async fn check<F: Future<Output = ()>>(promise: impl Fn(Arc<dyn Cache>) -> F) {
    promise(Arc::new(MemoryCache::new(Arc::new(WallClock)))).await;
    match std::env::var("INTERDESK_TEST_REDIS_URL") {
        Ok(url) => promise(Arc::new(RedisCache::connect(&url).unwrap())).await,
        Err(_) => {
            eprintln!("skipped redis: INTERDESK_TEST_REDIS_URL is not set; ./dev test sets it")
        }
    }
}

#[tokio::test]
async fn who_is_in_a_place_is_told_until_they_leave_or_their_time_is_over() {
    check(|cache| async move {
        let mut all = [new_agent(), new_agent(), new_agent()];
        all.sort_unstable();
        let (here, there) = (new_agent().0.to_string(), new_agent().0.to_string());
        for agent in all {
            cache.join(&here, agent, LONG).await.unwrap();
        }
        cache.join(&here, all[1], SHORT).await.unwrap();
        let places = [there, here.clone()];
        let present = cache.present(&places).await.unwrap();
        assert_eq!(present, [vec![], all.to_vec()]);
        cache.leave(&here, all[0]).await.unwrap();
        tokio::time::sleep(SHORT * 2).await;
        assert_eq!(cache.present(&places).await.unwrap()[1], [all[2]]);
        assert!(cache.present(&[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn signs_of_life_are_told_in_the_order_asked() {
    check(|cache| async move {
        let (first, second, third) = (new_agent(), new_agent(), new_agent());
        cache.touch(third, LONG).await.unwrap();
        cache.touch(first, LONG).await.unwrap();
        let alive = cache.alive(&[first, second, third]).await.unwrap();
        assert_eq!(alive, [true, false, true]);
        assert_eq!(cache.alive(&[]).await.unwrap(), [false; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_held_bucket_gives_nothing_for_so_long_and_a_shorter_hold_changes_nothing() {
    check(|cache| async move {
        let bucket = |word: &str| Bucket {
            key: format!("{word}:{}", new_agent()),
            every: Duration::from_millis(1),
            burst: 5,
        };
        let (held, free) = (bucket("held"), bucket("free"));
        cache.hold(&held, LONG).await.unwrap();
        cache.hold(&held, SHORT).await.unwrap();
        let both = [free.clone(), held.clone()];
        let wait = cache.take(&both).await.unwrap();
        assert!(wait > LONG / 2 && wait <= LONG, "{wait:?}");
        assert_eq!(cache.take(&[free]).await.unwrap(), Duration::ZERO);
        let soon = bucket("soon");
        cache.hold(&soon, SHORT).await.unwrap();
        assert!(
            !cache
                .take(std::slice::from_ref(&soon))
                .await
                .unwrap()
                .is_zero()
        );
        tokio::time::sleep(SHORT * 2).await;
        assert_eq!(cache.take(&[soon]).await.unwrap(), Duration::ZERO);
    })
    .await;
}

#[tokio::test]
async fn a_note_is_told_until_its_lease_ends() {
    check(|cache| async move {
        let key = |word: &str| format!("typing:{word}:{}", new_agent());
        let (long, short, never) = (key("a"), key("b"), key("c"));
        cache.note(&long, LONG).await.unwrap();
        cache.note(&short, SHORT).await.unwrap();
        let keys = [short, never, long];
        assert_eq!(cache.noted(&keys).await.unwrap(), [true, false, true]);
        tokio::time::sleep(SHORT * 2).await;
        assert_eq!(cache.noted(&keys).await.unwrap(), [false, false, true]);
        assert_eq!(cache.noted(&[]).await.unwrap(), [false; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_sign_of_life_ends_with_its_lease_and_is_prolonged_by_the_next() {
    check(|cache| async move {
        let (once, twice) = (new_agent(), new_agent());
        cache.touch(once, SHORT).await.unwrap();
        cache.touch(twice, SHORT).await.unwrap();
        cache.touch(twice, LONG).await.unwrap();
        tokio::time::sleep(SHORT * 2).await;
        assert_eq!(cache.alive(&[once, twice]).await.unwrap(), [false, true]);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_agent_is_gone_at_once() {
    check(|cache| async move {
        let agent = new_agent();
        cache.touch(agent, LONG).await.unwrap();
        cache.forget(agent).await.unwrap();
        cache.forget(agent).await.unwrap();
        assert_eq!(cache.alive(&[agent]).await.unwrap(), [false]);
    })
    .await;
}

#[tokio::test]
async fn hits_count_up_within_a_window_that_does_not_move() {
    check(|cache| async move {
        let key = new_agent().0.to_string();
        let begin = Instant::now();
        assert_eq!(cache.hit(&key, SHORT).await.unwrap(), 1);
        assert_eq!(cache.hit(&key, LONG).await.unwrap(), 2);
        tokio::time::sleep((SHORT * 2).saturating_sub(begin.elapsed())).await;
        assert_eq!(cache.hit(&key, LONG).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn hits_of_many_at_once_are_counted_once_each() {
    check(|cache| async move {
        let key = new_agent().0.to_string();
        let hits = (0..200).map(|_| {
            let (cache, key) = (cache.clone(), key.clone());
            tokio::spawn(async move { cache.hit(&key, LONG).await.unwrap() })
        });
        let mut counts = Vec::new();
        for hit in hits.collect::<Vec<_>>() {
            counts.push(hit.await.unwrap());
        }
        counts.sort_unstable();
        assert_eq!(counts, (1..=200).collect::<Vec<u64>>());
    })
    .await;
}

fn bucket(key: &str, every: Duration, burst: u32) -> Bucket {
    let key = key.to_owned();
    Bucket { key, every, burst }
}

#[tokio::test]
async fn a_bucket_gives_its_burst_at_once_and_then_one_after_the_other() {
    check(|cache| async move {
        let slow = [bucket(&new_agent().0.to_string(), SHORT, 3)];
        for _ in 0..3 {
            assert_eq!(cache.take(&slow).await.unwrap(), Duration::ZERO);
        }
        let wait = cache.take(&slow).await.unwrap();
        assert!(!wait.is_zero() && wait <= SHORT, "{wait:?}");
        tokio::time::sleep(wait).await;
        assert_eq!(cache.take(&slow).await.unwrap(), Duration::ZERO);
        assert!(!cache.take(&slow).await.unwrap().is_zero());
        assert_eq!(cache.take(&[]).await.unwrap(), Duration::ZERO);
    })
    .await;
}

#[tokio::test]
async fn who_finds_one_of_several_buckets_empty_takes_from_none() {
    check(|cache| async move {
        let key = new_agent().0.to_string();
        let (all, one) = (bucket(&key, LONG, 2), bucket(&format!("{key}:1"), LONG, 1));
        let both = [all.clone(), one.clone()];
        assert_eq!(cache.take(&both).await.unwrap(), Duration::ZERO);
        for _ in 0..5 {
            assert!(!cache.take(&both).await.unwrap().is_zero());
        }
        let other = [all, bucket(&format!("{key}:2"), LONG, 1)];
        assert_eq!(cache.take(&other).await.unwrap(), Duration::ZERO);
    })
    .await;
}

#[tokio::test]
async fn many_at_once_get_no_more_than_the_burst() {
    check(|cache| async move {
        let shared = bucket(&new_agent().0.to_string(), LONG, 20);
        let takes = (0..100).map(|_| {
            let (cache, shared) = (cache.clone(), [shared.clone()]);
            tokio::spawn(async move { cache.take(&shared).await.unwrap() })
        });
        let mut taken = 0;
        for take in takes.collect::<Vec<_>>() {
            taken += u32::from(take.await.unwrap().is_zero());
        }
        assert_eq!(taken, 20);
    })
    .await;
}

#[tokio::test]
async fn a_cache_that_answers_passes_the_check() {
    check(|cache| async move { cache.check().await.unwrap() }).await;
}

#[tokio::test]
async fn an_unusable_address_is_refused_without_repeating_it() {
    let refused = RedisCache::connect("redis://:secret@[half")
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("redis url") && !refused.contains("secret"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_dead_redis_fails_fast_and_is_found_again() {
    if Command::new("redis-server")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: redis-server is not installed; ./dev test installs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let cache = RedisCache::connect(&format!("redis://127.0.0.1:{port}/")).unwrap();
    let agent = new_agent();
    assert_quick_failure(&cache, agent).await;

    let mut server = Server::start(port, folder.path());
    wait_for(&cache).await;
    cache.touch(agent, LONG).await.unwrap();
    server.kill();
    assert_quick_failure(&cache, agent).await;
    assert_quick_failure(&cache, agent).await;

    let mut server = Server::start(port, folder.path());
    wait_for(&cache).await;
    assert_eq!(cache.alive(&[agent]).await.unwrap(), [false]);
    // A server that went away and came back between two calls is not even noticed.
    server.kill();
    let server = Server::start(port, folder.path());
    server.accepts().await;
    cache.touch(agent, LONG).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_takes_connections_and_stays_silent_fails_fast() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", deaf.local_addr().unwrap());
    let cache = RedisCache::connect(&url).unwrap();
    assert_quick_failure(&cache, new_agent()).await;
    assert_quick_failure(&cache, new_agent()).await;
}

async fn assert_quick_failure(cache: &RedisCache, agent: AgentId) {
    let begin = Instant::now();
    assert!(cache.alive(&[agent]).await.is_err());
    assert!(
        begin.elapsed() <= Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
}

async fn wait_for(cache: &RedisCache) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = cache.check().await {
        assert!(Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A Redis of this test's own; it ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(port: u16, folder: &Path) -> Self {
        let child = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--port",
            ])
            .arg(port.to_string())
            .arg("--dir")
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    async fn accepts(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .is_err()
        {
            assert!(Instant::now() < deadline, "redis-server does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn many_tokens_are_taken_at_once_or_not_at_all_and_come_back() {
    check(|cache| async move {
        let bucket = Bucket {
            key: format!("points-{}", WallClock.new_uuid()),
            every: Duration::from_millis(100),
            burst: 100,
        };
        let level = cache.spend(&bucket, 70).await.unwrap();
        assert_eq!((level.wait, bucket.left(level)), (Duration::ZERO, 30));
        let refused = cache.spend(&bucket, 60).await.unwrap();
        // Nearly three seconds until thirty more of them are there.
        assert!(refused.wait > Duration::from_secs(2), "{refused:?}");
        assert!(refused.wait <= Duration::from_secs(3), "{refused:?}");
        assert!((30..50).contains(&bucket.left(refused)), "none were taken");
        let level = cache.give_back(&bucket, 50).await.unwrap();
        assert!((80..=99).contains(&bucket.left(level)), "{level:?}");
        assert!(cache.spend(&bucket, 80).await.unwrap().wait.is_zero());
        let level = cache.give_back(&bucket, 100).await.unwrap();
        assert_eq!(bucket.left(level), 100, "what is full stays full");
        let never = cache.spend(&bucket, 101).await.unwrap();
        assert!(!never.wait.is_zero(), "more than fit in are never there");
    })
    .await;
}

#[tokio::test]
async fn askers_at_once_share_the_tokens_of_one_bucket() {
    check(|cache| async move {
        let bucket = Bucket {
            key: format!("shared-{}", WallClock.new_uuid()),
            every: LONG,
            burst: 100,
        };
        let spends = (0..50).map(|_| cache.spend(&bucket, 7));
        let levels = futures::future::join_all(spends).await;
        let taken = levels
            .iter()
            .filter(|one| one.as_ref().unwrap().wait.is_zero());
        assert_eq!(taken.count(), 14);
    })
    .await;
}
