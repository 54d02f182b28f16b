//! Time and chance in the hands of a test.

use chrono::{DateTime, Duration, TimeZone, Utc};
use interdesk_domain::clock::Clock;
use std::sync::{Mutex, PoisonError};
use uuid::{Builder, Uuid};

/// A clock that moves only when a test moves it, and counts instead of rolling dice.
#[derive(Debug)]
pub struct ManualClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    drawn: u64,
}

impl Default for ManualClock {
    fn default() -> Self {
        let start = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).single();
        Self::at(start.expect("the date exists"))
    }
}

impl ManualClock {
    /// Starts at `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(State { now, drawn: 0 }))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.now += by);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.with(|state| state.now)
    }

    fn new_uuid(&self) -> Uuid {
        self.with(|state| {
            state.drawn += 1;
            let millis = u64::try_from(state.now.timestamp_millis()).unwrap_or(0);
            let mut bits = [0; 10];
            bits[2..].copy_from_slice(&state.drawn.to_be_bytes());
            Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_follow_the_order_in_which_they_were_drawn() {
        let clock = ManualClock::default();
        let mut drawn: Vec<Uuid> = (0..1000).map(|_| clock.new_uuid()).collect();
        clock.advance(Duration::milliseconds(1));
        drawn.push(clock.new_uuid());
        assert!(drawn.is_sorted_by(|one, next| one < next));
    }
}
