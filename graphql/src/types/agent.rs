//! Agents.

use super::{
    AgentCapacity, AgentKind, AgentSkill, CustomRole, Nullable, PresenceReason, QueueMembership,
    Schedule, TeamMember, ThirdPartyInbox, TimeOff, object,
};
use crate::Long;
use crate::loaders::{self, ProfileOf, ScheduleOf, ServedBy, SkillsOf, TeamsOf, TimeOffOf};
use crate::viewer::{desk, outside};
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::{agent, permission};
use interdesk_store::read::agents::Agent as Row;
use interdesk_store::workspace::Profile;

object! {
    /// A person or program that answers.
    Agent(Row)
}

/// A person or program that answers.
#[Object]
impl Agent {
    /// Names the agent.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The name that colleagues see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name at sign-in.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What the agent is.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The role of the workspace's own that the agent has; null for those that every workspace has.
    async fn custom_role(&self, context: &Context<'_>) -> Nullable<CustomRole> {
        loaders::one(context, self.0.role_id?).await
    }

    /// What the agent chose to be.
    async fn presence(&self) -> Presence {
        self.0.presence.into()
    }

    /// The word of the workspace's own that the agent chose for it; null for none.
    async fn presence_reason(&self, context: &Context<'_>) -> Nullable<PresenceReason> {
        match self.profile(context).await? {
            Ok(profile) => loaders::one(context, profile.presence_reason?).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// A person or an assistant.
    async fn kind(&self, context: &Context<'_>) -> Nullable<AgentKind> {
        let profile = self.profile(context).await?;
        Some(profile.map(|profile| profile.kind.into()))
    }

    /// The languages that the agent answers in.
    async fn languages(&self, context: &Context<'_>) -> Nullable<Vec<String>> {
        let profile = self.profile(context).await?;
        Some(profile.map(|profile| profile.languages))
    }

    /// What the agent is able to do, by name.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn skills(&self, context: &Context<'_>) -> Nullable<Vec<AgentSkill>> {
        let found = loaders::all(context, SkillsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(AgentSkill::from).collect()))
    }

    /// What the agent may hold, by class of work.
    async fn capacities(&self, context: &Context<'_>) -> Nullable<AgentCapacity> {
        let profile = self.profile(context).await?;
        Some(profile.map(|profile| profile.capacity().into()))
    }

    /// When the agent is at work; null for always.
    async fn schedule(&self, context: &Context<'_>) -> Nullable<Schedule> {
        match self.profile(context).await? {
            Ok(profile) => loaders::one(context, ScheduleOf(profile.schedule_id?)).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// Time off that is not over, in its order.
    #[graphql(directive = crate::cost::list_size::apply(2, None, None))]
    async fn time_off(&self, context: &Context<'_>) -> Nullable<Vec<TimeOff>> {
        let now = match desk(context) {
            Ok(desk) => desk.now().timestamp_micros(),
            Err(error) => return Some(Err(error)),
        };
        let found = loaders::all(context, TimeOffOf(self.0.id, now)).await;
        Some(found.map(|found| found.into_iter().map(TimeOff).collect()))
    }

    /// The teams of the agent, by name.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn teams(&self, context: &Context<'_>) -> Nullable<Vec<TeamMember>> {
        let found = loaders::all(context, TeamsOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(TeamMember).collect()))
    }

    /// The queues that the agent serves by their teams.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn memberships(&self, context: &Context<'_>) -> Nullable<Vec<QueueMembership>> {
        let found = loaders::all(context, ServedBy(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(QueueMembership).collect()))
    }

    /// Units of work that the agent holds: pending offers and conversations at hand.
    async fn load(&self) -> i32 {
        self.0.load
    }

    /// Units of work that the agent may hold.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }

    /// When the agent last got or finished work; who is idle longest is offered work first.
    async fn idle_since(&self) -> DateTime<Utc> {
        self.0.idle_since
    }

    /// Where third-party apps are shown to them: their own choice, or else the workspace's.
    async fn third_party_inbox(&self) -> ThirdPartyInbox {
        self.0.third_party_inbox.into()
    }

    /// Whether that is a choice of their own.
    async fn third_party_inbox_is_own(&self) -> bool {
        self.0.third_party_inbox_is_own
    }

    /// Counts the agent's events.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// When the agent was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Since when the agent may not sign in; null for who may.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }
}

impl Agent {
    async fn profile(&self, context: &Context<'_>) -> Nullable<Profile> {
        loaders::one(context, ProfileOf(self.0.id)).await
    }
}

/// What an agent chose to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "agent::Presence")]
pub(crate) enum Presence {
    /// Takes new work.
    Online,
    /// At work, takes nothing new.
    Busy,
    /// Keeps the work at hand, takes no more.
    Away,
    /// Not working.
    Offline,
}

/// What an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "permission::Role")]
pub(crate) enum Role {
    /// Answers what is offered.
    Agent,
    /// Sees and steers the work of others too.
    Supervisor,
    /// May do everything.
    Admin,
    /// Builds on the API: sees everything but the audit log, changes nothing but their own keys.
    Developer,
    /// Sees everything, changes nothing.
    Auditor,
    /// What a role of the workspace's own says.
    Custom,
}
