//! The audit service: makes every event a leaf of its tenant's log and signs checkpoints.
//!
//! [`consumer::run`] is the whole service; what it does with a tenant is `flow::audit::append`.

mod appender;
pub mod consumer;
mod sweep;

pub use consumer::{Settings, run};
