//! A server that takes every mail (RFC 5321) and keeps the last ones.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many mails are kept.
const KEPT: usize = 500;

/// The largest mail.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Connections at once.
const MAX_CONNECTIONS: usize = 64;

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mail that was caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// The envelope sender.
    pub from: String,
    /// The envelope recipients.
    pub to: Vec<String>,
    /// The mail as it came, its line ends CR LF.
    pub mail: String,
}

impl Caught {
    /// Returns the value of a header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.mail.split("\r\n\r\n").next().unwrap_or_default();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }
}

/// The running catcher; it ends when this is dropped.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    caught: Arc<Mutex<VecDeque<Caught>>>,
    count: watch::Receiver<u64>,
    refused: Arc<Mutex<Vec<(String, String)>>>,
    _guard: DropGuard,
}

impl Catcher {
    /// Listens on a loopback port; 0 takes a free one.
    pub async fn start(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let stop = CancellationToken::new();
        let (told, count) = watch::channel(0);
        let catcher = Self {
            address: listener.local_addr()?,
            caught: Arc::default(),
            refused: Arc::default(),
            count,
            _guard: stop.clone().drop_guard(),
        };
        let (caught, refused) = (catcher.caught.clone(), catcher.refused.clone());
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let told = Arc::new(told);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((stream, _)) = accepted else { continue };
                let Ok(seat) = room.clone().try_acquire_owned() else {
                    continue;
                };
                let (caught, refused, told) = (caught.clone(), refused.clone(), told.clone());
                let stop = stop.clone();
                tokio::spawn(async move {
                    let serving = serve(stream, &refused, |mail| {
                        let mut caught = caught.lock().unwrap_or_else(|it| it.into_inner());
                        caught.push_back(mail);
                        if caught.len() > KEPT {
                            caught.pop_front();
                        }
                        told.send_modify(|count| *count += 1);
                    });
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = serving => {}
                    }
                    drop(seat);
                });
            }
        });
        Ok(catcher)
    }

    /// Returns where the desk sends to.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Returns what was caught, oldest first.
    pub fn caught(&self) -> Vec<Caught> {
        let caught = self.caught.lock().unwrap_or_else(|it| it.into_inner());
        caught.iter().cloned().collect()
    }

    /// Answers a recipient with these words from now on, `550 5.1.1 unknown` for example.
    pub fn refuse(&self, recipient: &str, words: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(|it| it.into_inner());
        refused.push((recipient.to_lowercase(), words.to_owned()));
    }

    /// Takes mails for a recipient again.
    pub fn accept(&self, recipient: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(|it| it.into_inner());
        refused.retain(|(own, _)| *own != recipient.to_lowercase());
    }

    /// Counts the mails as they come.
    pub fn count(&self) -> watch::Receiver<u64> {
        self.count.clone()
    }
}

async fn serve(
    stream: TcpStream,
    refused: &Mutex<Vec<(String, String)>>,
    mut keep: impl FnMut(Caught),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 catcher.example ESMTP").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = Vec::new();
        if read_line(&mut stream, &mut line).await? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let upper = line.to_ascii_uppercase();
        let words = match upper.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => {
                "250-catcher.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE 67108864"
            }
            "HELO" | "NOOP" => "250 2.0.0 ok",
            "MAIL" => {
                (from, to) = (path(&line), Vec::new());
                "250 2.1.0 ok"
            }
            "RCPT" => {
                let recipient = path(&line);
                let known = refused.lock().unwrap_or_else(|it| it.into_inner()).clone();
                let mut known = known.into_iter();
                let refusal = known.find(|(own, _)| *own == recipient.to_lowercase());
                if let Some((_, words)) = refusal {
                    say(&mut stream, &words).await?;
                    continue;
                }
                to.push(recipient);
                "250 2.1.5 ok"
            }
            "DATA" if !to.is_empty() => {
                say(&mut stream, "354 go on").await?;
                let Some(mail) = message(&mut stream).await? else {
                    return Ok(());
                };
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                keep(Caught { from, to, mail });
                "250 2.0.0 caught"
            }
            "DATA" => "503 5.5.1 who is it for?",
            "RSET" => {
                (from, to) = (String::new(), Vec::new());
                "250 2.0.0 ok"
            }
            "QUIT" => return say(&mut stream, "221 2.0.0 bye").await,
            _ => "500 5.5.2 not understood",
        };
        say(&mut stream, words).await?;
    }
}

async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if read_line(stream, &mut line).await? == 0 || mail.len() > MAX_BYTES {
            return Ok(None);
        }
        match line.as_slice() {
            b".\r\n" => return Ok(Some(String::from_utf8_lossy(&mail).into_owned())),
            [b'.', rest @ ..] => mail.extend_from_slice(rest),
            whole => mail.extend_from_slice(whole),
        }
    }
}

async fn read_line(
    stream: &mut BufReader<TcpStream>,
    line: &mut Vec<u8>,
) -> std::io::Result<usize> {
    let mut bounded = stream.take(1024 * 1024);
    let reading = bounded.read_until(b'\n', line);
    tokio::time::timeout(PATIENCE, reading).await?
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> std::io::Result<()> {
    let words = format!("{words}\r\n");
    stream.get_mut().write_all(words.as_bytes()).await
}

fn path(line: &str) -> String {
    let inner = line.split_once('<').map_or("", |(_, rest)| rest);
    inner.split('>').next().unwrap_or_default().to_owned()
}
