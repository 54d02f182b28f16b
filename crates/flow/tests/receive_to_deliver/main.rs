//! From the webhook to the provider's receipt, on a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod accounts;
mod app_links;
mod bench;
mod change;
mod charged;
mod consent;
mod continuity;
mod deliver;
mod deliver_doubt;
mod deliver_sweep;
mod expiry;
mod files;
mod files_out;
mod groups;
mod held;
mod host;
mod imported;
mod interactive;
mod limited;
mod link;
mod matrix;
mod members;
mod merge;
mod notices;
mod pace;
mod person;
mod provider;
mod put_off;
mod reads;
mod receive;
mod receive_hostile;
mod receive_race;
mod recipients;
mod renew;
mod reply;
mod reseal;
mod route;
mod same;
mod scenarios;
mod start;
mod threads;
mod updates;
mod windows;
