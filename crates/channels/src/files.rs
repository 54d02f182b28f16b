//! Files: where a customer's bytes are read, and how ours reach the customer.

use crate::SendError;
use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use futures::stream::BoxStream;
use interdesk_domain::id::FileId;
use interdesk_domain::message::{Media, MediaSource};
use std::io;

/// How files that the desk keeps reach the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileWay {
    /// They are handed over ahead of the message, which names them by the provider's id.
    Upload,
    /// They go within the message: [`SendContext::files`](crate::SendContext::files) opens them.
    Inline,
    /// The message names a link of ours, which the receiver reads.
    Link,
}

/// Bytes as they come.
pub type FileStream = BoxStream<'static, io::Result<Bytes>>;

/// Opens files that the desk keeps.
#[async_trait::async_trait]
pub trait Files: std::fmt::Debug + Send + Sync {
    /// Opens one file for reading.
    async fn open(&self, file: FileId) -> io::Result<FileBytes>;
}

/// A file that is open for reading.
pub struct FileBytes {
    /// How many bytes there are.
    pub size: u64,
    /// What they are, by looking at them.
    pub mime_type: String,
    /// The bytes.
    pub bytes: FileStream,
}

/// Nothing to open: for channels and calls without files.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

#[async_trait::async_trait]
impl Files for NoFiles {
    async fn open(&self, _: FileId) -> io::Result<FileBytes> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Where the bytes of a customer's file can be read now.
#[derive(Clone, PartialEq, Eq)]
pub struct Download {
    /// The address.
    pub url: String,
    /// The value of `authorization` that it asks for; never sent to another host.
    pub authorization: Option<String>,
    /// The size, where the provider told.
    pub size: Option<u64>,
    /// The SHA-256 in lower-case hex, where the provider told.
    pub sha256: Option<String>,
}

// The address of some providers carries their token.
impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Download {
    /// Reads from an address that anybody may read.
    pub fn open(url: String) -> Self {
        Self {
            url,
            authorization: None,
            size: None,
            sha256: None,
        }
    }

    /// Reads what is named by its link.
    ///
    /// # Errors
    ///
    /// Fails where something else names it: then the channel has to know how it is asked for.
    pub fn of_link(media: &Media) -> Result<Self, FetchError> {
        match &media.source {
            MediaSource::Url(url) => Ok(Self::open(url.clone())),
            _ => Err(FetchError::never(
                "this channel cannot be asked for the file",
            )),
        }
    }
}

/// Why the bytes of a customer's file cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct FetchError {
    /// What to tell the agent.
    pub detail: String,
    /// Whether a later try may work.
    pub retryable: bool,
    /// When to try again, where the provider said so.
    pub retry_after: Option<Duration>,
}

impl FetchError {
    /// Tells that no later try will change it.
    pub fn never(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            retryable: false,
            retry_after: None,
        }
    }

    /// Tells that a later try may work.
    pub fn later(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            retryable: true,
            retry_after: None,
        }
    }
}

impl From<SendError> for FetchError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused {
                failure,
                retry_after,
            } => Self {
                detail: failure.detail,
                retryable: failure.retryable,
                retry_after,
            },
            // Asking twice does no harm.
            SendError::NoAnswer(detail) => Self::later(detail),
        }
    }
}

/// A file on its way to the provider, ahead of its message.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// The bytes, to be opened by [`SendContext::files`](crate::SendContext::files).
    pub file: FileId,
    /// What the message says about it.
    pub media: &'a Media,
}

/// A file that the provider keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The provider's id.
    pub provider_id: String,
    /// Until when it holds; `None` for ever.
    pub expires_at: Option<DateTime<Utc>>,
}
