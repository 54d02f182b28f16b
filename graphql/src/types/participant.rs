//! Customers who write in a conversation.

use super::{Contact, Nullable, object};
use crate::Long;
use crate::loaders;
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use interdesk_store::read::messages as rows;

object! {
    /// A customer who wrote in a conversation.
    Participant(rows::Participant)
}

/// A customer who wrote in a conversation.
#[Object]
impl Participant {
    /// Who, as they were met: not the contact that they may be linked into.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, self.0.contact_id).await
    }

    /// How many messages they wrote here.
    async fn messages(&self) -> Long {
        self.0.messages.into()
    }

    /// When they wrote here last.
    async fn last_wrote_at(&self) -> DateTime<Utc> {
        self.0.last_wrote_at
    }
}
