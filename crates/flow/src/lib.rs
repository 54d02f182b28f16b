//! The story of the desk: one verb per file.
//!
//! A flow is five moves: begin a transaction, load and lock, ask a pure rule, write rows and events,
//! commit. No network call happens inside; presence is read before, channels are called after.

pub mod absence;
pub mod accept;
pub mod attach;
pub mod audit;
pub mod change;
pub mod claim;
pub mod close;
mod conflict;
pub mod consent;
pub mod decline;
pub mod deliver;
mod desk;
mod error;
pub mod expire;
pub mod expiry;
pub mod follow;
pub mod hands;
pub mod hold;
pub mod inbox_health;
mod key;
pub mod keys;
pub mod link;
pub mod notify;
mod once;
pub mod policy;
pub mod presence;
pub mod prioritise;
pub mod provision;
pub mod receive;
pub mod rehearse;
pub mod release;
pub mod rename;
pub mod reply;
pub mod reseal;
pub mod reserve;
pub mod resolve;
pub mod route;
pub mod setup;
pub mod sign_in;
pub mod signal;
pub mod sla_check;
mod sla_correct;
pub mod sla_explain;
pub mod sla_report;
pub mod snooze;
pub mod speaker;
pub mod start;
pub mod take;
mod tenant;
pub mod third_party;
pub mod transfer;
pub mod transfer_answer;
pub mod typing;
pub mod unlink;
mod update;
pub mod watch_sla;
pub mod why;
mod wish;
pub mod wrap_up;

pub use desk::{Context, Desk, Events, Settings};
pub use error::Error;
