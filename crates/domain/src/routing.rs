//! Who gets which work: a pure function from a state and a moment to decisions that explain
//! themselves.
//!
//! ```text
//! model      queues, agents, work items, ladder: the state           rules      into which queue?
//! order      which work goes first                                   reference  the plain answer
//! choose     who may have it, and who of them gets it                engine     the same, fast
//! explain    why, as data and in words, and a check of it            machine    what a commit may do
//! expect     how long it will still wait                             simulate   a day in virtual time
//! ```

mod choose;
pub mod engine;
pub mod expect;
pub mod explain;
pub mod limit;
pub mod machine;
pub mod model;
mod order;
pub mod reference;
pub mod rules;
pub mod simulate;
pub mod validate;

pub use choose::{Exclusion as Unfit, Levels, Score, TIE_RULE};
pub use engine::Engine;
pub use explain::Explanation;
pub use order::{Place, Tier, Weighed};
