//! The one place that reads the time.

use chrono::{DateTime, Utc};

/// Reads the wall clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the simulator is the outside world, it has no desk clock to follow"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
