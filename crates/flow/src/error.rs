//! What can go wrong with a flow.

/// What can go wrong with a flow; refusals are not errors but outcomes of each flow's own type.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] interdesk_store::Error),
    /// The file store failed.
    #[error(transparent)]
    Files(#[from] interdesk_files::Error),
    /// What was begun beside this flow was cut off: the program ends, or it was a fault of ours.
    #[error("a commit was cut off: {0}")]
    Cut(#[from] tokio::task::JoinError),
    /// The machine gave no random numbers.
    #[error("the machine gave no random numbers")]
    NoRandomNumbers,
    /// Who wishes was disabled since they signed in.
    #[error("the agent may not sign in any more")]
    Disabled,
    /// The operator of the installation keeps everybody of the tenant out.
    #[error("the workspace is suspended, ask whoever runs this installation")]
    Suspended,
    /// A secret could not be opened: the installation's key is another than when it was sealed.
    #[error("{what} cannot be opened with the present secret key")]
    Sealed {
        /// What was sealed.
        what: String,
    },
    /// The history of an episode does not fit what is known about policies and schedules.
    #[error("clocks cannot be computed: {0}")]
    Clocks(interdesk_domain::sla::Error),
    /// The event log does not go on where the clocks stopped reading.
    #[error("the clocks need event {expected}, but neither the event log nor the audit log has it")]
    LogGap {
        /// The seq that comes next.
        expected: u64,
    },
    /// A stored or received JSON does not have its shape.
    #[error("{what} is not readable: {source}")]
    Unreadable {
        /// What was to be read.
        what: &'static str,
        /// Why it is not.
        source: serde_json::Error,
    },
}

impl Error {
    /// Tells whether the same may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::Files(_) => true,
            _ => false,
        }
    }
}
