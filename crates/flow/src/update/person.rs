//! People whose address or consent changed.

use super::{Change, Source};
use crate::key::{stored_address, stored_id};
use crate::{Context, Error, Events};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::ContactId;
use interdesk_domain::message::Address;
use interdesk_store::contacts::{self, Owned};

impl Change<'_> {
    /// Adds the new address to the person who had the old one, so that they stay one person.
    pub(super) async fn change_address(
        &self,
        source: &Source,
        from: Option<&Address>,
        to: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let Some(from) = from else {
            return Ok(Vec::new());
        };
        let to = stored_address(to);
        let owner =
            contacts::lock_owner(self.transaction, self.scope, &stored_address(from)).await?;
        let Some(owner) = owner else {
            return Ok(Vec::new());
        };
        if contacts::lock_owner(self.transaction, self.scope, &to)
            .await?
            .is_some()
        {
            return Ok(Vec::new());
        }
        let (contact, identity) = (owner.contact_id, self.desk.id());
        contacts::retire_identity(self.transaction, self.scope, owner.id, source.at).await?;
        contacts::insert_identity(
            self.transaction,
            self.scope,
            identity,
            contact,
            &to,
            source.at,
        )
        .await?;
        let linked = Event::IdentityLinked { contact, identity };
        let retired = Event::IdentityRetired {
            contact,
            identity: owner.id,
        };
        self.tell_of_person(source, &owner, vec![linked, retired])
            .await
    }

    pub(super) async fn consent(
        &self,
        source: &Source,
        who: &Address,
        allowed: bool,
    ) -> Result<Vec<Envelope>, Error> {
        let owner =
            contacts::lock_owner(self.transaction, self.scope, &stored_address(who)).await?;
        let Some(owner) = owner else {
            return Ok(Vec::new());
        };
        let word = if allowed { "allowed" } else { "forbidden" };
        if owner.consent == word {
            return Ok(Vec::new());
        }
        let contact: ContactId = owner.contact_id;
        let network = stored_id(&who.network);
        contacts::set_consent(self.transaction, self.scope, contact, &network, word).await?;
        let event = Event::ConsentChanged {
            contact,
            network: network.into_owned(),
            allowed,
        };
        self.tell_of_person(source, &owner, vec![event]).await
    }

    async fn tell_of_person(
        &self,
        source: &Source,
        owner: &Owned,
        what: Vec<Event>,
    ) -> Result<Vec<Envelope>, Error> {
        let aggregate = (AggregateKind::Contact, owner.contact_id.0);
        let context = Context::system(source.trace.clone(), None);
        let mut events = Events::of(self.desk, self.scope, aggregate, owner.version, &context);
        for event in what {
            events.push(event);
        }
        contacts::set_version(
            self.transaction,
            self.scope,
            owner.contact_id,
            events.version(),
        )
        .await?;
        Ok(events.into_list())
    }
}
