//! The clocks of conversations, with what makes sense of them: policies by name, schedules.

use crate::sight::{Sight, in_sight};
use crate::sla::Clock;
use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use interdesk_domain::id::*;
use interdesk_domain::policy::ServiceLevel;
use interdesk_domain::schedule::{Schedule, Timeline};
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Policy, PolicyVersion};
use std::collections::HashMap;
use std::sync::Arc;

/// Lists the clocks of the last episode of each conversation, in the order they began.
pub async fn list_clocks(
    conn: &Conn,
    _scope: TenantScope,
    conversations: &[ConversationId],
) -> Result<Vec<Clock>, Error> {
    let found = sql(
        "SELECT c.episode_id, c.conversation_id, c.clock, c.started_by, c.number, c.policy_id,
            c.policy_version, c.priority, c.within_ms, c.hours, c.schedule_id, c.started_at,
            c.ended_at, c.ended_how, c.ended_by, c.counted_ms, c.counting_since, c.paused_in,
            c.deadline, c.breached_at, c.outcome, c.queue_id, c.team_id, c.agent_id, c.next_wake_up
         FROM sla_conversations s JOIN sla_clocks c
            ON c.episode_id = s.episode_id AND c.conversation_id = s.conversation_id
         WHERE s.conversation_id = ANY ($1)
         ORDER BY c.conversation_id, c.started_at, c.clock, c.started_by",
    )
    .bind(many(conversations, |id| *id))
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Lists the clocks with a target that run in conversations that are seen, the most urgent first;
/// those that are paused have no deadline and are not among them.
pub async fn list_urgent(
    conn: &Conn,
    scope: TenantScope,
    sight: &Sight,
    limit: i64,
) -> Result<Vec<Clock>, Error> {
    let found = sql(concat!(
        "SELECT k.episode_id, k.conversation_id, k.clock, k.started_by, k.number, k.policy_id,
            k.policy_version, k.priority, k.within_ms, k.hours, k.schedule_id, k.started_at,
            k.ended_at, k.ended_how, k.ended_by, k.counted_ms, k.counting_since, k.paused_in,
            k.deadline, k.breached_at, k.outcome, k.queue_id, k.team_id, k.agent_id, k.next_wake_up
         FROM sla_clocks k JOIN conversations c ON c.id = k.conversation_id
         WHERE k.tenant_id = $1 AND k.ended_at IS NULL AND k.deadline IS NOT NULL AND ",
        in_sight!("c.", "$2"),
        " ORDER BY k.deadline, k.episode_id, k.started_by LIMIT $3"
    ))
    .bind(scope.tenant())
    .bind(sight.keys())
    .bind(limit)
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

row! {
    /// A schedule as it was over time.
    pub struct Version {
        /// Which schedule.
        pub id: ScheduleId,
        /// What people call it.
        pub name: String,
        /// From when on this version applies.
        pub effective_from: DateTime<Utc>,
        /// What it says.
        pub body: serde_json::Value,
    }
}

/// A schedule over all its versions, and what people call it.
#[derive(Debug, Clone)]
pub struct Hours {
    /// What people call it.
    pub name: String,
    /// When it is open.
    pub timeline: Timeline,
}

/// Finds schedules over all the versions that are, were or will be in force.
pub async fn find_schedules(
    conn: &Conn,
    scope: TenantScope,
    ids: &[ScheduleId],
) -> Result<HashMap<ScheduleId, Arc<Hours>>, Error> {
    let versions: Vec<Version> = sql("SELECT p.id, p.name, v.effective_from, v.body
         FROM policies p JOIN policy_versions v
            ON v.tenant_id = p.tenant_id AND v.kind = p.kind AND v.id = p.id
         WHERE p.tenant_id = $1 AND p.kind = 'schedule' AND p.id = ANY ($2)
            AND v.effective_from IS NOT NULL
         ORDER BY p.id, v.effective_from, v.version")
    .bind(scope.tenant())
    .bind(many(ids, |id| *id))
    .load(&mut &*conn)
    .await?;
    let mut found: HashMap<ScheduleId, (String, Vec<_>)> = HashMap::new();
    for version in versions {
        let schedule: Schedule =
            serde_json::from_value(version.body).map_err(|source| Error::Unreadable {
                what: "schedule",
                source,
            })?;
        let (name, all) = found.entry(version.id).or_default();
        *name = version.name;
        all.push((version.effective_from, Arc::new(schedule)));
    }
    let timelines = found.into_iter().filter_map(|(id, (name, versions))| {
        let timeline = Timeline::from_versions(versions).ok()?;
        Some((id, Arc::new(Hours { name, timeline })))
    });
    Ok(timelines.collect())
}

row! {
    /// A version of the list of promises.
    #[allow(unreachable_pub, reason = "rows are written as public")]
    pub struct List {
        /// Which version.
        pub version: i32,
        /// From when on it applies.
        pub effective_from: DateTime<Utc>,
        /// What it says.
        pub body: serde_json::Value,
    }
}

/// Finds policies in their versions.
pub async fn find_policies(
    conn: &Conn,
    scope: TenantScope,
    keys: &[PolicyVersion],
) -> Result<Vec<Policy>, Error> {
    let lists: Vec<List> = sql(
        "SELECT version, COALESCE(effective_from, made_at) AS effective_from, body
         FROM policy_versions
         WHERE tenant_id = $1 AND kind = 'sla' AND id = $1 AND version = ANY ($2)",
    )
    .bind(scope.tenant())
    .bind(many(keys, |key| {
        i32::try_from(key.version).unwrap_or(i32::MAX)
    }))
    .load(&mut &*conn)
    .await?;
    let mut found = Vec::new();
    for list in lists {
        let levels: Vec<ServiceLevel> =
            serde_json::from_value(list.body).map_err(|source| Error::Unreadable {
                what: "service levels",
                source,
            })?;
        let version = list.version.unsigned_abs();
        let policies = levels
            .iter()
            .map(|level| level.policy(version, list.effective_from));
        found.extend(policies.filter(|policy| keys.contains(&policy.key)));
    }
    Ok(found)
}
