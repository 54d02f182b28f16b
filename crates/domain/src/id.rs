//! Identifiers: UUIDv7 inside, a prefix and 26 letters of Crockford base 32 outside.
//!
//! The outside form is that of TypeID (<https://github.com/jetify-com/typeid>), so that an id in a
//! log or a URL says what it names: `agent_01h455vb4pex5vsknk084sn02q`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 26;

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id of the form {prefix}_ and 26 letters")]
pub struct ParseIdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
    /// What was given instead, cut to 64 characters.
    pub text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The word before the underscore in the outside form.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(f, $prefix, self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                read($prefix, text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )*};
}

ids! {
    /// Names one customer of Interdesk.
    TenantId = "tenant";
    /// Names a person or program that answers.
    AgentId = "agent";
    /// Names a group of agents.
    TeamId = "team";
    /// Names a line of work items.
    QueueId = "queue";
    /// Names one configured account of a channel.
    InboxId = "inbox";
    /// Names a person who writes.
    ContactId = "contact";
    /// Names one address of a contact on one network.
    IdentityId = "identity";
    /// Names what an agent wrote down about a contact or in a conversation.
    NoteId = "note";
    /// Names what an agent changed about a sent message.
    ChangeId = "change";
    /// Names all messages with one contact about one thing.
    ConversationId = "conv";
    /// Names the time from a conversation's opening to its resolution.
    EpisodeId = "episode";
    /// Names a message, either way.
    MessageId = "msg";
    /// Names a file that came or goes with a message.
    AttachmentId = "file";
    /// Names bytes that the desk keeps, once for a tenant whoever sent them.
    FileId = "bytes";
    /// Names one try of delivering a message.
    AttemptId = "attempt";
    /// Names an episode that waits for somebody.
    WorkItemId = "work";
    /// Names a work item shown to one agent.
    OfferId = "offer";
    /// Names one change of the hands that work is in.
    TransferId = "transfer";
    /// Names a stored reason for a routing choice.
    DecisionId = "decision";
    /// Names an event of the log.
    EventId = "event";
    /// Names a durable timer.
    TimerId = "timer";
    /// Names a schedule of open hours, over all its versions.
    ScheduleId = "schedule";
    /// Names a time that an agent has off.
    AbsenceId = "absence";
    /// Names where people prove who they are, other than here.
    IdentityProviderId = "provider";
    /// Names a tenant's own word for a presence.
    PresenceReasonId = "reason";
    /// Names a policy of service levels, over all its versions.
    PolicyId = "policy";
    /// Names a word by which agents mark conversations.
    TagId = "tag";
    /// Names a list of conversations that somebody keeps by a condition.
    ViewId = "view";
    /// Names something that somebody was told beside their work.
    NotificationId = "notification";
    /// Names a role that a tenant made.
    RoleId = "role";
    /// Names a time for which somebody is signed in on one device.
    SessionId = "session";
    /// Names a key by which a program speaks to the API.
    ApiKeyId = "key";
    /// Names a webhook body that was kept as it came.
    RawWebhookId = "raw";
}

fn write(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    let mut letters = [0u8; LETTERS];
    let mut rest = uuid.as_u128();
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    f.write_str(prefix)?;
    f.write_str("_")?;
    letters
        .iter()
        .try_for_each(|letter| fmt::Write::write_char(f, *letter as char))
}

fn read(prefix: &'static str, text: &str) -> Result<Uuid, ParseIdError> {
    let refuse = || ParseIdError {
        prefix,
        text: text.chars().take(64).collect(),
    };
    let letters = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|letters| letters.len() == LETTERS)
        .ok_or_else(refuse)?;
    // 26 letters hold 130 bits, so the first one may use three bits only.
    if letters.as_bytes()[0] > b'7' {
        return Err(refuse());
    }
    let mut value = 0u128;
    for letter in letters.bytes() {
        let digit = ALPHABET
            .iter()
            .position(|known| *known == letter)
            .ok_or_else(refuse)?;
        value = (value << 5) | digit as u128;
    }
    Ok(Uuid::from_u128(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        for value in [0, 1, u128::MAX, 0x0190_1234_5678_7abc_8def_0123_4567_89ab] {
            let id = AgentId(Uuid::from_u128(value));
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn the_outside_form_is_that_of_type_id() {
        let id = AgentId(Uuid::from_u128(0x0188_bac7_4afa_78aa_bc3b_bd1e_ef28_d881));
        assert_eq!(id.to_string(), "agent_01h2xcejqtf2nbrexx3vqjhp41");
    }

    #[test]
    fn texts_that_are_no_ids_are_refused() {
        for text in [
            "",
            "agent_",
            "team_01h2xcejqtf2nbrexx3vqjhp41",
            "agent_01h2xcejqtf2nbrexx3vqjhp4",
            "agent_01h2xcejqtf2nbrexx3vqjhp4u",
            "agent_81h2xcejqtf2nbrexx3vqjhp41",
            "agent_01H2XCEJQTF2NBREXX3VQJHP41",
            "agent_é1h2xcejqtf2nbrexx3vqjhp41",
        ] {
            assert!(text.parse::<AgentId>().is_err(), "{text}");
        }
    }
}
