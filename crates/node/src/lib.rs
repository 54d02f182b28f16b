//! What every Interdesk process needs: settings, clock, telemetry, lifecycle,
//! health, secrets, tokens and, for newcomers, a private PostgreSQL.

pub mod clock;
pub mod config;
pub mod consume;
pub mod dead;
pub mod embedded;
pub mod health;
pub mod lifecycle;
pub mod provider;
pub mod relay;
pub mod role;
pub mod secrets;
pub mod telemetry;
pub mod timers;
pub mod token;
