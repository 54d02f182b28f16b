//! Who wrote: known addresses lead to contacts, unknown ones make new contacts.

use super::{Item, Mailbox};
use crate::key::{stored_address, stored_id};
use crate::{Context, Desk, Error, Events};
use interdesk_channels::channel;
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::{ContactId, IdentityId};
use interdesk_domain::inbox::ChannelKind;
use interdesk_domain::message::{Address, InboundMessage, storable};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Transaction;
use interdesk_store::receive::{self as rows, Batch, NewContact, NewIdentity};
use std::collections::HashMap;

/// The people of a batch.
pub(super) struct People {
    by_address: HashMap<Address, ContactId>,
    /// The persons of those contacts that are not one alone.
    persons: HashMap<ContactId, Person>,
    contacts: Vec<NewContact>,
    identities: Vec<NewIdentity>,
    linked: Vec<(ContactId, i64)>,
    events: Vec<Envelope>,
    /// By which item, and which further address of its author belongs to another contact.
    met: Vec<(usize, Address)>,
}

/// Several contacts that are one person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The contact that stands for it.
    pub(super) top: ContactId,
    /// All of them.
    pub(super) members: Vec<ContactId>,
}

impl People {
    /// Recognises everybody who wrote, and makes contacts of those who are new.
    pub(super) async fn gather(
        desk: &Desk,
        transaction: &Transaction,
        scope: TenantScope,
        items: &[Item<'_>],
        known: Vec<rows::KnownIdentity>,
    ) -> Result<Self, Error> {
        let persons = known.iter().filter_map(person).collect();
        let mut people = Self {
            persons,
            by_address: known.into_iter().map(address_and_contact).collect(),
            contacts: Vec::new(),
            identities: Vec::new(),
            linked: Vec::new(),
            events: Vec::new(),
            met: Vec::new(),
        };
        let mut links = Vec::new();
        for (place, item) in items.iter().enumerate() {
            match item
                .keys
                .iter()
                .find_map(|key| people.by_address.get(key).copied())
            {
                None => people.add(desk, scope, item),
                Some(contact) => {
                    people.note_links(contact, &item.keys, &mut links);
                    people.note_met(place, item);
                }
            }
        }
        people.link(desk, transaction, scope, links).await?;
        Ok(people)
    }

    /// Returns whose message it is.
    pub(super) fn contact(&self, item: &Item<'_>) -> ContactId {
        self.by_address[&item.keys[0]]
    }

    /// Returns the person that a contact is one of several contacts of.
    pub(super) fn person(&self, contact: ContactId) -> Option<&Person> {
        self.persons.get(&contact)
    }

    /// Returns what finds the conversation that the message belongs to.
    ///
    /// Between two it is one conversation per contact and queue, whatever apps the messages come
    /// by; a group is a conversation of its own.
    pub(super) fn thread_key(&self, item: &Item<'_>) -> String {
        match &item.message.group {
            Some(group) => group_key(item, group),
            None => rows::person_key(self.contact(item), item.mailbox.queue),
        }
    }

    /// Adds the new people and addresses to what will be written.
    pub(super) fn write_into(&mut self, batch: &mut Batch) {
        batch.contacts = std::mem::take(&mut self.contacts);
        batch.identities = std::mem::take(&mut self.identities);
        batch.linked = std::mem::take(&mut self.linked);
        batch.events.splice(0..0, std::mem::take(&mut self.events));
    }

    fn add(&mut self, desk: &Desk, scope: TenantScope, item: &Item<'_>) {
        let sender = item.message.author.customer();
        let capabilities = channel(item.mailbox.channel).capabilities();
        let id: ContactId = desk.id();
        let context = Context::system(item.trace.map(str::to_owned), None);
        let mut events = Events::of(desk, scope, (AggregateKind::Contact, id.0), 0, &context);
        let version = events.push(Event::ContactAdded { contact: id });
        self.events.extend(events.into_list());
        self.contacts.push(NewContact {
            id,
            name: sender
                .name
                .as_deref()
                .map(|name| storable(name).into_owned()),
            name_vouched: capabilities.inbound.names_vouched,
            locale: sender
                .locale
                .as_deref()
                .map(|locale| storable(locale).into_owned()),
            version,
        });
        for key in &item.keys {
            self.by_address.insert(key.clone(), id);
            self.identities.push(identity(desk, id, key, true));
        }
        for (_, said) in sender
            .addresses
            .iter()
            .enumerate()
            .filter(|(index, said)| !is_key(item.mailbox.channel, *index, said))
        {
            let said = stored_address(said);
            self.identities.push(identity(desk, id, &said, false));
        }
    }

    /// Notes an address that belongs to somebody else as yet.
    fn note_met(&mut self, place: usize, item: &Item<'_>) {
        let contact = self.contact(item);
        for key in &item.keys[1..] {
            let Some(other) = self.by_address.get(key).copied() else {
                continue;
            };
            let person = self.persons.get(&contact);
            let is_same =
                other == contact || person.is_some_and(|person| person.members.contains(&other));
            if !is_same {
                self.met.push((place, key.clone()));
            }
        }
    }

    /// Returns the addresses that belong to another contact than the author of an item, each with the
    /// item's place.
    pub(super) fn take_met(&mut self) -> Vec<(usize, Address)> {
        std::mem::take(&mut self.met)
    }

    fn note_links(
        &mut self,
        contact: ContactId,
        keys: &[Address],
        links: &mut Vec<(ContactId, Address)>,
    ) {
        for key in keys
            .iter()
            .filter(|key| !self.by_address.contains_key(*key))
            .cloned()
            .collect::<Vec<_>>()
        {
            self.by_address.insert(key.clone(), contact);
            links.push((contact, key));
        }
    }

    // The provider itself names both addresses in one message, which proves that they are one
    // person; that is how a phone number and the business-scoped id that replaces it meet.
    async fn link(
        &mut self,
        desk: &Desk,
        transaction: &Transaction,
        scope: TenantScope,
        links: Vec<(ContactId, Address)>,
    ) -> Result<(), Error> {
        let is_new = |id: &ContactId| self.contacts.iter().any(|contact| contact.id == *id);
        let known: Vec<_> = links
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !is_new(id))
            .collect();
        let mut versions: HashMap<ContactId, i64> = HashMap::new();
        if !known.is_empty() {
            let locked = rows::lock_contacts(transaction, scope, known).await?;
            versions.extend(
                locked
                    .into_iter()
                    .map(|contact| (contact.id, contact.version)),
            );
        }
        for (contact, address) in links {
            let identity = identity(desk, contact, &address, true);
            if let Some(version) = versions.get_mut(&contact) {
                let aggregate = (AggregateKind::Contact, contact.0);
                let mut events = Events::of(
                    desk,
                    scope,
                    aggregate,
                    *version,
                    &Context::system(None, None),
                );
                *version = events.push(Event::IdentityLinked {
                    contact,
                    identity: identity.id,
                });
                self.events.extend(events.into_list());
            }
            self.identities.push(identity);
        }
        self.linked = versions.into_iter().collect();
        Ok(())
    }
}

