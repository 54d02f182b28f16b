//! What a mailbox's server says: lines, with bytes of a told length within them.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest line; a search of a large folder answers with a long one.
const MAX_LINE: usize = 1024 * 1024;

/// One response: its line, and the bytes within it one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// The line; bytes within it have left `{length}` behind.
    pub(super) text: String,
    literals: Vec<Vec<u8>>,
}

impl Response {
    /// Returns how a command ended, where this says so.
    pub(super) fn ended(&self, tag: &str) -> Option<Result<()>> {
        let rest = self.text.strip_prefix(tag)?.strip_prefix(' ')?;
        let word = rest.split(' ').next().unwrap_or_default();
        Some(match word.eq_ignore_ascii_case("OK") {
            true => Ok(()),
            // The words may name addresses.
            false => Err(Error::other("the server refused a command")),
        })
    }

    /// Returns the number behind a word.
    pub(super) fn number_after(&self, word: &str) -> Option<i64> {
        let text = self.text.to_ascii_uppercase();
        // `UID ` must not be found within another word.
        let mut places = text.match_indices(word).map(|(at, _)| at);
        let at = places.find(|at| *at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())?;
        let rest = &text[at + word.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().ok()
    }

    /// Returns the mail that a fetch brought.
    pub(super) fn into_body(self) -> Option<Vec<u8>> {
        let text = self.text.to_ascii_uppercase();
        let at = text.find("BODY[]")?;
        // Bytes before it would be those of something that was not asked for.
        let before = text[..at].matches('{').count();
        let behind = self.text[at..].split_once(' ')?.1;
        if behind.starts_with('{') {
            return self.literals.into_iter().nth(before);
        }
        let inner = behind.strip_prefix('"')?;
        let inner = inner.rsplit_once('"')?.0;
        Some(
            inner
                .replace("\\\"", "\"")
                .replace("\\\\", "\\")
                .into_bytes(),
        )
    }
}

/// Reads responses, none of them larger than a bound.
pub(super) struct Responses<S> {
    stream: BufReader<S>,
    most: usize,
    /// What was read of a line whose reader went away meanwhile.
    line: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Responses<S> {
    pub(super) fn new(stream: S, most: usize) -> Self {
        Self {
            stream: BufReader::new(stream),
            most,
            line: Vec::new(),
        }
    }

    /// Gives the connection back to be wrapped into TLS; refused where the server has already said
    /// something that would be taken for its word under TLS.
    pub(super) fn into_inner(self) -> Result<S> {
        match self.stream.buffer().is_empty() {
            true => Ok(self.stream.into_inner()),
            false => Err(ErrorKind::InvalidData.into()),
        }
    }

    pub(super) async fn say(&mut self, words: &str) -> Result<()> {
        self.stream.get_mut().write_all(words.as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    /// Reads the next response. A reader who goes away before a line is whole loses none of it.
    pub(super) async fn next(&mut self) -> Result<Response> {
        let mut literals = Vec::new();
        let mut room = self.most;
        let mut start = 0;
        loop {
            let line = &mut self.line;
            let mut bounded = (&mut self.stream).take(MAX_LINE.saturating_sub(line.len()) as u64);
            bounded.read_until(b'\n', line).await?;
            if line.last() != Some(&b'\n') {
                return Err(match line.len() >= MAX_LINE {
                    true => Error::new(ErrorKind::InvalidData, "a line is too long"),
                    false => ErrorKind::UnexpectedEof.into(),
                });
            }
            while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
                line.pop();
            }
            let Some(length) = line.get(start..).and_then(literal) else {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line).into_owned();
                return Ok(Response { text, literals });
            };
            start = line.len();
            room = room
                .checked_sub(length)
                .ok_or_else(|| Error::new(ErrorKind::InvalidData, "a response is too large"))?;
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes).await?;
            literals.push(bytes);
        }
    }
}

/// Returns the length of the bytes that follow a line: `{12}`.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}")?;
    let at = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&line[at + 1..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(said: &'static [u8], most: usize) -> Result<Vec<Response>> {
        let stream = tokio::io::join(said, tokio::io::sink());
        let mut responses = Responses::new(stream, most);
        let mut all = Vec::new();
        while !responses.stream.fill_buf().await?.is_empty() {
            all.push(responses.next().await?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn a_mail_is_read_by_its_length_whatever_it_holds() {
        let said = b"* 3 FETCH (UID 7 BODY[] {14}\r\na7 OK {3}\r\n)\r\n)\r\na7 OK done\r\n";
        let read = read(said, 100).await.expect("responses");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].number_after("UID "), Some(7));
        assert!(read[0].ended("a7").is_none());
        assert_eq!(
            read[0].clone().into_body(),
            Some(b"a7 OK {3}\r\n)\r\n".to_vec())
        );
        assert!(read[1].ended("a7").is_some_and(|ended| ended.is_ok()));
    }

    #[tokio::test]
    async fn more_than_the_bound_is_refused_before_it_is_read() {
        let said = b"* 3 FETCH (UID 7 BODY[] {999999999999}\r\n";
        assert!(read(said, 100).await.is_err());
        assert!(read(b"* OK no end", 100).await.is_err());
    }

    #[tokio::test]
    async fn numbers_and_quoted_mails_are_found() {
        let said = b"* OK [UIDVALIDITY 12] x\r\n* 1 FETCH (RFC822.SIZE 44 UID 9)\r\n\
            * 1 FETCH (UID 9 BODY[] \"a \\\"b\\\"\")\r\n* 1 FETCH (UID 9 BODY[] NIL)\r\na1 NO x\r\n";
        let read = read(said, 100).await.expect("responses");
        assert_eq!(read[0].number_after("[UIDVALIDITY "), Some(12));
        assert_eq!(read[1].number_after("UID "), Some(9));
        assert_eq!(read[1].number_after("RFC822.SIZE "), Some(44));
        assert_eq!(read[2].clone().into_body(), Some(b"a \"b\"".to_vec()));
        assert_eq!(read[3].clone().into_body(), None);
        assert!(read[4].ended("a1").is_some_and(|ended| ended.is_err()));
    }
}
