//! The engine: the answers of [`super::reference`], kept up to date by what changes.
//!
//! ```text
//! classes   queue, kind of work, skill → work, most urgent first    what is next for them?
//! ready     queue, rank, kind of work, skill → agents, best first   who is best for it?
//! timers    moment → item or agent                                  whose turn it is to change
//! fresh     items and agents that changed since the last settling
//! ```
//!
//! After [`Engine::settle`] no waiting item has an agent who may have it. What happens next can make
//! pairs only with an item or an agent that changed, so only those are looked at: an item looks into
//! `ready`, an agent into the first items of the lines of their queues and skills. Handing out work makes
//! nobody eligible who was not, so nothing has to be looked at twice.

mod classes;
mod hash;
mod ready;
mod settle;

use super::choose::{gate, room};
use super::explain::Explanation;
use super::model::*;
use crate::id::{AgentId, QueueId, WorkItemId};
use chrono::{DateTime, TimeDelta, Utc};
use classes::{Classes, Filed};
use ready::{Profile, Ready};
use std::collections::{BTreeMap, BTreeSet};

/// Routing for one shard, in memory.
#[derive(Debug)]
pub struct Engine {
    state: State,
    now: DateTime<Utc>,
    ready: Ready,
    profiles: BTreeMap<AgentId, Profile>,
    classes: Classes,
    filed: BTreeMap<WorkItemId, Filed>,
    timers: BTreeSet<(DateTime<Utc>, Timer)>,
    fresh_items: BTreeSet<WorkItemId>,
    fresh_agents: BTreeSet<AgentId>,
    members: BTreeMap<QueueId, BTreeSet<AgentId>>,
}

/// Whom a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Item(WorkItemId),
    Agent(AgentId),
}

impl Engine {
    /// Starts from a snapshot.
    pub fn new(state: State, now: DateTime<Utc>) -> Self {
        let mut engine = Self {
            now,
            ready: Ready::default(),
            profiles: BTreeMap::new(),
            classes: Classes::default(),
            filed: BTreeMap::new(),
            timers: BTreeSet::new(),
            fresh_items: BTreeSet::new(),
            fresh_agents: BTreeSet::new(),
            members: BTreeMap::new(),
            state,
        };
        let agents: Vec<AgentId> = engine.state.agents.keys().copied().collect();
        agents.into_iter().for_each(|agent| engine.enrol(agent));
        let items: Vec<WorkItemId> = engine.state.items.keys().copied().collect();
        items.into_iter().for_each(|item| engine.file(item));
        engine
    }

    /// Returns the snapshot from which an equal engine can be started.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Ends the engine and returns what it decided over.
    pub fn into_state(self) -> State {
        self.state
    }

