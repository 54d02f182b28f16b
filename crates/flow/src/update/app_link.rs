//! A visitor of the web chat goes on in another app.
//!
//! Whoever brings the token of a link is the visitor whom it was made for: the page gave it to nobody
//! else. So this links without an agent, by the same edge and with the same evidence as
//! [`crate::link`], and an agent who knows better takes it away again. It links one address per app
//! and person: a link that was used is worth nothing to whoever sees it later.

use super::{Change, Source};
use crate::Error;
use crate::key::{stored_address, stored_id};
use crate::link::find;
use chrono::{DateTime, Utc};
use interdesk_domain::event::Envelope;
use interdesk_domain::id::ContactId;
use interdesk_domain::message::Sender;
use interdesk_store::persons::{self, Locked};
use interdesk_store::{contacts, widget};
use uuid::Uuid;

/// What the evidence says.
const NOTE: &str = "They followed the link that their web chat gave them.";

impl Change<'_> {
    /// Links who followed a link with the visitor it was made for, so that their messages go on in
    /// one conversation.
    ///
    /// A link that ceased to be good, of a visitor who never wrote, or of a person who is known in that
    /// app already tells nothing.
    pub(super) async fn follow_link(
        &self,
        source: &Source,
        by: &Sender,
        session: Uuid,
        until: DateTime<Utc>,
    ) -> Result<Vec<Envelope>, Error> {
        let Some(address) = by.addresses.first().map(stored_address) else {
            return Ok(Vec::new());
        };
        let visitor = match until > source.received_at {
            true => self.visitor(session).await?,
            false => None,
        };
        let Some(visitor) = visitor else {
            return Ok(Vec::new());
        };
        let owner = match contacts::lock_owner(self.transaction, self.scope, &address).await? {
            Some(owner) => Some(owner.contact_id),
            None => self.owner_of_others(by).await?,
        };
        let asked: Vec<ContactId> = owner.into_iter().chain([visitor]).collect();
        let locked = persons::lock(self.transaction, self.scope, &asked).await?;
        let Some(visitor) = find(&locked, visitor) else {
            return Ok(Vec::new());
        };
        let person = members_of(&locked, visitor.member().top());
        let network = stored_id(&address.network);
        if persons::is_on(self.transaction, self.scope, &person, &network).await? {
            return Ok(Vec::new());
        }
        let (follower, mut events) = match owner.and_then(|owner| find(&locked, owner)) {
            Some(follower) => (follower, Vec::new()),
            None => self.meet(source, by, &address).await?,
        };
        // Who is somebody else already stays so; then it is the visitor who turns out to be them.
        let (contact, into) = match follower.linked_into {
            None => (follower, visitor),
            Some(_) => (visitor, follower),
        };
        events.extend(self.link(source, &locked, &contact, &into, NOTE).await?);
        Ok(events)
    }

    /// Returns the contact that a session's visitor wrote as.
    async fn visitor(&self, session: Uuid) -> Result<Option<ContactId>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let Some(session) = widget::find_session(conn, scope, session).await? else {
            return Ok(None);
        };
        let thread = widget::find_thread(conn, scope, session.inbox_id, &session.person()).await?;
        Ok(thread.map(|thread| thread.contact_id))
    }

    /// Finds who is known by a further address that the provider vouches for.
    async fn owner_of_others(&self, by: &Sender) -> Result<Option<ContactId>, Error> {
        for address in by.addresses.iter().skip(1).map(stored_address) {
            let owner = contacts::lock_owner(self.transaction, self.scope, &address).await?;
            if let Some(owner) = owner {
                return Ok(Some(owner.contact_id));
            }
        }
        Ok(None)
    }
}

fn members_of(locked: &[Locked], top: ContactId) -> Vec<ContactId> {
    let of_person = locked.iter().filter(|one| one.member().top() == top);
    of_person.map(|one| one.id).collect()
}
