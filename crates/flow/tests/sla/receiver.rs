//! A tenant's own address on a loopback port: answers from a script and keeps what it was told.

use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A call as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    head: String,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Tells whether the signature is right by the simulator's half of the protocol.
    pub(crate) fn is_signed_with(&self, secret: &str, now: i64) -> bool {
        let signed = interdesk_simulator::signature::Signed {
            id: self.header("webhook-id"),
            timestamp: self.header("webhook-timestamp"),
            signatures: self.header("webhook-signature"),
            body: &self.body,
        };
        interdesk_simulator::signature::verify(signed, secret, None, now)
    }
}

/// The address; it ends with the test's runtime.
pub(crate) struct Receiver {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    script: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/told", listener.local_addr().unwrap()),
            calls: Arc::default(),
            script: Arc::default(),
        };
        let (calls, script) = (receiver.calls.clone(), receiver.script.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, calls.clone(), script.clone()));
            }
        });
        receiver
    }

    /// Sets how the next calls are answered; later ones are taken.
    pub(crate) fn plan(&self, answers: impl IntoIterator<Item = u16>) {
        self.script.lock().unwrap().extend(answers);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    calls: Arc<Mutex<Vec<Call>>>,
    script: Arc<Mutex<VecDeque<u16>>>,
) -> Option<()> {
    let call = read(&mut stream).await?;
    calls.lock().unwrap().push(call);
    let status = script.lock().unwrap().pop_front().unwrap_or(204);
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let body = bytes[end + 4..].to_vec();
            let call = Call { head, body };
            let length: usize = call.header("content-length").parse().unwrap_or(0);
            if call.body.len() >= length {
                return Some(call);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
