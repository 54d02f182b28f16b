//! What is known about a conversation at one moment.

use super::Value;
use crate::conversation::ConversationStatus;
use crate::id::{AgentId, InboxId, QueueId, TeamId};
use crate::inbox::ChannelKind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What conditions are asked about; what is not known is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The moment.
    pub now: DateTime<Utc>,
    /// The inbox that it came by.
    pub inbox: Option<InboxId>,
    /// The kind of channel.
    pub channel: Option<ChannelKind>,
    /// Where the customer is.
    pub network: Option<String>,
    /// The language, as a BCP 47 tag.
    pub language: Option<String>,
    /// The contact's attributes.
    pub attributes: BTreeMap<String, Value>,
    /// The customer's words; they never show in an explanation.
    pub text: String,
    /// The segments that the contact is in.
    pub segments: BTreeSet<String>,
    /// Whether the contact is marked as very important.
    pub vip: bool,
    /// The tags.
    pub tags: BTreeSet<String>,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The team.
    pub team: Option<TeamId>,
    /// Where the conversation stands.
    pub status: Option<ConversationStatus>,
    /// Who has it.
    pub assignee: Option<AgentId>,
    /// The priority.
    pub priority: Option<i16>,
    /// Since when it waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// The schedules that are known, and whether they are open now.
    pub schedules: BTreeMap<String, bool>,
}

impl Facts {
    /// Knows the moment and nothing else.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            inbox: None,
            channel: None,
            network: None,
            language: None,
            attributes: BTreeMap::new(),
            text: String::new(),
            segments: BTreeSet::new(),
            vip: false,
            tags: BTreeSet::new(),
            queue: None,
            team: None,
            status: None,
            assignee: None,
            priority: None,
            waiting_since: None,
            schedules: BTreeMap::new(),
        }
    }
}