    /// Returns the moment that the engine is at.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the next moment at which something may change by itself.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.timers.first().map(|(moment, _)| *moment)
    }

    /// Lets time pass; never goes back.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        self.now = self.now.max(now);
        while let Some((moment, timer)) = self.timers.first().copied() {
            if moment > self.now {
                break;
            }
            self.timers.remove(&(moment, timer));
            match timer {
                Timer::Item(item) => {
                    self.unfile(item);
                    self.file(item);
                }
                Timer::Agent(agent) => self.with_agent(agent, |_| ()),
            }
        }
    }

    /// Adds or replaces a work item that waits.
    pub fn put_item(&mut self, item: Item) {
        let id = item.id;
        self.unfile(id);
        self.state.items.insert(id, item);
        self.file(id);
    }

    /// Removes a work item that no longer waits.
    pub fn remove_item(&mut self, item: WorkItemId) {
        self.unfile(item);
        self.state.items.remove(&item);
    }

    /// Adds or replaces an agent.
    pub fn put_agent(&mut self, agent: Agent) {
        let id = agent.id;
        self.withdraw(id);
        self.leave_queues(id);
        self.state.agents.insert(id, agent);
        self.enrol(id);
    }

    /// Removes an agent, with whatever they hold.
    pub fn remove_agent(&mut self, agent: AgentId) {
        self.withdraw(agent);
        self.leave_queues(agent);
        self.profiles.remove(&agent);
        self.state.agents.remove(&agent);
        self.fresh_agents.remove(&agent);
    }

    /// Marks an offer as accepted.
    pub fn accept(&mut self, agent: AgentId, item: WorkItemId) {
        self.with_agent(agent, |state| state.accept(agent, item));
    }

    /// Takes an item from an agent who finished it, gave it back or lost it.
    pub fn release(&mut self, agent: AgentId, item: WorkItemId, after: Release) {
        self.with_agent(agent, |state| state.release(agent, item, after));
    }

    /// Changes whether an agent may be given work.
    pub fn set_presence(&mut self, agent: AgentId, presence: AgentPresence) {
        self.with_agent(agent, |state| state.set_presence(agent, presence));
    }

    /// Stops all assistants, or lets them work again.
    pub fn stop_assistants(&mut self, stopped: bool) {
        self.state.assistants_stopped = stopped;
        let agents = self.state.agents.values();
        let assistants: Vec<AgentId> = agents
            .filter(|agent| agent.kind == AgentKind::Assistant)
            .map(|agent| agent.id)
            .collect();
        for agent in assistants {
            self.with_agent(agent, |_| ());
        }
    }

    /// Adds or replaces a queue with its policy; what waits in it is looked at anew.
    pub fn put_queue(&mut self, queue: Queue) {
        let id = queue.id;
        self.change_queue(id, |state| {
            state.queues.insert(id, queue);
        });
    }

    /// Tells that a queue stands for the staged policy of another, or no longer does.
    pub fn stage(&mut self, queue: QueueId, of: Option<QueueId>) {
        match of {
            Some(of) => self.state.staged.insert(queue, of),
            None => self.state.staged.remove(&queue),
        };
    }

    /// Hands out everything that can be, in order.
    pub fn settle(&mut self) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        self.settle_with(|_, assignment| assignments.push(assignment));
        assignments
    }

    /// Hands out at most so many, in order, each with an explanation that lists at most so many
    /// members; the next call goes on from there.
    pub fn settle_some(&mut self, most: usize, listed: usize) -> Vec<(Assignment, Explanation)> {
        let mut told = Vec::new();
        self.settle_up_to(most, |engine, assignment| {
            let explanation = engine.explain_some(assignment.item, Some(assignment.agent), listed);
            told.extend(explanation.map(|explanation| (assignment, explanation)));
        });
        told
    }

    /// Says why a waiting item waits, or who would get it.
    pub fn explain(&self, item: WorkItemId) -> Option<Explanation> {
        self.explain_some(item, None, usize::MAX)
    }

    /// Says the same by at most so many members, the named one first.
    pub fn explain_some(
        &self,
        item: WorkItemId,
        first: Option<AgentId>,
        listed: usize,
    ) -> Option<Explanation> {
        Explanation::among(&self.state, item, self.now, |ask| {
            let sets: Vec<_> = ask
                .queues
                .iter()
                .filter_map(|it| self.members.get(it))
                .collect();
            let all: BTreeSet<AgentId> = match &sets[..] {
                [] => BTreeSet::new(),
                // One queue may have thousands; only as many are walked as are listed.
                [one] => one.iter().copied().take(listed.saturating_add(1)).collect(),
                many => many.iter().flat_map(|set| set.iter().copied()).collect(),
            };
            let count = match &sets[..] {
                [one] => one.len(),
                _ => all.len(),
            };
            let others = all.into_iter().filter(|agent| Some(*agent) != first);
            let list: Vec<AgentId> = first.into_iter().chain(others).take(listed).collect();
            let unlisted = count.saturating_sub(list.len());
            (list, unlisted)
        })
    }

    /// Changes an agent without changing what they can do.
    fn with_agent(&mut self, agent: AgentId, change: impl FnOnce(&mut State)) {
        self.withdraw(agent);
        change(&mut self.state);
        self.place(agent);
    }

    /// Forgets what an agent can serve, and looks anew.
    fn enrol(&mut self, agent: AgentId) {
        if let Some(known) = self.state.agents.get(&agent) {
            for queue in known.memberships.keys() {
                self.members.entry(*queue).or_default().insert(agent);
            }
            self.profiles.insert(agent, self.ready.profile(known));
            self.place(agent);
        }
    }

    fn leave_queues(&mut self, agent: AgentId) {
        let Some(known) = self.state.agents.get(&agent) else {
            return;
        };
        for queue in known.memberships.keys() {
            if let Some(members) = self.members.get_mut(queue) {
                members.remove(&agent);
            }
        }
    }

    /// Shows an agent with room to the items that may need them.
    fn place(&mut self, id: AgentId) {
        let (Some(agent), Some(profile)) = (self.state.agents.get(&id), self.profiles.get_mut(&id))
        else {
            return;
        };
        if let Some(until) = agent.wrap_up_until.filter(|until| *until > self.now) {
            profile.timer = Some(until);
            self.timers.insert((until, Timer::Agent(id)));
        }
        if gate(&self.state, agent, self.now).is_none() {
            let has_room = |class: &WorkClass| room(agent, *class, 1).is_none();
            let classes = WorkClass::ALL.into_iter().filter(has_room).collect();
            self.ready.place(&self.state, agent, profile, classes);
            self.fresh_agents.insert(id);
        }
    }

    fn withdraw(&mut self, id: AgentId) {
        if let Some(profile) = self.profiles.get_mut(&id) {
            self.ready.withdraw(profile);
            if let Some(moment) = profile.timer.take() {
                self.timers.remove(&(moment, Timer::Agent(id)));
            }
        }
    }

    /// Puts a waiting item in its class, as of now.
    fn file(&mut self, id: WorkItemId) {
        let Some(item) = self.state.items.get(&id) else {
            return;
        };
        let Some(queue) = self.state.queue_of(item) else {
            return;
        };
        let timer = next_change(queue, item, self.now);
        if let Some(moment) = timer {
            self.timers.insert((moment, Timer::Item(id)));
        }
        let sleeps = item.not_before.is_some_and(|until| until > self.now);
        let place = match sleeps {
            true => None,
            false => {
                let ready = &mut self.ready;
                Some(self.classes.file(&self.state, queue, item, self.now, ready))
            }
        };
        if place.is_some() {
            self.fresh_items.insert(id);
        }
        self.filed.insert(id, Filed { place, timer });
    }

    fn unfile(&mut self, id: WorkItemId) {
        self.fresh_items.remove(&id);
        let Some(filed) = self.filed.remove(&id) else {
            return;
        };
        if let Some(moment) = filed.timer {
            self.timers.remove(&(moment, Timer::Item(id)));
        }
        if let Some((class, due)) = filed.place {
            self.classes.unfile(class, due);
        }
    }

    /// Changes a queue, and everything that was looked up in it.
    fn change_queue(&mut self, queue: QueueId, change: impl FnOnce(&mut State)) {
        let leads_here = |other: &Queue| {
            let mut steps = other.ladder.iter();
            other.id == queue || steps.any(|step| step.relax == Relax::Overflow(queue))
        };
        let queues = self.state.queues.values().filter(|other| leads_here(other));
        let mut affected: BTreeSet<QueueId> = queues.map(|other| other.id).collect();
        affected.insert(queue);
        let waiting = self.state.items.values();
        let items: Vec<WorkItemId> = waiting
            .filter(|item| affected.contains(&item.queue))
            .map(|item| item.id)
            .collect();
        let members = self.members.get(&queue).into_iter().flatten();
        let members: Vec<AgentId> = members.copied().collect();
        items.iter().for_each(|item| self.unfile(*item));
        members.iter().for_each(|agent| self.withdraw(*agent));
        change(&mut self.state);
        members.into_iter().for_each(|agent| self.place(agent));
        items.into_iter().for_each(|item| self.file(item));
    }
}

/// Returns the next moment at which an item may ask for something else, or for more.
pub(in crate::routing) fn next_change(
    queue: &Queue,
    item: &Item,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let steps = queue.ladder.iter().map(|step| step.after_seconds);
    let steps = steps.map(|after| item.entered_at + TimeDelta::seconds(after.into()));
    let rests = item
        .refusals
        .iter()
        .filter_map(|refusal| match refusal.rest {
            Rest::Until(until) => Some(until),
            Rest::Never | Rest::LastResort => None,
        });
    let deadline = item.deadline(queue);
    let owed_at = deadline + TimeDelta::seconds(queue.patience_seconds.into());
    steps
        .chain(rests)
        .chain(item.preferred.map(|kept| kept.until))
        .chain(item.not_before)
        .chain([deadline, owed_at])
        .filter(|moment| *moment > now)
        .min()
}
