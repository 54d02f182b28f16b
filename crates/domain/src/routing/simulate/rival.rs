//! Other rules of routing, as plain as they are usually told.
//!
//! They share with the engine who may have what, and that nobody idles beside work they may have;
//! they differ in which work goes first and who of those who may have it gets it.

use super::chance::Chance;
use super::router::Rule;
use crate::id::{AgentId, WorkItemId};
use crate::routing::choose::{self, Score, judge};
use crate::routing::engine::next_change;
use crate::routing::model::*;
use crate::routing::order::Weighed;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A rule at work. After settling nobody may have anything that waits, so only what changed since
/// is looked at, as the engine does.
#[derive(Debug)]
pub(super) struct Rival {
    rule: Rule,
    state: State,
    now: DateTime<Utc>,
    asks: BTreeMap<WorkItemId, Ask>,
    timers: BTreeSet<(DateTime<Utc>, WorkItemId)>,
    pauses: BTreeSet<(DateTime<Utc>, AgentId)>,
    fresh_items: BTreeSet<WorkItemId>,
    fresh_agents: BTreeSet<AgentId>,
}

impl Rival {
    pub(super) fn new(rule: Rule, state: State, now: DateTime<Utc>) -> Self {
        let mut rival = Self {
            rule,
            now,
            asks: BTreeMap::new(),
            timers: BTreeSet::new(),
            pauses: BTreeSet::new(),
            fresh_items: BTreeSet::new(),
            fresh_agents: state.agents.keys().copied().collect(),
            state,
        };
        let items: Vec<WorkItemId> = rival.state.items.keys().copied().collect();
        items.into_iter().for_each(|item| rival.look_at(item));
        rival
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn next_change(&self) -> Option<DateTime<Utc>> {
        let item = self.timers.first().map(|(moment, _)| *moment);
        let agent = self.pauses.first().map(|(moment, _)| *moment);
        item.into_iter().chain(agent).min()
    }

    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        self.now = self.now.max(now);
        while let Some((moment, item)) = self.timers.first().copied()
            && moment <= self.now
        {
            self.timers.pop_first();
            self.look_at(item);
        }
        while let Some((moment, agent)) = self.pauses.first().copied()
            && moment <= self.now
        {
            self.pauses.pop_first();
            self.fresh_agents.insert(agent);
        }
    }

    pub(super) fn put_item(&mut self, item: Item) {
        let id = item.id;
        self.state.items.insert(id, item);
        self.look_at(id);
    }

    pub(super) fn remove_item(&mut self, item: WorkItemId) {
        self.state.items.remove(&item);
        self.asks.remove(&item);
        self.fresh_items.remove(&item);
    }

    pub(super) fn accept(&mut self, agent: AgentId, item: WorkItemId) {
        self.state.accept(agent, item);
        self.fresh_agents.insert(agent);
    }

    pub(super) fn release(&mut self, agent: AgentId, item: WorkItemId, after: Release) {
        self.state.release(agent, item, after);
        self.pauses
            .extend(after.wrap_up_until.map(|until| (until, agent)));
        self.fresh_agents.insert(agent);
    }

    pub(super) fn set_presence(&mut self, agent: AgentId, presence: AgentPresence) {
        self.state.set_presence(agent, presence);
        self.fresh_agents.insert(agent);
    }

    pub(super) fn put_queue(&mut self, queue: Queue) {
        self.state.queues.insert(queue.id, queue);
        let items: Vec<WorkItemId> = self.state.items.keys().copied().collect();
        items.into_iter().for_each(|item| self.look_at(item));
        self.fresh_agents.extend(self.state.agents.keys().copied());
    }

