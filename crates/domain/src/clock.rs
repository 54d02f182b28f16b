//! Time and chance as parameters, so that every rule can be replayed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time and draws identifiers.
///
/// The system's own clock lives in `node::clock`; tests use a clock that they move by hand.
pub trait Clock: Send + Sync {
    /// Returns the present moment, UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Returns a new identifier whose order follows time (UUID version 7, RFC 9562).
    fn new_uuid(&self) -> Uuid;
}
