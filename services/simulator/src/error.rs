//! What can go wrong for the one who commands the simulator.

/// Says why a command to the simulator was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No account has this key.
    #[error("unknown account {0}, add it first")]
    UnknownAccount(String),
    /// The customer's id does not fit the channel.
    #[error("customer id {0} does not fit the channel, use digits")]
    CustomerId(String),
    /// The channel has no such thing.
    #[error("{channel} customers cannot do this: {what}")]
    NotOffered {
        /// The channel of the account.
        channel: &'static str,
        /// The act that the channel does not know.
        what: &'static str,
    },
    /// A batch is empty or longer than the provider would send.
    #[error("a batch holds 1 to 1000 messages, got {0}")]
    BatchSize(usize),
    /// A `whsec_`, `whsk_` or `whpk_` text does not decode.
    #[error("field {0} is not a valid key, use the prefix and base64")]
    Key(&'static str),
    /// The port or the journal file could not be opened.
    #[error("cannot open {what}")]
    Open {
        /// Which one.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The HTTP client could not be built or used.
    #[error("the http client failed")]
    Http(#[from] reqwest::Error),
}
