//! A raw WebSocket client that sees every frame and close code.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::server::TestServer;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(server: &TestServer) -> Self {
        Self::with(
            server,
            "/graphql",
            &[("sec-websocket-protocol", "graphql-transport-ws")],
        )
        .await
    }

    pub(crate) async fn with(
        server: &TestServer,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Self {
        let url = format!("ws://{}{path}", server.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Self(connect_async(request).await.unwrap().0)
    }

    /// Opens a socket and waits for the acknowledgement.
    pub(crate) async fn acknowledged(server: &TestServer) -> Self {
        let mut socket = Self::open(server).await;
        socket
            .send(json!({"type": "connection_init", "payload": {"token": "good"}}))
            .await;
        assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
        socket
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.text(message.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({"type": "subscribe", "id": id, "payload": {"query": query}}))
            .await;
    }

    /// Returns the next message, answering pings on the way.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    pub(crate) async fn frame(&mut self) -> Option<Message> {
        let frame = timeout(PATIENCE, self.0.next())
            .await
            .expect("the server fell silent");
        frame.and_then(Result::ok)
    }

    /// Reads to the end and returns the close code, none when the connection just ended.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        while let Some(frame) = self.frame().await {
            if let Message::Close(reason) = frame {
                return reason.map(|reason| reason.code.into());
            }
        }
        None
    }

    /// Expects silence.
    pub(crate) async fn silent(&mut self, during: Duration) {
        if let Ok(frame) = timeout(during, self.0.next()).await {
            panic!("expected silence, got {frame:?}");
        }
    }
}
