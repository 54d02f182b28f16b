//! What agents do with work, on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod absence;
mod bench;
mod hands;
mod races;
mod rest;
mod speaker;
