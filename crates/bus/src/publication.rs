//! What travels.

use bytes::Bytes;
use uuid::Uuid;

use crate::{PublishError, QueueName};

/// The one thing that travels: an event's envelope and what the bus needs to carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The event's id; readers recognise a repetition by it.
    pub id: Uuid,
    /// The tenant whose event it is.
    pub tenant: Uuid,
    /// The shard of that tenant.
    pub shard: u16,
    /// The kind of thing that changed, such as `conversation`.
    pub aggregate: String,
    /// What happened, such as `message_received`.
    pub event: String,
    /// The event itself.
    pub body: Bytes,
    /// The W3C `traceparent` of the request that caused it.
    pub trace: Option<String>,
}

impl Publication {
    /// Builds the routing key: `<shard>.<aggregate>.<event>`.
    pub fn key(&self) -> String {
        format!("{}.{}.{}", self.shard, self.aggregate, self.event)
    }

    /// Refuses names that would bend the routing key.
    pub(crate) fn validate(&self) -> Result<(), PublishError> {
        for (field, value) in [("aggregate", &self.aggregate), ("event", &self.event)] {
            if !is_name(value) {
                return Err(PublishError::Malformed {
                    field,
                    value: value.clone(),
                });
            }
        }
        Ok(())
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A publication that no reader of a queue could handle, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The queue whose reader gave up; [`crate::Bus::retry_dead`] puts it back there.
    pub queue: QueueName,
    /// What could not be handled. The id is nil and names are empty where they were unreadable.
    pub publication: Publication,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why the last of them failed.
    pub reason: String,
}
