//! Promises: which clock is to be met by when, and what happens on the way.

use super::{Clock, Error};
use crate::id::{PolicyId, ScheduleId};
use crate::schedule::Timeline;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A policy and which of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The policy.
    pub policy: PolicyId,
    /// Its version, from 1.
    pub version: u32,
}

/// One version of a policy. A version that was ever applied is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Which it is.
    pub key: PolicyVersion,
    /// What people call it.
    pub name: String,
    /// From when on it is chosen.
    pub effective_from: DateTime<Utc>,
    /// Until when it is chosen; the end is not part of it.
    #[serde(default)]
    pub effective_until: Option<DateTime<Utc>>,
    /// The promises, at most one for a clock and priority.
    pub targets: Vec<Target>,
    /// How it treats changes and reactions.
    #[serde(default)]
    pub rules: Rules,
}

/// The promise for one clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Which clock.
    pub clock: Clock,
    /// For which priority; without one for all that have none of their own.
    #[serde(default)]
    pub priority: Option<i16>,
    /// Less than how many milliseconds it has to take.
    pub within_ms: i64,
    /// Which time counts.
    pub hours: Hours,
    /// What happens on the way, at the breach and after it.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// The open time of the schedule.
    Business,
    /// All time.
    Calendar,
}

impl Hours {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Business, Self::Calendar];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Calendar => "calendar",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// Something that happens once for each instance of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, which makes it the same step over versions.
    pub name: String,
    /// When.
    pub at: At,
    /// What is done.
    pub actions: Vec<Action>,
}

/// When a step comes, in the time of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// When so much of the target is used, in percent; 100 is the breach.
    Percent(u16),
    /// So many milliseconds before the breach; at once where the target is shorter.
    Before(i64),
    /// With the breach.
    Breach,
    /// So many milliseconds after the breach, if it still runs.
    After(i64),
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum Action {
    /// Raises the priority, never lowers it.
    RaisePriority { to: i16 },
    /// Takes the next step of the queue's ladder now.
    WidenLadder,
    /// Tells somebody, within their own hours.
    Notify { who: Audience, by: Medium },
    /// Puts a tag on the conversation.
    Tag { tag: String },
    /// Gives it to somebody else.
    Reassign,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The agent who has it.
    Agent,
    /// The teams of its queue.
    Team,
    /// Their supervisors.
    Supervisor,
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// An event in the desk.
    InApp,
    /// A mail.
    Email,
    /// A call of the tenant's own address.
    Webhook,
}

impl Medium {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::InApp, Self::Email, Self::Webhook];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// What a change under way does to instances that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MidFlight {
    /// The new promise counts from the change on, and what was used is forgotten.
    Restart,
    /// The new promise applies to all that was used.
    #[default]
    CarryOver,
    /// What runs keeps its promise; the new one is for what starts after.
    Keep,
}

/// How a policy treats changes and reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// When the priority changes.
    pub on_priority_change: MidFlight,
    /// When this policy takes over from another.
    pub on_policy_change: MidFlight,
    /// When another schedule applies.
    pub on_schedule_change: MidFlight,
    /// Whether a customer's reaction ends the wait for the customer.
    pub customer_reaction_answers: bool,
    /// Whether an agent's reaction is an update.
    pub agent_reaction_updates: bool,
}

/// All that a history refers to.
#[derive(Debug, Clone)]
pub struct Book {
    policies: HashMap<PolicyVersion, Policy>,
    schedules: BTreeMap<ScheduleId, Timeline>,
    always: Timeline,
}

impl Book {
    /// Gathers versions of policies and schedules; refuses policies that cannot be.
    pub fn new(
        policies: impl IntoIterator<Item = Policy>,
        schedules: impl IntoIterator<Item = (ScheduleId, Timeline)>,
    ) -> Result<Self, Error> {
        let policies: HashMap<_, _> = policies
            .into_iter()
            .map(|policy| (policy.key, policy))
            .collect();
        policies.values().try_for_each(Policy::check)?;
        Ok(Self {
            policies,
            schedules: schedules.into_iter().collect(),
            always: Timeline::always(),
        })
    }

