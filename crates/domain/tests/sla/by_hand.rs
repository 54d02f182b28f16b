//! Clocks counted by hand: no deadlines and no segments.
//!
//! The desk looks once a minute and whenever something happens: which clocks count since it looked
//! last, and what they used up. Schedules open and close at whole minutes, so that it misses nothing.

use crate::naive::Plans;
use crate::story::event;
use interdesk_domain::id::{EventId, ScheduleId};
use interdesk_domain::sla::*;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: i64 = 60_000;

/// A history in milliseconds after its beginning, and all that it refers to.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) begin: i64,
    pub(crate) plans: Vec<Plans>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) told: Vec<(i64, What)>,
    pub(crate) now: i64,
}

/// Counts a whole history.
pub(crate) fn by_hand(case: &Case) -> Desk<'_> {
    let mut desk = Desk {
        policies: &case.policies,
        plans: &case.plans,
        at: 0,
        state: None,
        held: false,
        policy: None,
        priority: 0,
        schedule: None,
        runs: Vec::new(),
        owners: BTreeMap::new(),
    };
    let minutes = (0..=case.now / MINUTE).map(|minute| minute * MINUTE);
    let told = case.told.iter().map(|told| told.0);
    let looks: BTreeSet<i64> = minutes.chain(told).chain([case.now]).collect();
    let mut next = 0;
    let mut last = None;
    for at in looks {
        if let Some(last) = last {
            desk.count(case.begin + last, at - last);
        }
        desk.at = at;
        desk.look();
        while let Some((_, what)) = case.told.get(next).filter(|told| told.0 == at) {
            if desk.state.is_none_or(|state| !state.is_done()) {
                desk.happen(*what, event(next));
                desk.look();
            }
            next += 1;
        }
        last = Some(at);
    }
    desk
}

/// A run of a clock as far as it was counted.
pub(crate) struct Run<'a> {
    pub(crate) id: InstanceId,
    target: Option<&'a Target>,
    governed: bool,
    schedule: Option<ScheduleId>,
    pub(crate) used: i64,
    pub(crate) breached: Option<i64>,
    pub(crate) fired: Vec<(i64, Option<String>)>,
    pub(crate) ended: Option<(i64, End)>,
}

impl Run<'_> {
    /// Notes what is used up by the end of time that counts, at the moment at which it is.
    fn look(&mut self, now: i64, lasts: i64) {
        let Some(target) = self.target else { return };
        let steps = target.steps.iter().map(|step| {
            let at = match step.at {
                At::Percent(percent) => target.within_ms * i64::from(percent) / 100,
                At::Before(time) => target.within_ms - time,
                At::Breach => target.within_ms,
                At::After(time) => target.within_ms + time,
            };
            (at, Some(step.name.clone()))
        });
        for (threshold, name) in steps.chain([(target.within_ms, None)]) {
            let known = self.fired.iter().any(|fired| fired.1 == name);
            if known || self.used + lasts < threshold {
                continue;
            }
            let at = now + (threshold - self.used).max(0);
            if name.is_none() {
                self.breached = Some(at);
            }
            self.fired.push((at, name));
        }
    }
}

/// A desk that is looked at every minute.
pub(crate) struct Desk<'a> {
    policies: &'a [Policy],
    plans: &'a [Plans],
    at: i64,
    state: Option<State>,
    held: bool,
    policy: Option<&'a Policy>,
    priority: i16,
    schedule: Option<ScheduleId>,
    pub(crate) runs: Vec<Run<'a>>,
    pub(crate) owners: BTreeMap<Owner, i64>,
}

