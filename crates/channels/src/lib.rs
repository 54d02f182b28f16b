//! Channels: one folder per app that customers write from.
//!
//! Each adapter has the same rooms: `verify` (is it from the provider?), `parse` (bytes in,
//! canonical updates out), `send` (the only IO) and, where the provider has its own codes,
//! `errors`. Fixtures in the documented shape are under `fixtures/<channel>`.

pub mod app_link;
mod capabilities;
mod channel;
pub mod email;
mod files;
mod http;
mod incoming;
mod json;
#[cfg(feature = "kit")]
pub mod kit;
pub mod matrix;
mod outgoing;
mod proof;
mod refusal;
mod registry;
mod signed;
mod split;
pub mod standard_webhooks;
pub mod telegram;
mod unfit;
pub mod webchat;
mod webhook;
pub mod whatsapp;

pub use capabilities::*;
pub use channel::*;
pub use files::*;
pub use incoming::*;
pub use outgoing::*;
pub use registry::channel;
pub use split::split;
pub use unfit::{Unfit, sound};
