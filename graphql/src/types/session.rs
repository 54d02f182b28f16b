//! Where somebody is signed in.

use super::object;
use crate::viewer::{desk, outside, viewer};
use crate::{Error, Identity};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_store::sessions::{self, Session as Row};

object! {
    /// A time for which somebody is signed in on one device.
    Session(Row)
}

/// A time for which somebody is signed in on one device.
#[Object]
impl Session {
    /// Names the session.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What the device said it is; empty where it said nothing.
    async fn device(&self) -> &str {
        &self.0.device
    }

    /// Whether the token of this request belongs to it.
    async fn is_current(&self, context: &Context<'_>) -> bool {
        let identity = context.data_opt::<Identity>();
        identity.and_then(Identity::session) == Some(self.0.id)
    }

    /// When they signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it last gave an access token.
    async fn seen_at(&self) -> DateTime<Utc> {
        self.0.seen_at
    }

    /// Until when it can give another.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// Lists where the viewer is signed in.
pub(crate) async fn sessions(context: &Context<'_>) -> Result<Vec<Session>, Error> {
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let transaction = desk.database.begin(viewer.scope()).await?;
    let (agent, now) = (viewer.agent, desk.now());
    let found = sessions::list(&transaction, viewer.scope(), agent, now).await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(Session).collect())
}
