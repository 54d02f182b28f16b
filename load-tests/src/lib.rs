//! Measures the desk and breaks it on purpose, as two programs over the same parts.
//!
//! `bench` says what a machine can take, `faults` kills processes and services under traffic and
//! then looks for anything lost, doubled or held twice. Both start the real binary beside real
//! services, and judge it from outside: by the simulator's journal and by SQL as the superuser.

pub mod bare;
pub mod bench;
pub mod blueprint;
pub mod chance;
pub mod clock;
pub mod database;
pub mod desk;
pub mod faults;
pub mod graphql;
pub mod mailer;
pub mod pgbench;
pub mod services;
pub mod summary;
pub mod tape;
pub mod wire;
