//! A shop's own web server, and a wire to the desk that can be cut.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

/// Serves one page at every path, under a strict policy; what follows `?` becomes the visitor's signed
/// identity.
pub(crate) struct Shop {
    /// Where it is.
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Shop {
    /// Opens a page with the widget of an inbox, reached at `desk`.
    pub(crate) async fn open(desk: &str, inbox: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (desk, inbox) = (desk.to_owned(), inbox.to_owned());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(serve(stream, desk.clone(), inbox.clone()));
            }
        });
        Self { url, task }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, desk: String, inbox: String) {
    let mut head = [0; 8_192];
    let count = stream.read(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..count]).into_owned();
    let target = head.split(' ').nth(1).unwrap_or("/");
    let identity = target.split_once('?').map(|(_, identity)| identity);
    let identity = identity.map_or(String::new(), |it| format!(" data-identity=\"{it}\""));
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><h1>Shop</h1>\
         <p><a href=/>First link</a></p>\
         <script src=\"{desk}/widget.js\" data-inbox=\"{inbox}\"{identity}></script></html>"
    );
    let policy =
        format!("default-src 'none'; script-src {desk}; connect-src {desk}; img-src {desk}");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-security-policy: {policy}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that left has no use for it.
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// Carries bytes to the desk until somebody trips over it.
pub(crate) struct Cable {
    /// Its near end.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    wires: Vec<AbortHandle>,
}

impl Cable {
    /// Lays one to an address.
    pub(crate) async fn to(desk: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let desk = desk.trim_start_matches("http://").to_owned();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.expect("a connection");
                let desk = desk.clone();
                let mut state = shared.lock().expect("a state");
                if state.is_cut {
                    continue;
                }
                let wire = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(desk).await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                state.wires.push(wire.abort_handle());
            }
        });
        Self { url, state, task }
    }

    /// Cuts it: nothing goes through, and what was open is gone.
    pub(crate) fn cut(&self) {
        let mut state = self.state.lock().expect("a state");
        state.is_cut = true;
        state.wires.drain(..).for_each(|wire| wire.abort());
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        self.state.lock().expect("a state").is_cut = false;
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}
