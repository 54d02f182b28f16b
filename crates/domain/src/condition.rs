//! Conditions: one closed tree of tests that rules, views, automations and reports share.
//!
//! A condition is data. As JSON every node is an object with one key, which names the test:
//!
//! ```json
//! {"all": [{"channel": ["whatsapp", "telegram"]},
//!          {"not": {"attribute": {"key": "plan", "is": {"equal": "trial"}}}},
//!          {"business_hours": {"schedule": "support", "is": "closed"}}]}
//! ```
//!
//! The shape is published as `docs/schemas/condition.schema.json`. Whoever saves a condition calls
//! [`Condition::validate`], which names each fault with its path and its mend. Whoever uses one
//! calls [`Condition::holds`], or [`Condition::explain`] for a reason per node.
//!
//! There are two truth values: what a test asks for and nobody knows is false, with a reason that
//! says so. So `not` of it is true, and De Morgan's laws hold.

mod evaluate;
mod facts;
mod reason;
mod reference;
mod text;
mod validate;

pub use facts::Facts;
pub use reason::Explanation;
pub use reference::References;
pub use validate::{Fault, Invalid, MAX_DEPTH, MAX_LIST, MAX_NODES, MAX_TEXT, Problem};

use crate::conversation::ConversationStatus;
use crate::id::{AgentId, InboxId, QueueId, TeamId};
use crate::inbox::ChannelKind;
use chrono::{DateTime, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// A test of what is known about a conversation, or several tests put together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All parts hold; without parts it always holds.
    All(Vec<Condition>),
    /// At least one part holds.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
    /// It came by one of these inboxes.
    Inbox(Vec<InboxId>),
    /// It came by one of these kinds of channel.
    Channel(Vec<ChannelKind>),
    /// The customer is on one of these networks.
    Network(Vec<String>),
    /// It is in one of these languages; `de` also means `de-AT`.
    Language(Vec<String>),
    /// An attribute of the contact passes a test.
    Attribute(Attribute),
    /// The customer's words hold one of these words or phrases.
    Words(Vec<String>),
    /// The contact is in one of these segments.
    Segment(Vec<String>),
    /// The contact is, or is not, marked as very important.
    Vip(bool),
    /// It carries one of these tags.
    Tag(Vec<String>),
    /// It is in one of these queues.
    Queue(Vec<QueueId>),
    /// It is a matter of one of these teams.
    Team(Vec<TeamId>),
    /// It is in one of these states.
    Status(Vec<ConversationStatus>),
    /// One of these agents has it.
    Assignee(Vec<AgentId>),
    /// Somebody, or nobody, has it.
    Assigned(bool),
    /// Its priority is within a range.
    Priority(Range),
    /// It has waited for a number of seconds within a range.
    WaitingSeconds(Range),
    /// A schedule is open or closed.
    BusinessHours(BusinessHours),
    /// It is a time of the week.
    Time(TimeOfWeek),
    /// It is between two moments.
    Period(Period),
}

/// A test of one attribute of the contact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Which attribute.
    pub key: String,
    /// What it has to be.
    pub is: AttributeTest,
}

/// What an attribute has to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeTest {
    /// It has any value.
    Present,
    /// It has this value.
    Equal(Value),
    /// It has one of these values.
    OneOf(Vec<Value>),
    /// It is a text with this inside, whatever the case.
    Contains(String),
    /// It is a text that begins with this, whatever the case.
    StartsWith(String),
    /// It is a number within a range.
    Within(Range),
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A range of whole numbers, both ends included; an end that is missing is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
}

impl Range {
    /// Tells whether a number is within.
    pub fn contains(self, number: i64) -> bool {
        self.at_least.is_none_or(|least| number >= least)
            && self.at_most.is_none_or(|most| number <= most)
    }
}

/// Whether a schedule is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessHours {
    /// The name of the schedule.
    pub schedule: String,
    /// What it has to be.
    pub is: OpenState,
}

/// Whether business is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenState {
    /// Business is open.
    Open,
    /// It is closed.
    Closed,
}

/// A time of the week on the clocks of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeOfWeek {
    /// An IANA time zone, as `Europe/Vienna`.
    pub zone: String,
    /// The days on which the time begins; none means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// When it begins.
    pub from: NaiveTime,
    /// When it ends, itself not included; not after `from` means on the next day.
    pub until: NaiveTime,
}

/// A span between two moments, the last not included; an end that is missing is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// The moment at which it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Condition {
    /// Holds always.
    pub const ALWAYS: Self = Self::All(Vec::new());

    /// Returns the name of the test, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::All(_) => "all",
            Self::Any(_) => "any",
            Self::Not(_) => "not",
            Self::Inbox(_) => "inbox",
            Self::Channel(_) => "channel",
            Self::Network(_) => "network",
            Self::Language(_) => "language",
            Self::Attribute(_) => "attribute",
            Self::Words(_) => "words",
            Self::Segment(_) => "segment",
            Self::Vip(_) => "vip",
            Self::Tag(_) => "tag",
            Self::Queue(_) => "queue",
            Self::Team(_) => "team",
            Self::Status(_) => "status",
            Self::Assignee(_) => "assignee",
            Self::Assigned(_) => "assigned",
            Self::Priority(_) => "priority",
            Self::WaitingSeconds(_) => "waiting_seconds",
            Self::BusinessHours(_) => "business_hours",
            Self::Time(_) => "time",
            Self::Period(_) => "period",
        }
    }

    /// Returns the conditions right below this one.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::All(parts) | Self::Any(parts) => parts,
            Self::Not(part) => std::slice::from_ref(part),
            _ => &[],
        }
    }
}
