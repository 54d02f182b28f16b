//! Every interval of an instance, and why it counted or did not.

use super::{Hours, Instance, State};
use crate::id::{EventId, ScheduleId};
use crate::schedule::Kind;
use chrono::{DateTime, TimeDelta, Utc};

/// Why an interval counted, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because<'a> {
    /// The state counts, and the team is open or all time counts.
    Counted,
    /// The state pauses the clock.
    Paused,
    /// The state would count, but the team is closed.
    Closed(Kind<'a>),
}

/// An interval of an instance's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// Why it counted, or did not.
    pub because: Because<'a>,
    /// The state of the conversation.
    pub state: State,
    /// Which time counts.
    pub hours: Hours,
    /// The schedule.
    pub schedule: Option<ScheduleId>,
    /// The event that brought this state, schedule or promise.
    pub event: EventId,
    /// Whether a restart forgot it.
    pub forgotten: bool,
    /// The counted time up to its end, of what is not forgotten.
    pub total: TimeDelta,
}

impl<'b> Instance<'b> {
    /// Explains the instance up to a moment at or after everything that happened.
    ///
    /// The lines cover its life without a gap; what counted and is not forgotten sums to
    /// [`Instance::elapsed`].
    pub fn explain(&self, now: DateTime<Utc>) -> Vec<Line<'b>> {
        let mut lines: Vec<Line<'b>> = Vec::new();
        let mut total = TimeDelta::zero();
        for segment in &self.segments {
            let to = segment.to.unwrap_or(now);
            let mut push = |from, to, because| {
                if because == Because::Counted && !segment.forgotten {
                    total += to - from;
                }
                lines.push(Line {
                    from,
                    to,
                    because,
                    state: segment.state,
                    hours: segment.hours,
                    schedule: segment.schedule,
                    event: segment.event,
                    forgotten: segment.forgotten,
                    total,
                });
            };
            match (segment.counting, segment.hours) {
                _ if segment.from >= to => {}
                (false, _) => push(segment.from, to, Because::Paused),
                (true, Hours::Calendar) => push(segment.from, to, Because::Counted),
                (true, Hours::Business) => {
                    for tile in segment.timeline.tiles(segment.from, to) {
                        let because = match tile.kind {
                            Kind::Open => Because::Counted,
                            closed => Because::Closed(closed),
                        };
                        push(tile.from, tile.to, because);
                    }
                }
            }
        }
        lines
    }
}
