//! The provider shows that two contacts are one person, or that an address has a new owner.
//!
//! It links by the same edge and with the same evidence as [`crate::link`], so an agent who knows better
//! takes it away again, and what an agent took apart is never linked again by itself.

use super::{Change, Source};
use crate::key::stored_address;
use crate::link::find;
use crate::{Context, Error, Events};
use chrono::Duration;
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::{ContactId, NoteId};
use interdesk_domain::message::Address;
use interdesk_domain::person::{self, Member};
use interdesk_store::contacts::{self, Owned};
use interdesk_store::persons::{self, Locked, NewNote};

/// What the evidence says.
const NOTE: &str = "The app says that both are one person.";

/// How much earlier than the word of its change a new address may have been met: the person may write by
/// it before the word comes.
const AHEAD: Duration = Duration::hours(1);

impl Change<'_> {
    /// Makes one person of those who have two addresses that one message shows together.
    ///
    /// A number may have a new owner since: whoever had it is somebody else where another address tells so,
    /// and loses it.
    pub(crate) async fn come_together(
        &self,
        source: &Source,
        known: &Address,
        also: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let (known, also) = (stored_address(known), stored_address(also));
        let (conn, scope) = (self.transaction, self.scope);
        let owner = contacts::lock_owner(conn, scope, &known).await?;
        let other = contacts::lock_owner(conn, scope, &also).await?;
        let (Some(owner), Some(other)) = (owner, other) else {
            return Ok(Vec::new());
        };
        if owner.contact_id == other.contact_id {
            return Ok(Vec::new());
        }
        let theirs = contacts::list_addresses(conn, scope, other.contact_id).await?;
        let is_somebody_else = theirs.iter().any(|one| {
            let place = (known.network.as_str(), known.namespace.as_str());
            one.place() == place && one.value != known.value
        });
        match is_somebody_else {
            true => {
                let pass = (&other, &owner, &also);
                self.pass_on(source, pass, Vec::new()).await
            }
            false => self.unite(source, owner.contact_id, other.contact_id).await,
        }
    }

    /// Gives the new address of a person to them, whoever had it, in the place of the old one.
    ///
    /// Who was met by it just before the word of the change came is the person themselves.
    pub(super) async fn take_over(
        &self,
        source: &Source,
        owner: &Owned,
        other: &Owned,
        to: &Address,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        contacts::retire_identity(conn, scope, owner.id, source.at).await?;
        let retired = vec![Event::IdentityRetired {
            contact: owner.contact_id,
            identity: owner.id,
        }];
        if owner.contact_id == other.contact_id {
            return self.tell_of_person(source, owner, retired).await;
        }
        if other.valid_from < source.at - AHEAD {
            let pass = (other, owner, to);
            return self.pass_on(source, pass, retired).await;
        }
        let mut events = self.tell_of_person(source, owner, retired).await?;
        events.extend(
            self.unite(source, owner.contact_id, other.contact_id)
                .await?,
        );
        Ok(events)
    }

    async fn pass_on(
        &self,
        source: &Source,
        (from, to, address): (&Owned, &Owned, &Address),
        besides: Vec<Event>,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope, identity) = (self.transaction, self.scope, self.desk.id());
        contacts::retire_identity(conn, scope, from.id, source.at).await?;
        contacts::insert_identity(conn, scope, identity, to.contact_id, address, source.at).await?;
        let retired = Event::IdentityRetired {
            contact: from.contact_id,
            identity: from.id,
        };
        let linked = Event::IdentityLinked {
            contact: to.contact_id,
            identity,
        };
        let mut events = self.tell_of_person(source, from, vec![retired]).await?;
        let gained = std::iter::once(linked).chain(besides).collect();
        events.extend(self.tell_of_person(source, to, gained).await?);
        Ok(events)
    }

    /// Links the second contact with the first, unless an agent took one of them apart.
    async fn unite(
        &self,
        source: &Source,
        first: ContactId,
        second: ContactId,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let locked = persons::lock(conn, scope, &[first, second]).await?;
        let ids: Vec<ContactId> = locked.iter().map(|one| one.id).collect();
        let (Some(into), Some(second)) = (find(&locked, first), find(&locked, second)) else {
            return Ok(Vec::new());
        };
        // Who is linked already comes with the person that they belong to.
        let Some(contact) = find(&locked, second.member().top()) else {
            return Ok(Vec::new());
        };
        if persons::was_unlinked(conn, scope, &ids).await? {
            return Ok(Vec::new());
        }
        self.link(source, &locked, &contact, &into, NOTE).await
    }

    /// Links a locked contact into another one; where they are one person already nothing is told.
    pub(super) async fn link(
        &self,
        source: &Source,
        locked: &[Locked],
        contact: &Locked,
        into: &Locked,
        text: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let mut members: Vec<Member> = locked.iter().map(Locked::member).collect();
        if !members.iter().any(|member| member.contact == contact.id) {
            members.push(contact.member());
        }
        let Ok(changed) = person::link(&members, contact.member(), into.member()) else {
            return Ok(Vec::new());
        };
        persons::set_places(conn, scope, &changed).await?;
        let note: NoteId = self.desk.id();
        let row = NewNote {
            id: note,
            contact: contact.id,
            agent: None,
            message: None,
            kind: "linked",
            text,
            at: self.desk.now(),
        };
        persons::insert_note(conn, scope, &row).await?;
        let context = Context::system(source.trace.clone(), None);
        let aggregate = (AggregateKind::Contact, contact.id.0);
        let mut events = Events::of(self.desk, scope, aggregate, contact.version, &context);
        let version = events.push(Event::ContactLinked {
            contact: contact.id,
            into: into.id,
            note,
            message: None,
        });
        contacts::set_version(conn, scope, contact.id, version).await?;
        Ok(events.into_list())
    }
}