    /// Returns one version of a policy.
    pub fn policy(&self, key: PolicyVersion) -> Result<&Policy, Error> {
        self.policies.get(&key).ok_or(Error::UnknownPolicy(key))
    }

    /// Returns the timeline of a schedule; that which never closes for none.
    pub fn schedule(&self, id: Option<ScheduleId>) -> Result<&Timeline, Error> {
        match id {
            None => Ok(&self.always),
            Some(id) => self.schedules.get(&id).ok_or(Error::UnknownSchedule(id)),
        }
    }
}

impl Policy {
    /// Chooses the first policy in order that is effective at a moment and whose conditions match.
    ///
    /// Of several effective versions of one policy the newest stands in its place.
    pub fn choose<'a>(
        ordered: impl IntoIterator<Item = &'a Policy>,
        at: DateTime<Utc>,
        mut matches: impl FnMut(&Policy) -> bool,
    ) -> Option<&'a Policy> {
        let ordered: Vec<_> = ordered
            .into_iter()
            .filter(|policy| policy.is_effective(at))
            .collect();
        let newest = |policy: &Policy| {
            let same = ordered
                .iter()
                .filter(|other| other.key.policy == policy.key.policy);
            same.map(|other| other.key.version).max() == Some(policy.key.version)
        };
        ordered
            .iter()
            .copied()
            .find(|policy| newest(policy) && matches(policy))
    }

    /// Tells whether it is chosen at a moment.
    pub fn is_effective(&self, at: DateTime<Utc>) -> bool {
        self.effective_from <= at && self.effective_until.is_none_or(|until| at < until)
    }

    /// Returns the promise for a clock: that of the priority, or else that for all.
    pub fn target(&self, clock: Clock, priority: i16) -> Option<&Target> {
        let of = |wanted| {
            let mut targets = self.targets.iter();
            targets.find(|target| target.clock == clock && target.priority == wanted)
        };
        of(Some(priority)).or_else(|| of(None))
    }

    /// Refuses promises that cannot be.
    pub fn check(&self) -> Result<(), Error> {
        let mut known = HashSet::new();
        for target in &self.targets {
            let clock = target.clock.as_str();
            if target.within_ms <= 0 {
                return Err(Error::NoTime { clock });
            }
            if !known.insert((target.clock, target.priority)) {
                return Err(Error::TwoTargets { clock });
            }
            target.check_steps(clock)?;
        }
        Ok(())
    }
}

impl Target {
    fn check_steps(&self, clock: &'static str) -> Result<(), Error> {
        let mut names = HashSet::new();
        for step in &self.steps {
            let name = || step.name.clone();
            // The name is part of a key, where colons part.
            if step.name.is_empty() || step.name.contains(':') || !names.insert(&step.name) {
                return Err(Error::StepName {
                    clock,
                    step: name(),
                });
            }
            let fits = match step.at {
                At::Percent(percent) => (1..=1000).contains(&percent),
                At::Before(time) | At::After(time) => time > 0,
                At::Breach => true,
            };
            if !fits {
                return Err(Error::StepTime {
                    clock,
                    step: name(),
                });
            }
        }
        Ok(())
    }

    /// Returns the used time at which a step comes, in milliseconds.
    pub(super) fn threshold(&self, at: At) -> i64 {
        match at {
            At::Percent(percent) => {
                let part = i128::from(self.within_ms) * i128::from(percent) / 100;
                i64::try_from(part).unwrap_or(i64::MAX)
            }
            At::Before(time) => self.within_ms.saturating_sub(time).max(0),
            At::Breach => self.within_ms,
            At::After(time) => self.within_ms.saturating_add(time),
        }
    }

    /// Tells whether two promises are the same, whoever gave them.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.within_ms == other.within_ms && self.hours == other.hours && self.steps == other.steps
    }
}
