//! Teams and who is in them.

use super::{Told, change, payload, schedule};
use crate::Error;
use crate::access::requires;
use crate::types::Permission;
use crate::types::Team;
use crate::viewer::parse;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use interdesk_domain::id::{AgentId, TeamId};
use interdesk_flow::setup::{Missing, SetupWish, TeamChange, TeamMember};

#[derive(Default)]
pub(in crate::mutation) struct TeamMutation;

#[Object]
impl TeamMutation {
    /// Creates a team. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn team_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The team.")] input: TeamCreateInput,
    ) -> Option<Result<TeamPayload, Error>> {
        let name = Some(input.name);
        Some(set(context, None, name, &input.schedule_id).await)
    }

    /// Changes a team; what is left out stays. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn team_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which team, and what changes.")] input: TeamUpdateInput,
    ) -> Option<Result<TeamPayload, Error>> {
        let id = Some(&input.team_id);
        Some(set(context, id, input.name, &input.schedule_id).await)
    }

    /// Puts an agent into a team, or changes their rank there. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn team_member_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, where.")] input: TeamMemberSetInput,
    ) -> Option<Result<TeamPayload, Error>> {
        let rank = Some(i16::try_from(input.rank).unwrap_or(i16::MAX));
        Some(set_member(context, &input.team_id, &input.agent_id, rank).await)
    }

    /// Takes an agent out of a team; what they hold stays theirs. For administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn team_member_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, where.")] input: TeamMemberRemoveInput,
    ) -> Option<Result<TeamPayload, Error>> {
        Some(set_member(context, &input.team_id, &input.agent_id, None).await)
    }
}

/// A new team.
#[derive(InputObject)]
struct TeamCreateInput {
    /// What it is called.
    name: String,
    /// When it is open; null for always.
    schedule_id: MaybeUndefined<ID>,
}

/// What changes about a team.
#[derive(InputObject)]
struct TeamUpdateInput {
    /// Which.
    team_id: ID,
    /// What it is called.
    name: Option<String>,
    /// When it is open; null for always.
    schedule_id: MaybeUndefined<ID>,
}

/// An agent in a team.
#[derive(InputObject)]
struct TeamMemberSetInput {
    /// Which team.
    team_id: ID,
    /// Who.
    agent_id: ID,
    /// Added to the rank of the team in a queue, from 0 to 9: lower is asked first.
    #[graphql(default)]
    rank: i32,
}

/// An agent who leaves a team.
#[derive(InputObject)]
struct TeamMemberRemoveInput {
    /// Which team.
    team_id: ID,
    /// Who.
    agent_id: ID,
}

payload! {
    /// What became of a change of a team.
    TeamPayload {
        /// The team as it is now; null where there is no such team.
        team: Team as TeamId
    }
}

async fn set(
    context: &Context<'_>,
    id: Option<&ID>,
    name: Option<String>,
    hours: &MaybeUndefined<ID>,
) -> Result<TeamPayload, Error> {
    let team: Option<TeamId> = id.and_then(parse);
    let told = match (id, team, schedule(hours)) {
        (Some(_), None, _) => Told::not_found(context, Missing::Team)?,
        (_, _, Err(missing)) => Told::not_found(context, missing)?,
        (_, team, Ok(schedule)) => {
            let wish = TeamChange {
                team,
                name,
                schedule,
            };
            change(context, &SetupWish::Team(wish)).await?
        }
    };
    Ok(TeamPayload::of(context, told, team).await)
}

async fn set_member(
    context: &Context<'_>,
    team: &ID,
    agent: &ID,
    rank: Option<i16>,
) -> Result<TeamPayload, Error> {
    let (team, agent): (Option<TeamId>, Option<AgentId>) = (parse(team), parse(agent));
    let told = match (team, agent) {
        (None, _) => Told::not_found(context, Missing::Team)?,
        (_, None) => Told::not_found(context, Missing::Agent)?,
        (Some(team), Some(agent)) => {
            let member = TeamMember { team, agent, rank };
            change(context, &SetupWish::TeamMember(member)).await?
        }
    };
    Ok(TeamPayload::of(context, told, team).await)
}
