//! Channels: one folder per app that customers write from.
//!
//! Each adapter has the same rooms: `verify` (is it from the provider?), `parse` (bytes in,
//! canonical updates out), `send` (the only IO) and, where the provider has its own codes,
//! `errors`. Fixtures in the documented shape are under `fixtures/<channel>`.

mod channel;
mod http;
mod json;
mod refusal;
mod registry;
pub mod standard_webhooks;
mod telegram;
mod webhook;
mod whatsapp;

pub use channel::*;
pub use registry::channel;
