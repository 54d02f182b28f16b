//! What every flow needs at hand.

use crate::attach::{FileSettings, Files};
use crate::effect::Effect;
use crate::quota::Quotas;
use crate::sessions::SignInSettings;
use chrono::{DateTime, Duration, Utc};
use interdesk_cache::Cache;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::{ConversationId, EventId};
use interdesk_domain::scope::TenantScope;
use interdesk_store::Database;
use std::sync::Arc;
use tokio::sync::Notify;

/// What every flow needs at hand: the database, the cache, time and chance, and the settings.
#[derive(Clone)]
pub struct Desk {
    /// Where everything durable is.
    pub database: Database,
    /// Presence leases and throttles.
    pub cache: Arc<dyn Cache>,
    /// Where the bytes of files are, and how they are shown.
    pub files: Files,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Told after each commit that wrote events, so that the relay looks at once.
    pub committed: Arc<Notify>,
    /// Numbers that an installation may change.
    pub settings: Settings,
}

/// Numbers that an installation may change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an agent who refused an item is left in peace with it.
    pub decline_cooldown: Duration,
    /// How long an agent counts as reachable after the last sign of life.
    pub presence_lease: Duration,
    /// How many work items one commit of a router hands out at most.
    pub routing_pass: usize,
    /// How many members of its queues an explanation lists at most.
    pub explain_members: usize,
    /// After how long without events a router is dropped whose tenant has nothing that waits.
    pub routing_idle: Duration,
    /// After how long a router compares everything with the rows.
    pub routing_check: Duration,
    /// How often a message is tried before it fails.
    pub delivery_attempts: i32,
    /// How long a try may be under way before its outcome counts as unknown.
    pub delivery_unknown_after: Duration,
    /// How long a reply may wait before it is looked for beside its event.
    pub delivery_overdue_after: Duration,
    /// How many episodes take a change of policies or hours in one transaction.
    pub sla_page: i64,
    /// What is said about signing in.
    pub sign_in: SignInSettings,
    /// What is said about files.
    pub files: FileSettings,
    /// How much a tenant may use, where its operator says nothing else.
    pub quotas: Quotas,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            decline_cooldown: Duration::seconds(60),
            presence_lease: Duration::seconds(300),
            routing_pass: 200,
            explain_members: 50,
            routing_idle: Duration::seconds(900),
            routing_check: Duration::seconds(30),
            delivery_attempts: 6,
            delivery_unknown_after: Duration::seconds(60),
            delivery_overdue_after: Duration::seconds(30),
            sla_page: 500,
            sign_in: SignInSettings::default(),
            files: FileSettings::default(),
            quotas: Quotas::default(),
        }
    }
}

impl Desk {
    /// Returns the present moment, in the microseconds that the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Draws an id of any kind.
    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.clock.new_uuid().into()
    }
}

/// Collects the events of one aggregate within one transaction and counts its version up.
pub struct Events<'a> {
    clock: &'a dyn Clock,
    scope: TenantScope,
    aggregate: (AggregateKind, uuid::Uuid),
    version: i64,
    actor: Actor,
    at: DateTime<Utc>,
    trace: Option<String>,
    cause: Option<EventId>,
    list: Vec<Envelope>,
}

impl<'a> Events<'a> {
    /// Begins with the events of a locked conversation at `version`.
    pub fn of_conversation(
        desk: &'a Desk,
        scope: TenantScope,
        conversation: ConversationId,
        version: i64,
        context: &Context,
    ) -> Self {
        Self::of(
            desk,
            scope,
            (AggregateKind::Conversation, conversation.0),
            version,
            context,
        )
    }

    /// Begins with the events of any aggregate at `version`.
    pub fn of(
        desk: &'a Desk,
        scope: TenantScope,
        aggregate: (AggregateKind, uuid::Uuid),
        version: i64,
        context: &Context,
    ) -> Self {
        Self {
            clock: desk.clock.as_ref(),
            scope,
            aggregate,
            version,
            actor: context.actor,
            at: desk.now(),
            trace: context.trace.clone(),
            cause: context.cause,
            list: Vec::new(),
        }
    }

    /// Adds what happened and returns the aggregate's version after it.
    pub fn push(&mut self, event: Event) -> i64 {
        self.version += 1;
        let (kind, id) = self.aggregate;
        self.list.push(Envelope {
            id: EventId(self.clock.new_uuid()),
            tenant: self.scope.tenant(),
            seq: None,
            schema_version: SCHEMA_VERSION,
            aggregate: Aggregate {
                kind,
                id,
                version: self.version,
            },
            actor: self.actor,
            cause: self.cause,
            occurred_at: self.at,
            trace: self.trace.clone(),
            event,
        });
        self.version
    }

    /// Returns the version after the last event.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Returns what was collected, for `store::outbox::append`.
    pub fn list(&self) -> &[Envelope] {
        &self.list
    }

    /// Hands over what was collected.
    pub fn into_list(self) -> Vec<Envelope> {
        self.list
    }
}

/// Who asks, and why: what ends up in the events.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who.
    pub actor: Actor,
    /// The W3C `traceparent` of the request.
    pub trace: Option<String>,
    /// The event that led to it.
    pub cause: Option<EventId>,
    /// Learns where in the log the effect is, where somebody wants to know.
    pub effect: Effect,
}

impl Context {
    /// Returns the context of a rule of the desk itself.
    pub fn system(trace: Option<String>, cause: Option<EventId>) -> Self {
        Self {
            actor: Actor::System,
            trace,
            cause,
            effect: Effect::default(),
        }
    }

    /// Returns the context of an agent's own request.
    pub fn agent(agent: interdesk_domain::id::AgentId, trace: Option<String>) -> Self {
        Self {
            actor: Actor::Agent(agent),
            trace,
            cause: None,
            effect: Effect::default(),
        }
    }
}