    pub(super) fn settle(&mut self) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        while let Some(assignment) = self.first() {
            self.state.assign(assignment, self.now);
            self.asks.remove(&assignment.item);
            self.fresh_items.remove(&assignment.item);
            self.fresh_agents.insert(assignment.agent);
            assignments.push(assignment);
        }
        self.fresh_items.clear();
        self.fresh_agents.clear();
        assignments
    }

    /// Works out anew what an item asks for, and when that may change.
    fn look_at(&mut self, id: WorkItemId) {
        let Some(item) = self.state.items.get(&id) else {
            return;
        };
        let Some(queue) = self.state.queue_of(item) else {
            return;
        };
        let ask = Ask::of(&self.state, queue, item, self.now);
        if let Some(moment) = next_change(queue, item, self.now) {
            self.timers.insert((moment, id));
        }
        self.asks.insert(id, ask);
        self.fresh_items.insert(id);
    }

    /// Finds the first item that anybody may have, and who of them gets it.
    fn first(&self) -> Option<Assignment> {
        let open = self.state.items.values().filter_map(|item| {
            let ask = self.asks.get(&item.id)?;
            let is_open = ask.blocked.is_none()
                && self.state.is_handed_out(item)
                && match self.fresh_items.contains(&item.id) {
                    true => self.best(ask, item).is_some(),
                    false => self
                        .fresh_agents
                        .iter()
                        .any(|agent| self.judge(ask, item, *agent).is_some()),
                };
            is_open.then_some((item, ask))
        });
        let (item, ask) = open.min_by_key(|(item, ask)| (self.haste(item, ask), item.id))?;
        let score = self.best(ask, item)?;
        Some(choose::assignment(&self.state, ask, item, score))
    }

    fn judge(&self, ask: &Ask, item: &Item, agent: AgentId) -> Option<Score> {
        let agent = self.state.agents.get(&agent)?;
        judge(&self.state, ask, item, agent, self.now).ok()
    }

    /// Tells which work goes first, the smaller number first.
    fn haste(&self, item: &Item, ask: &Ask) -> i128 {
        let ms = |moment: DateTime<Utc>| i128::from(moment.timestamp_millis());
        let Some(queue) = self.state.queue_of(item) else {
            return i128::MAX;
        };
        let deadline = item.deadline(queue);
        match self.rule {
            Rule::Desk | Rule::LongestIdle | Rule::RoundRobin => ms(item.entered_at),
            Rule::DeadlineFirst => ms(deadline),
            Rule::GeneralisedCmu => {
                let weighed = Weighed::of(self.state.order, queue, item, ask);
                let allowance = (ms(deadline) - ms(item.entered_at)).max(1);
                let waited = ms(self.now) - ms(item.entered_at);
                let factor = i128::from(weighed.factor().weight());
                -(factor * (waited * 1_000_000 / allowance))
            }
            Rule::Random => i128::from(mixed(item.id.0.as_u128(), 0)),
        }
    }

    fn best(&self, ask: &Ask, item: &Item) -> Option<Score> {
        let agents = self.state.agents.values();
        let scores = agents.filter_map(|agent| {
            let score = judge(&self.state, ask, item, agent, self.now).ok()?;
            Some((self.preference(agent, item, score), score))
        });
        scores
            .min_by_key(|(key, score)| (*key, *score))
            .map(|(_, score)| score)
    }

    /// Tells who gets it, the smaller number first; equals go by their score.
    fn preference(&self, agent: &Agent, item: &Item, score: Score) -> i128 {
        match self.rule {
            Rule::Desk | Rule::DeadlineFirst | Rule::GeneralisedCmu => 0,
            Rule::LongestIdle => i128::from(agent.idle_since.timestamp_millis()),
            Rule::RoundRobin => {
                let last = agent.turns.values().copied().max().unwrap_or(0);
                i128::from(last)
            }
            Rule::Random => i128::from(mixed(item.id.0.as_u128(), score.agent.0.as_u128())),
        }
    }
}

/// Draws a number that depends on two others alone.
fn mixed(one: u128, other: u128) -> i64 {
    let seed = one as u64 ^ (other as u64).rotate_left(32);
    (Chance::new(seed).draw() >> 1) as i64
}
