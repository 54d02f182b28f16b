//! How much a tenant may use. What customers write is never refused: quotas bound what the tenant
//! itself does.
//!
//! Agents and files are counted in the database; messages and points in the cache, where the count
//! of a day or a minute comes back bit by bit. A cache that is away counts nothing.

use crate::{Desk, Error};
use interdesk_cache::Bucket;
use interdesk_domain::id::TenantId;
use interdesk_domain::scope::TenantScope;
use interdesk_store::{Conn, terms};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// How much a tenant may use where nothing else was said about it; zero is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Agents who may sign in.
    pub agents: u32,
    /// Messages that agents send in a day.
    pub messages_per_day: u32,
    /// Bytes of files before agents may upload no more.
    pub storage_bytes: u64,
    /// Points of the API in a minute.
    pub points_per_minute: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            agents: 10_000,
            messages_per_day: 1_000_000,
            storage_bytes: 1 << 40,
            points_per_minute: 1_000_000,
        }
    }
}

/// What there may be only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Agents who may sign in.
    Agents,
    /// Messages that agents send in a day.
    MessagesPerDay,
    /// Bytes of files.
    Storage,
    /// Points of the API in a minute.
    PointsPerMinute,
}

impl Quota {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::MessagesPerDay => "messages_per_day",
            Self::Storage => "storage",
            Self::PointsPerMinute => "points_per_minute",
        }
    }
}

/// Returns what holds: what the operator said, or else the settings; `None` is any number.
fn bound(own: Option<i64>, setting: u64) -> Option<u64> {
    let bound = own.map_or(setting, |own| u64::try_from(own).unwrap_or(0));
    (bound > 0).then_some(bound)
}

/// Tells whether one more agent may sign in; nobody else adds one until the transaction ends.
pub(crate) async fn has_room_for_agent(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
) -> Result<bool, Error> {
    let own = terms::find_quotas(conn, scope).await?.agents;
    let Some(most) = bound(own.map(i64::from), desk.settings.quotas.agents.into()) else {
        return Ok(true);
    };
    let has = terms::lock_and_count_agents(conn, scope).await?;
    Ok(u64::try_from(has).unwrap_or(0) < most)
}

/// Tells whether files may be added.
pub(crate) async fn has_room_for_files(
    desk: &Desk,
    conn: &Conn,
    scope: TenantScope,
) -> Result<bool, Error> {
    let own = terms::find_quotas(conn, scope).await?.storage_bytes;
    let Some(most) = bound(own, desk.settings.quotas.storage_bytes) else {
        return Ok(true);
    };
    let has = terms::count_bytes(conn, scope).await?;
    Ok(u64::try_from(has).unwrap_or(0) < most)
}

/// Takes messages out of the tenant's day; `false` where there are no more.
pub(crate) async fn take_messages(
    desk: &Desk,
    scope: TenantScope,
    own: Option<i32>,
    count: usize,
) -> bool {
    let setting = desk.settings.quotas.messages_per_day;
    let Some(bucket) = bucket("messages", scope.tenant(), (own, setting, DAY)) else {
        return true;
    };
    // What is more than all of it takes all of it.
    let count = u32::try_from(count).unwrap_or(u32::MAX).min(bucket.burst);
    match desk.cache.spend(&bucket, count).await {
        Ok(level) => level.wait.is_zero(),
        Err(error) => {
            tracing::warn!(%error, "messages of a day are not counted");
            true
        }
    }
}

/// Returns the bucket of the points that all of a tenant have in a minute; `None` for any number.
pub fn points(desk: &Desk, tenant: TenantId, own: Option<i32>) -> Option<Bucket> {
    let setting = desk.settings.quotas.points_per_minute;
    bucket("points", tenant, (own, setting, MINUTE))
}

fn bucket(
    what: &str,
    tenant: TenantId,
    (own, setting, within): (Option<i32>, u32, Duration),
) -> Option<Bucket> {
    let most = bound(own.map(i64::from), setting.into())?;
    let burst = u32::try_from(most).unwrap_or(u32::MAX);
    Some(Bucket {
        key: format!("quota-{what}:{}", tenant.0),
        every: within / burst,
        burst,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_said_goes_before_the_settings_and_zero_is_any_number() {
        assert_eq!(bound(None, 5), Some(5));
        assert_eq!(bound(Some(7), 5), Some(7));
        assert_eq!(bound(Some(0), 5), None);
        assert_eq!(bound(None, 0), None);
    }
}
