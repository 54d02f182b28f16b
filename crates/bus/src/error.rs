//! What can go wrong on the way.

use std::sync::Arc;

/// Says why the bus could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The bus was closed.
    #[error("the bus is closed")]
    Closed,
    /// The broker cannot be reached or ended the connection; trying again later helps.
    #[error("the broker cannot be reached or ended the connection")]
    Broker(#[from] lapin::Error),
    /// The broker did not answer in time.
    #[error("the broker did not answer within {0:?}")]
    Timeout(std::time::Duration),
    /// The delivery is no longer ours: its consumer ended or its connection was cut, so it comes
    /// again.
    #[error("the delivery was taken back and will come again")]
    Lost,
    /// What was to be put aside could not be published there.
    #[error("could not put the message aside")]
    Aside(#[from] PublishError),
    /// The broker's address cannot be read.
    #[error("amqp url: {0}; write amqp://user:password@host:5672/vhost")]
    Url(String),
    /// A name does not fit into what AMQP allows.
    #[error("the name {0:?} is longer than 255 bytes; shorten the prefix or the instance")]
    Name(String),
    /// No such queue exists here: its shard or its reader was not asked for.
    #[error("no queue {0} here; check the number of shards and the roles of this process")]
    NoQueue(String),
    /// The store of dead letters failed.
    #[error("could not reach the store of dead letters")]
    DeadStore(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Says why one publication was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The publication can never be sent: its aggregate, event or trace cannot be written down.
    #[error("{field} {value:?} must be 1 to 100 of a-z, 0-9 and _")]
    Malformed {
        /// Which field is wrong.
        field: &'static str,
        /// What it holds.
        value: String,
    },
    /// No queue takes this key, so nobody would ever see the publication.
    #[error("no queue takes the key {0}; check the number of shards")]
    Unroutable(String),
    /// The broker refused to take it.
    #[error("the broker refused the message")]
    Refused,
    /// The broker did not confirm in time; it may have been taken or not.
    #[error("the broker did not confirm within {0:?}")]
    Timeout(std::time::Duration),
    /// The connection failed before the confirm; it may have been taken or not.
    #[error("the connection failed before the confirm")]
    Broker(#[from] lapin::Error),
    /// It was not sent, because one before it in the batch failed.
    #[error("held back behind a publication that failed")]
    Held,
    /// The bus was closed before every reader acknowledged it.
    #[error("the bus is closed")]
    Closed,
    /// The bus has no connection to publish on.
    #[error("no connection to publish on: {0}")]
    NoConnection(String),
}

impl PublishError {
    /// Answers whether sending the same publication again can never help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Malformed { .. })
    }
}
