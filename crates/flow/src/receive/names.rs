//! Ids beside the main one: further ids of a message, and those of earlier ones in its thread.

use super::Item;
use super::people::Person;
use crate::key::stored_id;
use interdesk_channels::channel;
use interdesk_domain::id::{ContactId, InboxId};
use interdesk_domain::message::InboundMessage;
use interdesk_store::receive::Named;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many further ids of a message are kept.
const MOST_FURTHER: usize = 16;

/// How many earlier messages of a thread are looked for: the nearest.
const MOST_EARLIER: usize = 64;

/// Returns the further ids of a message, each once and without its main one.
pub(super) fn further<'a>(message: &'a InboundMessage, main: &str) -> Vec<Cow<'a, str>> {
    distinct(&message.other_ids, MOST_FURTHER, main)
}

/// Returns the ids of the earlier messages of a thread, each once, the nearest first.
///
/// A group is a conversation of its own, whatever its messages name.
pub(super) fn thread(message: &InboundMessage) -> Vec<Cow<'_, str>> {
    match message.group {
        Some(_) => Vec::new(),
        None => distinct(&message.thread, MOST_EARLIER, ""),
    }
}

fn distinct<'a>(ids: &'a [String], most: usize, except: &str) -> Vec<Cow<'a, str>> {
    let mut kept: Vec<Cow<'a, str>> = Vec::new();
    for id in ids.iter().filter(|id| !id.is_empty()) {
        let id = stored_id(id);
        if id != except && !kept.contains(&id) && kept.len() < most {
            kept.push(id);
        }
    }
    kept
}

/// Where the earlier messages are that a batch names.
pub(super) struct Threads {
    places: HashMap<(InboxId, String), Place>,
    /// Whether any message of the batch names a thread: otherwise nothing needs to be known.
    wanted: bool,
}

/// Where one message is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Finds its conversation.
    pub(super) key: String,
    /// Whose conversation it is.
    pub(super) owner: ContactId,
    /// The customer who wrote it.
    pub(super) author: Option<ContactId>,
    /// What the inbox's adapter remembers of the conversation.
    pub(super) state: Option<String>,
}

impl Threads {
    pub(super) fn new(items: &[Item<'_>], named: Vec<Named>) -> Self {
        let place = |named: Named| {
            let place = Place {
                key: named.thread_key,
                owner: named.owner,
                author: named.author,
                state: named.state,
            };
            ((named.inbox_id, named.provider_id), place)
        };
        Self {
            places: named.into_iter().map(place).collect(),
            wanted: items.iter().any(|item| !item.thread.is_empty()),
        }
    }

    /// Notes where a message of the batch went: a later one may name it.
    pub(super) fn note(&mut self, item: &Item<'_>, place: Place) {
        if !self.wanted || item.message.group.is_some() {
            return;
        }
        for (inbox, id) in item.ids() {
            self.places.insert((inbox, id.to_owned()), place.clone());
        }
    }

    /// Finds the conversation that a message continues by the earlier ones that it names.
    ///
    /// Anybody can name ids, so it also takes a part in it: the author is the person whose
    /// conversation it is, wrote one of the named messages in it, or was copied in.
    pub(super) fn find(
        &self,
        item: &Item<'_>,
        contact: ContactId,
        person: Option<&Person>,
    ) -> Option<&Place> {
        let is_theirs = |owner: &ContactId| {
            *owner == contact || person.is_some_and(|person| person.members.contains(owner))
        };
        let named = item
            .thread
            .iter()
            .filter_map(|id| self.places.get(&(item.mailbox.id, id.to_string())));
        named.clone().find(|place| {
            is_theirs(&place.owner)
                || named
                    .clone()
                    .any(|other| other.key == place.key && other.author == Some(contact))
                || place
                    .state
                    .as_deref()
                    .is_some_and(|state| channel(item.mailbox.channel).admits(state, &item.keys[0]))
        })
    }
}
