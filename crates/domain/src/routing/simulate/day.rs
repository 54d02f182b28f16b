//! A day, event by event, in virtual time.

use super::report::{Load, Prediction, Report};
use super::router::{Router, Rule};
use super::scenario::{Arrival, Scenario, What};
use crate::id::{AgentId, QueueId, WorkItemId};
use crate::routing::choose::judge;
use crate::routing::expect::{ExpectedWait, Line, Started, expected_wait};
use crate::routing::model::*;
use crate::routing::order::{Place, Weighed};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use uuid::Uuid;

/// Lets the engine have a day.
pub fn run(scenario: &Scenario) -> Report {
    Day::new(Rule::Desk, scenario, Watch::Everything).live()
}

/// Lets a rule have a day; nothing but waits, misses, loads and transfers is measured.
pub fn run_by(rule: Rule, scenario: &Scenario) -> Report {
    Day::new(rule, scenario, Watch::Little).live()
}

/// How closely a day is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    Little,
    /// Every step is checked for faults, and waits are predicted.
    Everything,
}

/// What happens next; of one moment, what comes first here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ends(WorkItemId, i32),
    Answers(WorkItemId, i32),
    GivesUp(WorkItemId),
    Changes(usize),
    IsLost(AgentId),
    Arrives(usize),
}

/// Work on its way through the day.
struct Job {
    item: Item,
    arrival: Arrival,
    declined: u32,
    /// Whether an agent ever got it.
    was_served: bool,
    held_by: Option<AgentId>,
    began_at: DateTime<Utc>,
    predicted: Option<(DateTime<Utc>, usize, ExpectedWait)>,
}

type LineName = (QueueId, Skills);

struct Day<'a> {
    scenario: &'a Scenario,
    watch: Watch,
    router: Router,
    now: DateTime<Utc>,
    events: BinaryHeap<Reverse<(DateTime<Utc>, Event)>>,
    jobs: BTreeMap<WorkItemId, Job>,
    started: BTreeMap<LineName, VecDeque<Started>>,
    steps: usize,
    report: Report,
}

impl<'a> Day<'a> {
    fn new(rule: Rule, scenario: &'a Scenario, watch: Watch) -> Self {
        let mut events = BinaryHeap::new();
        for (place, arrival) in scenario.arrivals.iter().enumerate() {
            events.push(Reverse((arrival.item.entered_at, Event::Arrives(place))));
        }
        for (place, change) in scenario.changes.iter().enumerate() {
            events.push(Reverse((change.at, Event::Changes(place))));
        }
        let agents = scenario.state.agents.keys();
        Self {
            scenario,
            watch,
            router: Router::new(rule, scenario.state.clone(), scenario.starts_at),
            now: scenario.starts_at,
            events,
            jobs: BTreeMap::new(),
            started: BTreeMap::new(),
            steps: 0,
            report: Report {
                agents: agents.map(|agent| (*agent, Load::default())).collect(),
                ..Report::default()
            },
        }
    }

    fn live(mut self) -> Report {
        while let Some(moment) = self.next_moment() {
            self.now = moment;
            self.router.advance(moment);
            while let Some(Reverse((at, event))) = self.events.peek().copied()
                && at <= moment
            {
                self.events.pop();
                self.happen(event);
            }
            self.settle();
        }
        self.end()
    }

