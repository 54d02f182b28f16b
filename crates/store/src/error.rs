//! What can go wrong with the database.

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or has no connection free in time; try later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Somebody else changed the same at the same time; the whole transaction may be tried again.
    #[error("another transaction was faster: {0}")]
    Conflict(#[source] diesel::result::Error),
    /// A row breaks a rule of the schema.
    #[error("the database refuses: {0}")]
    Refused(#[source] diesel::result::Error),
    /// Everything else.
    #[error("the query failed: {0}")]
    Query(#[source] diesel::result::Error),
    /// A stored JSON does not have its shape any more.
    #[error("stored {what} is not readable: {source}")]
    Unreadable {
        /// What was to be read.
        what: &'static str,
        /// Why it is not.
        source: serde_json::Error,
    },
    /// A migration failed.
    #[error("the migration failed: {0}")]
    Migration(String),
}

impl Error {
    /// Tells whether the same may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::*;
        use diesel::result::Error::*;
        match &error {
            DatabaseError(SerializationFailure | UniqueViolation, _) => Self::Conflict(error),
            DatabaseError(ClosedConnection | UnableToSendCommand, _) | BrokenTransactionManager => {
                Self::Unavailable(error.to_string())
            }
            DatabaseError(ForeignKeyViolation | NotNullViolation | CheckViolation, _) => {
                Self::Refused(error)
            }
            DatabaseError(_, info) => match info.message() {
                text if text.contains("deadlock detected") => Self::Conflict(error),
                text if is_outage(text) => Self::Unavailable(text.to_owned()),
                _ => Self::Query(error),
            },
            _ => Self::Query(error),
        }
    }
}

// The driver tells outages in words only; these are PostgreSQL's and the driver's own.
fn is_outage(text: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "connection closed",
        "terminating connection",
        "the database system is",
        "error communicating with the server",
        "connection refused",
        "too many clients",
        "reserved for",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}
