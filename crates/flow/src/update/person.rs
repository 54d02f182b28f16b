//! People whose address or consent changed.

use super::{Change, Source};
use crate::consent::{self, Said};
use crate::key::{stored_address, stored_id};
use crate::{Context, Error, Events};
use interdesk_domain::consent::{self as domain, Evidence, Signal, word};
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::{ContactId, ConversationId};
use interdesk_domain::message::{Address, Author, Content, InboundMessage, Sender, storable};
use interdesk_store::contacts::{self, Confirmed, Owned, ReplyAddress};
use interdesk_store::persons::Locked;
use interdesk_store::{consents, persons};
use std::borrow::Cow;

impl Change<'_> {
    /// Adds the new address to the person who had the old one, so that they stay one person.
    pub(super) async fn change_address(
        &self,
        source: &Source,
        from: &Address,
        to: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let to = stored_address(to);
        let owner =
            contacts::lock_owner(self.transaction, self.scope, &stored_address(from)).await?;
        let Some(owner) = owner else {
            return Ok(Vec::new());
        };
        let other = contacts::lock_owner(self.transaction, self.scope, &to).await?;
        if let Some(other) = other {
            return self.take_over(source, &owner, &other, &to).await;
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

    /// Adds a further address to the person who has a known one; whoever has it is the same person.
    pub(crate) async fn add_address(
        &self,
        source: &Source,
        known: &Address,
        also: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope, also) = (self.transaction, self.scope, stored_address(also));
        // Mostly it is nothing new, so nobody is locked to find that out.
        if contacts::is_owned(conn, scope, &also).await? {
            return self.come_together(source, known, &also).await;
        }
        let owner = contacts::lock_owner(conn, scope, &stored_address(known)).await?;
        let Some(owner) = owner else {
            return Ok(Vec::new());
        };
        let (contact, identity) = (owner.contact_id, self.desk.id());
        contacts::insert_identity(conn, scope, identity, contact, &also, source.at).await?;
        let linked = Event::IdentityLinked { contact, identity };
        self.tell_of_person(source, &owner, vec![linked]).await
    }

    /// Puts the user name that a person has now in the place of the one of before.
    pub(super) async fn take_name(
        &self,
        source: &Source,
        who: &Address,
        name: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let Some(owner) = contacts::lock_owner(conn, scope, who).await? else {
            return Ok(Vec::new());
        };
        let contact = owner.contact_id;
        let known = contacts::list_claims(conn, scope, contact, name).await?;
        let (same, former): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|one| one.value == name.value);
        let mut what = Vec::new();
        for one in former {
            contacts::retire_identity(conn, scope, one.id, source.at).await?;
            let identity = one.id;
            what.push(Event::IdentityRetired { contact, identity });
        }
        if same.is_empty() {
            let identity = self.desk.id();
            contacts::insert_claim(conn, scope, identity, contact, name, source.at).await?;
            what.push(Event::IdentityLinked { contact, identity });
        }
        match what.is_empty() {
            true => Ok(Vec::new()),
            false => self.tell_of_person(source, &owner, what).await,
        }
    }

    /// Vouches for an address that somebody left in a conversation and now answers from: they read what
    /// we sent to it alone.
    pub(super) async fn confirm_claim(
        &self,
        source: &Source,
        by: &Sender,
        conversation: ConversationId,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let Some(address) = by.addresses.first().map(stored_address) else {
            return Ok(Vec::new());
        };
        // Mostly the address is known, so nobody is locked to find that out.
        if contacts::is_owned(conn, scope, &address).await? {
            return Ok(Vec::new());
        }
        let confirmed = contacts::confirm_claim(conn, scope, conversation, &address).await?;
        let Some(Confirmed { id, contact_id }) = confirmed else {
            return Ok(Vec::new());
        };
        let Some(owner) = contacts::lock_owner(conn, scope, &address).await? else {
            return Ok(Vec::new());
        };
        let linked = Event::IdentityLinked {
            contact: contact_id,
            identity: id,
        };
        self.tell_of_person(source, &owner, vec![linked]).await
    }

    /// Calls a person as one of us does in the provider's own app; what agents call them holds. Whom
    /// nobody met yet is kept under that name, for the day when they write.
    pub(super) async fn call(
        &self,
        source: &Source,
        who: &Address,
        name: Option<&str>,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope, who) = (self.transaction, self.scope, stored_address(who));
        let name = name.map(storable);
        if let Some(owner) = contacts::lock_owner(conn, scope, &who).await? {
            let contact = owner.contact_id;
            let changed = contacts::set_called(conn, scope, contact, name.as_deref()).await?;
            return match changed {
                true => {
                    let renamed = Event::ContactRenamed { contact };
                    self.tell_of_person(source, &owner, vec![renamed]).await
                }
                false => Ok(Vec::new()),
            };
        }
        let Some(name) = name else {
            return Ok(Vec::new());
        };
        let (contact, identity): (ContactId, _) = (self.desk.id(), self.desk.id());
        let context = Context::system(source.trace.clone(), None);
        let aggregate = (AggregateKind::Contact, contact.0);
        let mut events = Events::of(self.desk, scope, aggregate, 0, &context);
        let version = events.push(Event::ContactAdded { contact });
        let now = self.desk.now();
        contacts::insert_called(conn, scope, contact, &name, version, now).await?;
        contacts::insert_identity(conn, scope, identity, contact, &who, now).await?;
        Ok(events.into_list())
    }

    /// Meets somebody who did not write to us, under the name that they gave themselves.
    pub(super) async fn meet(
        &self,
        source: &Source,
        who: &Sender,
        main: &Address,
    ) -> Result<(Locked, Vec<Envelope>), Error> {
        let (conn, scope, now) = (self.transaction, self.scope, self.desk.now());
        let contact: ContactId = self.desk.id();
        let context = Context::system(source.trace.clone(), None);
        let aggregate = (AggregateKind::Contact, contact.0);
        let mut events = Events::of(self.desk, scope, aggregate, 0, &context);
        let version = events.push(Event::ContactAdded { contact });
        let name = who.name.as_deref().map(storable);
        contacts::insert_met(conn, scope, contact, name.as_deref(), version, now).await?;
        contacts::insert_identity(conn, scope, self.desk.id(), contact, main, now).await?;
        let met = Locked {
            id: contact,
            linked_into: None,
            person_id: None,
            version,
        };
        Ok((met, events.into_list()))
    }

    /// What the provider tells about a person's consent.
    pub(super) async fn consent(
        &self,
        source: &Source,
        who: &Address,
        allowed: bool,
        marketing: bool,
    ) -> Result<Vec<Envelope>, Error> {
        let owner =
            contacts::lock_owner(self.transaction, self.scope, &stored_address(who)).await?;
        let Some(owner) = owner else {
            return Ok(Vec::new());
        };
        let signal = match allowed {
            true => Signal::OptIn,
            false => Signal::OptOut,
        };
        let network = stored_id(&who.network);
        let network = match marketing {
            true => Cow::Owned(domain::marketing(&network)),
            false => network,
        };
        self.hear(
            source,
            Said {
                contact: owner.contact_id,
                network: &network,
                signal,
                evidence: Evidence::Provider {},
                at: source.at,
            },
        )
        .await
    }

    /// A message that is a word about consent; it stays a message beside that.
    pub(super) async fn word(
        &self,
        source: &Source,
        message: &InboundMessage,
    ) -> Result<Vec<Envelope>, Error> {
        let Some(signal) = said(message) else {
            return Ok(Vec::new());
        };
        let id = stored_id(&message.provider_id);
        let spoken = consents::find_spoken(self.transaction, self.scope, source.inbox, &id).await?;
        let Some(spoken) = spoken else {
            return Ok(Vec::new());
        };
        let addresses =
            contacts::list_addresses(self.transaction, self.scope, spoken.contact_id).await?;
        let places = addresses.iter().map(ReplyAddress::place);
        self.hear(
            source,
            Said {
                contact: spoken.contact_id,
                network: consent::network(spoken.channel, source.inbox, places),
                signal,
                evidence: Evidence::Word { message: spoken.id },
                at: source.at,
            },
        )
        .await
    }

    async fn hear(&self, source: &Source, said: Said<'_>) -> Result<Vec<Envelope>, Error> {
        let members = persons::lock(self.transaction, self.scope, &[said.contact]).await?;
        let context = Context::system(source.trace.clone(), None);
        consent::write(
            self.desk,
            self.scope,
            self.transaction,
            members,
            &said,
            &context,
        )
        .await
    }

    pub(super) async fn tell_of_person(
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

/// Returns what a message says about consent; in a group nobody speaks for the others.
pub(super) fn said(message: &InboundMessage) -> Option<Signal> {
    match (&message.author, &message.group, &message.content) {
        (Author::Customer(_), None, Content::Text { text }) => word(text),
        _ => None,
    }
}
