//! Identity providers of the workspace.

use super::{Told, change, payload, tell};
use crate::Error;
use crate::access::requires;
use crate::mutation::key;
use crate::types::{IdentityProvider, Permission, Role};
use crate::viewer::{desk, parse, relying_party, request, vault, viewer};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use interdesk_domain::id::{IdentityProviderId, RoleId};
use interdesk_domain::permission::{GivenRole, GroupRule};
use interdesk_flow::setup::{self, Missing, ProviderChange, ProviderRetire, SetupWish};

#[derive(Default)]
pub(in crate::mutation) struct IdentityProviderMutation;

#[Object]
impl IdentityProviderMutation {
    /// Sets up where people prove who they are (OpenID Connect), or changes it; what is left out stays.
    /// Who may do so could sign in as anybody, so it needs everything that an administrator may.
    #[graphql(directive = requires::apply(Some(Permission::SignInConfigure)))]
    async fn identity_provider_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and what it is to be.")] input: IdentityProviderSetInput,
    ) -> Option<Result<IdentityProviderPayload, Error>> {
        Some(set(context, input).await)
    }

    /// Takes an identity provider away: nobody signs in there any more. Sessions go on.
    #[graphql(directive = requires::apply(Some(Permission::SignInConfigure)))]
    async fn identity_provider_retire(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: IdentityProviderRetireInput,
    ) -> Option<Result<IdentityProviderPayload, Error>> {
        Some(retire(context, &input.identity_provider_id).await)
    }
}

/// An identity provider as it is to be.
#[derive(InputObject)]
struct IdentityProviderSetInput {
    /// Which one changes; a new one without it.
    identity_provider_id: Option<ID>,
    /// What stands on the button.
    name: Option<String>,
    /// The issuer's URL, as its tokens write it. It has to answer under
    /// `/.well-known/openid-configuration`.
    issuer: Option<String>,
    /// What the provider calls this desk.
    client_id: Option<String>,
    /// What proves this desk to the provider; null for a public client.
    #[graphql(secret)]
    client_secret: MaybeUndefined<String>,
    /// What is asked for beside `openid`; `email` and `profile` unless told.
    scopes: Option<Vec<String>>,
    /// Which claim names groups; `groups` unless told. A dot leads into an object, as in
    /// `realm_access.roles`.
    groups_claim: Option<String>,
    /// Which group gives which role; the first that fits counts, at each sign-in. Without any, roles stay
    /// as they are given here.
    group_roles: Option<Vec<GroupRuleInput>>,
    /// The role of who is in none of these groups; null where they are not let in.
    fallback_role: MaybeUndefined<Role>,
    /// Which role of the workspace's own, where `fallbackRole` is `CUSTOM`.
    fallback_role_id: Option<ID>,
    /// Whether somebody new becomes an agent by signing in.
    creates_agents: Option<bool>,
    /// Whether an address counts as verified of which the provider does not say so. Only where nobody
    /// but the workspace gives out addresses there.
    trusts_email: Option<bool>,
    /// The pages that the provider may send people back to, letter by letter.
    redirect_urls: Option<Vec<String>>,
}

/// Which role a group gives.
#[derive(InputObject)]
struct GroupRuleInput {
    /// What the provider calls the group.
    group: String,
    /// Which role its people get.
    role: Role,
    /// Which role of the workspace's own, where `role` is `CUSTOM`.
    role_id: Option<ID>,
}

/// A provider that is taken away.
#[derive(InputObject)]
struct IdentityProviderRetireInput {
    /// Which.
    identity_provider_id: ID,
}

payload! {
    /// What became of a change of an identity provider.
    IdentityProviderPayload {
        /// The provider as it is now; null where there is none.
        identity_provider: IdentityProvider as IdentityProviderId
    }
}

async fn set(
    context: &Context<'_>,
    input: IdentityProviderSetInput,
) -> Result<IdentityProviderPayload, Error> {
    let asked = input.identity_provider_id.as_ref().map(parse);
    let asked = asked.map(|id| id.ok_or(Missing::IdentityProvider));
    let told = match asked.transpose() {
        Ok(provider) => match read(input, provider) {
            Ok(wish) => return write(context, wish).await,
            Err(missing) => Told::not_found(context, missing)?,
        },
        Err(missing) => Told::not_found(context, missing)?,
    };
    Ok(IdentityProviderPayload::of(context, told, None).await)
}

async fn write(
    context: &Context<'_>,
    wish: ProviderChange,
) -> Result<IdentityProviderPayload, Error> {
    let (viewer, key) = (viewer(context)?, key(context)?);
    let (tools, request) = (
        (vault(context)?, relying_party(context)?),
        request(context, viewer),
    );
    let desk = desk(context)?;
    let outcome = setup::set_provider(desk, tools, viewer, &wish, key.as_deref(), &request).await?;
    Ok(IdentityProviderPayload::of(context, tell(outcome), wish.provider).await)
}

fn read(
    input: IdentityProviderSetInput,
    provider: Option<IdentityProviderId>,
) -> Result<ProviderChange, Missing> {
    let given = |role: Role, own: Option<&ID>| -> Result<GivenRole, Missing> {
        let own = own.map(|id| parse::<RoleId>(id).ok_or(Missing::Role));
        Ok(GivenRole {
            role: role.into(),
            own: own.transpose()?,
        })
    };
    let rule = |rule: GroupRuleInput| {
        Ok(GroupRule {
            gives: given(rule.role, rule.role_id.as_ref())?,
            group: rule.group,
        })
    };
    let rules = input
        .group_roles
        .map(|rules| rules.into_iter().map(rule).collect());
    let fallback = match input.fallback_role {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(role) => Some(Some(given(role, input.fallback_role_id.as_ref())?)),
    };
    Ok(ProviderChange {
        provider,
        name: input.name,
        issuer: input.issuer,
        client_id: input.client_id,
        client_secret: match input.client_secret {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(secret) => Some(Some(secret)),
        },
        scopes: input.scopes,
        groups_claim: input.groups_claim,
        group_roles: rules.transpose()?,
        fallback,
        creates_agents: input.creates_agents,
        trusts_email: input.trusts_email,
        redirect_urls: input.redirect_urls,
    })
}

async fn retire(context: &Context<'_>, id: &ID) -> Result<IdentityProviderPayload, Error> {
    let provider: Option<IdentityProviderId> = parse(id);
    let told = match provider {
        Some(provider) => {
            let wish = SetupWish::ProviderRetire(ProviderRetire { provider });
            change(context, &wish).await?
        }
        None => Told::not_found(context, Missing::IdentityProvider)?,
    };
    Ok(IdentityProviderPayload::of(context, told, provider).await)
}
