//! What somebody proves themselves by beside the password.

use super::object;
use crate::Error;
use crate::viewer::{desk, viewer};
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use interdesk_store::second_factors::{self, Confirmed};

object! {
    /// That sign-ins ask for a code.
    SecondFactor(Confirmed)
}

/// That sign-ins ask for a code of an authenticator.
#[Object]
impl SecondFactor {
    /// Since when.
    async fn confirmed_at(&self) -> DateTime<Utc> {
        self.0.confirmed_at
    }

    /// How many recovery codes are good.
    async fn recovery_codes_left(&self) -> i32 {
        i32::try_from(self.0.codes_left).unwrap_or(i32::MAX)
    }
}

/// Finds the viewer's own.
pub(crate) async fn second_factor(context: &Context<'_>) -> Result<Option<SecondFactor>, Error> {
    let (viewer, desk) = (viewer(context)?, desk(context)?);
    let found = desk
        .database
        .read(viewer.scope(), async |conn| {
            second_factors::find(conn, viewer.scope(), viewer.agent).await
        })
        .await?;
    Ok(found.map(SecondFactor))
}
