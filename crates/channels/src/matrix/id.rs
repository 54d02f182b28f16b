//! Names: users, events and files as Matrix writes them.

use crate::Credentials;
use crate::json::{self, Fields};
use interdesk_domain::message::{Address, Sender};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;

pub(super) const NETWORK: &str = "matrix";

/// The namespace of user ids.
pub(super) const USER: &str = "user";

/// The credential that names the inbox's bot: `@localpart:server`.
pub(super) const BOT: &str = "user_id";

/// What a segment of a path may hold as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Writes a value as one segment of a path.
pub(super) fn segment(value: &str) -> String {
    utf8_percent_encode(value, SEGMENT).to_string()
}

/// An event, as replies, edits and reactions name it: `room/event`.
///
/// Calls about an event name its room too, and a conversation may have moved to another one since,
/// so the room belongs to the id. A room's id has no slash, an event's may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) room: String,
    pub(super) event: String,
}

impl EventId {
    /// Reads the text form back.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (room, event) = text.split_once('/')?;
        let sound = room.starts_with('!') && event.starts_with('$');
        sound.then(|| Self {
            room: room.to_owned(),
            event: event.to_owned(),
        })
    }

    /// Returns the text form, short enough for an index.
    pub(super) fn stored(&self) -> String {
        json::bounded(self.to_string())
    }

    /// Returns the name that the event has for its author alone.
    ///
    /// Anybody in a room can send an edit of anybody's event, and only the author's counts: an edit
    /// names its target by this, so that another one's names nothing.
    pub(super) fn of_author(&self, author: &str) -> String {
        json::bounded(format!("{self}/{author}"))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.room, self.event)
    }
}

/// The users of ours: the bot, and every name that begins with its own and an underscore.
#[derive(Debug, Clone)]
pub(super) struct Ours<'a> {
    localpart: &'a str,
    server: &'a str,
}

impl<'a> Ours<'a> {
    /// Reads the bot's name; `None` where the credentials hold none.
    pub(super) fn of(credentials: &'a Credentials) -> Option<Self> {
        Self::parse(credentials.other(BOT)?)
    }

    /// Reads a user id.
    pub(super) fn parse(user: &'a str) -> Option<Self> {
        let (localpart, server) = user.strip_prefix('@')?.split_once(':')?;
        let sound = !localpart.is_empty() && !server.is_empty();
        sound.then_some(Self { localpart, server })
    }

    /// Returns the name before the colon.
    pub(super) fn localpart(&self) -> &'a str {
        self.localpart
    }

    /// Returns the homeserver's name.
    pub(super) fn server(&self) -> &'a str {
        self.server
    }

    /// Returns whether a user is the bot.
    pub(super) fn is(&self, user: &str) -> bool {
        let other = Ours::parse(user);
        other.is_some_and(|other| other.localpart == self.localpart && other.server == self.server)
    }

    /// Returns whether a user is one of ours.
    pub(super) fn holds(&self, user: &str) -> bool {
        let Some(other) = Ours::parse(user) else {
            return false;
        };
        let own = other.localpart.strip_prefix(self.localpart);
        other.server == self.server
            && own.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }
}

/// Returns a user as an address.
pub(super) fn user(id: Option<String>) -> Option<Address> {
    json::address(NETWORK, USER, id.filter(|id| id.starts_with('@')))
}

/// Returns who an event is from; the name before the colon is what apps show of nobody they know
/// better.
pub(super) fn sender(event: &Fields<'_>) -> Sender {
    let address = user(event.id("sender"));
    let name = address.as_ref().and_then(|address| {
        let user = Ours::parse(&address.value)?;
        Some(user.localpart.to_owned())
    });
    Sender {
        addresses: address.into_iter().collect(),
        name,
        locale: None,
    }
}

/// Splits the address of a file, `mxc://server/id`, where it is a sound one.
///
/// Both parts become segments of a path, so nothing that could leave it is let through.
pub(super) fn mxc(address: &str) -> Option<(&str, &str)> {
    let (server, id) = address.strip_prefix("mxc://")?.split_once('/')?;
    let word = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        (1..=255).contains(&text.len()) && text.chars().all(fits)
    };
    let sound = word(server, "-.:[]") && !server.starts_with('.') && word(id, "-_");
    sound.then_some((server, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_back_also_with_slashes_in_them() {
        for text in [
            "!r:example.org/$e:example.org",
            "!r/$acR1l0raoZnm60CBwAVgqbZqoO/mYU81x",
        ] {
            let id = EventId::parse(text).expect("an id");
            assert_eq!(id.to_string(), text);
        }
        for text in ["", "$e", "!r", "r/$e", "!r/e", "raw:00", "sha256:00"] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn our_users_are_the_bot_and_names_that_begin_with_its_own() {
        let ours = Ours::parse("@_desk:example.org").expect("a user");
        assert!(ours.holds("@_desk:example.org"));
        assert!(ours.holds("@_desk_agent:example.org"));
        for user in [
            "@_desktop:example.org",
            "@_desk:example.com",
            "@alice:example.org",
            "_desk:example.org",
            "",
        ] {
            assert!(!ours.holds(user), "{user}");
        }
    }

    #[test]
    fn only_sound_addresses_of_files_become_paths() {
        assert_eq!(
            mxc("mxc://example.org/aB3_-"),
            Some(("example.org", "aB3_-"))
        );
        assert_eq!(mxc("mxc://[::1]:8448/a"), Some(("[::1]:8448", "a")));
        for address in [
            "mxc://example.org",
            "mxc://example.org/",
            "mxc://example.org/a/b",
            "mxc://example.org/..",
            "mxc://../a",
            "mxc://ex%2Fample/a",
            "mxc://example.org/a?b",
            "https://example.org/a",
            "",
        ] {
            assert_eq!(mxc(address), None, "{address}");
        }
    }
}
