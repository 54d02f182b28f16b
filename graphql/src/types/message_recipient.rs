//! How far a message to a group got with each of its people.

use super::delivery::{DeliveryFailure, DeliveryState};
use super::{Contact, Nullable, object};
use crate::Error;
use crate::loaders;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::delivery::Failure;
use interdesk_store::message_recipients as rows;

object! {
    /// How far a message of ours to a group got with one of its people.
    MessageRecipient(rows::MessageRecipient)
}

/// How far a message of ours to a group got with one of its people.
#[Object]
impl MessageRecipient {
    /// Who; null where nobody was met under the provider's name of them, or the viewer may not see
    /// them.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, self.0.contact_id?).await
    }

    /// How far.
    async fn state(&self) -> DeliveryState {
        self.0.state.into()
    }

    /// Why it failed with them; null where nothing went wrong.
    async fn failure(&self) -> Nullable<DeliveryFailure> {
        let stored = self.0.failure.clone()?;
        let read = serde_json::from_value::<Failure>(stored);
        Some(read.map(DeliveryFailure::from).map_err(Error::from))
    }

    /// When that was told, by the provider's clock.
    async fn told_at(&self) -> DateTime<Utc> {
        self.0.told_at
    }
}
