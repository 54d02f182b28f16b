//! How things are set up that hang on a list.

use super::{Reader, grouped};
use crate::Error;
use async_graphql::dataloader::Loader;
use interdesk_domain::id::*;
use interdesk_domain::policy::PolicyKind;
use interdesk_store::absences::{self, Absence};
use interdesk_store::policies::{self, Version};
use interdesk_store::presence_reasons::{self, PresenceReason};
use interdesk_store::read::setup::{self as read, *};
use interdesk_store::routing::{self, Membership};
use interdesk_store::skills::{self, AgentSkill};
use interdesk_store::workspace::{self, Profile};
use std::collections::HashMap;

/// How an agent is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProfileOf(pub(crate) AgentId);

/// The skills of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SkillsOf(pub(crate) AgentId);

/// The time off of an agent that is not over at a moment, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TimeOffOf(pub(crate) AgentId, pub(crate) i64);

/// The teams of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TeamsOf(pub(crate) AgentId);

/// The queues that an agent serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServedBy(pub(crate) AgentId);

/// Who is in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MembersOf(pub(crate) TeamId);

/// The teams that serve a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServersOf(pub(crate) QueueId);

/// When a queue is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HoursOf(pub(crate) QueueId);

/// What is known of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FactsOf(pub(crate) ContactId);

/// When something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScheduleOf(pub(crate) ScheduleId);

/// All versions of a schedule that were activated, and its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScheduleRow {
    pub(crate) policy: policies::Policy,
    pub(crate) versions: Vec<Version>,
}

macro_rules! lists {
    ($($key:ident => $row:ty, $list:path, $column:ident;)*) => {$(
        #[async_graphql::async_trait::async_trait]
        impl Loader<$key> for Reader {
            type Value = Vec<$row>;
            type Error = Error;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Error> {
                let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
                let found = self.read(async |conn| $list(conn, self.scope, &ids).await).await?;
                Ok(grouped(found, |row| $key(row.$column)))
            }
        }
    )*};
}

lists! {
    SkillsOf => AgentSkill, skills::list, agent_id;
    TeamsOf => TeamMember, read::list_teams_of, agent_id;
    ServedBy => Membership, routing::list_memberships, agent_id;
    MembersOf => TeamMember, read::list_members, team_id;
    ServersOf => QueueTeam, read::list_queue_teams, queue_id;
}

macro_rules! singles {
    ($($key:ident => $row:ty, $find:path;)*) => {$(
        #[async_graphql::async_trait::async_trait]
        impl Loader<$key> for Reader {
            type Value = $row;
            type Error = Error;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $row>, Error> {
                let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
                let found = self.read(async |conn| $find(conn, self.scope, &ids).await).await?;
                Ok(found.into_iter().map(|row| ($key(row.id), row)).collect())
            }
        }
    )*};
}

singles! {
    ProfileOf => Profile, workspace::find_profiles;
    HoursOf => QueueHours, read::find_queue_hours;
    FactsOf => ContactFacts, read::find_contact_facts;
}

#[async_graphql::async_trait::async_trait]
impl Loader<TeamId> for Reader {
    type Value = Team;
    type Error = Error;

    async fn load(&self, ids: &[TeamId]) -> Result<HashMap<TeamId, Team>, Error> {
        let found = self
            .read(async |conn| read::find_teams(conn, self.scope, ids).await)
            .await?;
        Ok(found.into_iter().map(|row| (row.id, row)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<TimeOffOf> for Reader {
    type Value = Vec<Absence>;
    type Error = Error;

    async fn load(&self, keys: &[TimeOffOf]) -> Result<HashMap<TimeOffOf, Self::Value>, Error> {
        // A list asks for one moment; of several the earliest holds all.
        let Some(first) = keys.iter().map(|key| key.1).min() else {
            return Ok(HashMap::new());
        };
        let at = chrono::DateTime::from_timestamp_micros(first).unwrap_or_default();
        let agents: Vec<AgentId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .read(async |conn| absences::list(conn, self.scope, &agents, at).await)
            .await?;
        let mut of: HashMap<TimeOffOf, Vec<Absence>> = HashMap::new();
        for key in keys {
            let own = found
                .iter()
                .filter(|one| one.agent_id == key.0 && one.ends_at.timestamp_micros() > key.1);
            of.insert(*key, own.cloned().collect());
        }
        Ok(of)
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<PresenceReasonId> for Reader {
    type Value = PresenceReason;
    type Error = Error;

    async fn load(
        &self,
        ids: &[PresenceReasonId],
    ) -> Result<HashMap<PresenceReasonId, PresenceReason>, Error> {
        let found = self
            .read(async |conn| presence_reasons::list(conn, self.scope).await)
            .await?;
        let wanted = found.into_iter().filter(|one| ids.contains(&one.id));
        Ok(wanted.map(|one| (one.id, one)).collect())
    }
}

#[async_graphql::async_trait::async_trait]
impl Loader<ScheduleOf> for Reader {
    type Value = ScheduleRow;
    type Error = Error;

    async fn load(&self, keys: &[ScheduleOf]) -> Result<HashMap<ScheduleOf, ScheduleRow>, Error> {
        let transaction = self.begin().await?;
        let all = policies::list(&transaction, self.scope).await?;
        let versions =
            policies::list_effective(&transaction, self.scope, PolicyKind::Schedule).await?;
        transaction.commit().await?;
        let mut of = grouped(versions, |version| ScheduleId(version.id));
        let schedules = all.into_iter().filter(|policy| {
            policy.kind == PolicyKind::Schedule && keys.contains(&ScheduleOf(ScheduleId(policy.id)))
        });
        let rows = schedules.map(|policy| {
            let id = ScheduleId(policy.id);
            let versions = of.remove(&id).unwrap_or_default();
            (ScheduleOf(id), ScheduleRow { policy, versions })
        });
        Ok(rows.collect())
    }
}
