//! Agents: what they can, may hold and are, their time off, and the words for it.

use super::{Told, change, payload, schedule};
use crate::Error;
use crate::access::requires;
use crate::types::Permission;
use crate::types::{
    self, Agent, AgentKind, InputFault, Nullable, Presence, PresenceReason, Role, WorkClass,
    Workspace,
};
use crate::viewer::parse;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::{AgentId, PresenceReasonId};
use interdesk_domain::routing::model::{Capacity, PerClass};
use interdesk_flow::setup::{
    self, AgentAdd, AgentUpdate, Missing, ReasonRetire, ReasonSet, SetupWish, TimeOffAdd,
    TimeOffRemove,
};

/// The most units that are read; what is above is refused with the others.
const MOST: i32 = 1_000_000;

#[derive(Default)]
pub(in crate::mutation) struct AgentMutation;

#[Object]
impl AgentMutation {
    /// Adds somebody who answers. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::AgentsManage)))]
    async fn agent_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who.")] input: AgentAddInput,
    ) -> Option<Result<AgentPayload, Error>> {
        Some(add(context, input).await)
    }

    /// Changes an agent; what is left out stays. To lower what they may hold takes nothing from them:
    /// they get nothing new until they hold less. Supervisors change skills, languages and presence
    /// of people in their teams, administrators everything.
    #[graphql(directive = requires::apply(Some(Permission::AgentsLead)))]
    async fn agent_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, and what changes.")] input: AgentUpdateInput,
    ) -> Option<Result<AgentPayload, Error>> {
        Some(update(context, input).await)
    }

    /// Gives an agent time off: while it lasts they get no new work. For administrators, and for
    /// supervisors of one of their teams.
    #[graphql(directive = requires::apply(Some(Permission::AgentsLead)))]
    async fn agent_time_off_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, and when.")] input: TimeOffAddInput,
    ) -> Option<Result<AgentPayload, Error>> {
        Some(add_time_off(context, input).await)
    }

    /// Takes a time off back. For administrators, and for supervisors of one of their teams.
    #[graphql(directive = requires::apply(Some(Permission::AgentsLead)))]
    async fn agent_time_off_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: TimeOffRemoveInput,
    ) -> Option<Result<AgentPayload, Error>> {
        Some(remove_time_off(context, input).await)
    }

    /// Stops all assistants at once, or lets them work again: while they are stopped they get no new
    /// work. For supervisors and administrators.
    #[graphql(directive = requires::apply(Some(Permission::ConversationsSteer)))]
    async fn assistants_stop(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whether they are stopped.")] input: AssistantsStopInput,
    ) -> Option<Result<AssistantsStopPayload, Error>> {
        Some(stop(context, input).await)
    }

    /// Adds a word of the workspace's own for what agents are, or changes what one stands for. For
    /// administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn presence_reason_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The word.")] input: PresenceReasonSetInput,
    ) -> Option<Result<PresenceReasonPayload, Error>> {
        Some(set_reason(context, input).await)
    }

    /// Offers a word for what agents are no more. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn presence_reason_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: PresenceReasonRetireInput,
    ) -> Option<Result<PresenceReasonPayload, Error>> {
        Some(retire_reason(context, input).await)
    }
}

/// Somebody who answers from now on.
#[derive(InputObject)]
struct AgentAddInput {
    /// The name at sign-in.
    email: String,
    /// The name that colleagues see.
    name: String,
    /// What they may do.
    role: Role,
    /// A person or an assistant.
    kind: AgentKind,
    /// The password; without one they sign in otherwise.
    password: Option<String>,
}

