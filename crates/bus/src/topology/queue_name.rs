use std::{fmt, str::FromStr};

use super::Reader;

/// The name of a queue that services read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// What the router of a shard reads.
    Routing(u16),
    /// What the deliverer of a shard reads.
    Delivery(u16),
    /// What the auditor of a shard reads.
    Audit(u16),
    /// What the clocks of service levels of a shard read.
    Sla(u16),
    /// What one instance follows to serve subscriptions; it goes when the instance goes.
    Live(String),
}

impl QueueName {
    /// Names the reader and shard of a durable queue; `None` for a live one.
    pub fn reader(&self) -> Option<(Reader, u16)> {
        match self {
            QueueName::Routing(shard) => Some((Reader::Routing, *shard)),
            QueueName::Delivery(shard) => Some((Reader::Delivery, *shard)),
            QueueName::Audit(shard) => Some((Reader::Audit, *shard)),
            QueueName::Sla(shard) => Some((Reader::Sla, *shard)),
            QueueName::Live(_) => None,
        }
    }

    /// Names the kind of queue, for metrics.
    pub(crate) fn kind(&self) -> &'static str {
        self.reader().map_or("live", |(reader, _)| reader.name())
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueueName::Live(instance) => write!(f, "live.{instance}"),
            QueueName::Routing(shard)
            | QueueName::Delivery(shard)
            | QueueName::Audit(shard)
            | QueueName::Sla(shard) => {
                write!(f, "{}.{shard}", self.kind())
            }
        }
    }
}

/// Says that a text names no queue.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0:?} names no queue; write routing.3, delivery.3, audit.3, sla.3 or live.name")]
pub struct UnknownQueue(String);

impl FromStr for QueueName {
    type Err = UnknownQueue;

    fn from_str(text: &str) -> Result<Self, UnknownQueue> {
        let unknown = || UnknownQueue(text.to_owned());
        let (kind, rest) = text.split_once('.').ok_or_else(unknown)?;
        if kind == "live" && !rest.is_empty() {
            return Ok(QueueName::Live(rest.to_owned()));
        }
        let reader = Reader::ALL.into_iter().find(|reader| reader.name() == kind);
        let shard = rest.parse().map_err(|_| unknown())?;
        reader.map(|reader| reader.queue(shard)).ok_or_else(unknown)
    }
}
