//! The cache in Redis.

use crate::{Bucket, Cache, Error, Level};
use interdesk_domain::id::AgentId;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError};
use std::time::Duration;

/// How long one answer may take.
const RESPONSE: Duration = Duration::from_millis(500);
/// How long a new connection may take.
const CONNECTION: Duration = Duration::from_secs(1);
/// How long a call may take with everything, a repetition on a fresh connection included.
const PATIENCE: Duration = Duration::from_millis(900);
/// Commands that may wait to be written.
const BUFFER: usize = 1_000;

/// Takes a token from each bucket or from none; a bucket is the microsecond until which it is paid
/// for. Redis tells the time, so that processes with different clocks agree.
const TAKE: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local paid, wait = {}, 0
for i, key in ipairs(KEYS) do
    paid[i] = math.max(tonumber(redis.call('GET', key) or '0'), now)
    wait = math.max(wait, paid[i] - now - ARGV[2 * i])
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    local till = paid[i] + ARGV[2 * i - 1]
    redis.call('SET', key, string.format('%.0f', till), 'PX', math.ceil((till - now) / 1000) + 1)
end
return 0
";

/// Pays a bucket at least so many microseconds ahead.
const HOLD: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local till = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil((till - now) / 1000) + 1)
";

/// Pays a bucket so many microseconds further, or back, unless it would be paid for too far ahead.
const SPEND: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') - now, 0)
local wanted = math.max(ahead + ARGV[1], 0)
if wanted > ahead and wanted > tonumber(ARGV[2]) then return {wanted - ARGV[2], ahead} end
redis.call('SET', KEYS[1], string.format('%.0f', now + wanted), 'PX', math.ceil(wanted / 1000) + 1)
return {0, wanted}
";

/// Notes until when somebody is in a place, and keeps the place for as long as anybody is in it.
const JOIN: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last[2] - now + 1))
";

/// Lists who is in a place still.
const PRESENT: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
";

/// Keeps facts in Redis, for all processes of a desk.
///
/// Its failures are quick: whoever asks goes on without the answer. It finds Redis again by itself.
pub struct RedisCache {
    connection: ConnectionManager,
}

impl RedisCache {
    /// Prepares a connection that is made when it is first needed; call it within tokio.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let connection = lazy(url).map_err(|error| {
            Error::Unavailable(format!("the redis url is not usable, {}", words(&error)))
        })?;
        Ok(Self { connection })
    }

    /// Runs a pipeline, and once more when the connection turned out to be dead: one that Redis
    /// closed while nobody used it is noticed by the next command only.
    async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Error> {
        let attempts = async {
            match pipeline.query_async(&mut self.connection.clone()).await {
                Err(error) if is_cut(&error) => {
                    pipeline.query_async(&mut self.connection.clone()).await
                }
                result => result,
            }
        };
        match tokio::time::timeout(PATIENCE, attempts).await {
            Ok(result) => result.map_err(|error| Error::Unavailable(words(&error))),
            Err(_) => Err(Error::Unavailable(format!("no answer within {PATIENCE:?}"))),
        }
    }
}

impl RedisCache {
    /// Pays a bucket so many microseconds ahead.
    async fn pay(&self, bucket: &Bucket, time: i64) -> Result<Level, Error> {
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("EVAL")
            .arg(SPEND)
            .arg(1)
            .arg(format!("interdesk:buckets:{}", bucket.key))
            .arg(time)
            .arg(micros(bucket.whole()));
        let ((wait, full_in),): ((u64, u64),) = self.run(&pipeline).await?;
        Ok(Level {
            wait: Duration::from_micros(wait),
            full_in: Duration::from_micros(full_in),
        })
    }
}

fn lazy(url: &str) -> Result<ConnectionManager, RedisError> {
    let info = url.into_connection_info()?;
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE))
        .set_connection_timeout(Some(CONNECTION))
        // Each call makes its own attempt; waiting between attempts would keep callers waiting.
        .set_number_of_retries(0)
        .set_pipeline_buffer_size(BUFFER);
    ConnectionManager::new_lazy_with_config(Client::open(info)?, config)
}

fn is_cut(error: &RedisError) -> bool {
    error.is_unrecoverable_error() && !error.is_timeout()
}

// The kind alone, since the whole text may quote the address.
fn words(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("it answered {code}"),
        None => error.category().to_owned(),
    }
}

fn agent_key(agent: AgentId) -> String {
    format!("interdesk:alive:{}", agent.0)
}

fn place_key(place: &str) -> String {
    format!("interdesk:places:{place}")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, i64::MAX as u64 / 4)
}

