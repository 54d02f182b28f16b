//! Channels: one folder per app that customers write from.

mod channel;

pub use channel::*;
