//! The story of the desk: one verb per file.
//!
//! A flow is five moves: begin a transaction, load and lock, ask a pure rule, write rows and events,
//! commit. No network call happens inside; presence is read before, channels are called after.

mod desk;
mod error;

pub use desk::{Context, Desk, Events, Settings};
pub use error::Error;
