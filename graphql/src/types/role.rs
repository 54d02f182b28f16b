//! Roles of the workspace's own, and what the viewer may do.

use super::{Nullable, Permission, Visibility, object};
use crate::Error;
use crate::viewer::{desk, outside, viewer};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_store::roles::{self, OwnRole};

object! {
    /// A role of the workspace's own.
    CustomRole(OwnRole)
}

/// A role of the workspace's own.
#[Object]
impl CustomRole {
    /// Names the role.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What it allows.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.grants().permissions().map(Into::into).collect()
    }

    /// Which conversations it shows.
    async fn visibility(&self) -> Visibility {
        self.0.grants().visibility.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Since when nobody may get it; null while it may be given.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }
}

/// What the viewer may do at this moment, by role or by API key.
#[derive(SimpleObject)]
pub(crate) struct ViewerAccess {
    /// What they may do.
    permissions: Vec<Permission>,
    /// Which conversations they see.
    visibility: Visibility,
}

/// Tells what the viewer may do.
pub(crate) fn viewer_access(context: &Context<'_>) -> Nullable<ViewerAccess> {
    Some(viewer(context).map(|viewer| ViewerAccess {
        permissions: viewer.grants.permissions().map(Into::into).collect(),
        visibility: viewer.grants.visibility.into(),
    }))
}

/// Lists the roles of the workspace's own.
pub(crate) async fn custom_roles(context: &Context<'_>) -> Result<Vec<CustomRole>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| roles::list(conn, scope).await)
        .await?;
    Ok(found.into_iter().map(CustomRole).collect())
}
