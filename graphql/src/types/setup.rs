//! How agents, teams and queues are set up.

use super::{Agent, Nullable, Presence, Queue, Schedule, object};
use crate::Error;
use crate::loaders::{self, MembersOf, ScheduleOf};
use crate::viewer::{desk, outside, viewer};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::permission::Permission;
use interdesk_domain::routing::model;
use interdesk_store::absences::Absence;
use interdesk_store::presence_reasons::{self, PresenceReason as ReasonRow};
use interdesk_store::read::setup::{self as read, Team as TeamRow};
use interdesk_store::routing::Membership;
use interdesk_store::skills;

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "model::AgentKind")]
pub(crate) enum AgentKind {
    /// A person.
    Person,
    /// A program, which `assistantsStop` stops.
    Assistant,
}

/// What kind of work something is; each takes its own share of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "model::WorkClass")]
pub(crate) enum WorkClass {
    /// A conversation by messages.
    Message,
    /// A mail.
    Email,
    /// A call.
    Call,
    /// Anything else that somebody has to do.
    Task,
}

/// What an agent is able to do, and how well.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AgentSkill {
    /// The name of the skill.
    pub(crate) name: String,
    /// How well, from 1 to 100.
    pub(crate) level: i32,
}

/// What an agent may hold, in units of work.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct AgentCapacity {
    /// All classes together.
    total: i32,
    /// Conversations by messages.
    message: i32,
    /// Mails.
    email: i32,
    /// Calls.
    call: i32,
    /// Anything else.
    task: i32,
    /// Classes that do not count towards the total when work of another class comes.
    interruptible: Vec<WorkClass>,
    /// Offers that may wait for an answer at once.
    open_offers: i32,
}

impl From<model::Capacity> for AgentCapacity {
    fn from(capacity: model::Capacity) -> Self {
        let units = |units: u32| i32::try_from(units).unwrap_or(i32::MAX);
        let all = model::WorkClass::ALL.into_iter();
        let yields = all.filter(|class| capacity.interruptible.of(*class));
        Self {
            total: units(capacity.total),
            message: units(capacity.most.message),
            email: units(capacity.most.email),
            call: units(capacity.most.call),
            task: units(capacity.most.task),
            interruptible: yields.map(WorkClass::from).collect(),
            open_offers: units(capacity.open_offers),
        }
    }
}

impl From<skills::AgentSkill> for AgentSkill {
    fn from(row: skills::AgentSkill) -> Self {
        Self {
            name: row.skill,
            level: row.level.into(),
        }
    }
}

object! {
    /// A queue that an agent serves by one of their teams.
    QueueMembership(Membership)
}

/// A queue that an agent serves by one of their teams.
#[Object]
impl QueueMembership {
    /// The queue.
    async fn queue(&self, context: &Context<'_>) -> Nullable<Queue> {
        loaders::one(context, self.0.queue_id).await
    }

    /// The rank of the team in the queue and that of the agent in the team together: lower is asked
    /// first.
    async fn rank(&self) -> i32 {
        self.0.rank.into()
    }

    /// How many units they may hold by this queue; null for no limit.
    async fn most(&self) -> Option<i32> {
        self.0.most
    }
}

object! {
    /// A group of agents.
    Team(TeamRow)
}

/// A group of agents.
#[Object]
impl Team {
    /// Names the team.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it is open; null for always.
    async fn schedule(&self, context: &Context<'_>) -> Nullable<Schedule> {
        loaders::one(context, ScheduleOf(self.0.schedule_id?)).await
    }

    /// Who is in it and may sign in, by rank and name.
    #[graphql(directive = crate::cost::list_size::apply(10, None, None))]
    async fn members(&self, context: &Context<'_>) -> Nullable<Vec<TeamMember>> {
        let found = loaders::all(context, MembersOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(TeamMember).collect()))
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

object! {
    /// An agent in a team.
    TeamMember(read::TeamMember)
}

/// An agent in a team.
#[Object]
impl TeamMember {
    /// The team.
    async fn team(&self, context: &Context<'_>) -> Nullable<Team> {
        loaders::one(context, self.0.team_id).await
    }

    /// Who.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id).await
    }

    /// Added to the rank of the team in a queue: lower is asked first.
    async fn rank(&self) -> i32 {
        self.0.rank.into()
    }
}

object! {
    /// A team that serves a queue.
    QueueServer(read::QueueTeam)
}

/// A team that serves a queue.
#[Object]
impl QueueServer {
    /// The team.
    async fn team(&self, context: &Context<'_>) -> Nullable<Team> {
        loaders::one(context, self.0.team_id).await
    }

    /// Which line of the queue it is: lower is asked first.
    async fn rank(&self) -> i32 {
        self.0.rank.into()
    }

    /// How many units each member may hold by this queue; null for no limit.
    async fn most(&self) -> Option<i32> {
        self.0.most
    }
}

object! {
    /// A time that an agent has off.
    TimeOff(Absence)
}

/// A time that an agent has off.
#[Object]
impl TimeOff {
    /// Names the time off.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// From when on.
    async fn from(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// Until when; itself not included.
    async fn until(&self) -> DateTime<Utc> {
        self.0.ends_at
    }

    /// What was said about it; shown to the agent and to those who lead others.
    async fn note(&self, context: &Context<'_>) -> Option<&str> {
        let viewer = viewer(context).ok()?;
        let may = viewer.agent == self.0.agent_id || viewer.may(Permission::AgentsLead);
        may.then_some(self.0.note.as_str())
    }
}

object! {
    /// A word of the workspace's own for what an agent is.
    PresenceReason(ReasonRow)
}

/// A word of the workspace's own for what an agent is.
#[Object]
impl PresenceReason {
    /// Names the word.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The word.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it stands for.
    async fn presence(&self) -> Presence {
        self.0.presence.into()
    }

    /// Since when it is not offered any more; null while it is.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }
}

/// A skill that somebody has.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Skill {
    /// Its name.
    name: String,
    /// How many agents have it.
    agents: i64,
    /// The highest level that one of them has.
    highest: i32,
}

/// Lists all teams by name.
pub(crate) async fn teams(context: &Context<'_>) -> Result<Vec<Team>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| read::list_teams(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(Team).collect())
}

/// Lists the skills that somebody has, by name.
pub(crate) async fn skills(context: &Context<'_>) -> Result<Vec<Skill>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| skills::list_names(conn, scope).await)
        .await?;
    let skills = found.into_iter().map(|one| Skill {
        name: one.skill,
        agents: one.agents,
        highest: one.highest.into(),
    });
    Ok(skills.collect())
}

/// Lists the words for presences that are offered, by name.
pub(crate) async fn presence_reasons(context: &Context<'_>) -> Result<Vec<PresenceReason>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            presence_reasons::list(conn, scope).await
        })
        .await?;
    let offered = found.into_iter().filter(|one| one.retired_at.is_none());
    Ok(offered.map(PresenceReason).collect())
}
