//! Who is in a group: kept beside the conversation, whether or not anybody wrote in it yet.

use super::{Change, Source};
use crate::Error;
use crate::key::{stored_address, stored_id};
use interdesk_domain::event::{Envelope, Event};
use interdesk_domain::message::{Address, Membership, Standing, storable};
use interdesk_store::contacts::{self, Owned};
use interdesk_store::group_members::{self as rows, Told};

impl Change<'_> {
    /// Writes down how somebody stands to a group; whoever is in one is met by that.
    pub(super) async fn membership(
        &self,
        source: &Source,
        told: &Membership,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let addresses: Vec<Address> = told.who.addresses.iter().map(stored_address).collect();
        let Some(main) = addresses.first() else {
            return Ok(Vec::new());
        };
        let mut owner = None;
        for address in &addresses {
            owner = contacts::lock_owner(conn, scope, address).await?;
            if owner.is_some() {
                break;
            }
        }
        if owner.is_none() && !is_in_sight(told) {
            // Somebody who went before we knew of them is nobody's business.
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if owner.is_none() {
            events.extend(self.meet(source, &told.who, main).await?.1);
            owner = contacts::lock_owner(conn, scope, main).await?;
        }
        let Some(owner) = owner else {
            return Ok(events);
        };
        events.extend(self.place(source, told, &owner).await?);
        Ok(events)
    }

    async fn place(
        &self,
        source: &Source,
        told: &Membership,
        owner: &Owned,
    ) -> Result<Vec<Envelope>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        let group = stored_id(&told.group);
        let (contact, inbox) = (owner.contact_id, source.inbox);
        let before = rows::find(conn, scope, (inbox, &group), contact).await?;
        let name = told.who.name.as_deref().map(storable);
        let now = Told {
            inbox,
            group: &group,
            contact,
            standing: told.standing,
            role: told.role,
            name: name.as_deref(),
            at: source.at,
        };
        let now = rows::write(conn, scope, &now).await?;
        let same =
            |before: rows::Member| before.standing == now.standing && before.role == now.role;
        if before.is_some_and(same) {
            return Ok(Vec::new());
        }
        let key = group_key(source, &group);
        let changed = Event::GroupMemberChanged {
            contact,
            inbox,
            conversation: rows::find_conversation(conn, scope, &key).await?,
            standing: now.standing,
            role: now.role,
        };
        self.tell_of_person(source, owner, vec![changed]).await
    }
}

/// Returns what finds the conversation of a group.
pub(super) fn group_key(source: &Source, group: &str) -> String {
    format!("group:{}:{group}", source.inbox)
}

fn is_in_sight(told: &Membership) -> bool {
    !matches!(told.standing, Some(Standing::Left | Standing::Removed))
}