/// What changes about an agent.
#[derive(InputObject)]
struct AgentUpdateInput {
    /// Who.
    agent_id: ID,
    /// The name that colleagues see.
    name: Option<String>,
    /// What they may do.
    role: Option<Role>,
    /// A person or an assistant.
    kind: Option<AgentKind>,
    /// The languages that they answer in, as `de` or `pt-BR`.
    languages: Option<Vec<String>>,
    /// All their skills.
    skills: Option<Vec<AgentSkillInput>>,
    /// What they may hold.
    capacity: Option<AgentCapacityInput>,
    /// When they are at work; null for always.
    schedule_id: MaybeUndefined<ID>,
    /// Whether they may not sign in.
    disabled: Option<bool>,
    /// What they are.
    presence: Option<Presence>,
    /// What they are, in a word of the workspace's own.
    reason_id: Option<ID>,
}

/// A skill with a level.
#[derive(InputObject)]
struct AgentSkillInput {
    /// Its name.
    name: String,
    /// How well, from 1 to 100.
    level: i32,
}

/// What an agent may hold, in units of work.
#[derive(InputObject)]
struct AgentCapacityInput {
    /// All classes together.
    total: i32,
    /// Conversations by messages; as many as in total without it.
    message: Option<i32>,
    /// Mails; as many as in total without it.
    email: Option<i32>,
    /// Calls; as many as in total without it.
    call: Option<i32>,
    /// Anything else; as many as in total without it.
    task: Option<i32>,
    /// Classes that do not count towards the total when work of another class comes.
    #[graphql(default)]
    interruptible: Vec<WorkClass>,
    /// Offers that may wait for an answer at once; as many as in total without it.
    open_offers: Option<i32>,
}

/// A time off.
#[derive(InputObject)]
struct TimeOffAddInput {
    /// Who.
    agent_id: ID,
    /// From when on.
    from: DateTime<Utc>,
    /// Until when; itself not included.
    until: DateTime<Utc>,
    /// What is to be said about it; shown to the agent and to those who steer the work of others.
    #[graphql(default)]
    note: String,
}

/// A time off that is taken back.
#[derive(InputObject)]
struct TimeOffRemoveInput {
    /// Which.
    time_off_id: ID,
}

/// Whether assistants work.
#[derive(InputObject)]
struct AssistantsStopInput {
    /// Whether they are stopped.
    stopped: bool,
}

/// A word and what it stands for.
#[derive(InputObject)]
struct PresenceReasonSetInput {
    /// The word.
    name: String,
    /// What it stands for.
    presence: Presence,
}

/// A word that is not offered any more.
#[derive(InputObject)]
struct PresenceReasonRetireInput {
    /// Which.
    reason_id: ID,
}

payload! {
    /// What became of a change of an agent.
    AgentPayload {
        /// The agent as they are now; null where there is no such agent.
        agent: Agent as AgentId
    }
}

payload! {
    /// What became of a change of a word for presences.
    PresenceReasonPayload {
        /// The word as it is now; null where there is none.
        reason: PresenceReason as PresenceReasonId
    }
}

/// What became of stopping the assistants, or of letting them work.
#[derive(SimpleObject)]
struct AssistantsStopPayload {
    /// What became of it.
    status: super::SetupStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<crate::mutation::Refusal>,
    /// Everything that has to be mended before it is taken.
    faults: Vec<InputFault>,
    /// The workspace as it is now.
    workspace: Nullable<Workspace>,
}

async fn add(context: &Context<'_>, input: AgentAddInput) -> Result<AgentPayload, Error> {
    let add = AgentAdd {
        email: input.email,
        name: input.name,
        role: input.role.into(),
        kind: input.kind.into(),
        password: input.password,
    };
    let told = change(context, &SetupWish::AgentAdd(add)).await?;
    Ok(AgentPayload::of(context, told, None).await)
}

async fn update(context: &Context<'_>, input: AgentUpdateInput) -> Result<AgentPayload, Error> {
    let agent: Option<AgentId> = parse(&input.agent_id);
    let told = match wanted(agent, input) {
        Ok(update) => change(context, &SetupWish::AgentUpdate(update)).await?,
        Err(missing) => Told::not_found(context, missing)?,
    };
    Ok(AgentPayload::of(context, told, agent).await)
}

