//! Everything that talks to PostgreSQL.
//!
//! A store function runs one statement and takes the connection first, the scope second. Functions
//! over one tenant run in a transaction that [`Database::begin`] confined to it; a row of another
//! tenant does not exist for them.

pub mod conversations;
mod database;
mod error;
pub mod handled;
pub mod migrate;
pub mod outbox;
mod sql;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timers;

pub use database::{Conn, Database, Limits, Transaction};
pub use error::Error;
