//! What holds for the whole workspace.

use super::{SetupStatus, Told, change};
use crate::Error;
use crate::access::requires;
use crate::mutation::Refusal;
use crate::types::Permission;
use crate::types::{self, InputFault, Nullable, Workspace};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use interdesk_flow::setup::{SetupWish, ZoneChange};

#[derive(Default)]
pub(in crate::mutation) struct WorkspaceMutation;

#[Object]
impl WorkspaceMutation {
    /// Chooses the zone by which the days of reports begin. All days are counted anew by it: until
    /// that is done, a moment later, the workspace and its reports have the zone before. For
    /// administrators.
    #[graphql(directive = requires::apply(Some(Permission::WorkspaceConfigure)))]
    async fn workspace_zone_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which zone.")] input: WorkspaceZoneSetInput,
    ) -> Option<Result<WorkspaceZonePayload, Error>> {
        Some(set(context, input.zone).await)
    }
}

/// A zone for the days of reports.
#[derive(InputObject)]
struct WorkspaceZoneSetInput {
    /// Its IANA name, such as Europe/Berlin.
    zone: String,
}

/// What became of the choice of a zone.
#[derive(SimpleObject)]
struct WorkspaceZonePayload {
    /// What became of it.
    status: SetupStatus,
    /// Why it was refused; null where it was not.
    refusal: Option<Refusal>,
    /// Everything that has to be mended before it is taken.
    faults: Vec<InputFault>,
    /// The workspace.
    workspace: Nullable<Workspace>,
}

async fn set(context: &Context<'_>, zone: String) -> Result<WorkspaceZonePayload, Error> {
    let wish = SetupWish::Zone(ZoneChange { zone });
    let told: Told = change(context, &wish).await?;
    Ok(WorkspaceZonePayload {
        status: told.status,
        refusal: told.refusal,
        faults: told.faults,
        workspace: types::workspace(context).await,
    })
}
