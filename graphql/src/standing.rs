//! Whether who asks may still work here.
//!
//! A token outlives the moment at which its agent is disabled, and nobody keeps a list of revoked
//! ones. So each operation looks the agent up before anything of it runs, whichever transport
//! brought it; mutations look once more in their own transaction (`flow`), and a subscription for as
//! long as it is open.

use crate::Error;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ServerResult, Variables};
use interdesk_domain::permission::Viewer;
use interdesk_flow::Desk;
use interdesk_store::agents;
use std::sync::Arc;

/// Refuses the operations of agents who were disabled.
pub(crate) struct Standing;

impl ExtensionFactory for Standing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Standing {
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let (viewer, desk) = (context.data_opt::<Viewer>(), context.data_opt::<Desk>());
        if let (Some(viewer), Some(desk)) = (viewer, desk) {
            check(desk, viewer).await?;
        }
        next.run(context, query, variables).await
    }
}

/// Fails with [`Error::Unauthenticated`] where the agent may not sign in any more.
pub(crate) async fn check(desk: &Desk, viewer: &Viewer) -> Result<(), Error> {
    let transaction = desk.database.begin(viewer.scope()).await?;
    let is_enabled = agents::is_enabled(&transaction, viewer.scope(), viewer.agent).await?;
    transaction.commit().await?;
    match is_enabled {
        true => Ok(()),
        false => Err(Error::Unauthenticated),
    }
}
