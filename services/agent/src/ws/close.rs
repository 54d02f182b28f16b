//! Close codes: the protocol's own and, from RFC 6455, those that ask the client to come back.

use std::{borrow::Cow, sync::Arc};

use actix_ws::{CloseCode, CloseReason};

use crate::AuthRefusal;

/// Says why the server ends a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Close {
    /// The client went away or said goodbye.
    Normal,
    /// A frame breaks the WebSocket protocol.
    Protocol,
    /// A message is longer than the limit.
    TooBig,
    /// The process ends; clients reconnect to another one.
    Restart,
    /// The client reads too slowly; it comes back and resumes.
    SlowClient,
    /// The token could not be checked now.
    TryAgain,
    /// A message that is no message of the protocol.
    BadMessage(Cow<'static, str>),
    /// An operation before the connection was acknowledged.
    Unauthorized,
    /// The token does not hold, or no longer; a client fetches a new one and comes back.
    Forbidden(AuthRefusal),
    /// The client does not speak `graphql-transport-ws`.
    Subprotocol,
    /// No `connection_init` in time.
    InitTimeout,
    /// An operation with this id is still open.
    DuplicateId(Arc<str>),
    /// A second `connection_init`.
    SecondInit,
}

impl Close {
    /// Returns the code on the wire.
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Protocol => 1002,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::SlowClient | Self::TryAgain => 1013,
            Self::BadMessage(_) => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden(_) => 4403,
            Self::Subprotocol => 4406,
            Self::InitTimeout => 4408,
            Self::DuplicateId(_) => 4409,
            Self::SecondInit => 4429,
        }
    }

    fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::Normal => "".into(),
            Self::Protocol => "the frame breaks the WebSocket protocol".into(),
            Self::TooBig => "the message is too long".into(),
            Self::Restart => "the server restarts, reconnect".into(),
            Self::SlowClient => "messages are read too slowly, reconnect and resume".into(),
            Self::TryAgain => "the token cannot be checked now, reconnect".into(),
            Self::BadMessage(why) => why.as_ref().into(),
            Self::Unauthorized => "Unauthorized".into(),
            Self::Forbidden(refusal) => refusal.to_string().into(),
            Self::Subprotocol => "Subprotocol not acceptable".into(),
            Self::InitTimeout => "Connection initialisation timeout".into(),
            // A control frame holds 123 bytes of reason, and ids may be long.
            Self::DuplicateId(id) if id.len() > 80 => "Subscriber already exists".into(),
            Self::DuplicateId(id) => format!("Subscriber for {id} already exists").into(),
            Self::SecondInit => "Too many initialisation requests".into(),
        }
    }
}

impl From<AuthRefusal> for Close {
    fn from(refusal: AuthRefusal) -> Self {
        match refusal {
            AuthRefusal::Unavailable => Self::TryAgain,
            AuthRefusal::Invalid | AuthRefusal::Expired => Self::Forbidden(refusal),
        }
    }
}

impl From<Close> for CloseReason {
    fn from(close: Close) -> Self {
        let reason = close.reason();
        CloseReason {
            code: CloseCode::from(close.code()),
            description: (!reason.is_empty()).then(|| reason.into_owned()),
        }
    }
}
