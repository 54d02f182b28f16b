//! A tiny server of files: gives out what a test put there, takes uploads and messages, and
//! remembers who asked.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a path gives out.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Sends half of the body and nothing more.
    pub(crate) stalls: bool,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Shelf {
    pages: HashMap<String, Page>,
    asked: Vec<Asked>,
    refusals: Vec<Value>,
}

/// A server on a loopback port; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) url: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let host = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            shelf: Arc::default(),
        };
        let shelf = host.shelf.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shelf.clone()));
            }
        });
        host
    }

    pub(crate) fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.page(path, 200, None, body.into());
    }

    pub(crate) fn redirect(&self, path: &str, to: &str) {
        self.page(path, 302, Some(to.to_owned()), Vec::new());
    }

    pub(crate) fn fail(&self, path: &str, status: u16) {
        self.page(path, status, None, Vec::new());
    }

    pub(crate) fn stall(&self, path: &str, body: &[u8]) {
        self.page(path, 200, None, body.to_vec());
        self.shelf
            .lock()
            .unwrap()
            .pages
            .get_mut(path)
            .unwrap()
            .stalls = true;
    }

    fn page(&self, path: &str, status: u16, location: Option<String>, body: Vec<u8>) {
        let page = Page {
            status,
            location,
            body,
            stalls: false,
        };
        self.shelf
            .lock()
            .unwrap()
            .pages
            .insert(path.to_owned(), page);
    }

    /// Refuses the next messages with these errors of WhatsApp's.
    pub(crate) fn refuse(&self, error: Value) {
        self.shelf.lock().unwrap().refusals.push(error);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shelf.lock().unwrap().asked.clone()
    }

    /// Returns what came to paths that end so.
    pub(crate) fn came_to(&self, end: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|one| one.path.split('?').next().unwrap().ends_with(end));
        asked
    }
}

async fn serve(mut stream: TcpStream, shelf: Arc<Mutex<Shelf>>) -> Option<()> {
    let asked = read(&mut stream).await?;
    let path = asked.path.split('?').next()?.to_owned();
    let page = {
        let mut shelf = shelf.lock().unwrap();
        let number = shelf.asked.len() + 1;
        shelf.asked.push(asked);
        let said = |body: Value| Page {
            status: if body.get("error").is_some() {
                400
            } else {
                200
            },
            location: None,
            body: body.to_string().into_bytes(),
            stalls: false,
        };
        match path.rsplit('/').next()? {
            "messages" if !shelf.refusals.is_empty() => said(shelf.refusals.remove(0)),
            "messages" => said(json!({ "messages": [{ "id": format!("out-{number}") }] })),
            "media" => said(json!({ "id": format!("kept-{number}") })),
            "callback" => said(json!({ "external_id": format!("out-{number}") })),
            method if method.starts_with("send") => said(json!({ "ok": true, "result": {
                "message_id": number, "chat": { "id": 1 },
                "photo": [{ "file_id": "small" }, { "file_id": format!("tg-{number}") }],
            } })),
            _ => shelf.pages.get(&path).cloned().unwrap_or(Page {
                status: 404,
                location: None,
                body: Vec::new(),
                stalls: false,
            }),
        }
    };
    let location = page.location.map(|to| format!("location: {to}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\n{}content-length: {}\r\nconnection: close\r\n\r\n",
        page.status,
        location.unwrap_or_default(),
        page.body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let whole = page.body.len();
    let sent = if page.stalls { whole / 2 } else { whole };
    stream.write_all(&page.body[..sent]).await.ok()?;
    if page.stalls {
        stream.flush().await.ok()?;
        std::future::pending::<()>().await;
    }
    Some(())
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_owned())
            };
            let length: usize = header("content-length")
                .unwrap_or("0".to_owned())
                .parse()
                .ok()?;
            if bytes.len() >= end + 4 + length {
                return Some(Asked {
                    path: head.split(' ').nth(1)?.to_owned(),
                    authorization: header("authorization"),
                    body: bytes[end + 4..].to_vec(),
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
