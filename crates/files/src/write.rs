//! Writing an object: counted, hashed and looked at as its bytes pass.

use crate::Error;
use crate::sniff::{HEAD, sniff};
use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// How many bytes go in one part; S3 takes none smaller but the last.
const PART: usize = 5 * 1024 * 1024;

/// An object on its way into the store.
///
/// Dropped without [`finish`](Writing::finish) it never becomes visible; what lies in the store
/// until then is cleaned up by [`abort`](Writing::abort) or by deleting the key.
pub struct Writing {
    writer: BufWriter,
    hash: Sha256,
    head: Vec<u8>,
    size: u64,
    most: u64,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256 in lower-case hex.
    pub sha256: String,
    /// What they are, by looking at them.
    pub mime_type: &'static str,
}

impl Writing {
    pub(crate) fn new(objects: Arc<dyn ObjectStore>, path: Path, most: u64) -> Self {
        Self {
            // Two parts on their way and one that fills: memory is bounded whatever the size.
            writer: BufWriter::with_capacity(objects, path, PART).with_max_concurrency(2),
            hash: Sha256::new(),
            head: Vec::new(),
            size: 0,
            most,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// Fails when they are too many, or the store does not take them.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(Error::TooLarge { most: self.most });
        }
        self.hash.update(&bytes);
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        Ok(self.writer.put(bytes).await?)
    }

    /// Returns the type of what came so far.
    pub fn mime_type(&self) -> &'static str {
        sniff(&self.head)
    }

    /// Tells whether enough came to know the type for good.
    pub fn is_recognisable(&self) -> bool {
        self.head.len() >= HEAD
    }

    /// Makes the object visible and durable.
    ///
    /// # Errors
    ///
    /// Fails when the store does not take it.
    pub async fn finish(mut self) -> Result<Kept, Error> {
        let closed = self.writer.shutdown().await;
        closed.map_err(|error| match error.downcast::<object_store::Error>() {
            Ok(error) => Error::from(error),
            Err(error) => Error::Folder(error),
        })?;
        let digest = self.hash.finalize();
        Ok(Kept {
            size: self.size,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            mime_type: sniff(&self.head),
        })
    }

    /// Forgets what was written so far.
    pub async fn abort(mut self) {
        // What cannot be cleaned up now is deleted with its key.
        let _ = self.writer.abort().await;
    }
}
