//! What each message means in each phase of a socket; no IO, so every race is a plain test.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{close::Close, message::ClientMessage};
use crate::operation::Wanted;

/// Follows one socket from its opening to its end.
pub(super) struct Machine {
    phase: Phase,
    open: HashSet<Arc<str>>,
    max_operations: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Opened,
    Authenticating,
    Acknowledged,
}

/// What the socket has to do next.
#[derive(Debug)]
pub(super) enum Act {
    /// Nothing at all.
    Rest,
    /// Check the token in this payload.
    Authenticate(Map<String, Json>),
    /// Send a pong.
    Pong(Option<Map<String, Json>>),
    /// Run an operation.
    Start(Arc<str>, Box<Wanted>),
    /// Drop an operation.
    Stop(Arc<str>),
    /// Send an `error` message, since the socket has too many operations.
    TooMany(Arc<str>),
    /// End the socket.
    Close(Close),
}

impl Machine {
    pub(super) fn new(max_operations: usize) -> Self {
        Self {
            phase: Phase::Opened,
            open: HashSet::new(),
            max_operations,
        }
    }

    /// Tells whether the client still has to send `connection_init`.
    pub(super) fn awaits_init(&self) -> bool {
        self.phase == Phase::Opened
    }

    /// Decides what one text frame leads to.
    pub(super) fn receive(&mut self, text: &str) -> Act {
        match ClientMessage::parse(text) {
            Err(malformed) => Act::Close(Close::BadMessage(malformed.to_string().into())),
            Ok(ClientMessage::Init(payload)) => self.init(payload),
            Ok(ClientMessage::Ping(payload)) => Act::Pong(payload),
            Ok(ClientMessage::Pong) => Act::Rest,
            Ok(ClientMessage::Subscribe(id, request)) => self.subscribe(id, request),
            Ok(ClientMessage::Complete(id)) => self.complete(id),
        }
    }

    fn init(&mut self, payload: Option<Map<String, Json>>) -> Act {
        if self.phase != Phase::Opened {
            return Act::Close(Close::SecondInit);
        }
        self.phase = Phase::Authenticating;
        Act::Authenticate(payload.unwrap_or_default())
    }

    /// Notes that the token held and the acknowledgement is on its way.
    pub(super) fn acknowledge(&mut self) {
        self.phase = Phase::Acknowledged;
    }

    fn subscribe(&mut self, id: Arc<str>, request: Box<Wanted>) -> Act {
        if self.phase != Phase::Acknowledged {
            return Act::Close(Close::Unauthorized);
        }
        if self.open.contains(&id) {
            return Act::Close(Close::DuplicateId(id));
        }
        if self.open.len() >= self.max_operations {
            return Act::TooMany(id);
        }
        self.open.insert(id.clone());
        Act::Start(id, request)
    }

    /// A `complete` that crossed ours on the wire names an id that is gone; that is no fault.
    fn complete(&mut self, id: Arc<str>) -> Act {
        if self.open.remove(&id) {
            Act::Stop(id)
        } else {
            Act::Rest
        }
    }

    /// Notes that the server ended an operation, so its id is free again.
    pub(super) fn ended(&mut self, id: &str) {
        self.open.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = r#"{"type":"connection_init"}"#;

    fn subscribe(id: &str) -> String {
        format!(r#"{{"type":"subscribe","id":"{id}","payload":{{"query":"{{ a }}"}}}}"#)
    }

    fn complete(id: &str) -> String {
        format!(r#"{{"type":"complete","id":"{id}"}}"#)
    }

    fn acknowledged(max_operations: usize) -> Machine {
        let mut machine = Machine::new(max_operations);
        assert!(matches!(machine.receive(INIT), Act::Authenticate(_)));
        machine.acknowledge();
        machine
    }

    fn code(act: Act) -> u16 {
        match act {
            Act::Close(close) => close.code(),
            other => panic!("expected a close, got {other:?}"),
        }
    }

    #[test]
    fn an_operation_waits_for_the_acknowledgement() {
        let mut machine = Machine::new(2);
        assert_eq!(code(machine.receive(&subscribe("1"))), 4401);
        machine.receive(INIT);
        assert_eq!(code(machine.receive(&subscribe("1"))), 4401);
    }

    #[test]
    fn a_second_init_closes_even_while_the_first_is_checked() {
        let mut machine = Machine::new(2);
        machine.receive(INIT);
        assert_eq!(code(machine.receive(INIT)), 4429);
        assert_eq!(code(acknowledged(2).receive(INIT)), 4429);
    }

    #[test]
    fn an_id_is_free_again_after_either_side_completed_it() {
        let mut machine = acknowledged(2);
        assert!(matches!(machine.receive(&subscribe("1")), Act::Start(..)));
        assert!(matches!(machine.receive(&complete("1")), Act::Stop(_)));
        assert!(matches!(machine.receive(&subscribe("1")), Act::Start(..)));
        machine.ended("1");
        assert!(matches!(machine.receive(&complete("1")), Act::Rest));
        assert!(matches!(machine.receive(&subscribe("1")), Act::Start(..)));
        assert_eq!(code(machine.receive(&subscribe("1"))), 4409);
    }

    #[test]
    fn one_operation_too_many_is_refused_without_closing() {
        let mut machine = acknowledged(1);
        machine.receive(&subscribe("1"));
        assert!(matches!(machine.receive(&subscribe("2")), Act::TooMany(_)));
        machine.receive(&complete("1"));
        assert!(matches!(machine.receive(&subscribe("2")), Act::Start(..)));
    }

    #[test]
    fn malformed_messages_close_with_4400() {
        let messages = [
            "",
            "nonsense",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start"}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"connection_init","payload":"token"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"pong","payload":[]}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":0}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","extensions":"x"}}"#,
        ];
        for message in messages {
            assert_eq!(code(acknowledged(2).receive(message)), 4400, "{message}");
        }
    }
}
