//! What comes in: the bytes and how they came.

use bytes::Bytes;
use std::net::IpAddr;

/// Something that a provider delivered.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// What was said around the bytes.
    pub envelope: Envelope<'a>,
    /// The raw bytes.
    pub body: &'a [u8],
}

/// What was said around the bytes.
#[derive(Debug, Clone, Copy)]
pub enum Envelope<'a> {
    /// A request over HTTP.
    Http(Http<'a>),
    /// A mail, from a listener or a mailbox.
    Mail(Mail<'a>),
    /// Nothing that is still known: the bytes were kept and are read again.
    Kept,
}

/// The head of a request over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Http<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// What follows the inbox's own path, beginning with a slash; empty for the inbox itself.
    pub path: &'a str,
    /// The parameters, decoded.
    pub query: &'a [(String, String)],
    /// Header names in lower case, with their values.
    pub headers: &'a [(String, String)],
}

/// The envelope of a mail, which is not what its header says.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// `MAIL FROM`, empty for bounces; `None` where a mailbox no longer tells.
    pub from: Option<&'a str>,
    /// Each `RCPT TO`; none where a mailbox no longer tells.
    pub to: &'a [String],
    /// Who connected.
    pub peer: Option<IpAddr>,
}

impl<'a> Incoming<'a> {
    /// Bytes of which nothing else is known any more.
    pub fn kept(body: &'a [u8]) -> Self {
        let envelope = Envelope::Kept;
        Self { envelope, body }
    }

    /// Returns the head of the request; `None` where it is none.
    pub fn http(&self) -> Option<&Http<'a>> {
        match &self.envelope {
            Envelope::Http(http) => Some(http),
            _ => None,
        }
    }

    /// Returns the value of a header of the request, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        find(self.http()?.headers, name)
    }

    /// Returns a parameter of the request.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        find(self.http()?.query, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value)
}

/// A request together with its head, owned.
#[derive(Debug, Clone, Default)]
pub struct OwnedRequest {
    /// The method in capitals.
    pub method: String,
    /// What follows the inbox's own path, beginning with a slash; empty for the inbox itself.
    pub path: String,
    /// The parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The raw bytes.
    pub body: Bytes,
}

impl OwnedRequest {
    /// Borrows it for a [`Channel`](crate::Channel).
    pub fn as_incoming(&self) -> Incoming<'_> {
        Incoming {
            envelope: Envelope::Http(Http {
                method: &self.method,
                path: &self.path,
                query: &self.query,
                headers: &self.headers,
            }),
            body: &self.body,
        }
    }
}

/// What a provider is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Says yes and nothing else.
    pub fn empty() -> Self {
        Self::text(String::new())
    }

    /// Says yes in plain words.
    pub fn text(body: String) -> Self {
        Self {
            status: 200,
            content_type: "text/plain",
            body,
        }
    }

    /// Says something in JSON.
    pub fn json(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "application/json",
            body,
        }
    }
}

/// Why a request is not from the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header that proves the sender is missing.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// The signature or secret does not match.
    #[error("signature does not match")]
    Mismatch,
    /// The request is too old or from the future: a replay.
    #[error("timestamp is more than {0} seconds off")]
    Stale(i64),
    /// The inbox has no secret to compare with.
    #[error("the inbox has no {0} configured")]
    NotConfigured(&'static str),
}

/// Why a body as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is not of the documented shape.
    #[error("body is not readable: {0}")]
    Unreadable(String),
}
