//! Roles of the workspace's own, and who has which.

use super::{Told, change, payload};
use crate::Error;
use crate::access::requires;
use crate::types::{Agent, CustomRole, Permission, Role, Visibility};
use crate::viewer::parse;
use async_graphql::{Context, ID, InputObject, Object};
use interdesk_domain::id::{AgentId, RoleId};
use interdesk_domain::permission;
use interdesk_flow::setup::{Missing, RoleChange, RoleGive, RoleRetire, SetupWish};

#[derive(Default)]
pub(in crate::mutation) struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Makes a role of the workspace's own. It allows no more than the viewer may.
    #[graphql(directive = requires::apply(Some(Permission::RolesManage)))]
    async fn role_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The role.")] input: RoleCreateInput,
    ) -> Option<Result<RolePayload, Error>> {
        let wish = RoleChange {
            role: None,
            name: Some(input.name),
            description: Some(input.description),
            permissions: Some(input.permissions.into_iter().map(Into::into).collect()),
            visibility: Some(input.visibility.into()),
        };
        Some(set(context, wish).await)
    }

    /// Changes a role of the workspace's own; what is left out stays. Whoever has it has it as it is
    /// now from their next request on.
    #[graphql(directive = requires::apply(Some(Permission::RolesManage)))]
    async fn role_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which role, and what changes.")] input: RoleUpdateInput,
    ) -> Option<Result<RolePayload, Error>> {
        Some(update(context, input).await)
    }

    /// Gives up a role that nobody has.
    #[graphql(directive = requires::apply(Some(Permission::RolesManage)))]
    async fn role_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RoleRetireInput,
    ) -> Option<Result<RolePayload, Error>> {
        Some(retire(context, &input.role_id).await)
    }

    /// Gives an agent a role: one that every workspace has, or one of its own. Neither that role nor
    /// the one that they have may allow more than the viewer may.
    #[graphql(directive = requires::apply(Some(Permission::AgentsManage)))]
    async fn agent_role_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, and which.")] input: AgentRoleSetInput,
    ) -> Option<Result<AgentRolePayload, Error>> {
        Some(give(context, input).await)
    }
}

/// A new role.
#[derive(InputObject)]
struct RoleCreateInput {
    /// What it is called.
    name: String,
    /// What it is for.
    #[graphql(default)]
    description: String,
    /// What it allows.
    permissions: Vec<Permission>,
    /// Which conversations it shows.
    visibility: Visibility,
}

/// What changes about a role.
#[derive(InputObject)]
struct RoleUpdateInput {
    /// Which.
    role_id: ID,
    /// What it is called.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// All that it allows.
    permissions: Option<Vec<Permission>>,
    /// Which conversations it shows.
    visibility: Option<Visibility>,
}

/// A role that is given up.
#[derive(InputObject)]
struct RoleRetireInput {
    /// Which.
    role_id: ID,
}

/// Who gets which role.
#[derive(InputObject)]
struct AgentRoleSetInput {
    /// Who.
    agent_id: ID,
    /// Which one of those that every workspace has; `CUSTOM` with `roleId`.
    role: Role,
    /// Which one of the workspace's own.
    role_id: Option<ID>,
}

payload! {
    /// What became of a change of a role.
    RolePayload {
        /// The role as it is now; null where there is none.
        role: CustomRole as RoleId
    }
}

payload! {
    /// What became of giving a role.
    AgentRolePayload {
        /// The agent as they are now; null where there is no such agent.
        agent: Agent as AgentId
    }
}

async fn set(context: &Context<'_>, wish: RoleChange) -> Result<RolePayload, Error> {
    let asked = wish.role;
    let told = change(context, &SetupWish::Role(wish)).await?;
    Ok(RolePayload::of(context, told, asked).await)
}

async fn update(context: &Context<'_>, input: RoleUpdateInput) -> Result<RolePayload, Error> {
    let Some(role) = parse::<RoleId>(&input.role_id) else {
        let told = Told::not_found(context, Missing::Role)?;
        return Ok(RolePayload::of(context, told, None).await);
    };
    let permissions = input.permissions.map(|list| {
        let list = list.into_iter();
        list.map(Into::into)
            .collect::<Vec<permission::Permission>>()
    });
    let wish = RoleChange {
        role: Some(role),
        name: input.name,
        description: input.description,
        permissions,
        visibility: input.visibility.map(Into::into),
    };
    set(context, wish).await
}

async fn retire(context: &Context<'_>, id: &ID) -> Result<RolePayload, Error> {
    let role: Option<RoleId> = parse(id);
    let told = match role {
        Some(role) => change(context, &SetupWish::RoleRetire(RoleRetire { role })).await?,
        None => Told::not_found(context, Missing::Role)?,
    };
    Ok(RolePayload::of(context, told, role).await)
}

async fn give(context: &Context<'_>, input: AgentRoleSetInput) -> Result<AgentRolePayload, Error> {
    let agent: Option<AgentId> = parse(&input.agent_id);
    let own = input.role_id.as_ref().map(parse::<RoleId>);
    let told = match (agent, own) {
        (None, _) => Told::not_found(context, Missing::Agent)?,
        (_, Some(None)) => Told::not_found(context, Missing::Role)?,
        (Some(agent), own) => {
            let give = RoleGive {
                agent,
                role: input.role.into(),
                own: own.flatten(),
            };
            change(context, &SetupWish::RoleGive(give)).await?
        }
    };
    Ok(AgentRolePayload::of(context, told, agent).await)
}
