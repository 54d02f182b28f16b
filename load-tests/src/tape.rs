//! What the desk asks PostgreSQL for one page, taken down between the two and played again.
//!
//! The bare handler beside which a page is measured has to run the same SQL with the same values in the same
//! form. So it is not written by hand: a tap between desk and database takes down the messages of the protocol
//! (version 3.0, "Message Formats" of PostgreSQL's manual) that one page costs.

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Everything that one page asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tape {
    /// The statements that are prepared once for each connection: text and types.
    statements: Vec<Vec<u8>>,
    /// What is sent, one awaited answer after the other.
    steps: Vec<Vec<Message>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    kind: u8,
    body: Vec<u8>,
    /// Of which prepared statement, for a message that binds one.
    statement: Option<usize>,
}

impl Tape {
    /// Counts the statements that are run, `BEGIN` and `COMMIT` among them.
    pub fn statements(&self) -> usize {
        let run = |message: &&Message| matches!(message.kind, b'Q' | b'E');
        self.steps.iter().flatten().filter(run).count()
    }
}

/// What the desk says to its database, of which the last piece is kept.
pub struct Tap {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// The role by which the desk works inside one tenant; what it does for all tenants is no page's.
const ROLE: &[u8] = b"interdesk_app";

/// One connection's messages since the last rewind, and its statements.
#[derive(Default)]
struct Heard {
    is_tenants: bool,
    named: HashMap<Vec<u8>, Vec<u8>>,
    messages: Vec<Message>,
    bound: Vec<Vec<u8>>,
}

impl Tap {
    /// Listens before the server of `url`.
    pub async fn before(url: &str) -> Result<Self> {
        let url = Url::parse(url)?;
        let server = (
            url.host_str().context("no host")?.to_owned(),
            url.port().context("no port")?,
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let kept = heard.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                // Small messages are not to wait for each other.
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let number = {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.push(Heard::default());
                    kept.len() - 1
                };
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(listen(from_client, to_server, kept.clone(), number));
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        Ok(Self { port, heard })
    }

    /// Gives the address of the database by way of the tap.
    pub fn url(&self, url: &str) -> Result<String> {
        let mut url = Url::parse(url)?;
        let port = url.set_port(Some(self.port));
        ensure!(port.is_ok(), "{url} takes no port");
        Ok(url.into())
    }

    /// Forgets what was said, but for the statements that are prepared.
    pub fn rewind(&self) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in heard.iter_mut() {
            connection.messages.clear();
            connection.bound.clear();
        }
    }

    /// Gives what was said since, connection by connection.
    pub fn tape(&self) -> Result<Tape> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tape = Tape::default();
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        for connection in heard.iter().filter(|one| one.is_tenants) {
            let mut step = Vec::new();
            let mut bound = connection.bound.iter();
            for message in &connection.messages {
                let mut message = message.clone();
                if message.kind == b'B' {
                    let prepared = bound.next().context("a message that binds nothing")?;
                    let next = tape.statements.len();
                    let number = *known.entry(prepared).or_insert(next);
                    if number == next {
                        tape.statements.push(prepared.clone());
                    }
                    message.statement = Some(number);
                }
                // The server says that it is ready after these two.
                let is_last = matches!(message.kind, b'Q' | b'S');
                step.push(message);
                if is_last {
                    tape.steps.push(std::mem::take(&mut step));
                }
            }
            ensure!(step.is_empty(), "the tape ends within a step");
        }
        ensure!(!tape.steps.is_empty(), "nothing was said");
        Ok(tape)
    }
}

/// Hands on what the client says, message by message, and takes it down.
async fn listen(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    heard: Arc<Mutex<Vec<Heard>>>,
    number: usize,
) -> Result<()> {
    // The first message has a length and no kind.
    let mut kind = None;
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(&body);
        let has_role = || body.windows(ROLE.len()).any(|part| part == ROLE);
        {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            match kind {
                None => heard[number].is_tenants = has_role(),
                Some(kind) => heard[number].take_down(kind, body),
            }
        }
        server.write_all(&message).await?;
        kind = Some(client.read_u8().await?);
    }
}

