//! A client that costs as little as possible, since it shares the machine with what it measures:
//! requests are written as they were built before, and of an answer only the status and the length
//! are read.

use anyhow::{Context, Result, bail};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Requests, one behind the other in one piece of memory.
#[derive(Default)]
pub struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    /// Adds a request.
    pub fn push(&mut self, request: &[u8]) {
        self.bytes.extend_from_slice(request);
        self.ends.push(self.bytes.len());
    }

    /// Makes the same request many times.
    pub fn copies(request: &[u8], count: usize) -> Self {
        let mut requests = Self::default();
        (0..count).for_each(|_| requests.push(request));
        requests
    }

    /// Counts the requests.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Gives the request of a number.
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = if number == 0 {
            0
        } else {
            self.ends[number - 1]
        };
        Some(&self.bytes[start..end])
    }
}

/// A connection that is kept open, with one request under way.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to a port of the loopback.
    pub async fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and gives the status of its answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<u16> {
        Ok(self.receive(request).await?.0)
    }

    /// Sends a request and gives the status and the body of its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        let (status, length) = self.receive(request).await?;
        let head = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
        let head = head.context("an answer without a head")?;
        Ok((status, &self.buffer[head + 4..length]))
    }

    async fn receive(&mut self, request: &[u8]) -> Result<(u16, usize)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed instead of an answer");
            }
            if let Some((status, length)) = head(&self.buffer)? {
                while self.buffer.len() < length {
                    if self.stream.read_buf(&mut self.buffer).await? == 0 {
                        bail!("the connection was closed within an answer");
                    }
                }
                return Ok((status, length));
            }
        }
    }
}

/// Reads the status and the whole length of an answer once its head is complete.
fn head(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).context("the head of an answer is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok());
    let status = status.context("an answer has no status")?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, length)| length.trim().parse::<usize>())?;
    Ok(Some((status, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood_once_its_head_is_complete() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(head(&answer[..20]).unwrap(), None);
        assert_eq!(head(answer).unwrap(), Some((200, answer.len())));
        let empty = b"HTTP/1.1 503 Service Unavailable\r\n\r\n";
        assert_eq!(head(empty).unwrap(), Some((503, empty.len())));
    }

    #[test]
    fn requests_come_back_as_they_were_put() {
        let mut requests = Requests::default();
        requests.push(b"one");
        requests.push(b"three");
        assert_eq!(requests.get(0), Some(b"one".as_slice()));
        assert_eq!(requests.get(1), Some(b"three".as_slice()));
        assert_eq!(requests.get(2), None);
    }
}
