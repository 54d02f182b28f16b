//! Who gets which work: a pure function from a problem to decisions that explain themselves.

mod decide;
mod problem;

pub use decide::decide;
pub use problem::*;
