//! Contacts and their addresses.

use super::{Nullable, object};
use crate::Long;
use crate::loaders::{self, IdentitiesOf};
use crate::viewer::outside;
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_store::read::contacts as rows;

object! {
    /// A person who writes.
    Contact(rows::Contact)
}

/// A person who writes.
#[Object]
impl Contact {
    /// Names the contact.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The name to show; null where nobody said one.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The language of the contact's app (BCP 47).
    async fn locale(&self) -> Option<&str> {
        self.0.locale.as_deref()
    }

    /// The contact's addresses, present and former ones, oldest first.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn identities(&self, context: &Context<'_>) -> Nullable<Vec<Identity>> {
        let found = loaders::all(context, IdentitiesOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(Identity).collect()))
    }

    /// Counts the contact's events.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// When the contact first wrote.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

object! {
    /// One typed address of a contact on one network.
    Identity(rows::Identity)
}

/// One typed address of a contact on one network.
#[Object]
impl Identity {
    /// Names the identity.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// Where the contact is, such as `whatsapp`.
    async fn network(&self) -> &str {
        &self.0.network
    }

    /// What kind of value it is: `phone`, `bsuid`, `user`, `username`.
    async fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The address in the provider's canonical form.
    async fn value(&self) -> &str {
        &self.0.value
    }

    /// Who vouches for it: `provider` or `self_asserted`.
    async fn verified_by(&self) -> &str {
        &self.0.verified_by
    }

    /// Whether the contact lets us write there: `unknown`, `allowed` or `forbidden`.
    async fn consent(&self) -> &str {
        &self.0.consent
    }

    /// Since when it is the contact's.
    async fn valid_from(&self) -> DateTime<Utc> {
        self.0.valid_from
    }

    /// Until when it was; null while it is.
    async fn valid_to(&self) -> Option<DateTime<Utc>> {
        self.0.valid_to
    }
}
