//! Who answers: people and assistants, by the same rules.

use super::{PerClass, WorkClass};
use crate::agent::Presence;
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who answers, with everything that routing needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// A person or a program.
    pub kind: AgentKind,
    /// Whether they may be given work at all.
    pub enabled: bool,
    /// What they chose to be.
    pub standing: Standing,
    /// Whether a sign of life came within the presence lease.
    pub reachable: bool,
    /// Whether their schedule has them at work; it gates, it never changes the standing.
    pub on_schedule: bool,
    /// The languages that they answer in.
    pub languages: BTreeSet<String>,
    /// Their skills with levels from 1.
    pub skills: BTreeMap<String, u8>,
    /// The queues that they serve.
    pub memberships: BTreeMap<QueueId, Membership>,
    /// What they may hold.
    pub capacity: Capacity,
    /// What they hold.
    pub held: Vec<Held>,
    /// When they last got or finished work.
    pub idle_since: DateTime<Utc>,
    /// Until when they finish the paperwork and get nothing new.
    pub wrap_up_until: Option<DateTime<Utc>>,
    /// Their last turn in each queue, by the counter of [`super::State::turns`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: BTreeMap<QueueId, u64>,
}

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// A person.
    Person,
    /// A program, which one switch can stop.
    Assistant,
}

impl AgentKind {
    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Assistant => "assistant",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Assistant]
            .into_iter()
            .find(|known| known.as_str() == text)
    }
}

/// What an agent chose to be; a tenant's own reasons each stand for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Takes new work.
    Online,
    /// At work, takes nothing new.
    Busy,
    /// Keeps the work at hand, takes no more.
    Away,
    /// Not working.
    Offline,
}

impl From<Presence> for Standing {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Online => Self::Online,
            Presence::Busy => Self::Busy,
            Presence::Away => Self::Away,
            Presence::Offline => Self::Offline,
        }
    }
}

/// How an agent serves a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Lower is asked first; 0 is the first line.
    pub rank: u8,
    /// How many units they may hold by this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

/// What an agent may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Units of all classes together.
    pub total: u32,
    /// Units of each class.
    pub most: PerClass<u32>,
    /// Classes that may be interrupted: what is held of them does not count towards the total when
    /// work of a class comes that may not.
    pub interruptible: PerClass<bool>,
    /// Offers that may wait for an answer at once.
    pub open_offers: u32,
}

/// Work that an agent holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub item: WorkItemId,
    /// Of which class.
    pub class: WorkClass,
    /// How many units it takes.
    pub units: u32,
    /// By which queue they got it.
    pub queue: QueueId,
    /// Whether it is an offer that waits for their answer.
    pub is_offer: bool,
}

impl Capacity {
    /// Allows so many units of any class, none of them interruptible, and as many open offers.
    pub fn of_total(total: u32) -> Self {
        Self {
            total,
            most: PerClass::all(total),
            interruptible: PerClass::all(false),
            open_offers: total,
        }
    }
}

impl Agent {
    /// Counts all units that the agent holds.
    pub fn load(&self) -> u32 {
        self.held.iter().map(|held| held.units).sum()
    }

    /// Counts the units of a class.
    pub fn load_of(&self, class: WorkClass) -> u32 {
        let of_class = self.held.iter().filter(|held| held.class == class);
        of_class.map(|held| held.units).sum()
    }

    /// Counts the units that matter for the total when work of a class comes.
    pub fn load_beside(&self, class: WorkClass) -> u32 {
        let yields = |of: WorkClass| self.capacity.interruptible.of(of);
        let counts = self
            .held
            .iter()
            .filter(|held| yields(class) || !yields(held.class));
        counts.map(|held| held.units).sum()
    }

    /// Counts the units that came by a queue.
    pub fn load_by(&self, queue: QueueId) -> u32 {
        let by_queue = self.held.iter().filter(|held| held.queue == queue);
        by_queue.map(|held| held.units).sum()
    }

    /// Counts the offers that wait for the agent's answer.
    pub fn open_offers(&self) -> u32 {
        self.held.iter().filter(|held| held.is_offer).count() as u32
    }

    /// Returns the level of a skill; 0 where there is none.
    pub fn level(&self, skill: &str) -> u8 {
        self.skills.get(skill).copied().unwrap_or(0)
    }

    /// Counts the skills that the agent has at any level.
    pub fn breadth(&self) -> u32 {
        self.skills.values().filter(|level| **level > 0).count() as u32
    }
}