    /// Returns when something happens next; a router that waits for time alone, with nothing left
    /// to happen and nothing that waits, is at its end.
    fn next_moment(&self) -> Option<DateTime<Utc>> {
        let event = self.events.peek().map(|Reverse((at, _))| *at);
        let timer = self.router.next_change();
        event.into_iter().chain(timer).min()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrives(place) => {
                let arrival = self.scenario.arrivals[place].clone();
                self.arrive(arrival);
            }
            Event::GivesUp(id) => self.give_up(id),
            Event::Answers(id, epoch) => self.answer(id, epoch),
            Event::Ends(id, epoch) => self.finish(id, epoch),
            Event::Changes(place) => self.change(place),
            Event::IsLost(agent) => self.lose(agent),
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let item = arrival.item.clone();
        self.report.all.came += 1;
        self.report.queues.entry(item.queue).or_default().came += 1;
        if let Some(after) = arrival.gives_up_after {
            let event = (item.entered_at + after, Event::GivesUp(item.id));
            self.events.push(Reverse(event));
        }
        let job = Job {
            item: item.clone(),
            arrival,
            declined: 0,
            was_served: false,
            held_by: None,
            began_at: self.now,
            predicted: None,
        };
        self.jobs.insert(item.id, job);
        self.router.put_item(item);
    }

    fn give_up(&mut self, id: WorkItemId) {
        let waits = self.router.state().items.contains_key(&id);
        let Some(job) = self.jobs.get(&id).filter(|job| waits && !job.was_served) else {
            return;
        };
        let queue = job.item.queue;
        for part in [
            &mut self.report.all,
            self.report.queues.entry(queue).or_default(),
        ] {
            part.gave_up += 1;
            part.missed += 1;
        }
        self.jobs.remove(&id);
        self.router.remove_item(id);
    }

