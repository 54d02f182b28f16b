//! What goes wrong with files.

/// Why bytes could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object, or no such part of it.
    #[error("the file store has no such file")]
    NotFound,
    /// More bytes came than may be kept.
    #[error("the file is larger than {most} bytes")]
    TooLarge {
        /// How many may be kept.
        most: u64,
    },
    /// The store does not do what it should.
    #[error("the file store failed")]
    Store(#[source] object_store::Error),
    /// The store has no such bucket.
    #[error("the file store has no such bucket: make it, or name another in files.s3_bucket")]
    Bucket(#[source] object_store::Error),
    /// The folder cannot be used.
    #[error("the folder for files cannot be used")]
    Folder(#[source] std::io::Error),
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
