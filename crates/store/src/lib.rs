//! Everything that talks to PostgreSQL.
//!
//! A store function runs one statement and takes the connection first, the scope second. Functions
//! over one tenant run in a transaction that [`Database::begin`] confined to it; a row of another
//! tenant does not exist for them.

pub mod absences;
pub mod access;
pub mod accounts;
pub mod agents;
pub mod api_keys;
pub mod apps;
pub mod aside;
pub mod attachments;
pub mod audit;
pub mod consents;
pub mod contacts;
pub mod conversations;
mod database;
pub mod dead;
pub mod decisions;
pub mod early;
pub mod episodes;
mod error;
pub mod expiry;
pub mod group_members;
pub mod handled;
pub mod hands;
pub mod health;
pub mod idempotency;
pub mod identity_providers;
pub mod inbox_health;
pub mod inboxes;
pub mod keys;
pub mod limits;
pub mod loads;
pub mod mail;
pub mod members;
pub mod merges;
pub mod message_changes;
pub mod message_recipients;
pub mod messages;
pub mod migrate;
pub mod notifications;
pub mod notify;
pub mod offers;
pub mod outbox;
pub mod persons;
pub mod placing;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod policies;
mod pool;
pub mod presence_reasons;
pub mod provider_sign_ins;
pub mod provision;
pub mod raw;
pub mod reaction_events;
pub mod read;
pub mod receive;
pub mod references;
pub mod relay;
pub mod reserve;
pub mod resets;
pub mod roles;
pub mod routing;
pub mod search;
pub mod second_factors;
pub mod service_messages;
pub mod sessions;
pub mod setup;
pub mod sight;
pub mod signals;
pub mod skills;
pub mod sla;
pub mod sla_restatements;
pub mod sla_rollups;
pub mod speakers;
mod sql;
pub mod starts;
pub mod templates;
pub mod terms;
#[cfg(feature = "testing")]
pub mod testing;
pub mod third_party;
pub mod timers;
pub mod transfers;
pub mod vault;
pub mod widget;
pub mod window_touches;
pub mod work_items;
pub mod workspace;

pub use database::{Conn, Database, Limits, Operator, Transaction};
pub use error::Error;
pub use sql::JsonText;