    fn answer(&mut self, id: WorkItemId, epoch: i32) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let Some(agent) = job.held_by.filter(|_| job.item.epoch == epoch) else {
            return;
        };
        if job.declined < job.arrival.declines {
            job.declined += 1;
            let rest = Rest::Until(self.now + self.scenario.conduct.rests_for);
            job.item.refusals.retain(|refusal| refusal.agent != agent);
            job.item.refusals.push(Refusal { agent, rest });
            self.take_back(id);
            return;
        }
        self.router.accept(agent, id);
        self.begin(id);
    }

    /// Takes work from whoever has it and lets it wait again.
    fn take_back(&mut self, id: WorkItemId) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let Some(agent) = job.held_by.take() else {
            return;
        };
        self.report.transfers += 1;
        job.item.epoch += 1;
        let item = job.item.clone();
        let after = Release {
            at: self.now,
            wrap_up_until: None,
        };
        self.router.release(agent, id, after);
        self.router.put_item(item);
    }

    /// Begins to serve what an agent has.
    fn begin(&mut self, id: WorkItemId) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        job.began_at = self.now;
        let ends_at = self.now + job.arrival.handling.max(TimeDelta::milliseconds(1));
        let event = Event::Ends(id, job.item.epoch);
        self.events.push(Reverse((ends_at, event)));
        if job.was_served {
            return;
        }
        job.was_served = true;
        let queue = job.item.queue;
        let wait = self.now - job.item.entered_at;
        let known = self.scenario.state.queues.get(&queue);
        let is_late = known.is_some_and(|queue| self.now > job.item.deadline(queue));
        for part in [
            &mut self.report.all,
            self.report.queues.entry(queue).or_default(),
        ] {
            part.missed += usize::from(is_late);
            part.waits.add(wait);
        }
    }

    fn finish(&mut self, id: WorkItemId, epoch: i32) {
        let is_current = |job: &&Job| job.item.epoch == epoch && job.held_by.is_some();
        if self.jobs.get(&id).filter(is_current).is_none() {
            return;
        }
        let Some(job) = self.jobs.remove(&id) else {
            return;
        };
        let Some(agent) = job.held_by else {
            return;
        };
        let load = self.report.agents.entry(agent).or_default();
        load.finished += 1;
        load.busy_ms += (self.now - job.began_at).num_milliseconds() * i64::from(job.item.takes());
        let wraps_up_for = self.scenario.conduct.wraps_up_for;
        let after = Release {
            at: self.now,
            wrap_up_until: (!wraps_up_for.is_zero()).then(|| self.now + wraps_up_for),
        };
        self.router.release(agent, id, after);
        self.pull(agent);
        if let Some(next) = job.arrival.next {
            self.report.transfers += 1;
            let item = Item {
                id: WorkItemId(Uuid::from_u128(job.item.id.0.as_u128() | 1 << 100)),
                epoch: 1,
                queue: next.queue,
                skills: next.skills,
                entered_at: self.now,
                deadlines: Deadlines::default(),
                preferred: None,
                refusals: Vec::new(),
                ..job.item
            };
            self.arrive(Arrival {
                item,
                handling: next.handling,
                gives_up_after: None,
                declines: 0,
                next: None,
            });
        }
    }

    fn change(&mut self, place: usize) {
        match &self.scenario.changes[place].what {
            What::Presence(agent, presence) => {
                self.router.set_presence(*agent, *presence);
                if !presence.reachable {
                    let lost_at = self.now + self.scenario.conduct.is_lost_after;
                    let event = Event::IsLost(*agent);
                    self.events.push(Reverse((lost_at, event)));
                }
                self.pull(*agent);
            }
            What::Open(queue, is_open) => {
                let known = self.router.state().queues.get(queue);
                if let Some(queue) = known.cloned() {
                    self.router.put_queue(Queue {
                        open: *is_open,
                        ..queue
                    });
                }
            }
        }
    }

    /// Gives the work of an agent who stayed out of sight to others.
    fn lose(&mut self, agent: AgentId) {
        let known = self.router.state().agents.get(&agent);
        let Some(gone) = known.filter(|agent| !agent.reachable) else {
            return;
        };
        let held: Vec<WorkItemId> = gone.held.iter().map(|held| held.item).collect();
        held.into_iter().for_each(|item| self.take_back(item));
    }

    /// Lets an agent with room fetch what waits in queues where work is fetched.
    fn pull(&mut self, agent: AgentId) {
        while let Some(assignment) = self.router.pull(agent) {
            self.take(assignment);
        }
    }

    fn settle(&mut self) {
        let before = match self.watch {
            Watch::Everything => Some(self.router.state().clone()).filter(|_| self.is_checked()),
            Watch::Little => None,
        };
        let assignments = self.router.settle();
        if let Some(mut state) = before {
            for assignment in &assignments {
                self.report.starved += usize::from(self.passes_owed(&state, *assignment));
                state.assign(*assignment, self.now);
            }
        }
        for assignment in assignments {
            self.take(assignment);
        }
        self.steps += 1;
        if self.watch == Watch::Everything {
            self.look_for_faults();
            self.predict();
        }
    }

    /// Tells whether this step is checked: all of a small day, every so many of a large one.
    fn is_checked(&self) -> bool {
        let size = self.router.state().items.len() * self.router.state().agents.len();
        self.steps.is_multiple_of(1 + size / 200)
    }

    fn take(&mut self, assignment: Assignment) {
        let Some(job) = self.jobs.get_mut(&assignment.item) else {
            return;
        };
        job.held_by = Some(assignment.agent);
        let started = Started {
            entered_at: job.item.entered_at,
            started_at: self.now,
        };
        let line = (job.item.queue, job.item.skills.clone());
        if let Some((at, position, expected)) = job.predicted.take() {
            self.report.predictions.push(Prediction {
                position,
                expected,
                waited_ms: (self.now - at).num_milliseconds(),
            });
        }
        let started_here = self.started.entry(line).or_default();
        started_here.push_back(started);
        if started_here.len() > 200 {
            started_here.pop_front();
        }
        if assignment.is_offer {
            let answers_at = self.now + self.scenario.conduct.answers_after;
            let event = Event::Answers(assignment.item, assignment.epoch);
            self.events.push(Reverse((answers_at, event)));
        } else {
            self.begin(assignment.item);
        }
    }

    /// Tells whether work goes before other work that its agent may have and that was owed before
    /// it came.
    fn passes_owed(&self, state: &State, assignment: Assignment) -> bool {
        let (Some(taken), Some(agent)) = (
            state.items.get(&assignment.item),
            state.agents.get(&assignment.agent),
        ) else {
            return false;
        };
        state.items.values().any(|other| {
            let Some(queue) = state.queue_of(other) else {
                return false;
            };
            let ask = Ask::of(state, queue, other, self.now);
            let owed_at = Weighed::of(state.order, queue, other, &ask).owed_at();
            owed_at < taken.entered_at
                && owed_at <= self.now
                && ask.blocked.is_none()
                && state.is_handed_out(other)
                && judge(state, &ask, other, agent, self.now).is_ok()
        })
    }

    fn look_for_faults(&mut self) {
        if !self.is_checked() {
            return;
        }
        let state = self.router.state();
        let overfull = state.agents.values().filter(|agent| holds_too_much(agent));
        let breaches = overfull.count();
        let idled = state.items.values().filter(|item| {
            let Some(queue) = state.queue_of(item) else {
                return false;
            };
            let ask = Ask::of(state, queue, item, self.now);
            let mut agents = state.agents.values();
            ask.blocked.is_none()
                && state.is_handed_out(item)
                && agents.any(|agent| judge(state, &ask, item, agent, self.now).is_ok())
        });
        let idled = idled.count();
        self.report.breaches += breaches;
        self.report.idled += idled;
    }

    /// Says of some of what waits how long it will still wait; what happens then is compared.
    fn predict(&mut self) {
        // Now and then is enough, and no item twice at a time.
        if !self.steps.is_multiple_of(7) {
            return;
        }
        let state = self.router.state();
        let mut lines: BTreeMap<LineName, Vec<(Place, &Item)>> = BTreeMap::new();
        for item in state.items.values() {
            let Some(queue) = state.queue_of(item) else {
                continue;
            };
            let ask = Ask::of(state, queue, item, self.now);
            if ask.blocked.is_none() {
                let place = Weighed::of(state.order, queue, item, &ask).place(item.id, self.now);
                let line = (item.queue, item.skills.clone());
                lines.entry(line).or_default().push((place, item));
            }
        }
        let mut made = Vec::new();
        for (name, mut line) in lines {
            line.sort_by_key(|(place, _)| *place);
            let position = 1 + self.steps % line.len();
            let (_, item) = line[position - 1];
            if self
                .jobs
                .get(&item.id)
                .is_some_and(|job| job.predicted.is_some())
            {
                continue;
            }
            let since = line.iter().map(|(_, item)| item.entered_at).min();
            let started = self.started.get(&name);
            let known = Line {
                position,
                waits_since: since.unwrap_or(self.now),
                started: started.into_iter().flatten().copied().collect(),
                room_per_second: crate::routing::expect::room_per_second(state, item, self.now),
            };
            let expected = expected_wait(&known, self.now);
            made.extend(expected.map(|expected| (item.id, position, expected)));
        }
        for (id, position, expected) in made {
            if let Some(job) = self.jobs.get_mut(&id) {
                job.predicted = Some((self.now, position, expected));
            }
        }
    }

    fn end(mut self) -> Report {
        for job in self.jobs.values().filter(|job| !job.was_served) {
            for part in [
                &mut self.report.all,
                self.report.queues.entry(job.item.queue).or_default(),
            ] {
                part.left += 1;
                part.missed += 1;
            }
        }
        self.report.all.waits.sort();
        for part in self.report.queues.values_mut() {
            part.waits.sort();
        }
        self.report
    }
}

fn holds_too_much(agent: &Agent) -> bool {
    let most = &agent.capacity.most;
    let mut classes = WorkClass::ALL.into_iter();
    let firm = |class: &WorkClass| !agent.capacity.interruptible.of(*class);
    let of_firm: u32 = WorkClass::ALL
        .into_iter()
        .filter(firm)
        .map(|class| agent.load_of(class))
        .sum();
    of_firm > agent.capacity.total
        || classes.any(|class| agent.load_of(class) > most.of(class))
        || agent.memberships.iter().any(|(queue, membership)| {
            let most = membership.most;
            most.is_some_and(|most| agent.load_by(*queue) > most)
        })
}
