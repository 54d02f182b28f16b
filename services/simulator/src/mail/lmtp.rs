//! Handing a mail over: to the desk as a mail server does (RFC 2033), to a server as an app does.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long the desk may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the desk answered: for the envelope, or for the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The code.
    pub code: u16,
    /// Its words.
    pub words: String,
}

impl Handed {
    /// Returns whether the desk has the mail.
    pub fn is_taken(&self) -> bool {
        self.code / 100 == 2
    }
}

/// Hands a mail for one recipient to the desk.
pub async fn hand_over(
    desk: SocketAddr,
    from: &str,
    to: &str,
    mail: &[u8],
) -> std::io::Result<Handed> {
    tokio::time::timeout(PATIENCE, exchange("LHLO", desk, from, to, mail)).await?
}

/// Hands a mail for one recipient to a server that speaks SMTP.
pub async fn submit(
    server: SocketAddr,
    from: &str,
    to: &str,
    mail: &[u8],
) -> std::io::Result<Handed> {
    tokio::time::timeout(PATIENCE, exchange("EHLO", server, from, to, mail)).await?
}

async fn exchange(
    hello: &str,
    desk: SocketAddr,
    from: &str,
    to: &str,
    mail: &[u8],
) -> std::io::Result<Handed> {
    let mut stream = BufReader::new(TcpStream::connect(desk).await?);
    let mut answer = hear(&mut stream).await?;
    let commands = [
        format!("{hello} simulator.example"),
        format!("MAIL FROM:<{from}> SIZE={}", mail.len()),
        format!("RCPT TO:<{to}>"),
        "DATA".to_owned(),
    ];
    for command in commands {
        if answer.code >= 400 {
            return Ok(answer);
        }
        let line = format!("{command}\r\n");
        stream.get_mut().write_all(line.as_bytes()).await?;
        answer = hear(&mut stream).await?;
    }
    if answer.code != 354 {
        return Ok(answer);
    }
    let mut stuffed = Vec::with_capacity(mail.len() + 16);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stream.get_mut().write_all(&stuffed).await?;
    hear(&mut stream).await
}

async fn hear(stream: &mut BufReader<TcpStream>) -> std::io::Result<Handed> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        let code = line.get(..3).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| Error::other("that is no answer"))?;
        let words = line.get(4..).unwrap_or_default().trim().to_owned();
        return Ok(Handed { code, words });
    }
}
