//! Contacts and their addresses.

use super::{Agent, Message, Nullable, Schedule, object};
use crate::loaders::{self, FactsOf, KnownOf, LinkedTo, NotesOf, ScheduleOf};
use crate::scalars::{E164, Locale};
use crate::viewer::outside;
use crate::{Error, Long};
use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use interdesk_domain::consent as domain;
use interdesk_store::read::contacts::{self as rows, Known};
use interdesk_store::read::setup::ContactFacts;
use std::collections::BTreeSet;

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

    /// Who says that this is the name.
    async fn name_source(&self) -> NameSource {
        NameSource::of(&self.0.name_source)
    }

    /// The contact that this one was found to be; null where it stands for itself. `contactUnlink`
    /// undoes it.
    async fn linked_into(&self, context: &Context<'_>) -> Nullable<Contact> {
        loaders::one(context, self.0.linked_into?).await
    }

    /// The contacts that were found to be this person, directly or through others, oldest first.
    /// They keep their names, addresses and conversations.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn linked(&self, context: &Context<'_>) -> Nullable<Vec<Contact>> {
        Some(self.list_linked(context).await)
    }

    /// Whether we may write to the person, for each network on which they were met.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn consents(&self, context: &Context<'_>) -> Nullable<Vec<ContactConsent>> {
        Some(self.list_consents(context).await)
    }

    /// Why agents changed who this contact is, or what it consents to, oldest first.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn notes(&self, context: &Context<'_>) -> Nullable<Vec<ContactNote>> {
        let found = loaders::all(context, NotesOf(self.0.id)).await;
        Some(found.map(|found| found.into_iter().map(ContactNote).collect()))
    }

    /// The language of the contact's app (BCP 47).
    async fn locale(&self) -> Option<Locale> {
        self.0.locale.clone().map(Locale)
    }

    /// The contact's addresses and those of the contacts that were linked into it, present and
    /// former ones, oldest first.
    #[graphql(directive = crate::cost::list_size::apply(3, None, None))]
    async fn identities(&self, context: &Context<'_>) -> Nullable<Vec<Identity>> {
        let known = loaders::all(context, KnownOf(self.0.id)).await;
        Some(known.map(|known| known.identities.into_iter().map(Identity).collect()))
    }

    /// What the workspace knows about the contact: names with texts, whole numbers, or yes and no.
    async fn attributes(&self, context: &Context<'_>) -> Nullable<Json<serde_json::Value>> {
        let facts = self.facts(context).await?;
        Some(facts.map(|facts| Json(facts.attributes)))
    }

    /// Whether the contact is very important.
    async fn vip(&self, context: &Context<'_>) -> Nullable<bool> {
        let facts = self.facts(context).await?;
        Some(facts.map(|facts| facts.vip))
    }

    /// The segments that the contact is in.
    async fn segments(&self, context: &Context<'_>) -> Nullable<Vec<String>> {
        let facts = self.facts(context).await?;
        Some(facts.map(|facts| facts.segments))
    }

    /// The hours that were promised to the contact; null for none.
    async fn schedule(&self, context: &Context<'_>) -> Nullable<Schedule> {
        match self.facts(context).await? {
            Ok(facts) => loaders::one(context, ScheduleOf(facts.schedule_id?)).await,
            Err(error) => Some(Err(error)),
        }
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

impl Contact {
    async fn facts(&self, context: &Context<'_>) -> Nullable<ContactFacts> {
        loaders::one(context, FactsOf(self.0.id)).await
    }

    async fn list_linked(&self, context: &Context<'_>) -> Result<Vec<Contact>, Error> {
        let mut contacts = Vec::new();
        for linked in loaders::all(context, LinkedTo(self.0.id)).await? {
            if let Some(contact) = loaders::one(context, linked.id).await {
                contacts.push(contact?);
            }
        }
        Ok(contacts)
    }

    async fn list_consents(&self, context: &Context<'_>) -> Result<Vec<ContactConsent>, Error> {
        let Known { identities, said } = loaders::all(context, KnownOf(self.0.id)).await?;
        let met = identities.into_iter().map(|identity| identity.network);
        let networks: BTreeSet<String> = met
            .chain(said.iter().map(|one| one.network.clone()))
            .collect();
        let consents = networks.into_iter().map(|network| {
            let own = said.iter().filter(|one| one.network == network);
            ContactConsent {
                state: consent_on(&said, &network).into(),
                said_at: own.map(|one| one.said_at).max(),
                network,
            }
        });
        Ok(consents.collect())
    }
}

/// Returns whether the person lets us write on a network, of all that they said.
pub(crate) fn consent_on(said: &[rows::ConsentSaid], network: &str) -> domain::Consent {
    let own = said.iter().filter(|one| one.network == network);
    domain::Consent::of_person(own.map(|one| one.state))
}

/// Who says that a name is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum NameSource {
    /// There is no name.
    None,
    /// They call themselves so.
    SelfAsserted,
    /// Somebody proved it.
    Verified,
    /// An agent gave it.
    Agent,
    /// One of us has them under it in the provider's own app.
    AddressBook,
}

impl NameSource {
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "self_asserted" => Self::SelfAsserted,
            "verified" => Self::Verified,
            "agent" => Self::Agent,
            "address_book" => Self::AddressBook,
            _ => Self::None,
        }
    }
}

/// Whether a person lets us write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Consent")]
pub(crate) enum ConsentState {
    /// They never said: who writes to us may be answered.
    Unknown,
    /// We asked.
    Invited,
    /// They said yes.
    Enabled,
    /// They said no: nothing may be written before they say yes.
    Disabled,
}

/// Whether a person lets us write on a network.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct ContactConsent {
    /// On which network, such as `whatsapp`.
    network: String,
    /// What holds. Where contacts that are one person said different things, a no counts most.
    state: ConsentState,
    /// When they spoke last; null where they never did.
    said_at: Option<DateTime<Utc>>,
}

object! {
    /// Why it was changed who a contact is, or what it consents to.
    ContactNote(rows::Note)
}

/// Why it was changed who a contact is, or what it consents to.
#[Object]
impl ContactNote {
    /// Names the note, as the event does.
    async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// What was changed: `linked`, `unlinked` or `consent`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The reason in the agent's words, or what the customer did.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who wrote it; null where customers showed themselves who they are, by a link out of the web chat.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        loaders::one(context, self.0.agent_id?).await
    }

    /// The message that shows it; null where none does.
    async fn message(&self, context: &Context<'_>) -> Nullable<Message> {
        loaders::one(context, self.0.message_id?).await
    }

    /// When.
    async fn written_at(&self) -> DateTime<Utc> {
        self.0.written_at
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

    /// The phone number, where it is one.
    async fn phone(&self) -> Option<E164> {
        let is_phone = self.0.namespace == "phone";
        is_phone.then(|| E164::read(&self.0.value)).flatten()
    }

    /// Who vouches for it: `provider` or `self_asserted`.
    async fn verified_by(&self) -> &str {
        &self.0.verified_by
    }

    /// Whether we may write to the person on this network, by whichever address.
    #[graphql(directive = crate::cost::cost::apply("2".into()))]
    async fn consent(&self, context: &Context<'_>) -> Nullable<ConsentState> {
        let known = loaders::all(context, KnownOf(self.0.contact_id)).await;
        Some(known.map(|known| consent_on(&known.said, &self.0.network).into()))
    }

    /// The contact whose address it is: the one that it was met with, whatever that was linked into.
    async fn contact_id(&self) -> ID {
        outside(self.0.contact_id)
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