impl<'a> Desk<'a> {
    fn target(&self, clock: Clock) -> Option<&'a Target> {
        let targets = &self.policy?.targets;
        let of = |priority| {
            targets
                .iter()
                .find(|target| target.clock == clock && target.priority == priority)
        };
        of(Some(self.priority)).or(of(None))
    }

    fn start(&mut self, clock: Clock, started_by: EventId) {
        self.runs.push(Run {
            id: InstanceId { clock, started_by },
            target: self.target(clock),
            governed: self.policy.is_some(),
            schedule: self.schedule,
            used: 0,
            breached: None,
            fired: Vec::new(),
            ended: None,
        });
    }

    fn runs(&self, clock: Clock) -> bool {
        self.runs
            .iter()
            .any(|run| run.id.clock == clock && run.ended.is_none())
    }

    fn end(&mut self, clock: Clock, how: End) {
        let now = self.at;
        for run in self
            .runs
            .iter_mut()
            .filter(|run| run.id.clock == clock && run.ended.is_none())
        {
            run.ended = Some((now, how));
        }
    }

    fn happen(&mut self, what: What, by: EventId) {
        use Clock::*;
        match what {
            What::Opened { by: party } | What::Reopened { by: party } => {
                let agent = party == Party::Agent;
                self.state = Some(if agent { State::Open } else { State::New });
                self.held = agent;
                if !agent {
                    self.start(FirstReply, by);
                }
                for clock in [RequesterWait, AgentWork, TotalResolution] {
                    self.start(clock, by);
                }
            }
            What::CustomerMessage => {
                if self.state == Some(State::WaitingForCustomer) {
                    self.state = Some(State::Open);
                }
                let first = self.runs.iter().find(|run| run.id.clock == FirstReply);
                match first.map(|run| run.ended.is_some()) {
                    None => self.start(FirstReply, by),
                    Some(true) if !self.runs(NextReply) => self.start(NextReply, by),
                    Some(_) => {}
                }
            }
            What::AgentReply => {
                for clock in [FirstReply, NextReply, PeriodicUpdate, PausableUpdate] {
                    self.end(clock, End::Fulfilled);
                }
                for clock in [PeriodicUpdate, PausableUpdate] {
                    self.start(clock, by);
                }
            }
            What::Reacted {
                by: Party::Customer,
            } => {
                let answers = self
                    .policy
                    .is_some_and(|policy| policy.rules.customer_reaction_answers);
                if answers && self.state == Some(State::WaitingForCustomer) {
                    self.state = Some(State::Open);
                }
            }
            What::Reacted { by: Party::System } => {}
            What::Reacted { by: Party::Agent } => {
                if self
                    .policy
                    .is_some_and(|policy| policy.rules.agent_reaction_updates)
                    && self.runs(PeriodicUpdate)
                {
                    for clock in [PeriodicUpdate, PausableUpdate] {
                        self.end(clock, End::Fulfilled);
                    }
                    for clock in [PeriodicUpdate, PausableUpdate] {
                        self.start(clock, by);
                    }
                }
            }
            What::Became(state @ (State::Resolved | State::Closed)) => {
                for clock in [NextReply, RequesterWait, AgentWork, TotalResolution] {
                    self.end(clock, End::Fulfilled);
                }
                for clock in Clock::ALL {
                    self.end(clock, End::Stopped);
                }
                self.state = Some(state);
            }
            What::Became(state) => self.state = Some(state),
            What::Queued => {
                self.held = false;
                self.end(TimeToAccept, End::Stopped);
                if !self.runs(QueueWait) {
                    self.start(QueueWait, by);
                }
            }
            What::Offered { .. } => {
                self.end(TimeToAccept, End::Stopped);
                self.start(TimeToAccept, by);
            }
            What::Accepted { .. } => {
                self.held = true;
                for clock in [TimeToAccept, QueueWait] {
                    self.end(clock, End::Fulfilled);
                }
            }
            What::Declined { .. } | What::Expired { .. } | What::Rescinded { .. } => {
                self.end(TimeToAccept, End::Stopped)
            }
            What::Unqueued => {
                for clock in [TimeToAccept, QueueWait] {
                    self.end(clock, End::Stopped);
                }
            }
            What::Released => self.held = false,
            What::InternalNote => {}
            What::Merged => {
                for clock in Clock::ALL {
                    self.end(clock, End::Stopped);
                }
                self.state = Some(State::Resolved);
            }
            What::Unasked => {
                for clock in [FirstReply, NextReply] {
                    self.end(clock, End::Stopped);
                }
            }
            What::PriorityChanged(priority) => {
                if self.priority != priority {
                    self.priority = priority;
                    let how = self
                        .policy
                        .map(|policy| policy.rules.on_priority_change)
                        .unwrap_or_default();
                    self.promise_anew(how);
                }
            }
            What::PolicyChanged(key) => {
                let next =
                    key.and_then(|key| self.policies.iter().find(|policy| policy.key == key));
                if next.map(|policy| policy.key) != self.policy.map(|policy| policy.key) {
                    let how = next
                        .or(self.policy)
                        .map(|policy| policy.rules.on_policy_change)
                        .unwrap_or_default();
                    self.policy = next;
                    self.promise_anew(how);
                }
            }
            What::ScheduleChanged(id) => {
                let how = self
                    .policy
                    .map(|policy| policy.rules.on_schedule_change)
                    .unwrap_or_default();
                self.schedule = id;
                for run in self
                    .runs
                    .iter_mut()
                    .filter(|run| run.ended.is_none() && run.schedule != id)
                {
                    match (run.schedule, how) {
                        (Some(_), MidFlight::Keep) => continue,
                        (Some(_), MidFlight::Restart) => run.used = 0,
                        _ => {}
                    }
                    run.schedule = id;
                }
            }
        }
    }

    fn promise_anew(&mut self, how: MidFlight) {
        for n in 0..self.runs.len() {
            let target = self.target(self.runs[n].id.clock);
            let governed = self.policy.is_some();
            let run = &mut self.runs[n];
            let how = if run.governed {
                how
            } else {
                MidFlight::CarryOver
            };
            if run.ended.is_some() || run.breached.is_some() || how == MidFlight::Keep {
                continue;
            }
            let promise = |target: Option<&Target>| {
                target.map(|target| (target.within_ms, target.hours, target.steps.clone()))
            };
            if how == MidFlight::Restart && promise(run.target) != promise(target) {
                run.used = 0;
            }
            run.target = target;
            run.governed = governed;
        }
    }

    /// Looks what is used up now.
    fn look(&mut self) {
        let (now, state) = (self.at, self.state);
        for run in self.runs.iter_mut().filter(|run| run.ended.is_none()) {
            if state.is_some_and(|state| counts(run.id.clock, state)) {
                run.look(now, 0);
            }
        }
    }

    fn count(&mut self, at: i64, lasts: i64) {
        let Some(state) = self.state.filter(|state| !state.is_done()) else {
            return;
        };
        // Each schedule is looked at once, if at all.
        let plans = self.plans;
        let looked: Vec<_> = plans.iter().map(|_| OnceCell::new()).collect();
        let is_open = |schedule: Option<ScheduleId>| {
            schedule.is_none_or(|id| {
                let n = id.0.as_u128() as usize;
                *looked[n].get_or_init(|| plans[n].elapsed(at, at + lasts) > 0)
            })
        };
        for run in self.runs.iter_mut().filter(|run| run.ended.is_none()) {
            let calendar = run
                .target
                .is_some_and(|target| target.hours == Hours::Calendar);
            if counts(run.id.clock, state) && (calendar || is_open(run.schedule)) {
                run.look(self.at, lasts);
                run.used += lasts;
            }
        }
        let ours = if self.held || state == State::Snoozed {
            Owner::Agent
        } else {
            Owner::System
        };
        let owner = match state {
            State::WaitingForCustomer => Owner::Customer,
            State::OnHold => Owner::ThirdParty,
            _ if is_open(self.schedule) => ours,
            _ => Owner::ClosedHours,
        };
        *self.owners.entry(owner).or_default() += lasts;
    }
}

/// The table of the definitions, once more.
fn counts(clock: Clock, state: State) -> bool {
    use State::*;
    let states: &[State] = match clock {
        Clock::PausableUpdate | Clock::RequesterWait => &[New, Open, OnHold],
        Clock::AgentWork => &[New, Open],
        _ => &[New, Open, OnHold, WaitingForCustomer, Snoozed],
    };
    states.contains(&state)
}
