//! Routing, from a waiting work item to its end, on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod bench;
mod capacity;
mod offer;
mod once;
mod pass;
mod placing;
mod presence;
mod regressions;
mod resolve;
