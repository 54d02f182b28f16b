//! Clocks of service levels: named cases, changes under way, and an oracle that counts by hand.
#![allow(clippy::unwrap_used)]

mod by_hand;
mod changes;
mod clocks;
#[path = "../schedule/naive.rs"]
#[allow(dead_code, reason = "the schedule tests use more of it")]
mod naive;
mod oracle;
mod reading;
mod rollups;
mod story;
mod vectors;
