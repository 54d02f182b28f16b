//! Exchanges, queues, bindings and their arguments as plain data.
//!
//! One topic exchange takes every event under the key `<shard>.<aggregate>.<event>`; [`READERS`]
//! says who reads what. Every reader has one queue per shard, and each of those a dead-letter
//! twin and a retry ladder. RabbitMQ is declared from this, `definitions()` prints it, and the
//! local bus asks the same table.
//!
//! Choices, checked against RabbitMQ 3.10:
//! - All durable queues are quorum queues, with a single active consumer, so that the broker
//!   elects one reader per shard and fails over.
//! - Quorum queues have no delivery limit by default in 3.10 (20 since 4.0), so one is set
//!   everywhere. It bounds only how often a delivery may be dropped without an answer, by
//!   crashes or cuts; tries are counted by the `attempt` header.
//! - Rungs of the ladder are quorum queues too: a classic queue dead-letters without confirms
//!   and can lose a message in a crash. `at-least-once` needs `reject-publish` as overflow and a
//!   quorum queue as source; no length limit is set, so nothing is ever rejected.
//! - The waiting time is each message's own `expiration`, not an argument of the queue: all
//!   messages of a rung wait equally long, and the times can change without new queues.
//! - Live queues drop their oldest messages when a reader is slower than the world
//!   (`reject-publish` there would stop every publisher). Readers see the gap in `seq`.

mod definitions;
mod queue_name;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use queue_name::{QueueName, UnknownQueue};

/// Who reads durable queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    /// The routing service.
    Routing,
    /// The part of the ingestion service that hands replies to providers.
    Delivery,
    /// The audit service.
    Audit,
    /// The part of the routing service that runs the clocks of service levels.
    Sla,
}

/// Which events a reader wants to see.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// The named ones.
    Events(&'static [&'static str]),
    /// Every event.
    All,
}

/// Who reads what. A new event that a reader needs is one more word here.
pub const READERS: [(Reader, Wanted); 4] = [
    (
        Reader::Routing,
        Wanted::Events(&[
            "work_item_queued",
            "work_item_released",
            "work_item_transferred",
            "work_item_taken",
            "work_item_done",
            "work_item_cancelled",
            "offer_accepted",
            "offer_declined",
            "offer_expired",
            "offer_rescinded",
            "wrap_up_begun",
            "wrap_up_ended",
            "priority_changed",
            "deadline_changed",
            "ladder_widened",
            "conversation_snoozed",
            "conversation_woken",
            "agent_added",
            "agent_updated",
            "agent_presence_changed",
            "assistants_stopped",
            "team_changed",
            "queue_changed",
            "policy_changed",
            "schedule_changed",
        ]),
    ),
    (
        Reader::Delivery,
        Wanted::Events(&[
            "message_queued",
            "message_change_queued",
            "message_retry_due",
        ]),
    ),
    (Reader::Audit, Wanted::All),
    (
        Reader::Sla,
        Wanted::Events(&[
            "conversation_opened",
            "conversation_reopened",
            "conversation_resolved",
            "conversation_closed",
            "conversation_merged",
            "conversation_unmerged",
            "conversation_held",
            "conversation_snoozed",
            "conversation_woken",
            "conversation_status_changed",
            "conversation_tagged",
            "priority_changed",
            "message_received",
            "message_echoed",
            "message_queued",
            "message_threaded",
            "reaction_changed",
            "work_item_queued",
            "work_item_taken",
            "work_item_released",
            "work_item_transferred",
            "work_item_cancelled",
            "work_item_limited",
            "work_item_done",
            "wrap_up_begun",
            "offer_made",
            "offer_accepted",
            "offer_declined",
            "offer_expired",
            "offer_rescinded",
            "policy_changed",
            "schedule_changed",
            "contact_updated",
            "queue_changed",
            "team_changed",
            "sla_in_force",
            "workspace_zone_changed",
        ]),
    ),
];

/// How often a delivery may be handed out without an answer before it counts as poison.
pub const DELIVERY_LIMIT: u32 = 20;

/// Listing dead letters counts as a delivery too, and must never use them up.
const DEAD_DELIVERY_LIMIT: i64 = 1_000_000;

/// How many messages a live queue holds before it drops the oldest.
pub const LIVE_LIMIT: usize = 10_000;

impl Reader {
    /// Lists all readers.
    pub const ALL: [Reader; 4] = [
        Reader::Routing,
        Reader::Delivery,
        Reader::Audit,
        Reader::Sla,
    ];

    /// Names the reader as its queues do.
    pub fn name(self) -> &'static str {
        match self {
            Reader::Routing => "routing",
            Reader::Delivery => "delivery",
            Reader::Audit => "audit",
            Reader::Sla => "sla",
        }
    }

    /// Names the reader's queue for a shard.
    pub fn queue(self, shard: u16) -> QueueName {
        match self {
            Reader::Routing => QueueName::Routing(shard),
            Reader::Delivery => QueueName::Delivery(shard),
            Reader::Audit => QueueName::Audit(shard),
            Reader::Sla => QueueName::Sla(shard),
        }
    }

    /// Answers whether the reader binds this event.
    pub fn wants(self, event: &str) -> bool {
        match self.wanted() {
            Wanted::Events(names) => names.contains(&event),
            Wanted::All => true,
        }
    }

    fn wanted(self) -> Wanted {
        let wanted = READERS.iter().find(|(reader, _)| *reader == self);
        wanted.map_or(Wanted::Events(&[]), |(_, wanted)| *wanted)
    }

    fn keys(self, shard: u16) -> Vec<String> {
        match self.wanted() {
            Wanted::Events(names) => names
                .iter()
                .map(|name| format!("{shard}.*.{name}"))
                .collect(),
            Wanted::All => vec![format!("{shard}.#")],
        }
    }
}

