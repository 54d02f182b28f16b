//! The fold over an episode's history.

use super::instance::{Ground, moment};
use super::ledger::Stay;
use super::{
    Book, Clock, End, Error, Instance, InstanceId, MidFlight, Moment, Party, Policy, Report, Rules,
    State, What,
};
use crate::id::{EventId, ScheduleId};
use crate::schedule::Timeline;
use chrono::{DateTime, Utc};

/// Computes the clocks of one episode, as they are at `now`.
///
/// `history` is in the order of the log; moments after `now` have not happened yet.
pub fn evaluate<'b>(
    history: impl IntoIterator<Item = Moment>,
    book: &'b Book,
    now: DateTime<Utc>,
) -> Result<Report<'b>, Error> {
    let mut tracker = Tracker::new(book);
    for moment in history {
        // What the log puts after a moment to come has not happened either.
        if moment.at.timestamp_millis() > now.timestamp_millis() {
            break;
        }
        tracker.apply(moment)?;
    }
    Ok(tracker.report(now))
}

/// Follows one episode, moment by moment.
#[derive(Debug, Clone)]
pub struct Tracker<'b> {
    book: &'b Book,
    at: DateTime<Utc>,
    opened: Option<DateTime<Utc>>,
    resolved: Option<DateTime<Utc>>,
    state: State,
    priority: i16,
    policy: Option<&'b Policy>,
    schedule: Option<ScheduleId>,
    timeline: Option<&'b Timeline>,
    /// Whether an agent has it.
    held: bool,
    instances: Vec<Instance<'b>>,
    /// Places of the instances that run.
    running: Vec<usize>,
    stays: Vec<Stay<'b>>,
}

impl<'b> Tracker<'b> {
    /// Begins before the episode opens.
    pub fn new(book: &'b Book) -> Self {
        Self {
            book,
            at: DateTime::<Utc>::MIN_UTC,
            opened: None,
            resolved: None,
            state: State::New,
            priority: 0,
            policy: None,
            schedule: None,
            timeline: None,
            held: false,
            instances: Vec::new(),
            running: Vec::new(),
            stays: Vec::new(),
        }
    }

    /// Takes the next thing that happened. After the resolution nothing changes any more.
    ///
    /// Deadlines up to its time, that time included, are over before it.
    pub fn apply(&mut self, next: Moment) -> Result<(), Error> {
        if self.resolved.is_some() {
            return Ok(());
        }
        let at = moment(next.at.timestamp_millis()).max(self.at);
        self.at = at;
        self.advance(at);
        let event = next.event;
        match next.what {
            What::PriorityChanged(priority) => self.prioritise(priority, event),
            What::PolicyChanged(key) => {
                let policy = key.map(|key| self.book.policy(key)).transpose()?;
                self.govern(policy, event);
            }
            What::ScheduleChanged(id) => {
                let timeline = self.book.schedule(id)?;
                self.reschedule(id, timeline, event);
            }
            What::Opened { by } | What::Reopened { by } => self.open(by, event)?,
            _ if self.opened.is_none() => return Err(Error::NotOpened(event)),
            what => self.live(what, event)?,
        }
        Ok(())
    }

