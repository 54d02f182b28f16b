//! Rooms: one per customer, known by its id even to a homeserver that has just begun.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use crate::{account::Matrix, chaos::lock, courier::Parcel};

/// What a homeserver remembers of rooms and events.
#[derive(Default)]
pub(crate) struct Rooms(Mutex<State>);

#[derive(Default)]
struct State {
    /// Rooms that the bot was asked into, and what waits until it comes.
    waiting: HashMap<String, Vec<Parcel>>,
    /// Rooms that it is in.
    joined: HashSet<String>,
    /// Rooms by their alias.
    aliases: HashMap<String, String>,
    /// Events by the key under which they were sent.
    keys: HashMap<String, String>,
    /// Reactions: on which event, by whom, with what.
    reactions: HashMap<String, Reaction>,
    /// Ghosts that were made.
    ghosts: HashSet<String>,
    /// Ghosts by room, and whether they came in or were asked in alone.
    present: HashMap<(String, String), bool>,
    /// Who wrote which event.
    authors: HashMap<String, String>,
}

/// A reaction that stands.
#[derive(Clone)]
pub(super) struct Reaction {
    pub(super) target: String,
    pub(super) sender: String,
    pub(super) key: String,
}

/// How much is remembered of each kind before all of it is forgotten.
const MOST: usize = 200_000;

/// What becomes of a customer's event.
pub(super) enum Way {
    /// The desk is told.
    Tell(Parcel),
    /// The bot is asked in first.
    Invite,
    /// The bot was asked in and has not come yet.
    Wait,
}

impl Rooms {
    /// Decides what becomes of an event in a room.
    pub(super) fn way(&self, room: &str, parcel: Parcel) -> Way {
        let mut state = lock(&self.0);
        if state.joined.contains(room) {
            return Way::Tell(parcel);
        }
        if let Some(waiting) = state.waiting.get_mut(room) {
            waiting.push(parcel);
            return Way::Wait;
        }
        state.waiting.insert(room.to_owned(), vec![parcel]);
        Way::Invite
    }

    /// The bot comes in: gives what waited, or nothing where nobody asked it in.
    pub(super) fn join(&self, room: &str) -> Option<Vec<Parcel>> {
        let mut state = lock(&self.0);
        if state.joined.contains(room) {
            return Some(Vec::new());
        }
        let waited = state.waiting.remove(room)?;
        state.joined.insert(room.to_owned());
        Some(waited)
    }

    /// Says whether the bot is in a room.
    pub(super) fn is_joined(&self, room: &str) -> bool {
        lock(&self.0).joined.contains(room)
    }

    /// Lets the bot be in a room from now on.
    pub(super) fn enter(&self, room: &str) {
        lock(&self.0).joined.insert(room.to_owned());
    }

    /// Makes a ghost; `false` where there is one of that name.
    pub(super) fn register(&self, ghost: &str) -> bool {
        lock(&self.0).ghosts.insert(ghost.to_owned())
    }

    /// Says whether a ghost was made.
    pub(super) fn is_registered(&self, ghost: &str) -> bool {
        lock(&self.0).ghosts.contains(ghost)
    }

    /// Asks a ghost in; `false` where it is in.
    pub(super) fn ask_in(&self, room: &str, ghost: &str) -> bool {
        let mut state = lock(&self.0);
        let place = (room.to_owned(), ghost.to_owned());
        !*state.present.entry(place).or_default()
    }

    /// Lets a ghost in that was asked in.
    pub(super) fn let_in(&self, room: &str, ghost: &str) -> bool {
        let mut state = lock(&self.0);
        let place = (room.to_owned(), ghost.to_owned());
        let asked = state.present.get_mut(&place);
        asked.map(|is_in| *is_in = true).is_some()
    }

    /// Says whether a ghost is in a room.
    pub(super) fn has(&self, room: &str, ghost: &str) -> bool {
        let place = (room.to_owned(), ghost.to_owned());
        lock(&self.0).present.get(&place) == Some(&true)
    }

    /// Remembers who wrote an event.
    pub(super) fn note_author(&self, event: &str, user: &str) {
        let mut state = lock(&self.0);
        if state.authors.len() >= MOST {
            state.authors.clear();
        }
        state.authors.insert(event.to_owned(), user.to_owned());
    }

    /// Tells who wrote an event.
    pub(super) fn author(&self, event: &str) -> Option<String> {
        lock(&self.0).authors.get(event).cloned()
    }

    /// Gives a room a name; says whether it was free.
    pub(super) fn name(&self, alias: &str, room: &str) -> bool {
        let mut state = lock(&self.0);
        let free = !state.aliases.contains_key(alias);
        if free {
            state.aliases.insert(alias.to_owned(), room.to_owned());
        }
        free
    }

    /// Finds a room by its name.
    pub(super) fn find(&self, alias: &str) -> Option<String> {
        lock(&self.0).aliases.get(alias).cloned()
    }

    /// Finds the event that was sent under a key.
    pub(super) fn sent(&self, key: &str) -> Option<String> {
        lock(&self.0).keys.get(key).cloned()
    }

    /// Remembers under which key an event was sent.
    pub(super) fn remember(&self, key: String, event: String) {
        let mut state = lock(&self.0);
        if state.keys.len() >= MOST {
            state.keys.clear();
        }
        state.keys.insert(key, event);
    }

    /// Remembers a reaction; `false` where the same stands already.
    pub(super) fn react(&self, event: &str, reaction: Reaction) -> bool {
        let mut state = lock(&self.0);
        if state.reactions.len() >= MOST {
            state.reactions.clear();
        }
        let same = |known: &Reaction| {
            known.target == reaction.target
                && known.sender == reaction.sender
                && known.key == reaction.key
        };
        if state.reactions.values().any(same) {
            return false;
        }
        state.reactions.insert(event.to_owned(), reaction);
        true
    }

    /// Takes an event back that may be a reaction.
    pub(super) fn take_back(&self, event: &str) {
        lock(&self.0).reactions.remove(event);
    }

    /// Lists the reactions on an event.
    pub(super) fn reactions(&self, target: &str) -> Vec<(String, Reaction)> {
        let state = lock(&self.0);
        let on = state.reactions.iter().filter(|(_, it)| it.target == target);
        on.map(|(id, reaction)| (id.clone(), reaction.clone()))
            .collect()
    }
}

/// Names the room of a customer.
pub(super) fn of_customer(account: &Matrix, customer: &str) -> String {
    let localpart = customer.trim_start_matches('@').split(':').next();
    format!(
        "!with-{}:{}",
        localpart.unwrap_or_default(),
        account.server_name
    )
}

/// Reads whose room it is.
pub(super) fn customer_of(account: &Matrix, room: &str) -> Option<String> {
    let end = format!(":{}", account.server_name);
    let localpart = room.strip_prefix("!with-")?.strip_suffix(&end)?;
    Some(format!("@{localpart}:{}", account.server_name))
}