// A day is as long as any bucket needs, and keeps every sum exact in Redis's numbers.
fn micros(duration: Duration) -> u64 {
    duration.min(Duration::from_secs(86_400)).as_micros() as u64
}

#[async_trait::async_trait]
impl Cache for RedisCache {
    async fn touch(&self, agent: AgentId, lease: Duration) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        pipeline
            .pset_ex(agent_key(agent), 1, millis(lease))
            .ignore();
        self.run(&pipeline).await
    }

    async fn alive(&self, agents: &[AgentId]) -> Result<Vec<bool>, Error> {
        if agents.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for agent in agents {
            pipeline.exists(agent_key(*agent));
        }
        self.run(&pipeline).await
    }

    async fn forget(&self, agent: AgentId) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        pipeline.del(agent_key(agent)).ignore();
        self.run(&pipeline).await
    }

    async fn hit(&self, key: &str, window: Duration) -> Result<u64, Error> {
        let key = format!("interdesk:hits:{key}");
        let mut pipeline = redis::pipe();
        // The first command begins a window where none runs, the second keeps the window's end.
        pipeline.atomic();
        pipeline
            .cmd("SET")
            .arg(&key)
            .arg(0)
            .arg("PX")
            .arg(millis(window))
            .arg("NX")
            .ignore();
        pipeline.incr(&key, 1);
        let (count,): (u64,) = self.run(&pipeline).await?;
        Ok(count)
    }

    async fn take(&self, buckets: &[Bucket]) -> Result<Duration, Error> {
        if buckets.is_empty() {
            return Ok(Duration::ZERO);
        }
        let mut pipeline = redis::pipe();
        let call = pipeline.cmd("EVAL").arg(TAKE).arg(buckets.len());
        for bucket in buckets {
            call.arg(format!("interdesk:buckets:{}", bucket.key));
        }
        for bucket in buckets {
            call.arg(micros(bucket.every)).arg(micros(bucket.slack()));
        }
        let (wait,): (u64,) = self.run(&pipeline).await?;
        Ok(Duration::from_micros(wait))
    }

    async fn hold(&self, bucket: &Bucket, wait: Duration) -> Result<(), Error> {
        let ahead = micros(bucket.slack().saturating_add(wait));
        let mut pipeline = redis::pipe();
        let call = pipeline.cmd("EVAL").arg(HOLD).arg(1);
        let key = format!("interdesk:buckets:{}", bucket.key);
        call.arg(key).arg(ahead).ignore();
        self.run(&pipeline).await
    }

    async fn spend(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error> {
        let time = micros(bucket.time(tokens));
        self.pay(bucket, i64::try_from(time).unwrap_or(i64::MAX))
            .await
    }

    async fn give_back(&self, bucket: &Bucket, tokens: u32) -> Result<Level, Error> {
        let time = micros(bucket.time(tokens));
        self.pay(bucket, i64::try_from(time).map_or(i64::MIN, |time| -time))
            .await
    }

    async fn note(&self, key: &str, lease: Duration) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        let key = format!("interdesk:notes:{key}");
        pipeline.pset_ex(key, 1, millis(lease)).ignore();
        self.run(&pipeline).await
    }

    async fn noted(&self, keys: &[String]) -> Result<Vec<bool>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.exists(format!("interdesk:notes:{key}"));
        }
        self.run(&pipeline).await
    }

    async fn join(&self, place: &str, who: AgentId, lease: Duration) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        let call = pipeline.cmd("EVAL").arg(JOIN).arg(1).arg(place_key(place));
        call.arg(who.0.to_string()).arg(millis(lease)).ignore();
        self.run(&pipeline).await
    }

    async fn leave(&self, place: &str, who: AgentId) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        pipeline.zrem(place_key(place), who.0.to_string()).ignore();
        self.run(&pipeline).await
    }

    async fn present(&self, places: &[String]) -> Result<Vec<Vec<AgentId>>, Error> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for place in places {
            let call = pipeline.cmd("EVAL").arg(PRESENT).arg(1);
            call.arg(place_key(place));
        }
        let found: Vec<Vec<String>> = self.run(&pipeline).await?;
        let read = |found: Vec<String>| {
            let ids = found.iter().filter_map(|id| id.parse().ok().map(AgentId));
            let mut ids: Vec<AgentId> = ids.collect();
            ids.sort_unstable();
            ids
        };
        Ok(found.into_iter().map(read).collect())
    }

    async fn check(&self) -> Result<(), Error> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("PING").ignore();
        self.run(&pipeline).await
    }
}