impl Heard {
    fn take_down(&mut self, kind: u8, body: Vec<u8>) {
        match kind {
            // Name, text, types.
            b'P' => {
                let (name, rest) = split(&body);
                self.named.insert(name.to_vec(), rest.to_vec());
            }
            // Portal, name, formats, values.
            b'B' => {
                let (_, rest) = split(&body);
                let (name, values) = split(rest);
                let prepared = self.named.get(name).cloned().unwrap_or_default();
                self.bound.push(prepared);
                self.messages.push(Message {
                    kind,
                    body: values.to_vec(),
                    statement: None,
                });
            }
            b'E' | b'Q' => self.messages.push(Message {
                kind,
                body,
                statement: None,
            }),
            b'S' => {
                // What prepares is done beforehand when the tape is played.
                let runs = self.messages.last().is_some_and(|last| last.kind == b'E');
                if runs {
                    self.messages.push(Message {
                        kind,
                        body,
                        statement: None,
                    });
                }
            }
            _ => {}
        }
    }
}

/// Splits at the first NUL.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0);
    end.map_or((bytes, &[]), |end| (&bytes[..end], &bytes[end + 1..]))
}

/// A connection that plays a tape as often as it is told.
pub struct Player {
    stream: TcpStream,
    tape: Arc<Tape>,
    buffer: Vec<u8>,
}

impl Player {
    /// Connects and prepares; the server has to let the login in without a password.
    pub async fn connect(url: &str, tape: Arc<Tape>) -> Result<Self> {
        let url = Url::parse(url)?;
        let server = (
            url.host_str().context("no host")?,
            url.port().context("no port")?,
        );
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let database = url.path().trim_start_matches('/');
        let mut hello = 196_608_u32.to_be_bytes().to_vec();
        let role = [b"-c role=", ROLE].concat();
        let texts = [
            b"user",
            url.username().as_bytes(),
            b"database",
            database.as_bytes(),
            b"options",
        ];
        for text in texts.into_iter().chain([role.as_slice(), b""]) {
            hello.extend(text);
            hello.push(0);
        }
        let mut player = Self {
            stream,
            tape,
            buffer: Vec::with_capacity(65_536),
        };
        let mut message = (hello.len() as u32 + 4).to_be_bytes().to_vec();
        message.extend(hello);
        player.stream.write_all(&message).await?;
        player.await_ready().await?;
        let mut message = Vec::new();
        for (number, prepared) in player.tape.clone().statements.iter().enumerate() {
            let mut body = name(number);
            body.extend(prepared);
            put(&mut message, b'P', &body);
        }
        put(&mut message, b'S', &[]);
        player.stream.write_all(&message).await?;
        player.await_ready().await?;
        Ok(player)
    }

    /// Asks everything once, and reads the answers.
    pub async fn play(&mut self) -> Result<()> {
        let tape = self.tape.clone();
        for step in &tape.steps {
            let mut message = Vec::with_capacity(512);
            for said in step {
                match said.statement {
                    Some(number) => {
                        let mut body = vec![0];
                        body.extend(name(number));
                        body.extend(&said.body);
                        put(&mut message, said.kind, &body);
                    }
                    None => put(&mut message, said.kind, &said.body),
                }
            }
            self.stream.write_all(&message).await?;
            self.await_ready().await?;
        }
        Ok(())
    }

    /// Reads until the server is ready for the next.
    async fn await_ready(&mut self) -> Result<()> {
        self.buffer.clear();
        let mut at = 0;
        loop {
            while let Some(head) = self.buffer.get(at..at + 5) {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                let kind = head[0];
                if self.buffer.len() < at + 1 + length {
                    break;
                }
                match kind {
                    b'Z' => return Ok(()),
                    b'E' => bail!(
                        "PostgreSQL refuses: {}",
                        String::from_utf8_lossy(&self.buffer[at + 5..at + 1 + length])
                    ),
                    _ => at += 1 + length,
                }
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("PostgreSQL closed the connection");
            }
        }
    }
}

fn name(number: usize) -> Vec<u8> {
    let mut name = format!("played{number}").into_bytes();
    name.push(0);
    name
}

fn put(message: &mut Vec<u8>, kind: u8, body: &[u8]) {
    message.push(kind);
    message.extend((body.len() as u32 + 4).to_be_bytes());
    message.extend(body);
}
