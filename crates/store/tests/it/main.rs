//! What the schema and the statements promise, on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod bench;
mod isolation;
mod plans;
mod plans_at_scale;
mod schema;
mod sla_rollups;
mod statements;
