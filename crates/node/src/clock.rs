//! The clock of the running program.

use chrono::{DateTime, Utc};
use interdesk_domain::clock::Clock;
use uuid::Uuid;

/// Reads the machine's time and draws time-ordered ids from it.
///
/// This is the only place where the desk reads time or chance; everything else
/// is handed a [`Clock`], so a test can decide what time it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[allow(clippy::disallowed_methods, reason = "this is the clock")]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_grow() {
        let clock = SystemClock;
        let ids: Vec<Uuid> = (0..100).map(|_| clock.new_uuid()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.is_sorted());
    }

    #[test]
    fn time_does_not_stand_still() {
        let clock = SystemClock;
        let before = clock.now();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(clock.now() > before);
    }
}
