//! A contact centre in virtual time: what a policy would do with a day.
//!
//! ```text
//! scenario   what comes, who is there, what happens           synthetic   days that are made up
//! day        the day itself, event by event                   report      what it was like
//! router     the engine, or one of the rules beside it        chance      numbers from a seed
//! compare    the same days under every rule                   bound       what foresight could save
//! ```
//!
//! Arrivals are open-loop: work comes when it comes, however long others wait. The same scenario
//! gives the same day to the millisecond; [`run`] lets the real [`super::Engine`] decide, and
//! [`run_by`] lets other rules have the same arrivals.

pub mod bound;
mod chance;
mod compare;
mod day;
mod report;
mod rival;
mod router;
mod scenario;
pub mod synthetic;

pub use chance::Chance;
pub use compare::{Comparison, compare, two_hundred};
pub use day::{run, run_by};
pub use report::{Load, Part, Prediction, Report, Waits, jain};
pub use router::Rule;
pub use scenario::{Arrival, Change, Conduct, Next, Scenario, What};
