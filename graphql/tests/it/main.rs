//! The schema over a real PostgreSQL.
#![allow(clippy::unwrap_used)]
// The futures of a request hold those of all fields.
#![recursion_limit = "256"]

mod answers_raced;
mod aside;
mod charged;
mod contacts;
mod disabled;
mod documents;
mod errors;
mod events;
mod every_document;
mod interactive;
mod limits;
mod live;
mod matrix;
mod merge;
mod operations;
mod operator;
mod origin;
mod queue_stats;
mod scale;
mod search;
mod second_factor;
mod sessions;
mod setup;
mod sight;
mod sign_in;
mod sla;
mod statements;
mod support;
mod tenants;
mod third_party;
mod why;
mod windows;
mod written;
