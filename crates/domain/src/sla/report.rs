//! Reading the clocks: where each stands, what is due, when to look again.

use super::instance::moment;
use super::ledger::Stay;
use super::{ActionKey, End, Instance, InstanceId, State, Step};
use crate::schedule::Kind;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// All clocks of an episode at a moment.
#[derive(Debug, Clone)]
pub struct Report<'b> {
    /// The moment.
    pub now: DateTime<Utc>,
    /// When the episode opened.
    pub opened: Option<DateTime<Utc>>,
    /// When it was resolved.
    pub resolved: Option<DateTime<Utc>>,
    /// Its state.
    pub state: State,
    /// Every run of every clock, in the order they began.
    pub instances: Vec<Instance<'b>>,
    pub(super) stays: Vec<Stay<'b>>,
}

/// Whether an instance counts, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase<'a> {
    /// Time counts.
    Counting,
    /// The state would count, but the team is closed until the moment given, if it ever opens.
    Closed(Kind<'a>, Option<DateTime<Utc>>),
    /// The state of the conversation pauses it.
    Paused(State),
    /// It ended.
    Ended(End),
}

/// What came of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was promised.
    NoTarget,
    /// Not decided yet.
    Open,
    /// What it waits for came in time.
    Met,
    /// The time was used up first.
    Breached,
    /// It stopped before either.
    Void,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [
        Self::NoTarget,
        Self::Open,
        Self::Met,
        Self::Breached,
        Self::Void,
    ];

    /// Returns the name that database and events use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTarget => "no_target",
            Self::Open => "open",
            Self::Met => "met",
            Self::Breached => "breached",
            Self::Void => "void",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// Where an instance stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status<'a> {
    /// Which instance.
    pub id: InstanceId,
    /// Whether it counts.
    pub phase: Phase<'a>,
    /// What came of the promise.
    pub outcome: Outcome,
    /// The counted time, since a restart if there was one.
    pub elapsed: TimeDelta,
    /// The rest of the target in its own hours; negative is how late it is. Frozen at the end.
    pub remaining: Option<TimeDelta>,
    /// The rest by the clock on the wall; none while it is paused or after its end.
    pub remaining_wall: Option<TimeDelta>,
    /// When the target is, or was, used up; none while it is paused, and after an end in time.
    pub deadline: Option<DateTime<Utc>>,
}

/// A breach or a step that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due<'b> {
    /// Under which key it is done once.
    pub key: ActionKey,
    /// When it came, as computed.
    pub at: DateTime<Utc>,
    /// The step with its actions; none is the breach itself.
    pub step: Option<&'b Step>,
}

impl<'b> Report<'b> {
    /// Finds an instance.
    pub fn instance(&self, id: InstanceId) -> Option<&Instance<'b>> {
        self.instances.iter().find(|instance| instance.id == id)
    }

    /// Tells where each instance stands.
    pub fn statuses(&self) -> impl Iterator<Item = Status<'b>> + '_ {
        self.instances
            .iter()
            .map(|instance| instance.status(self.now))
    }

    /// Lists all that came so far, in the order of its time; each key is there once.
    pub fn due(&self) -> Vec<Due<'b>> {
        let of = |instance: &Instance<'b>| {
            let id = instance.id;
            let fired = instance.fired.iter().map(move |fired| Due {
                key: ActionKey {
                    instance: id,
                    step: fired.step.map(|step| step.name.clone()),
                },
                at: fired.at,
                step: fired.step,
            });
            fired.collect::<Vec<_>>()
        };
        let mut due: Vec<_> = self.instances.iter().flat_map(of).collect();
        due.sort_by_key(|due| due.at);
        due
    }

    /// Returns when something comes next if nothing happens: the moment for a timer.
    pub fn next_wake_up(&self) -> Option<DateTime<Utc>> {
        let next = self
            .instances
            .iter()
            .filter_map(|instance| instance.next_ms());
        next.min().map(moment)
    }
}

impl<'b> Instance<'b> {
    /// Returns when its breach or next step comes if nothing happens.
    pub fn next_wake_up(&self) -> Option<DateTime<Utc>> {
        self.next_ms().map(moment)
    }

    /// Tells what came of the promise.
    pub fn outcome(&self) -> Outcome {
        match (
            self.target,
            self.breached_at,
            self.ended.map(|ended| ended.how),
        ) {
            (None, _, _) => Outcome::NoTarget,
            (_, Some(_), _) => Outcome::Breached,
            (_, None, None) => Outcome::Open,
            (_, None, Some(End::Fulfilled)) => Outcome::Met,
            (_, None, Some(End::Stopped)) => Outcome::Void,
        }
    }

    /// Returns the counted time up to a moment at or after everything that happened.
    pub fn elapsed(&self, now: DateTime<Utc>) -> TimeDelta {
        TimeDelta::milliseconds(self.elapsed_ms(now.timestamp_millis()))
    }

    /// Tells where it stands at a moment at or after everything that happened.
    pub fn status(&self, now: DateTime<Utc>) -> Status<'b> {
        let elapsed = self.elapsed(now);
        let within = self
            .target
            .map(|target| TimeDelta::milliseconds(target.within_ms));
        let coming = self.due_ms().map(moment);
        let deadline = self.breached_at.or(coming);
        Status {
            id: self.id,
            phase: self.phase(now),
            outcome: self.outcome(),
            elapsed,
            remaining: within.map(|within| within - elapsed),
            remaining_wall: deadline
                .filter(|_| self.is_counting())
                .map(|deadline| deadline - now),
            deadline,
        }
    }

    fn phase(&self, now: DateTime<Utc>) -> Phase<'b> {
        if let Some(ended) = self.ended {
            return Phase::Ended(ended.how);
        }
        let Some(last) = self.segments.last() else {
            return Phase::Counting;
        };
        if !last.counting {
            return Phase::Paused(last.state);
        }
        match last.hours {
            super::Hours::Calendar => Phase::Counting,
            super::Hours::Business => match last.timeline.kind_at(now) {
                Kind::Open => Phase::Counting,
                closed => Phase::Closed(closed, last.timeline.next_open(now)),
            },
        }
    }
}
