//! The transports over a small schema, on a real server and with real clients.
#![allow(clippy::unwrap_used)]

mod conformance;
mod desk;
mod documents;
mod events;
mod graphiql;
mod http;
mod providers;
mod safety;
mod server;
mod socket;
mod tokens;
mod ws;
