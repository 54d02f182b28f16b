//! Ids: a message number counts within one chat only, so the chat belongs to it.

use crate::json::Fields;
use std::fmt;

/// A message, as replies, edits and reactions name it: `[connection:]chat:message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageId {
    /// The business connection, for chats of a connected business account.
    pub(super) connection: Option<String>,
    pub(super) chat: i64,
    pub(super) message: i64,
}

impl MessageId {
    /// Reads the id of a message, or of anything that names one with the same members.
    ///
    /// Telegram numbers 0 whatever it has scheduled and not sent yet, so that names nothing.
    pub(super) fn of(message: &Fields<'_>) -> Option<Self> {
        Some(Self {
            connection: message.id("business_connection_id"),
            chat: message.object("chat")?.integer("id")?,
            message: message.integer("message_id").filter(|id| *id != 0)?,
        })
    }

    /// Reads the text form back.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, message) = text.rsplit_once(':')?;
        let (connection, chat) = match rest.rsplit_once(':') {
            Some((connection, chat)) => (Some(connection.to_owned()), chat),
            None => (None, rest),
        };
        Some(Self {
            connection,
            chat: chat.parse().ok()?,
            message: message.parse().ok()?,
        })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connection) = &self.connection {
            write!(f, "{connection}:")?;
        }
        write!(f, "{}:{}", self.chat, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        for text in ["12:7", "-1001:7", "conn:12:7"] {
            assert_eq!(MessageId::parse(text).expect("an id").to_string(), text);
        }
        for text in ["", "7", "callback:x", "callback:55:x", "a:b:c"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }
}
