//! Whether a person lets us write to them on a network, and what moves that.
//!
//! One rule stands above the table: only words that mean it lift a no. A customer who opted out and
//! then writes "where is my parcel?" asked a question; they did not ask for news. So a message as
//! such moves nothing, in any state: answering somebody who never spoke about consent needs none
//! (the channel's own window judges that), and somebody who said no is asked to send an opt-in word.

mod word;

pub use word::word;

use crate::id::{MessageId, NoteId};
use serde::{Deserialize, Serialize};

/// Whether a person lets us write to them on a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They never said.
    #[default]
    Unknown,
    /// We asked.
    Invited,
    /// They said yes.
    Enabled,
    /// They said no.
    Disabled,
}

/// Returns what advertisements on a network are told by: a no to them is none to anything else.
pub fn marketing(network: &str) -> String {
    format!("{network}{MARKETING}")
}

/// Returns the network that advertisements are told by, or the network itself.
pub fn network(told: &str) -> &str {
    told.strip_suffix(MARKETING).unwrap_or(told)
}

const MARKETING: &str = ":marketing";

/// What was said about consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The person wrote, about anything else.
    Message,
    /// We asked them.
    Invitation,
    /// They said yes.
    OptIn,
    /// They said no.
    OptOut,
    /// The provider refused what we sent because they block us.
    Block,
}

/// What shows that it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Evidence {
    /// The customer's own word.
    Word {
        /// The message that holds it.
        message: MessageId,
    },
    /// The provider told it.
    Provider {},
    /// The provider refused one of our messages for it.
    Delivery {
        /// Which message.
        message: MessageId,
    },
    /// The customer wrote again after such a refusal.
    Written {},
    /// An agent was told, and wrote down how.
    Agent {
        /// What they wrote.
        note: NoteId,
    },
}

impl Consent {
    const ALL: [Self; 4] = [Self::Unknown, Self::Invited, Self::Enabled, Self::Disabled];

    /// Returns the name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Invited => "invited",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Returns what holds after a signal.
    ///
    /// Whoever said no is not asked again, and whoever said yes need not be.
    pub fn after(self, signal: Signal) -> Self {
        match (self, signal) {
            (_, Signal::OptOut | Signal::Block) => Self::Disabled,
            (_, Signal::OptIn) => Self::Enabled,
            (Self::Unknown, Signal::Invitation) => Self::Invited,
            (_, Signal::Invitation | Signal::Message) => self,
        }
    }

    /// Tells whether nothing may be written.
    pub fn forbids(self) -> bool {
        self == Self::Disabled
    }

    /// Returns what holds for a person whose contacts said different things on one network.
    ///
    /// A no counts whichever of them said it: linking two contacts never makes writing possible
    /// that was forbidden before.
    pub fn of_person(said: impl IntoIterator<Item = Self>) -> Self {
        let rank = |consent: &Self| match consent {
            Self::Unknown => 0,
            Self::Invited => 1,
            Self::Enabled => 2,
            Self::Disabled => 3,
        };
        said.into_iter().max_by_key(rank).unwrap_or_default()
    }
}

/// What holds, and whether a block alone is why nothing may be written.
///
/// Nobody said no when a delivery was refused because the customer blocks us, so no word is needed to
/// lift it: whoever writes to us does not block us. What was said holds again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// What holds.
    pub state: Consent,
    /// What held before the block; `None` where there is none, or a no besides.
    pub blocked_from: Option<Consent>,
}

impl Standing {
    /// Returns what holds after a signal.
    pub fn after(self, signal: Signal) -> Self {
        let said = |state| Self {
            state,
            blocked_from: None,
        };
        match (signal, self.blocked_from) {
            (Signal::Block, None) if !self.state.forbids() => Self {
                state: Consent::Disabled,
                blocked_from: Some(self.state),
            },
            (Signal::Message, Some(before)) => said(before),
            (Signal::Block | Signal::Message | Signal::Invitation, _) if self.state.forbids() => {
                self
            }
            (signal, _) => said(self.state.after(signal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Consent::*;
    use super::Signal::*;
    use super::*;

    #[test]
    fn every_signal_moves_every_state_as_the_table_says() {
        let table = [
            // from, after a message, an invitation, a yes, a no
            (Unknown, [Unknown, Invited, Enabled, Disabled]),
            (Invited, [Invited, Invited, Enabled, Disabled]),
            (Enabled, [Enabled, Enabled, Enabled, Disabled]),
            (Disabled, [Disabled, Disabled, Enabled, Disabled]),
        ];
        for (from, after) in table {
            for (signal, expected) in [Message, Invitation, OptIn, OptOut].into_iter().zip(after) {
                assert_eq!(from.after(signal), expected, "{from:?} {signal:?}");
            }
        }
    }

    #[test]
    fn a_block_ends_with_the_next_message_and_a_no_does_not() {
        for before in [Unknown, Invited, Enabled] {
            let start = Standing {
                state: before,
                blocked_from: None,
            };
            let blocked = start.after(Block);
            assert_eq!(
                (blocked.state, blocked.blocked_from),
                (Disabled, Some(before))
            );
            assert_eq!(blocked.after(Block), blocked);
            assert_eq!(blocked.after(Invitation), blocked);
            assert_eq!(blocked.after(Message), start);
            let no = blocked.after(OptOut);
            assert_eq!((no.state, no.blocked_from), (Disabled, None));
            assert_eq!(no.after(Message), no, "a no besides stays");
            assert_eq!(no.after(Block), no);
            assert_eq!(blocked.after(OptIn).state, Enabled);
            assert_eq!(start.after(Message), start);
        }
    }

    #[test]
    fn a_no_of_one_contact_is_a_no_of_the_person() {
        for (said, expected) in [
            (vec![], Unknown),
            (vec![Unknown, Invited], Invited),
            (vec![Enabled, Invited, Unknown], Enabled),
            (vec![Disabled, Enabled], Disabled),
            (vec![Enabled, Unknown, Disabled], Disabled),
        ] {
            assert_eq!(Consent::of_person(said.clone()), expected, "{said:?}");
        }
    }

    #[test]
    fn advertisements_are_told_beside_their_network() {
        assert_eq!(marketing("whatsapp"), "whatsapp:marketing");
        for told in ["whatsapp", "whatsapp:marketing"] {
            assert_eq!(network(told), "whatsapp");
        }
    }

    #[test]
    fn names_read_back() {
        for consent in Consent::ALL {
            assert_eq!(Consent::parse(consent.as_str()), Some(consent));
        }
        assert_eq!(Consent::parse("allowed"), None);
    }
}