/// Returns what finds the conversation of a group.
pub(super) fn group_key(item: &Item<'_>, group: &str) -> String {
    format!("group:{}:{}", item.mailbox.id, stored_id(group))
}

fn person(known: &rows::KnownIdentity) -> Option<(ContactId, Person)> {
    let (top, members) = (known.person_id, known.members.clone());
    (members.len() > 1).then_some((known.contact_id, Person { top, members }))
}

fn address_and_contact(known: rows::KnownIdentity) -> (Address, ContactId) {
    let rows::KnownIdentity {
        network,
        namespace,
        value,
        contact_id,
        ..
    } = known;
    (
        Address {
            network,
            namespace,
            value,
        },
        contact_id,
    )
}

fn identity(desk: &Desk, contact_id: ContactId, address: &Address, vouched: bool) -> NewIdentity {
    NewIdentity {
        id: desk.id::<IdentityId>(),
        contact_id,
        address: address.clone(),
        vouched,
    }
}

/// Returns the addresses by which a person is recognised: those that the provider vouches for.
///
/// A person without any gets one made from the message, so that nothing is lost and nobody is taken
/// for somebody else.
pub(super) fn keys(mailbox: Mailbox, message: &InboundMessage, provider_id: &str) -> Vec<Address> {
    let sender = message.author.customer();
    let channel = mailbox.channel;
    let mut keys: Vec<Address> = sender
        .addresses
        .iter()
        .enumerate()
        .filter(|(index, address)| is_key(channel, *index, address))
        .map(|(_, address)| stored_address(address))
        .collect();
    // An app or page of the tenant's own names its own users: the same name in another one is somebody
    // else.
    if matches!(channel, ChannelKind::Webhook | ChannelKind::Webchat) {
        for key in &mut keys {
            key.namespace = format!("{}@{}", key.namespace, mailbox.id);
        }
    }
    if keys.is_empty() {
        let value = provider_id.to_owned();
        let network = channel.as_str().to_owned();
        keys.push(Address {
            network,
            namespace: format!("message@{}", mailbox.id),
            value,
        });
    }
    keys
}

// The first address is the one that the channel itself keys the person by.
fn is_key(channel: ChannelKind, index: usize, address: &Address) -> bool {
    index == 0 || is_vouched(channel, address)
}

// User names change hands; what a third-party app says about phone numbers nobody has checked.
fn is_vouched(channel: ChannelKind, address: &Address) -> bool {
    match channel {
        ChannelKind::Whatsapp => matches!(address.namespace.as_str(), "bsuid" | "phone"),
        ChannelKind::Telegram => address.namespace == "business_chat",
        ChannelKind::Webhook | ChannelKind::Email | ChannelKind::Webchat | ChannelKind::Matrix => {
            false
        }
    }
}
