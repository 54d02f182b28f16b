//! From a row of the log to what travels on the bus.

use bytes::Bytes;
use interdesk_bus::Publication;
use interdesk_domain::scope::shard;
use interdesk_store::relay::Stamped;
use serde::Deserialize;

/// What a publication needs to know of an envelope.
#[derive(Deserialize)]
pub(crate) struct Head {
    pub(crate) aggregate: AggregateHead,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) trace: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct AggregateHead {
    pub(crate) kind: String,
}

impl Head {
    /// Reads an envelope's head. One that cannot be read travels all the same: its readers put it
    /// among the dead letters, where somebody sees it.
    pub(crate) fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_else(|_| Self {
            aggregate: AggregateHead {
                kind: "unknown".to_owned(),
            },
            kind: None,
            trace: None,
        })
    }
}

/// Packs an event for the bus.
pub(super) fn pack(event: Stamped, shards: u16) -> Publication {
    let head = Head::read(&event.body);
    Publication {
        id: event.event_id.0,
        tenant: event.tenant_id.0,
        shard: shard(event.tenant_id, shards),
        aggregate: head.aggregate.kind,
        event: event.kind,
        body: Bytes::from(with_seq(&event.body, event.seq)),
        trace: head.trace,
    }
}

/// Puts the seq into the envelope's text, without reading and writing the whole envelope.
fn with_seq(body: &str, seq: i64) -> String {
    match body.strip_prefix('{') {
        Some(rest) => format!("{{\"seq\":{seq},{rest}"),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event};
    use interdesk_domain::id::{AgentId, EventId, TenantId};
    use uuid::Uuid;

    fn envelope() -> Envelope {
        Envelope {
            id: EventId(Uuid::from_u128(1)),
            tenant: TenantId(Uuid::from_u128(2)),
            seq: None,
            schema_version: 1,
            aggregate: Aggregate {
                kind: AggregateKind::Agent,
                id: Uuid::from_u128(3),
                version: 4,
            },
            actor: Actor::System,
            cause: None,
            occurred_at: DateTime::<Utc>::UNIX_EPOCH,
            trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            event: Event::AgentSignedIn {
                agent: AgentId(Uuid::from_u128(3)),
            },
        }
    }

    fn stamped(body: String) -> Stamped {
        Stamped {
            stamp: 9,
            seq: 5,
            event_id: EventId(Uuid::from_u128(1)),
            tenant_id: TenantId(Uuid::from_u128(2)),
            kind: "agent_signed_in".to_owned(),
            body,
        }
    }

    #[test]
    fn the_envelope_arrives_whole_with_its_seq() {
        let body = interdesk_store::outbox::to_json(&envelope()).unwrap();
        let publication = pack(stamped(body), 4);
        let arrived: Envelope = serde_json::from_slice(&publication.body).unwrap();
        assert_eq!(
            arrived,
            Envelope {
                seq: Some(5),
                ..envelope()
            }
        );
        assert_eq!(
            (publication.aggregate.as_str(), publication.trace),
            ("agent", envelope().trace)
        );
        assert_eq!(publication.shard, shard(TenantId(Uuid::from_u128(2)), 4));
    }

    #[test]
    fn an_unreadable_envelope_travels_on_to_the_dead_letters() {
        let publication = pack(stamped("damaged".to_owned()), 4);
        assert_eq!(publication.aggregate, "unknown");
        assert_eq!(publication.body, "damaged");
    }
}
