//! What every Interdesk process needs: settings, clock, telemetry, lifecycle,
//! health, secrets, tokens and, for newcomers, a private PostgreSQL.

pub mod clock;
pub mod config;
pub mod embedded;
pub mod health;
pub mod lifecycle;
pub mod role;
pub mod secrets;
pub mod telemetry;
pub mod token;
