//! The workspace: what holds for everybody in it.

use super::Nullable;
use crate::Error;
use crate::scalars::TimeZone;
use crate::viewer::{desk, outside, viewer};
use async_graphql::{Context, Enum, ID, Object};
use interdesk_domain::inbox;
use interdesk_store::read::tenants::{self, Workspace as Row};

/// What holds for everybody who works here.
pub(crate) struct Workspace(Row);

/// What holds for everybody who works here.
#[Object]
impl Workspace {
    /// Names the workspace.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The short name that people type at sign-in.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The zone by which the days of reports begin, as IANA names it.
    async fn zone(&self) -> TimeZone {
        TimeZone(self.0.zone.clone())
    }

    /// Whether no assistant gets any new work.
    async fn assistants_stopped(&self, context: &Context<'_>) -> Nullable<bool> {
        Some(are_assistants_stopped(context).await)
    }

    /// Where third-party apps are shown to everybody who made no choice of their own.
    async fn third_party_inbox(&self) -> ThirdPartyInbox {
        self.0.third_party_inbox.into()
    }
}

/// Where conversations of third-party apps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inbox::ThirdPartyInbox")]
pub(crate) enum ThirdPartyInbox {
    /// In one list with everything else.
    Combined,
    /// In a list of their own.
    Separate,
}

/// Loads the viewer's workspace.
pub(crate) async fn workspace(context: &Context<'_>) -> Nullable<Workspace> {
    load(context).await.transpose()
}

async fn load(context: &Context<'_>) -> Result<Option<Workspace>, Error> {
    let scope = viewer(context)?.scope();
    let found = desk(context)?
        .database
        .read(scope, async |conn| tenants::find(conn, scope).await)
        .await?;
    Ok(found.map(Workspace))
}

async fn are_assistants_stopped(context: &Context<'_>) -> Result<bool, Error> {
    let scope = viewer(context)?.scope();
    let stopped = desk(context)?
        .database
        .read(scope, async |conn| {
            interdesk_store::workspace::are_assistants_stopped(conn, scope).await
        })
        .await?;
    Ok(stopped)
}
