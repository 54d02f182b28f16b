//! Ids that providers give out: unique in a run and between runs.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};

use crate::chance;

/// Second in which 2026 began; keeps Telegram's counters inside 31 bits.
const YEAR_2026: i64 = 1_767_225_600;

/// Gives out ids.
pub(crate) struct Ids {
    run: u64,
    next: AtomicU64,
    telegram: AtomicU64,
}

impl Ids {
    /// Starts counting. The time of the start is part of every id: a desk that
    /// kept its data must not take a new run's messages for repeats.
    pub(crate) fn new(seed: u64, started: DateTime<Utc>) -> Self {
        let seconds = (started.timestamp() - YEAR_2026).max(1);
        Self {
            run: chance::mix(seed ^ started.timestamp_millis().unsigned_abs()),
            next: AtomicU64::new(1),
            telegram: AtomicU64::new(seconds.unsigned_abs() * 16),
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Relaxed)
    }

    /// Makes a WhatsApp message id.
    pub(crate) fn wamid(&self) -> String {
        let mut bytes = vec![0x1c, 0x18, 0x0b];
        bytes.extend(format!("{:016X}{:08X}", self.run, self.number()).bytes());
        bytes.push(0);
        format!("wamid.{}", BASE64_STANDARD.encode(bytes))
    }

    /// Makes a numeric id, as Meta gives to media.
    pub(crate) fn digits(&self) -> String {
        format!(
            "{}{:07}",
            100_000_000 + self.run % 900_000_000,
            self.number()
        )
    }

    /// Makes an id with a speaking prefix.
    pub(crate) fn prefixed(&self, prefix: &str) -> String {
        format!("{prefix}{:012x}{:x}", self.run >> 16, self.number())
    }

    /// Makes the next number of Telegram's growing counters.
    pub(crate) fn telegram(&self) -> u64 {
        self.telegram.fetch_add(1, Relaxed)
    }
}
