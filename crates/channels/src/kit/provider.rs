//! A provider in a few lines: answers as told and remembers what it was asked.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How the provider reacts to one request.
#[derive(Debug, Clone)]
pub enum Reaction {
    /// Answers with a status, headers and a body.
    Answer(u16, &'static str, String),
    /// Takes the request and cuts the connection.
    Cut,
    /// Cuts in the middle of the answer's head.
    CutHead,
    /// Announces a body and cuts in the middle of it.
    CutBody,
    /// Takes the request and stays silent.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and the headers.
    pub head: String,
    /// The raw body.
    pub body: String,
}

impl Asked {
    /// Reads the body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Returns the path.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Returns the headers with names in lower case.
    pub fn headers(&self) -> Vec<(String, String)> {
        let lines = self.head.lines().skip(1);
        let pairs = lines.filter_map(|line| line.split_once(": "));
        pairs
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect()
    }
}

/// A provider on its way: its address, and what it was asked once it has reacted to everything.
pub type Starting = Pin<Box<dyn Future<Output = (String, JoinHandle<Vec<Asked>>)> + Send>>;

/// Starts a provider that is spoken to by HTTP.
pub fn over_http(reactions: Vec<Reaction>) -> Starting {
    Box::pin(start(reactions))
}

/// Starts a provider for as many requests as there are reactions; returns its base URL.
pub async fn start(reactions: Vec<Reaction>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let serve = async move {
        let mut asked = Vec::new();
        for reaction in reactions {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            asked.push(read(&mut stream).await);
            react(stream, reaction).await;
        }
        asked
    };
    (url, tokio::spawn(serve))
}

pub(crate) async fn read(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.expect("a request");
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        if body.len() >= length || count == 0 {
            return Asked {
                head: head.to_owned(),
                body: body.to_owned(),
            };
        }
    }
}

pub(crate) async fn react(mut stream: TcpStream, reaction: Reaction) {
    let answer = match reaction {
        Reaction::Answer(status, headers, body) => format!(
            "HTTP/1.1 {status} Told\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        ),
        Reaction::CutBody => "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"mess".to_owned(),
        Reaction::CutHead => "HTTP/1.1 200 O".to_owned(),
        Reaction::Cut => return,
        Reaction::Silence => return tokio::time::sleep(Duration::from_secs(2)).await,
    };
    // The client may have gone already, which is its good right.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
