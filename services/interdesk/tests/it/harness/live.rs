//! A subscription to everything that happens at the desk.

use super::PATIENCE;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const QUERY: &str = "subscription($after: Cursor) { deskEvents(after: $after) {
    seq cursor kind traceparent
    agent { id }
    conversation { id status episode { number } }
    offer { id agent { id } conversation { id } }
    message { id text delivery { state failure { reason detail } } }
} }";

/// How long silence lasts until nothing more is on its way.
const QUIET: Duration = Duration::from_millis(200);

type Frame = Option<Result<Message, tungstenite::Error>>;

/// An open subscription and what it showed.
pub(crate) struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Every event so far, over all resumptions.
    pub(crate) events: Vec<Value>,
    url: String,
    token: String,
}

impl Live {
    /// Opens one from now on.
    pub(crate) async fn open(url: &str, token: &str) -> Self {
        Self {
            socket: subscribe(url, token, None).await,
            events: Vec::new(),
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Reads what is there, and tells whether there was anything.
    pub(crate) async fn stands(&mut self) -> bool {
        while let Ok(frame) = timeout(QUIET, self.socket.next()).await {
            self.take("the first event", frame);
        }
        !self.events.is_empty()
    }

    /// Loses the connection without a word.
    pub(crate) fn cut(self) -> Cut {
        let Self {
            socket,
            events,
            url,
            token,
        } = self;
        drop(socket);
        Cut { events, url, token }
    }

    /// Waits for the first event that fits, and returns it.
    pub(crate) async fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let event = self.next(what, end).await;
            if fits(&event) {
                return event;
            }
        }
    }

    /// Waits until the subscription has shown the event of this number.
    pub(crate) async fn until_seq(&mut self, seq: i64) {
        while self.last_seq() < seq {
            let what = format!("event {seq}");
            self.next(&what, Instant::now() + PATIENCE).await;
        }
    }

    /// Waits until a message has come at least this far; returns the event that shows it.
    ///
    /// A message is read when its event is shown, so that a quick one seems to leave steps out.
    pub(crate) async fn until_delivery(&mut self, message: &Value, state: &str) -> Value {
        let what = format!("a message to become {state}");
        let end = Instant::now() + PATIENCE;
        loop {
            let states = self.events.iter().filter_map(|event| {
                let shown = &event["message"];
                let state = shown["delivery"]["state"].as_str()?;
                (shown["id"] == *message).then_some((event, state))
            });
            for (event, shown) in states {
                assert!(shown != "FAILED", "{what}: {event}");
                if rank(shown) >= rank(state) {
                    return event.clone();
                }
            }
            self.next(&what, end).await;
        }
    }

    /// The number of the last event.
    pub(crate) fn last_seq(&self) -> i64 {
        let last = self.events.last();
        last.map_or(0, |event| event["seq"].as_i64().expect("a number"))
    }

    /// The kinds of all events so far.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let same = self.events.iter().filter(|event| event["kind"] == kind);
        same.count()
    }

    /// Proves that nothing was missed, doubled or out of order.
    pub(crate) fn assert_gapless(&self) {
        let seqs = self.events.iter().map(|event| event["seq"].as_i64());
        let seqs: Vec<i64> = seqs.map(|seq| seq.expect("a number")).collect();
        for pair in seqs.windows(2) {
            assert_eq!(pair[0] + 1, pair[1], "the order has a gap: {seqs:?}");
        }
    }

    async fn next(&mut self, what: &str, end: Instant) -> Value {
        loop {
            let frame = timeout_at(end, self.socket.next()).await;
            let frame = frame.unwrap_or_else(|_| {
                panic!(
                    "waited in vain for {what}; seen at last: {:?}",
                    self.kinds()
                );
            });
            if let Some(event) = self.take(what, frame) {
                return event;
            }
        }
    }

    fn take(&mut self, what: &str, frame: Frame) -> Option<Value> {
        let text = match frame {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return None,
            other => panic!("waiting for {what}, the subscription ended with {other:?}"),
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(message["type"], "next", "waiting for {what}: {message}");
        let payload = &message["payload"];
        assert!(payload.get("errors").is_none(), "{payload}");
        let event = payload["data"]["deskEvents"].clone();
        self.events.push(event.clone());
        Some(event)
    }

    fn kinds(&self) -> Vec<String> {
        let show = |event: &Value| format!("{} {}", event["seq"], event["kind"]);
        let last = self.events.len().saturating_sub(30);
        self.events[last..].iter().map(show).collect()
    }
}

/// A subscription whose connection is gone.
pub(crate) struct Cut {
    events: Vec<Value>,
    url: String,
    token: String,
}

impl Cut {
    /// Comes back to where it was.
    pub(crate) async fn resume(self) -> Live {
        let last = self.events.last().expect("an event before the cut");
        let cursor = last["cursor"].as_str().expect("a cursor").to_owned();
        Live {
            socket: subscribe(&self.url, &self.token, Some(&cursor)).await,
            events: self.events,
            url: self.url,
            token: self.token,
        }
    }
}

/// How far a delivery is, in order.
fn rank(state: &str) -> usize {
    let order = ["QUEUED", "SENDING", "UNKNOWN", "SENT", "DELIVERED", "READ"];
    let found = order.iter().position(|known| *known == state);
    found.expect("a state of a delivery")
}

async fn subscribe(
    url: &str,
    token: &str,
    after: Option<&str>,
) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let mut request = url.into_client_request().expect("an address");
    let protocol = "graphql-transport-ws".parse().expect("a header");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.expect("a socket");
    let payload = json!({ "query": QUERY, "variables": { "after": after } });
    let messages = [
        json!({ "type": "connection_init", "payload": { "token": token } }),
        json!({ "type": "subscribe", "id": "1", "payload": payload }),
    ];
    let [init, subscribe] = messages.map(|message| Message::text(message.to_string()));
    socket.send(init).await.expect("it is open");
    let ack = tokio::time::timeout(PATIENCE, socket.next()).await;
    let ack = ack.expect("an acknowledgement in time");
    let ack = ack.expect("an open socket").expect("a frame");
    let ack = ack.into_text().expect("text").to_string();
    assert!(ack.contains("connection_ack"), "{ack}");
    socket.send(subscribe).await.expect("it is open");
    socket
}
