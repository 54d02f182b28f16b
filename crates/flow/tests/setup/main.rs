//! How a workspace is set up, on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod bench;
mod blueprint;
mod docs;
mod people;
mod policy;
