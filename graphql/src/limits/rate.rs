//! Points per minute: each key has a bucket of them, in the cache that all instances share.

use crate::{Error, Payer};
use async_graphql::Value;
use async_graphql::indexmap::IndexMap;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use interdesk_cache::{Bucket, Level};
use interdesk_domain::permission::Viewer;
use interdesk_flow::Desk;
use interdesk_flow::quota::{self, Quota};
use std::sync::OnceLock;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// What a request was charged; resolvers see it once it was.
#[derive(Debug, Default)]
pub(crate) struct Charged(OnceLock<Account>);

/// How the bucket of a key stands.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    bucket: Bucket,
    /// That of the whole workspace, where it has one.
    tenant: Option<Bucket>,
    level: Level,
    at: DateTime<Utc>,
}

impl Charged {
    /// Charges the viewer, or refuses where their minute is used up. Without a cache nobody is
    /// counted.
    pub(super) async fn take(
        &self,
        desk: &Desk,
        viewer: &Viewer,
        payer: &Payer,
        points: usize,
        per_minute: u32,
    ) -> Result<(), Error> {
        let key = match payer.key {
            Some(key) => format!("graphql-points-key:{}", key.0),
            None => format!("graphql-points:{}", viewer.agent.0),
        };
        let bucket = Bucket {
            key,
            every: MINUTE / per_minute.max(1),
            burst: per_minute,
        };
        let tenant = quota::points(desk, viewer.tenant, payer.tenant_points);
        let Some(mut level) = spend(desk, &bucket, points).await else {
            return Ok(());
        };
        let mut is_over_quota = false;
        if let Some(of_tenant) = tenant.as_ref().filter(|_| level.wait.is_zero()) {
            let level_of_tenant = spend(desk, of_tenant, points).await.unwrap_or_default();
            is_over_quota = !level_of_tenant.wait.is_zero();
            level.wait = level_of_tenant.wait;
        }
        if is_over_quota {
            // What is refused is not paid for; a cache that is away counts nobody.
            let _ = desk
                .cache
                .give_back(&bucket, fitting(&bucket, points))
                .await;
        }
        let at = desk.now();
        let account = Account {
            bucket,
            tenant,
            level,
            at,
        };
        match self.0.get_or_init(|| account).level.wait {
            Duration::ZERO => Ok(()),
            wait if is_over_quota => {
                let quota = Quota::PointsPerMinute;
                Err(Error::QuotaExceeded { quota, wait })
            }
            wait => Err(Error::RateLimited { wait }),
        }
    }

    /// Returns how the bucket stood, where there is one.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.0.get()
    }
}

impl Account {
    /// How many points a minute has.
    pub(crate) fn limit(&self) -> u32 {
        self.bucket.burst
    }

    /// How many of them are left.
    pub(crate) fn remaining(&self) -> u32 {
        self.bucket.left(self.level)
    }

    /// When all of them are there again.
    pub(crate) fn reset_at(&self) -> DateTime<Utc> {
        let full_in = TimeDelta::from_std(self.level.full_in).unwrap_or_default();
        self.at + full_in
    }

    /// How long to wait before the same is asked again.
    pub(super) fn wait(&self) -> Duration {
        self.level.wait
    }

    /// Gives back what an operation did not cost after all, and returns how the bucket stands then.
    pub(super) fn settle(&self, desk: &Desk, points: usize) -> Self {
        let points = u32::try_from(points).unwrap_or(u32::MAX);
        let mut settled = self.clone();
        if points == 0 {
            return settled;
        }
        let back = self.bucket.every.saturating_mul(points);
        settled.level.full_in = self.level.full_in.saturating_sub(back);
        for bucket in std::iter::once(&self.bucket).chain(&self.tenant) {
            let (cache, bucket) = (desk.cache.clone(), bucket.clone());
            // Nobody waits for it, and a cache that is away fails within a second.
            tokio::spawn(async move { cache.give_back(&bucket, points).await });
        }
        settled
    }
}

/// Takes points out of a bucket; `None` where they are not counted.
async fn spend(desk: &Desk, bucket: &Bucket, points: usize) -> Option<Level> {
    match desk.cache.spend(bucket, fitting(bucket, points)).await {
        Ok(level) => Some(level),
        Err(error) => {
            tracing::warn!(%error, "points are not counted");
            None
        }
    }
}

/// An operation that costs more than a minute has takes the whole minute.
fn fitting(bucket: &Bucket, points: usize) -> u32 {
    u32::try_from(points).unwrap_or(u32::MAX).min(bucket.burst)
}

/// Writes what a request has cost, for `extensions.cost`.
pub(super) fn told(requested: usize, actual: usize, account: Option<&Account>) -> Value {
    let mut told = IndexMap::new();
    let mut tell = |name: &str, value: Value| told.insert(async_graphql::Name::new(name), value);
    tell("requested", Value::from(requested));
    tell("actual", Value::from(actual));
    tell(
        "limit",
        account.map(Account::limit).map_or(Value::Null, Value::from),
    );
    tell(
        "remaining",
        account
            .map(Account::remaining)
            .map_or(Value::Null, Value::from),
    );
    let reset = account.map(Account::reset_at);
    let reset = reset.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    tell("resetAt", reset.map_or(Value::Null, Value::from));
    Value::Object(told)
}
