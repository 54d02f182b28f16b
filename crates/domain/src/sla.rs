//! Service levels: nine clocks over an episode, as a pure function of its history.
//!
//! ```text
//! history (what happened) ┐
//! policies (what was promised) ├─ evaluate(history, book, now) → Report
//! schedules (when it counts)   ┘      clocks, due steps, next wake-up, explanation, ledger
//! ```
//!
//! [`evaluate`] folds the moments of one episode in their order. Each start of a clock is an
//! [`Instance`] with its own entries: activated, paused, resumed, fulfilled, breached, re-targeted. A
//! breach bears its deadline as its time, whenever it is looked at, so that a desk that was down
//! computes what one that never stopped does. `docs/sla.md` draws every clock.

mod clock;
mod course;
mod explain;
mod figures;
mod instance;
mod ledger;
mod log;
mod moment;
mod policy;
mod report;
mod rollup;
mod sketch;
mod standing;
mod tracker;

pub use clock::{Clock, State};
pub use course::{Course, Read};
pub use explain::{Because, Line};
pub use figures::{Figures, Restated, restated};
pub use instance::{ActionKey, End, Ended, Entry, Fired, Happening, Instance, InstanceId, Segment};
pub use ledger::{Ledger, Owned, Owner};
pub use log::{episodes, moments};
pub use moment::{Moment, Party, What};
pub use policy::{
    Action, At, Audience, Book, Hours, Medium, MidFlight, Policy, PolicyVersion, Rules, Step,
    Target,
};
pub use report::{Due, Outcome, Phase, Report, Status};
pub use rollup::{Cell, Place, Rollups, Tally, day, day_begins, is_at_risk};
pub use sketch::Sketch;
pub use tracker::{Tracker, evaluate};

use crate::id::{EventId, ScheduleId};

/// Why clocks cannot be computed, or a policy cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The history names a policy that the book does not hold.
    #[error("version {version} of {policy} is not among the policies", version = .0.version, policy = .0.policy)]
    UnknownPolicy(PolicyVersion),
    /// The history names a schedule that the book does not hold.
    #[error("{0} is not among the schedules")]
    UnknownSchedule(ScheduleId),
    /// Something happened in an episode before it opened.
    #[error("{0} comes before the episode opens")]
    NotOpened(EventId),
    /// A target that nobody could ever meet, or that is met by never.
    #[error("the target of {clock} must be more than no time")]
    NoTime {
        /// The clock's name.
        clock: &'static str,
    },
    /// Two targets for one clock and priority.
    #[error("{clock} has two targets for one priority; keep one")]
    TwoTargets {
        /// The clock's name.
        clock: &'static str,
    },
    /// Two steps of a target with one name, or a step without one.
    #[error("the steps of {clock} need names of their own; {step:?} is not one")]
    StepName {
        /// The clock's name.
        clock: &'static str,
        /// The name.
        step: String,
    },
    /// A step at a moment that never comes.
    #[error(
        "the step {step:?} of {clock} is out of range; give up to 1000 percent or a positive time"
    )]
    StepTime {
        /// The clock's name.
        clock: &'static str,
        /// The step's name.
        step: String,
    },
}
