//! Durations as counts in buckets: small, and merged by addition.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many buckets there are; the last begins beyond a century.
const BUCKETS: usize = 700;

/// Where each bucket begins, in milliseconds.
///
/// Whole numbers alone, so that every machine sorts a duration into the same bucket. Up to 50 ms a
/// bucket holds one value; beyond, it ends 4 % after it begins, so that its middle is less than 2 %
/// away from every value in it.
const BEGINS: [i64; BUCKETS] = {
    let mut begins = [0; BUCKETS];
    let mut n = 1;
    while n < BUCKETS {
        let (one, wide) = (
            begins[n - 1] + 1,
            begins[n - 1] / 25 * 26 + begins[n - 1] % 25 * 26 / 25,
        );
        begins[n] = if wide > one { wide } else { one };
        n += 1;
    }
    begins
};

/// How many durations fell into which bucket.
///
/// Percentiles that are read from it are within 2 % of the exact ones, whatever the durations are
/// and however often sketches were merged. A sketch may hold less than nothing: then it is what a
/// correction takes away.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sketch(BTreeMap<i16, i64>);

impl Sketch {
    /// Reads a sketch from its buckets and how many fell into each.
    pub fn of(buckets: impl IntoIterator<Item = (i16, i64)>) -> Self {
        let mut sketch = Self::default();
        for (bucket, times) in buckets {
            sketch.put(bucket, times);
        }
        sketch
    }

    /// Adds a duration so many times; a negative number takes it away.
    pub fn add(&mut self, ms: i64, times: i64) {
        self.put(bucket(ms), times);
    }

    /// Adds all of another sketch.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, times) in other.buckets() {
            self.put(bucket, times);
        }
    }

    /// Returns the buckets that hold something, in order, and how much.
    pub fn buckets(&self) -> impl Iterator<Item = (i16, i64)> + '_ {
        self.0.iter().map(|(bucket, times)| (*bucket, *times))
    }

    /// Returns how many durations it holds.
    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// Returns the duration that so many per cent of all do not exceed, in milliseconds.
    ///
    /// The exact answer would be the one at the rank of that share, rounded up.
    pub fn percentile(&self, percent: u8) -> Option<i64> {
        let rank = (self.count() * i64::from(percent.min(100)) + 99) / 100;
        let mut seen = 0;
        let at = self.buckets().find(|(_, times)| {
            seen += times;
            seen >= rank.max(1)
        });
        at.map(|(bucket, _)| middle(bucket))
    }

    fn put(&mut self, bucket: i16, times: i64) {
        let held = self.0.entry(bucket).or_default();
        *held += times;
        if *held == 0 {
            self.0.remove(&bucket);
        }
    }
}

/// Returns the bucket of a duration; what is negative counts as nothing.
fn bucket(ms: i64) -> i16 {
    let after = BEGINS.partition_point(|begins| *begins <= ms.max(0));
    i16::try_from(after - 1).unwrap_or(i16::MAX)
}

/// Returns the value that is, in proportion, as far from the first of a bucket as from the last.
fn middle(bucket: i16) -> i64 {
    let bucket = usize::try_from(bucket).unwrap_or(0).min(BUCKETS - 1);
    let first = BEGINS[bucket];
    let last = BEGINS.get(bucket + 1).map_or(first, |next| next - 1);
    let (first, last) = (i128::from(first), i128::from(last));
    let sum = (first + last).max(1);
    let middle = (2 * first * last + sum / 2) / sum;
    i64::try_from(middle).unwrap_or(i64::MAX)
}
