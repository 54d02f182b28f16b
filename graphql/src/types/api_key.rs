//! Keys by which programs speak as agents.

use super::{Agent, Nullable, Permission, object};
use crate::viewer::{desk, outside, viewer};
use crate::{Error, loaders};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::permission;
use interdesk_store::api_keys::{self, ApiKey as Row};

object! {
    /// A key by which a program speaks as an agent.
    ApiKey(Row)
}

/// A key by which a program speaks as an agent. The key itself is shown once, when it is made.
#[Object]
impl ApiKey {
    /// Names the key.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its last letters, by which people tell keys apart.
    async fn hint(&self) -> &str {
        &self.0.hint
    }

    /// As whom it speaks; it never allows more than their role does at the moment.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id).await
    }

    /// What it allows at most.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.permissions().map(Into::into).collect()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until when it is good.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When it was last used, to the minute; null before the first time.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.used_at
    }

    /// Since when it is good no more; null while it is.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}

/// Lists the viewer's keys, or everybody's where they may see them.
pub(crate) async fn api_keys(context: &Context<'_>) -> Result<Vec<ApiKey>, Error> {
    let viewer = viewer(context)?;
    let of_all = viewer.may(permission::Permission::ApiKeysManage);
    let agent = (!of_all).then_some(viewer.agent);
    let found = desk(context)?
        .database
        .read(viewer.scope(), async |conn| {
            api_keys::list(conn, viewer.scope(), agent).await
        })
        .await?;
    Ok(found.into_iter().map(ApiKey).collect())
}
