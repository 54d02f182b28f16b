//! The messages of graphql-transport-ws.

use std::sync::Arc;

use async_graphql::{Response, ServerError};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::operation::{self, Answer, Wanted};

/// One message from the client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    /// Opens the connection, with a token in the payload or without.
    Init(Option<Map<String, Json>>),
    /// Asks for a pong.
    Ping(Option<Map<String, Json>>),
    /// Answers a ping.
    Pong,
    /// Starts an operation.
    Subscribe(Arc<str>, Box<Wanted>),
    /// Stops an operation.
    Complete(Arc<str>),
}

/// Says what is wrong with a client's message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the message is no JSON object")]
    NoObject,
    #[error("the message has no known type")]
    UnknownType,
    #[error("id must be a string that is not empty")]
    BadId,
    #[error("payload must be a map")]
    BadPayload,
    #[error("{0}")]
    BadParameter(String),
}

impl ClientMessage {
    /// Reads one text frame.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let Ok(Json::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Malformed::NoObject);
        };
        let kind = message.remove("type");
        match kind.as_ref().and_then(Json::as_str) {
            Some("connection_init") => Ok(Self::Init(payload(&mut message)?)),
            Some("ping") => Ok(Self::Ping(payload(&mut message)?)),
            Some("pong") => payload(&mut message).map(|_| Self::Pong),
            Some("subscribe") => {
                let id = id(&message)?;
                let parameters = payload(&mut message)?.ok_or(Malformed::BadPayload)?;
                let request = operation::request(parameters)
                    .map_err(|error| Malformed::BadParameter(error.to_string()))?;
                Ok(Self::Subscribe(id, Box::new(request)))
            }
            Some("complete") => Ok(Self::Complete(id(&message)?)),
            _ => Err(Malformed::UnknownType),
        }
    }
}

fn id(message: &Map<String, Json>) -> Result<Arc<str>, Malformed> {
    let id = message.get("id").and_then(Json::as_str);
    id.filter(|id| !id.is_empty())
        .map(Arc::from)
        .ok_or(Malformed::BadId)
}

fn payload(message: &mut Map<String, Json>) -> Result<Option<Map<String, Json>>, Malformed> {
    match message.remove("payload") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(Malformed::BadPayload),
    }
}

/// One message to the client.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    /// Accepts the connection.
    ConnectionAck,
    /// Answers a ping.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Json>>,
    },
    /// Carries one result.
    Next { id: &'a str, payload: Answer<'a> },
    /// Ends an operation that was not executed.
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    /// Ends an operation.
    Complete { id: &'a str },
}

impl<'a> ServerMessage<'a> {
    /// Chooses between `error`, which also ends the operation, and `next`.
    pub(super) fn of(id: &'a str, response: &'a Response) -> Self {
        if operation::is_request_error(response) {
            Self::Error {
                id,
                payload: &response.errors,
            }
        } else {
            Self::Next {
                id,
                payload: response.into(),
            }
        }
    }
}