fn wanted(agent: Option<AgentId>, input: AgentUpdateInput) -> Result<AgentUpdate, Missing> {
    let reason = match &input.reason_id {
        None => None,
        Some(id) => Some(parse(id).ok_or(Missing::Reason)?),
    };
    let skills = input.skills.map(|skills| {
        let skills = skills.into_iter();
        let level = |level: i32| i16::try_from(level).unwrap_or(i16::MAX);
        skills
            .map(|one| (one.name.trim().to_owned(), level(one.level)))
            .collect()
    });
    Ok(AgentUpdate {
        agent: agent.ok_or(Missing::Agent)?,
        name: input.name,
        role: input.role.map(Into::into),
        kind: input.kind.map(Into::into),
        languages: input.languages,
        skills,
        capacity: input.capacity.map(Into::into),
        schedule: schedule(&input.schedule_id)?,
        disabled: input.disabled,
        presence: input.presence.map(Into::into),
        reason,
    })
}

impl From<AgentCapacityInput> for Capacity {
    fn from(input: AgentCapacityInput) -> Self {
        // A number below zero is read as one that is refused.
        let units = |units: i32| u32::try_from(units.min(MOST)).unwrap_or(u32::MAX);
        let or_total = |of: Option<i32>| units(of.unwrap_or(input.total));
        let yields = |class: WorkClass| input.interruptible.contains(&class);
        Self {
            total: units(input.total),
            most: PerClass {
                message: or_total(input.message),
                email: or_total(input.email),
                call: or_total(input.call),
                task: or_total(input.task),
            },
            interruptible: PerClass {
                message: yields(WorkClass::Message),
                email: yields(WorkClass::Email),
                call: yields(WorkClass::Call),
                task: yields(WorkClass::Task),
            },
            open_offers: or_total(input.open_offers),
        }
    }
}

async fn add_time_off(
    context: &Context<'_>,
    input: TimeOffAddInput,
) -> Result<AgentPayload, Error> {
    let agent: Option<AgentId> = parse(&input.agent_id);
    let told = match agent {
        None => Told::not_found(context, Missing::Agent)?,
        Some(agent) => {
            let add = TimeOffAdd {
                agent,
                from: input.from,
                until: input.until,
                note: input.note,
            };
            change(context, &SetupWish::TimeOffAdd(add)).await?
        }
    };
    Ok(AgentPayload::of(context, told, agent).await)
}

async fn remove_time_off(
    context: &Context<'_>,
    input: TimeOffRemoveInput,
) -> Result<AgentPayload, Error> {
    let told = match parse(&input.time_off_id) {
        None => Told::not_found(context, Missing::TimeOff)?,
        Some(absence) => {
            change(
                context,
                &SetupWish::TimeOffRemove(TimeOffRemove { absence }),
            )
            .await?
        }
    };
    Ok(AgentPayload::of(context, told, None).await)
}

async fn stop(
    context: &Context<'_>,
    input: AssistantsStopInput,
) -> Result<AssistantsStopPayload, Error> {
    let told = change(context, &SetupWish::AssistantsStop(input.stopped)).await?;
    Ok(AssistantsStopPayload {
        status: told.status,
        refusal: told.refusal,
        faults: told.faults,
        workspace: types::workspace(context).await,
    })
}

async fn set_reason(
    context: &Context<'_>,
    input: PresenceReasonSetInput,
) -> Result<PresenceReasonPayload, Error> {
    let set = ReasonSet {
        name: input.name,
        presence: input.presence.into(),
    };
    let told = change(context, &SetupWish::ReasonSet(set)).await?;
    Ok(PresenceReasonPayload::of(context, told, None).await)
}

async fn retire_reason(
    context: &Context<'_>,
    input: PresenceReasonRetireInput,
) -> Result<PresenceReasonPayload, Error> {
    let reason: Option<PresenceReasonId> = parse(&input.reason_id);
    let told = match reason {
        None => Told::not_found(context, setup::Missing::Reason)?,
        Some(reason) => change(context, &SetupWish::ReasonRetire(ReasonRetire { reason })).await?,
    };
    Ok(PresenceReasonPayload::of(context, told, reason).await)
}
