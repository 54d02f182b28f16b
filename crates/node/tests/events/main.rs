//! How events get from the log to their readers, and timers to their effects, on a real PostgreSQL.

#![allow(clippy::unwrap_used)]

mod consume;
mod dead;
mod relay;
mod relay_faults;
mod timers;
mod world;
