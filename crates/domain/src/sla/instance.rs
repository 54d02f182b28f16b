//! One run of a clock: what was counted, what was promised, what came of it.

mod run;

use super::{At, Clock, Hours, MidFlight, PolicyVersion, State, Step, Target};
use crate::id::{EventId, ScheduleId};
use crate::schedule::Timeline;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names one run of a clock by the event that started it, so that it keeps its name when history is
/// computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InstanceId {
    /// Which clock.
    pub clock: Clock,
    /// The event that started it.
    pub started_by: EventId,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.clock.as_str(), self.started_by)
    }
}

/// Names the breach or a step of one instance: the key under which it is done once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ActionKey {
    /// The instance.
    pub instance: InstanceId,
    /// The step's name; none is the breach itself.
    pub step: Option<String>,
}

impl fmt::Display for ActionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(f, "{}:step:{step}", self.instance),
            None => write!(f, "{}:breach", self.instance),
        }
    }
}

/// How an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// What it waits for came.
    Fulfilled,
    /// It can no longer come: the episode is resolved, the offer is gone.
    Stopped,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 2] = [Self::Fulfilled, Self::Stopped];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fulfilled => "fulfilled",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// When and by what an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: DateTime<Utc>,
    /// How.
    pub how: End,
    /// The event that ended it.
    pub event: EventId,
}

/// An entry in an instance's own history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When; a breach and a step have their computed time.
    pub at: DateTime<Utc>,
    /// The event that made it; none for what time alone made.
    pub event: Option<EventId>,
    /// What happened to the clock.
    pub what: Happening,
}

/// What happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum Happening {
    /// It began to run.
    Activated,
    /// It stopped counting, as the conversation came into a state.
    Paused(State),
    /// It counts again.
    Resumed,
    /// What it waits for came.
    Fulfilled,
    /// It ended without that.
    Stopped,
    /// Its target was used up.
    Breached,
    /// A step came.
    Stepped { step: String },
    /// Another promise applies; the times are targets in milliseconds.
    Retargeted {
        how: MidFlight,
        policy: Option<PolicyVersion>,
        priority: i16,
        from_ms: Option<i64>,
        to_ms: Option<i64>,
    },
    /// Another schedule applies.
    Rescheduled {
        how: MidFlight,
        schedule: Option<ScheduleId>,
    },
}

/// A step that came, or the breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired<'b> {
    /// When, as computed.
    pub at: DateTime<Utc>,
    /// The step; none is the breach itself.
    pub step: Option<&'b Step>,
}

/// A stretch of an instance's life under one state, one schedule and one kind of hours.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'b> {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends; none while it lasts.
    pub to: Option<DateTime<Utc>>,
    /// The event that began it.
    pub event: EventId,
    /// The state of the conversation.
    pub state: State,
    /// Whether the clock runs in that state.
    pub counting: bool,
    /// Which time counts.
    pub hours: Hours,
    /// The schedule.
    pub schedule: Option<ScheduleId>,
    /// Whether a restart forgot it.
    pub forgotten: bool,
    pub(super) timeline: &'b Timeline,
}

impl Segment<'_> {
    /// Returns the counted milliseconds up to its end, or up to a moment.
    fn counted(&self, until: i64) -> i64 {
        let from = self.from.timestamp_millis();
        match (self.counting, self.hours) {
            (false, _) => 0,
            (true, Hours::Calendar) => (until - from).max(0),
            (true, Hours::Business) => self.timeline.elapsed_ms(from, until),
        }
    }
}

/// What a segment is made of, beside its times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'b> {
    pub(super) state: State,
    pub(super) schedule: Option<ScheduleId>,
    pub(super) timeline: &'b Timeline,
}

/// One run of a clock.
#[derive(Debug, Clone)]
pub struct Instance<'b> {
    /// Its name.
    pub id: InstanceId,
    /// Which run of its clock in the episode, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When and how it ended.
    pub ended: Option<Ended>,
    /// The policy that governs it.
    pub policy: Option<PolicyVersion>,
    /// The priority that its target is for.
    pub priority: i16,
    /// The promise; a clock without one is measured all the same.
    pub target: Option<&'b Target>,
    /// When the target was used up.
    pub breached_at: Option<DateTime<Utc>>,
    /// The steps that came, in order, and the breach among them.
    pub fired: Vec<Fired<'b>>,
    /// Its own history.
    pub entries: Vec<Entry>,
    /// Its life, without a gap.
    pub segments: Vec<Segment<'b>>,
    /// Milliseconds counted in segments that are over and not forgotten.
    banked: i64,
    /// What comes next, if nothing happens.
    next: Option<Next<'b>>,
}

#[derive(Debug, Clone, Copy)]
struct Next<'b> {
    at: i64,
    step: Option<&'b Step>,
}

impl<'b> Segment<'b> {
    pub(super) fn ground(&self) -> Ground<'b> {
        Ground {
            state: self.state,
            schedule: self.schedule,
            timeline: self.timeline,
        }
    }
}

impl Step {
    /// Tells whether it comes before the target is used up.
    pub fn is_warning(&self) -> bool {
        match self.at {
            At::Percent(percent) => percent < 100,
            At::Before(_) => true,
            At::Breach | At::After(_) => false,
        }
    }
}

pub(super) fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