/// The whole layout for a number of shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// How many shards there are; a tenant belongs to one of them.
    pub shards: u16,
    /// What stands before every name, so that several desks can share a broker.
    pub prefix: String,
    /// How long to wait before the second, third, … try; one try more than there are waits.
    pub ladder: Vec<Duration>,
}

/// The topic exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Its name on the broker.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
}

/// One queue of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name on the broker.
    pub name: String,
    /// Whether it survives the broker.
    pub durable: bool,
    /// Whether it belongs to one connection and goes with it.
    pub exclusive: bool,
    /// Its arguments, sorted by name.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// The value of a queue's argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A word.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// Which keys of the exchange go to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The queue's name on the broker.
    pub queue: String,
    /// The pattern of keys.
    pub key: String,
}

impl Topology {
    /// Lays out so many shards, with retries after 1 s, 5 s, 30 s and 2 min.
    pub fn new(shards: u16) -> Self {
        Self {
            shards,
            prefix: String::new(),
            ladder: [1, 5, 30, 120].map(Duration::from_secs).into(),
        }
    }

    /// Puts a prefix before every name.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Waits these times between tries instead.
    pub fn with_ladder(mut self, ladder: impl Into<Vec<Duration>>) -> Self {
        self.ladder = ladder.into();
        self
    }

    /// Counts the tries before a delivery is dead.
    pub fn tries(&self) -> u32 {
        u32::try_from(self.ladder.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    /// The one exchange.
    pub fn exchange(&self) -> Exchange {
        Exchange {
            name: format!("{}interdesk.events", self.prefix),
            kind: "topic",
        }
    }

    /// Lists the durable queues by shard and reader, without twins and ladders.
    pub fn queue_names(&self) -> Vec<QueueName> {
        let shards = 0..self.shards;
        shards
            .flat_map(|shard| Reader::ALL.map(|reader| reader.queue(shard)))
            .collect()
    }

    /// Lists every durable queue with its twin and its ladder.
    pub fn queues(&self) -> Vec<Queue> {
        self.queue_names()
            .iter()
            .flat_map(|name| self.family(name))
            .collect()
    }

    /// Lists the bindings of the durable queues.
    pub fn bindings(&self) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for shard in 0..self.shards {
            for reader in Reader::ALL {
                let queue = self.name(&reader.queue(shard));
                let keys = reader.keys(shard).into_iter();
                bindings.extend(keys.map(|key| Binding {
                    queue: queue.clone(),
                    key,
                }));
            }
        }
        bindings
    }

    /// The live queue of an instance; `turn` tells its connections apart, because the broker may
    /// still hold the queue of a connection whose end it has not noticed.
    pub fn live(&self, instance: &str, turn: u64) -> (Queue, Binding) {
        let name = format!(
            "{}{}.{turn}",
            self.prefix,
            QueueName::Live(instance.to_owned())
        );
        let arguments = vec![
            ("x-max-length", Argument::Number(LIVE_LIMIT as i64)),
            ("x-overflow", Argument::Text("drop-head".into())),
        ];
        let queue = Queue {
            name: name.clone(),
            durable: false,
            exclusive: true,
            arguments,
        };
        (
            queue,
            Binding {
                queue: name,
                key: "#".into(),
            },
        )
    }

    /// Names a queue on the broker.
    pub fn name(&self, queue: &QueueName) -> String {
        format!("{}{queue}", self.prefix)
    }

    /// Names a queue's dead-letter twin on the broker.
    pub fn dead(&self, queue: &QueueName) -> String {
        format!("{}{queue}.dead", self.prefix)
    }

    /// Names the rung of a queue's ladder that follows this attempt, and how long to wait there;
    /// `None` after the last try.
    pub fn rung(&self, queue: &QueueName, attempt: u32) -> Option<(String, Duration)> {
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        let wait = *self.ladder.get(index)?;
        Some((format!("{}{queue}.retry.{attempt}", self.prefix), wait))
    }

    fn family(&self, queue: &QueueName) -> Vec<Queue> {
        let name = self.name(queue);
        let dead = self.dead(queue);
        let mut arguments = back_to(&dead);
        arguments.push((
            "x-delivery-limit",
            Argument::Number(i64::from(DELIVERY_LIMIT)),
        ));
        arguments.push(("x-single-active-consumer", Argument::Flag(true)));
        let mut family = vec![quorum(name.clone(), arguments)];

        let limit = ("x-delivery-limit", Argument::Number(DEAD_DELIVERY_LIMIT));
        family.push(quorum(dead, vec![limit]));

        for attempt in 1..self.tries() {
            let Some((rung, _)) = self.rung(queue, attempt) else {
                continue;
            };
            family.push(quorum(rung, back_to(&name)));
        }
        family
    }
}

fn quorum(name: String, mut arguments: Vec<(&'static str, Argument)>) -> Queue {
    arguments.push(("x-queue-type", Argument::Text("quorum".into())));
    arguments.sort_by_key(|(name, _)| *name);
    Queue {
        name,
        durable: true,
        exclusive: false,
        arguments,
    }
}

/// Dead-letters to a queue by name, through the default exchange, so that nothing is lost.
fn back_to(queue: &str) -> Vec<(&'static str, Argument)> {
    vec![
        ("x-dead-letter-exchange", Argument::Text(String::new())),
        (
            "x-dead-letter-routing-key",
            Argument::Text(queue.to_owned()),
        ),
        (
            "x-dead-letter-strategy",
            Argument::Text("at-least-once".into()),
        ),
        ("x-overflow", Argument::Text("reject-publish".into())),
    ]
}
