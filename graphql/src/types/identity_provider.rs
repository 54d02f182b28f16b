//! Where people prove who they are, other than here.

use super::{CustomRole, Nullable, Role, object};
use crate::viewer::{desk, outside, viewer};
use crate::{Error, loaders};
use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::id::RoleId;
use interdesk_domain::permission::GroupRule as Rule;
use interdesk_flow::oidc;
use interdesk_store::identity_providers::{self, IdentityProvider as Row};

object! {
    /// An identity provider of the workspace.
    IdentityProvider(Row)
}

/// An identity provider (OpenID Connect): people sign in there and are who it says they are.
#[Object]
impl IdentityProvider {
    /// Names the provider.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What stands on the button.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The issuer's URL, as its tokens write it.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What the provider calls this desk.
    async fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Whether this desk proves itself to the provider by a secret, which is never shown.
    async fn has_client_secret(&self) -> bool {
        self.0.client_secret.is_some()
    }

    /// What is asked for beside `openid`.
    async fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Which claim names groups; a dot leads into an object.
    async fn groups_claim(&self) -> &str {
        &self.0.groups_claim
    }

    /// Which group gives which role; the first that fits counts, at each sign-in.
    async fn group_roles(&self) -> Nullable<Vec<GroupRule>> {
        let rules = self.0.rules().map_err(Error::from);
        Some(rules.map(|rules| rules.into_iter().map(GroupRule::from).collect()))
    }

    /// The role of who is in none of these groups; null where they are not let in.
    async fn fallback_role(&self) -> Option<Role> {
        self.0.fallback_role.map(Into::into)
    }

    /// Which role of the workspace's own, where `fallbackRole` is `CUSTOM`.
    async fn fallback_custom_role(&self, context: &Context<'_>) -> Nullable<CustomRole> {
        loaders::one(context, self.0.fallback_role_id?).await
    }

    /// Whether somebody new becomes an agent by signing in.
    async fn creates_agents(&self) -> bool {
        self.0.creates_agents
    }

    /// Whether an address counts as verified of which the provider does not say so.
    async fn trusts_email(&self) -> bool {
        self.0.trusts_email
    }

    /// The pages that the provider may send people back to.
    async fn redirect_urls(&self) -> &[String] {
        &self.0.redirect_urls
    }

    /// When it was set up.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Since when nobody signs in there; null while people do.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }
}

/// Which role a group gives.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct GroupRule {
    /// What the provider calls the group.
    group: String,
    /// Which role its people get.
    role: Role,
    #[graphql(skip)]
    own: Option<RoleId>,
}

#[ComplexObject]
impl GroupRule {
    /// Which role of the workspace's own, where `role` is `CUSTOM`.
    async fn custom_role(&self, context: &Context<'_>) -> Nullable<CustomRole> {
        loaders::one(context, self.own?).await
    }
}

impl From<Rule> for GroupRule {
    fn from(rule: Rule) -> Self {
        Self {
            group: rule.group,
            role: rule.gives.role.into(),
            own: rule.gives.own,
        }
    }
}

/// A provider as who is not signed in sees it.
#[derive(SimpleObject)]
pub(crate) struct SignInProvider {
    /// Names the provider, for `providerSignInBegin`.
    id: ID,
    /// What to write on the button.
    name: String,
}

/// Lists the providers of the viewer's workspace.
pub(crate) async fn identity_providers(
    context: &Context<'_>,
) -> Result<Vec<IdentityProvider>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| {
            identity_providers::list(conn, scope).await
        })
        .await?;
    Ok(found.into_iter().map(IdentityProvider).collect())
}

/// Lists the providers of a workspace for who is not signed in.
pub(crate) async fn sign_in_providers(
    context: &Context<'_>,
    workspace: &str,
) -> Result<Vec<SignInProvider>, Error> {
    let found = oidc::list(desk(context)?, workspace).await?;
    let shown = found.into_iter().map(|row| SignInProvider {
        id: outside(row.id),
        name: row.name,
    });
    Ok(shown.collect())
}
