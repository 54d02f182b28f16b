//! Where a clock stands by the figures that were kept, without its history.

use super::{Figures, Hours, Outcome, Phase, Status};
use crate::schedule::{Kind, Timeline};
use chrono::{DateTime, TimeDelta, Utc};

impl Figures {
    /// Tells where it stands at a moment since the figures were kept, if nothing happened since.
    ///
    /// The timeline is that of [`Figures::schedule`]. A breach that was not told yet is known here
    /// all the same: it is the deadline that passed.
    pub fn status<'a>(&self, timeline: &'a Timeline, now: DateTime<Utc>) -> Status<'a> {
        let elapsed = self.elapsed(timeline, now);
        let is_counting = self.ended.is_none() && self.counting_since.is_some();
        let is_used_up = is_counting && self.deadline.is_some_and(|deadline| deadline <= now);
        let outcome = match self.outcome {
            Outcome::Open if is_used_up => Outcome::Breached,
            outcome => outcome,
        };
        Status {
            id: self.id,
            phase: self.phase(timeline, now),
            outcome,
            elapsed,
            remaining: self
                .within_ms
                .map(|within| TimeDelta::milliseconds(within) - elapsed),
            remaining_wall: self
                .deadline
                .filter(|_| is_counting)
                .map(|deadline| deadline - now),
            deadline: self.deadline,
        }
    }

    /// Returns the counted time at a moment since the figures were kept.
    pub fn elapsed(&self, timeline: &Timeline, now: DateTime<Utc>) -> TimeDelta {
        let running = match (self.counting_since, self.hours) {
            (None, _) => TimeDelta::zero(),
            (Some(since), Some(Hours::Business)) => timeline.elapsed(since, now),
            (Some(since), _) => {
                let ms = now.timestamp_millis() - since.timestamp_millis();
                TimeDelta::milliseconds(ms.max(0))
            }
        };
        TimeDelta::milliseconds(self.counted_ms) + running
    }

    fn phase<'a>(&self, timeline: &'a Timeline, now: DateTime<Utc>) -> Phase<'a> {
        match (self.ended, self.paused_in, self.hours) {
            (Some(ended), _, _) => Phase::Ended(ended.how),
            (None, Some(state), _) => Phase::Paused(state),
            (None, None, Some(Hours::Business)) => match timeline.kind_at(now) {
                Kind::Open => Phase::Counting,
                closed => Phase::Closed(closed, timeline.next_open(now)),
            },
            (None, None, _) => Phase::Counting,
        }
    }
}
