//! Where an event belongs: whose it is, what it changed, who did it, when.

use super::Event;
use crate::id::{AgentId, ContactId, EventId, TenantId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the JSON form that this program writes.
pub const SCHEMA_VERSION: u16 = 1;

/// An event with everything that says where it belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The event's own id; consumers remember it to have one effect.
    pub id: EventId,
    /// Whose event it is.
    pub tenant: TenantId,
    /// The place in the tenant's gapless order; the relay stamps it, so it is absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The version of the JSON form.
    pub schema_version: u16,
    /// What changed, and its version after the change.
    pub aggregate: Aggregate,
    /// Who did it.
    pub actor: Actor,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventId>,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// The W3C `traceparent` of the request that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What happened: `kind` and `data`.
    #[serde(flatten)]
    pub event: Event,
}

/// The thing that an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// What kind of thing.
    pub kind: AggregateKind,
    /// Its id.
    pub id: Uuid,
    /// Its version after the event: every change of one thing counts up by one.
    pub version: i64,
}

/// The kinds of things that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateKind {
    /// A conversation with its messages, work item and offers.
    Conversation,
    /// An agent.
    Agent,
    /// A contact with its identities.
    Contact,
    /// The tenant's configuration.
    Tenant,
    /// An inbox with what its provider tells of it.
    Inbox,
    /// An episode's clocks of service levels.
    Episode,
}

impl AggregateKind {
    /// Returns the word in JSON and in routing keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Agent => "agent",
            Self::Contact => "contact",
            Self::Tenant => "tenant",
            Self::Inbox => "inbox",
            Self::Episode => "episode",
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A person or program of the tenant.
    Agent(AgentId),
    /// A customer.
    Contact(ContactId),
    /// A rule of the desk itself: routing, timers.
    System,
    /// Somebody at the command line of the installation.
    Operator,
}
