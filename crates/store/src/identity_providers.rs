//! Where people of a tenant prove who they are, other than here.

use crate::sql::{many, row, sql};
use crate::{Conn, Error};
use chrono::{DateTime, Utc};
use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use interdesk_domain::id::{IdentityProviderId, RoleId};
use interdesk_domain::permission::{GivenRole, GroupRule, Role};
use interdesk_domain::scope::TenantScope;

row! {
    /// An identity provider of a tenant.
    pub struct IdentityProvider {
        /// Which.
        pub id: IdentityProviderId,
        /// What stands on the button.
        pub name: String,
        /// The issuer's URL.
        pub issuer: String,
        /// What the provider calls this desk.
        pub client_id: String,
        /// What proves this desk to it, encrypted.
        pub client_secret: Option<Vec<u8>>,
        /// What is asked for beside `openid`.
        pub scopes: Vec<String>,
        /// Which claim names groups.
        pub groups_claim: String,
        /// Which group gives which role.
        pub group_roles: serde_json::Value,
        /// The role of who is in none of them.
        pub fallback_role: Option<Role>,
        /// Which of the tenant's own that is.
        pub fallback_role_id: Option<RoleId>,
        /// Whether somebody new becomes an agent.
        pub creates_agents: bool,
        /// Whether addresses count of which it does not say that they are verified.
        pub trusts_email: bool,
        /// The pages that it may send people back to.
        pub redirect_urls: Vec<String>,
        /// When it was set up.
        pub created_at: DateTime<Utc>,
        /// Since when nobody signs in there.
        pub retired_at: Option<DateTime<Utc>>,
    }
}

impl IdentityProvider {
    /// Returns which group gives which role.
    pub fn rules(&self) -> Result<Vec<GroupRule>, Error> {
        serde_json::from_value(self.group_roles.clone()).map_err(|source| Error::Unreadable {
            what: "the groups of an identity provider",
            source,
        })
    }

    /// Returns the role of who is in none of the groups.
    pub fn fallback(&self) -> Option<GivenRole> {
        self.fallback_role.map(|role| GivenRole {
            role,
            own: self.fallback_role_id,
        })
    }
}

/// Lists those at which people sign in, by name.
pub async fn list(conn: &Conn, _scope: TenantScope) -> Result<Vec<IdentityProvider>, Error> {
    let found = sql("SELECT id, name, issuer, client_id, client_secret, scopes, groups_claim, group_roles,
            fallback_role, fallback_role_id, creates_agents, trusts_email, redirect_urls, created_at, retired_at
         FROM identity_providers WHERE retired_at IS NULL ORDER BY name, id")
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Finds some, retired ones too.
pub async fn find_many(
    conn: &Conn,
    _scope: TenantScope,
    ids: &[IdentityProviderId],
) -> Result<Vec<IdentityProvider>, Error> {
    let found = sql("SELECT id, name, issuer, client_id, client_secret, scopes, groups_claim, group_roles,
            fallback_role, fallback_role_id, creates_agents, trusts_email, redirect_urls, created_at, retired_at
         FROM identity_providers WHERE id = ANY ($1)")
        .bind(many(ids, |id| *id))
        .load(&mut &*conn)
        .await?;
    Ok(found)
}

/// Finds one at which people sign in and locks it.
pub async fn lock(
    conn: &Conn,
    _scope: TenantScope,
    id: IdentityProviderId,
) -> Result<Option<IdentityProvider>, Error> {
    let found = sql("SELECT id, name, issuer, client_id, client_secret, scopes, groups_claim, group_roles,
            fallback_role, fallback_role_id, creates_agents, trusts_email, redirect_urls, created_at, retired_at
         FROM identity_providers WHERE id = $1 AND retired_at IS NULL
         FOR NO KEY UPDATE")
    .bind(id)
    .get_result(&mut &*conn)
    .await
    .optional()?;
    Ok(found)
}

/// Finds every one with a secret, retired ones too, and locks them.
pub async fn lock_sealed(conn: &Conn, _scope: TenantScope) -> Result<Vec<IdentityProvider>, Error> {
    let found = sql("SELECT id, name, issuer, client_id, client_secret, scopes, groups_claim, group_roles,
            fallback_role, fallback_role_id, creates_agents, trusts_email, redirect_urls, created_at, retired_at
         FROM identity_providers WHERE client_secret IS NOT NULL
         ORDER BY id FOR NO KEY UPDATE")
    .load(&mut &*conn)
    .await?;
    Ok(found)
}

/// Tells whether another one has a name.
pub async fn is_name_taken(
    conn: &Conn,
    _scope: TenantScope,
    name: &str,
    but: Option<IdentityProviderId>,
) -> Result<bool, Error> {
    let found = sql("SELECT 1 FROM identity_providers
         WHERE name = $1 AND retired_at IS NULL AND id IS DISTINCT FROM $2")
    .bind(name)
    .bind(but)
    .execute(&mut &*conn)
    .await?;
    Ok(found > 0)
}

/// Adds one, or writes one that is locked.
pub async fn set(conn: &Conn, scope: TenantScope, it: &IdentityProvider) -> Result<(), Error> {
    sql(
        "INSERT INTO identity_providers (id, tenant_id, name, issuer, client_id, client_secret, scopes,
            groups_claim, group_roles, fallback_role, fallback_role_id, creates_agents, trusts_email,
            redirect_urls, created_at, retired_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, issuer = excluded.issuer,
            client_id = excluded.client_id, client_secret = excluded.client_secret,
            scopes = excluded.scopes, groups_claim = excluded.groups_claim,
            group_roles = excluded.group_roles, fallback_role = excluded.fallback_role,
            fallback_role_id = excluded.fallback_role_id, creates_agents = excluded.creates_agents,
            trusts_email = excluded.trusts_email, redirect_urls = excluded.redirect_urls,
            retired_at = excluded.retired_at",
    )
    .bind(it.id)
    .bind(scope.tenant())
    .bind(it.name.as_str())
    .bind(it.issuer.as_str())
    .bind(it.client_id.as_str())
    .bind(it.client_secret.as_deref())
    .bind(many(&it.scopes, Clone::clone))
    .bind(it.groups_claim.as_str())
    .bind(&it.group_roles)
    .bind(it.fallback_role)
    .bind(it.fallback_role_id)
    .bind(it.creates_agents)
    .bind(it.trusts_email)
    .bind(many(&it.redirect_urls, Clone::clone))
    .bind(it.created_at)
    .bind(it.retired_at)
    .execute(&mut &*conn)
    .await?;
    Ok(())
}
