//! The one place where this package reads the clock.

use chrono::{DateTime, Utc};

/// Reads the clock.
#[allow(
    clippy::disallowed_methods,
    reason = "load tests are customers, not part of the desk"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
