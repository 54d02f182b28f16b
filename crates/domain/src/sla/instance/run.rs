//! How an instance goes on: time passes, states turn, promises change, it ends.

use super::{
    End, Ended, Entry, Fired, Ground, Happening, Instance, InstanceId, Next, Segment, moment,
};
use crate::id::EventId;
use crate::sla::{Hours, MidFlight, PolicyVersion, Target};
use chrono::{DateTime, Utc};

impl<'b> Instance<'b> {
    pub(in crate::sla) fn start(
        id: InstanceId,
        number: u32,
        at: DateTime<Utc>,
        policy: Option<PolicyVersion>,
        promise: (i16, Option<&'b Target>),
        ground: Ground<'b>,
    ) -> Self {
        let mut instance = Self {
            id,
            number,
            started_at: at,
            ended: None,
            policy,
            priority: promise.0,
            target: promise.1,
            breached_at: None,
            fired: Vec::new(),
            entries: Vec::new(),
            segments: Vec::new(),
            banked: 0,
            next: None,
        };
        instance.enter(Happening::Activated, at, Some(id.started_by));
        instance.open(ground, at, id.started_by);
        if !instance.is_counting() {
            instance.enter(Happening::Paused(ground.state), at, Some(id.started_by));
        }
        instance
    }

    /// Tells whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// Tells whether its state lets it count, open hours or not.
    pub fn is_counting(&self) -> bool {
        self.is_running() && self.segments.last().is_some_and(|segment| segment.counting)
    }

    /// Returns the milliseconds counted in what is over and not forgotten.
    pub(in crate::sla) fn banked_ms(&self) -> i64 {
        self.banked
    }

    /// Returns the milliseconds counted up to a moment that is not before the last change.
    pub(in crate::sla) fn elapsed_ms(&self, now: i64) -> i64 {
        match self.segments.last() {
            Some(last) if last.to.is_none() => self.banked + last.counted(now),
            _ => self.banked,
        }
    }

    /// Returns when the target will be used up if nothing happens; none while it is paused.
    pub(in crate::sla) fn due_ms(&self) -> Option<i64> {
        self.reached(self.target?.within_ms)
    }

    /// Returns when the breach or the next step comes if nothing happens.
    pub(in crate::sla) fn next_ms(&self) -> Option<i64> {
        self.next.map(|next| next.at)
    }

    /// Lets time pass: what comes up to a moment, the moment included, comes at its own time.
    pub(in crate::sla) fn advance(&mut self, to: i64) {
        while let Some(next) = self.next.filter(|next| next.at <= to) {
            let at = moment(next.at);
            self.fired.push(Fired {
                at,
                step: next.step,
            });
            match next.step {
                None => {
                    self.breached_at = Some(at);
                    self.enter(Happening::Breached, at, None);
                }
                Some(step) => {
                    let step = step.name.clone();
                    self.enter(Happening::Stepped { step }, at, None);
                }
            }
            self.plan();
        }
    }

    /// Goes over to another state.
    pub(in crate::sla) fn turn(&mut self, ground: Ground<'b>, at: DateTime<Utc>, event: EventId) {
        let counted = self.is_counting();
        self.close(at);
        self.open(ground, at, event);
        match (counted, self.is_counting()) {
            (true, false) => self.enter(Happening::Paused(ground.state), at, Some(event)),
            (false, true) => self.enter(Happening::Resumed, at, Some(event)),
            _ => {}
        }
    }

    /// Goes over to another schedule.
    pub(in crate::sla) fn reschedule(
        &mut self,
        ground: Ground<'b>,
        how: MidFlight,
        at: DateTime<Utc>,
        event: EventId,
    ) {
        let current = self.segments.last().and_then(|segment| segment.schedule);
        // Who had none yet gets the first.
        let how = if current.is_none() {
            MidFlight::CarryOver
        } else {
            how
        };
        if how == MidFlight::Keep || current == ground.schedule {
            return;
        }
        self.close(at);
        if how == MidFlight::Restart {
            self.forget();
        }
        self.open(ground, at, event);
        let schedule = ground.schedule;
        self.enter(Happening::Rescheduled { how, schedule }, at, Some(event));
    }

    /// Goes over to another promise. A breach stays, and so does the promise that was broken.
    pub(in crate::sla) fn retarget(
        &mut self,
        policy: Option<PolicyVersion>,
        promise: (i16, Option<&'b Target>),
        how: MidFlight,
        at: DateTime<Utc>,
        event: EventId,
    ) {
        // Who had no policy yet gets the first.
        let how = if self.policy.is_none() {
            MidFlight::CarryOver
        } else {
            how
        };
        if self.breached_at.is_some() || how == MidFlight::Keep {
            return;
        }
        let before = self.target;
        let alike = match (before, promise.1) {
            (Some(before), Some(after)) => before.is_like(after),
            (None, None) => true,
            _ => false,
        };
        (self.policy, self.priority, self.target) = (policy, promise.0, promise.1);
        let Some(last) = self.segments.last().copied() else {
            return;
        };
        if !alike {
            self.close(at);
            if how == MidFlight::Restart {
                self.forget();
            }
            self.open(last.ground(), at, event);
        }
        let what = Happening::Retargeted {
            how,
            policy,
            priority: promise.0,
            from_ms: before.map(|target| target.within_ms),
            to_ms: promise.1.map(|target| target.within_ms),
        };
        self.enter(what, at, Some(event));
    }

    pub(in crate::sla) fn end(&mut self, how: End, at: DateTime<Utc>, event: EventId) {
        self.close(at);
        self.next = None;
        self.ended = Some(Ended { at, how, event });
        let what = match how {
            End::Fulfilled => Happening::Fulfilled,
            End::Stopped => Happening::Stopped,
        };
        self.enter(what, at, Some(event));
    }

    fn enter(&mut self, what: Happening, at: DateTime<Utc>, event: Option<EventId>) {
        self.entries.push(Entry { at, event, what });
    }

    fn open(&mut self, ground: Ground<'b>, at: DateTime<Utc>, event: EventId) {
        self.segments.push(Segment {
            from: at,
            to: None,
            event,
            state: ground.state,
            counting: self.id.clock.counts_in(ground.state),
            hours: self.target.map_or(Hours::Business, |target| target.hours),
            schedule: ground.schedule,
            forgotten: false,
            timeline: ground.timeline,
        });
        self.plan();
    }

    fn close(&mut self, at: DateTime<Utc>) {
        let Some(last) = self.segments.last_mut() else {
            return;
        };
        last.to = Some(at);
        self.banked += last.counted(at.timestamp_millis());
        if last.from == at {
            self.segments.pop();
        }
    }

    fn forget(&mut self) {
        self.banked = 0;
        for segment in &mut self.segments {
            segment.forgotten = true;
        }
    }

    /// Finds what comes next: of what has not come yet the first, the breach before its steps.
    fn plan(&mut self) {
        self.next = None;
        let (Some(target), true) = (self.target, self.is_counting()) else {
            return;
        };
        let breach = self
            .breached_at
            .is_none()
            .then_some((target.within_ms, None));
        let steps = target
            .steps
            .iter()
            .filter(|step| !self.has_fired(&step.name));
        let steps = steps.map(|step| (target.threshold(step.at), Some(step)));
        let first = breach
            .into_iter()
            .chain(steps)
            .min_by_key(|(used, step)| (*used, step.is_some()));
        self.next = first.and_then(|(used, step)| {
            let at = self.reached(used)?;
            Some(Next { at, step })
        });
    }

    fn has_fired(&self, name: &str) -> bool {
        let mut steps = self.fired.iter().filter_map(|fired| fired.step);
        steps.any(|step| step.name == name)
    }

    /// Returns when so much time is used if nothing happens; the last change if it was before.
    fn reached(&self, used: i64) -> Option<i64> {
        let last = self
            .segments
            .last()
            .filter(|last| last.counting && self.is_running())?;
        let from = last.from.timestamp_millis();
        let rest = (used - self.banked).max(0);
        match last.hours {
            Hours::Calendar => from.checked_add(rest),
            Hours::Business => last.timeline.deadline_ms(from, rest),
        }
    }
}
