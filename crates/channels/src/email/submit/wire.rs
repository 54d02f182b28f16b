//! Lines to and from a mail server, bounded.

use super::tls::Wire;
use crate::email::smtp::Reply;
use std::io::{Error, ErrorKind};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// The longest line of an answer; RFC 5321 has 512.
const MAX_LINE: u64 = 4096;

/// The most lines of an answer.
const MAX_LINES: usize = 100;

/// A conversation in lines.
pub(super) struct Lines {
    stream: BufReader<Box<dyn Wire>>,
}

impl Lines {
    pub(super) fn new(stream: Box<dyn Wire>) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Gives the connection back to be wrapped into TLS; refused where the server has already said
    /// something that would be taken for its word under TLS.
    pub(super) fn into_inner(self) -> std::io::Result<Box<dyn Wire>> {
        match self.stream.buffer().is_empty() {
            true => Ok(self.stream.into_inner()),
            false => Err(Error::new(
                ErrorKind::InvalidData,
                "the server said more than it was asked before TLS",
            )),
        }
    }

    /// Says a line and reads the answer.
    pub(super) async fn ask(&mut self, line: &str) -> std::io::Result<(Reply, String)> {
        self.say(format!("{line}\r\n").as_bytes()).await?;
        self.hear().await
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes).await?;
        self.stream.get_mut().flush().await
    }

    /// Reads an answer, also as the lines that it had.
    pub(super) async fn hear(&mut self) -> std::io::Result<(Reply, String)> {
        let mut lines = String::new();
        for _ in 0..MAX_LINES {
            let mut line = Vec::new();
            let mut limited = (&mut self.stream).take(MAX_LINE);
            limited.read_until(b'\n', &mut line).await?;
            if line.last() != Some(&b'\n') {
                let (kind, why) = match line.len() as u64 == MAX_LINE {
                    true => (ErrorKind::InvalidData, "a line of the answer is too long"),
                    false => (ErrorKind::UnexpectedEof, "the server hung up"),
                };
                return Err(Error::new(kind, why));
            }
            lines.push_str(&String::from_utf8_lossy(&line));
            if line.get(3) != Some(&b'-') {
                let reply = Reply::parse(&lines);
                let reply = reply.ok_or_else(|| {
                    Error::new(ErrorKind::InvalidData, "the server's answer is none")
                });
                return Ok((reply?, lines));
            }
        }
        Err(Error::new(ErrorKind::InvalidData, "the answer has no end"))
    }
}
