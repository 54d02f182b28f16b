//! What tests need at hand: a clock that they move and a desk's rows in a database of their own.

mod clock;
mod world;

pub use clock::ManualClock;
pub use world::{Waiting, World};
