//! The schema over a real PostgreSQL.
#![allow(clippy::unwrap_used)]

mod contacts;
mod disabled;
mod documents;
mod errors;
mod events;
mod operations;
mod sign_in;
mod statements;
mod support;
mod tenants;
mod third_party;