    /// Returns all clocks at a moment, which counts as the last one's time if it lies before it.
    pub fn report(mut self, now: DateTime<Utc>) -> Report<'b> {
        let now = moment(now.timestamp_millis()).max(self.at);
        self.advance(now);
        Report {
            now,
            opened: self.opened,
            resolved: self.resolved,
            state: self.state,
            instances: self.instances,
            stays: self.stays,
        }
    }

    fn live(&mut self, what: What, event: EventId) -> Result<(), Error> {
        match what {
            What::CustomerMessage => self.customer_wrote(event)?,
            What::AgentReply => self.agent_replied(event)?,
            What::Reacted { by } => self.reacted(by, event)?,
            What::Became(state) if state.is_done() => self.resolve(state, event),
            What::Became(state) => self.become_state(state, event)?,
            What::Queued => {
                self.hold(false)?;
                self.finish(Clock::TimeToAccept, End::Stopped, event);
                self.start_missing(Clock::QueueWait, event)?;
            }
            What::Offered { .. } => {
                self.finish(Clock::TimeToAccept, End::Stopped, event);
                self.start(Clock::TimeToAccept, event)?;
            }
            What::Accepted { .. } => {
                self.finish(Clock::TimeToAccept, End::Fulfilled, event);
                self.finish(Clock::QueueWait, End::Fulfilled, event);
                self.hold(true)?;
            }
            What::Declined { .. } | What::Expired { .. } | What::Rescinded { .. } => {
                self.finish(Clock::TimeToAccept, End::Stopped, event);
            }
            What::Unqueued => {
                self.finish(Clock::TimeToAccept, End::Stopped, event);
                self.finish(Clock::QueueWait, End::Stopped, event);
            }
            What::Released => self.hold(false)?,
            What::Merged => self.end(State::Resolved, event, |_| End::Stopped),
            What::Unasked => {
                self.finish(Clock::FirstReply, End::Stopped, event);
                self.finish(Clock::NextReply, End::Stopped, event);
            }
            What::InternalNote => {}
            What::Opened { .. }
            | What::Reopened { .. }
            | What::PriorityChanged(_)
            | What::PolicyChanged(_)
            | What::ScheduleChanged(_) => {}
        }
        Ok(())
    }

    fn open(&mut self, by: Party, event: EventId) -> Result<(), Error> {
        if self.opened.is_some() {
            return Ok(());
        }
        self.opened = Some(self.at);
        self.held = by == Party::Agent;
        self.state = if self.held { State::Open } else { State::New };
        self.stay()?;
        if by != Party::Agent {
            self.start(Clock::FirstReply, event)?;
        }
        for clock in [
            Clock::RequesterWait,
            Clock::AgentWork,
            Clock::TotalResolution,
        ] {
            self.start(clock, event)?;
        }
        Ok(())
    }

    fn customer_wrote(&mut self, event: EventId) -> Result<(), Error> {
        self.end_customer_wait(event)?;
        let first = self
            .instances
            .iter()
            .find(|known| known.id.clock == Clock::FirstReply);
        match first {
            // An agent opened the episode: now there is something to answer.
            None => self.start(Clock::FirstReply, event),
            // Until the first reply this wait is the first reply's.
            Some(first) if first.is_running() => Ok(()),
            Some(_) => self.start_missing(Clock::NextReply, event),
        }
    }

    fn agent_replied(&mut self, event: EventId) -> Result<(), Error> {
        self.finish(Clock::FirstReply, End::Fulfilled, event);
        self.finish(Clock::NextReply, End::Fulfilled, event);
        for update in [Clock::PeriodicUpdate, Clock::PausableUpdate] {
            self.finish(update, End::Fulfilled, event);
            self.start(update, event)?;
        }
        Ok(())
    }

    fn reacted(&mut self, by: Party, event: EventId) -> Result<(), Error> {
        let rules = self.rules();
        match by {
            // It asks for nothing, so that it starts no clock.
            Party::Customer if rules.customer_reaction_answers => self.end_customer_wait(event),
            Party::Agent if rules.agent_reaction_updates => {
                for update in [Clock::PeriodicUpdate, Clock::PausableUpdate] {
                    if self.finish(update, End::Fulfilled, event) {
                        self.start(update, event)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end_customer_wait(&mut self, event: EventId) -> Result<(), Error> {
        match self.state {
            State::WaitingForCustomer => self.become_state(State::Open, event),
            _ => Ok(()),
        }
    }

    fn become_state(&mut self, state: State, event: EventId) -> Result<(), Error> {
        if state == self.state {
            return Ok(());
        }
        self.state = state;
        self.stay()?;
        for place in self.running.clone() {
            let instance = &mut self.instances[place];
            if let Some(last) = instance.segments.last() {
                let ground = Ground {
                    state,
                    ..last.ground()
                };
                instance.turn(ground, self.at, event);
            }
        }
        Ok(())
    }

    fn resolve(&mut self, state: State, event: EventId) {
        self.end(state, event, |clock| {
            match clock.fulfilled_by_resolution() {
                true => End::Fulfilled,
                false => End::Stopped,
            }
        });
    }

    /// Ends the episode, and each clock as told.
    fn end(&mut self, state: State, event: EventId, how: impl Fn(Clock) -> End) {
        for clock in Clock::ALL {
            self.finish(clock, how(clock), event);
        }
        self.state = state;
        self.resolved = Some(self.at);
    }

    fn prioritise(&mut self, priority: i16, event: EventId) {
        if priority != self.priority {
            self.priority = priority;
            self.retarget(self.rules().on_priority_change, event);
        }
    }

    fn govern(&mut self, policy: Option<&'b Policy>, event: EventId) {
        if policy.map(|policy| policy.key) == self.policy.map(|policy| policy.key) {
            return;
        }
        // The one that takes over says how; the last one says how it leaves.
        let rules = policy
            .or(self.policy)
            .map(|policy| policy.rules)
            .unwrap_or_default();
        self.policy = policy;
        self.retarget(rules.on_policy_change, event);
    }

    fn retarget(&mut self, how: MidFlight, event: EventId) {
        let key = self.policy.map(|policy| policy.key);
        for place in &self.running {
            let instance = &mut self.instances[*place];
            let clock = instance.id.clock;
            let target = self
                .policy
                .and_then(|policy| policy.target(clock, self.priority));
            instance.retarget(key, (self.priority, target), how, self.at, event);
        }
        self.advance(self.at);
    }

    fn reschedule(&mut self, id: Option<ScheduleId>, timeline: &'b Timeline, event: EventId) {
        let how = self.rules().on_schedule_change;
        (self.schedule, self.timeline) = (id, Some(timeline));
        for place in &self.running {
            let instance = &mut self.instances[*place];
            let state = self.state;
            let ground = Ground {
                state,
                schedule: id,
                timeline,
            };
            instance.reschedule(ground, how, self.at, event);
        }
        if let (Some(_), Some(last)) = (self.opened, self.stays.last()) {
            let stay = Stay {
                from: self.at,
                timeline,
                ..*last
            };
            self.stays.push(stay);
        }
    }

    fn rules(&self) -> Rules {
        self.policy.map(|policy| policy.rules).unwrap_or_default()
    }

    fn hold(&mut self, held: bool) -> Result<(), Error> {
        if held != self.held {
            self.held = held;
            self.stay()?;
        }
        Ok(())
    }

    /// Notes for the ledger who has the episode from now on.
    fn stay(&mut self) -> Result<(), Error> {
        let stay = Stay {
            from: self.at,
            state: self.state,
            held: self.held,
            timeline: self.ground()?.timeline,
        };
        self.stays.push(stay);
        Ok(())
    }

    fn ground(&self) -> Result<Ground<'b>, Error> {
        let timeline = match self.timeline {
            Some(timeline) => timeline,
            None => self.book.schedule(None)?,
        };
        Ok(Ground {
            state: self.state,
            schedule: self.schedule,
            timeline,
        })
    }

    fn advance(&mut self, to: DateTime<Utc>) {
        for place in &self.running {
            self.instances[*place].advance(to.timestamp_millis());
        }
    }

    fn start_missing(&mut self, clock: Clock, event: EventId) -> Result<(), Error> {
        match self.running(clock) {
            Some(_) => Ok(()),
            None => self.start(clock, event),
        }
    }

    fn start(&mut self, clock: Clock, event: EventId) -> Result<(), Error> {
        let same = self
            .instances
            .iter()
            .rev()
            .find(|known| known.id.clock == clock);
        let number = same.map_or(1, |last| last.number + 1);
        let target = self
            .policy
            .and_then(|policy| policy.target(clock, self.priority));
        let mut instance = Instance::start(
            InstanceId {
                clock,
                started_by: event,
            },
            number,
            self.at,
            self.policy.map(|policy| policy.key),
            (self.priority, target),
            self.ground()?,
        );
        // A warning longer than its target comes at once.
        instance.advance(self.at.timestamp_millis());
        self.running.push(self.instances.len());
        self.instances.push(instance);
        Ok(())
    }

    /// Ends the run of a clock; tells whether there was one.
    fn finish(&mut self, clock: Clock, how: End, event: EventId) -> bool {
        let Some(place) = self.running(clock) else {
            return false;
        };
        self.instances[place].end(how, self.at, event);
        self.running.retain(|running| *running != place);
        true
    }

    fn running(&self, clock: Clock) -> Option<usize> {
        let mut running = self.running.iter().copied();
        running.find(|place| self.instances[*place].id.clock == clock)
    }
}
