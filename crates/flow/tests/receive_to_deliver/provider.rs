//! A tiny provider: answers from a script and remembers who called.

use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the provider does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Answers with a status, a `Retry-After` and a body.
    Say(u16, Option<u32>, Value),
    /// Takes the message and cuts the connection.
    Cut,
    /// Takes the message and never answers.
    Hang,
    /// Answers so once a test lets it.
    Later(Arc<tokio::sync::Notify>, Value),
}

/// A call as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

/// A provider on a loopback port; it ends with the test's runtime.
pub(crate) struct Provider {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            calls: Arc::default(),
            script: Arc::default(),
        };
        let (calls, script) = (provider.calls.clone(), provider.script.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, calls.clone(), script.clone()));
            }
        });
        provider
    }

    /// Sets what the next calls meet; later ones succeed.
    pub(crate) fn plan(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().extend(answers);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns the texts in the order in which they came.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |call: &Call| {
            let body = call.body.pointer("/text/body");
            let text = body.or(call.body.pointer("/data/message/text"));
            let text = text.or(call.body.get("text"));
            text.and_then(Value::as_str).unwrap_or("-").to_owned()
        };
        self.calls().iter().map(text).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    calls: Arc<Mutex<Vec<Call>>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
) -> Option<()> {
    let (head, body) = read(&mut stream).await?;
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("webhook-id: "));
    let number = {
        let mut calls = calls.lock().unwrap();
        let words = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| words());
        calls.push(Call {
            key: key.map(str::to_owned),
            body,
        });
        calls.len()
    };
    let planned = script.lock().unwrap().pop_front();
    let id = format!("out-{number}");
    let taken = serde_json::json!({
        "messages": [{ "id": id }],
        "external_id": id,
        "ok": true,
        "result": { "message_id": number, "chat": { "id": 5_550_012 } },
    });
    match planned.unwrap_or(Answer::Say(200, None, taken)) {
        Answer::Cut => {}
        Answer::Hang => std::future::pending().await,
        planned => {
            let (status, retry_after, body) = match planned {
                Answer::Say(status, retry_after, body) => (status, retry_after, body),
                Answer::Later(leave, body) => {
                    leave.notified().await;
                    (200, None, body)
                }
                Answer::Cut | Answer::Hang => return None,
            };
            let wait = retry_after.map(|wait| format!("retry-after: {wait}\r\n"));
            let (wait, body) = (wait.unwrap_or_default(), body.to_string());
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\n{wait}content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).await.ok()?;
        }
    }
    Some(())
}

async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.unwrap_or("0").parse().ok()?;
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes[end + 4..end + 4 + length].to_vec()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
