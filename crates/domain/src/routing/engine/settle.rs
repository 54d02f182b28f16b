//! Handing out: the first of all pairs that something fresh is part of, again and again.

use super::Engine;
use super::classes::{Class, Group, Line, NO_SKILL};
use crate::id::{AgentId, WorkItemId};
use crate::routing::choose::{self, Score, judge, room};
use crate::routing::model::*;
use crate::routing::order::{Due, Place};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What something fresh could have: never better than what it says, as handing out only takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Chance {
    place: Place,
    /// The agent who is fresh; `None` where the item is.
    agent: Option<AgentId>,
}

impl Engine {
    /// Hands out everything that can be; `tell` sees each assignment before it is carried out.
    pub fn settle_with(&mut self, mut tell: impl FnMut(&State, Assignment)) {
        self.settle_up_to(usize::MAX, |engine, assignment| {
            tell(&engine.state, assignment);
        });
    }

    /// Hands out at most so many; what is left to look at stays fresh for the next time.
    pub(super) fn settle_up_to(&mut self, most: usize, mut tell: impl FnMut(&Self, Assignment)) {
        let mut left = most;
        let mut chances: BinaryHeap<Reverse<Chance>> = BinaryHeap::new();
        for item in std::mem::take(&mut self.fresh_items) {
            let place = self.place_of(item);
            chances.extend(place.map(|place| Reverse(Chance { place, agent: None })));
        }
        for agent in std::mem::take(&mut self.fresh_agents) {
            chances.extend(self.chance_of(agent));
        }
        while left > 0
            && let Some(Reverse(chance)) = chances.pop()
        {
            let item = chance.place.item;
            match chance.agent {
                None => left -= usize::from(self.hand_out(item, &mut tell)),
                Some(agent) if !self.may_have(agent, item) => chances.extend(self.chance_of(agent)),
                Some(agent) => {
                    // Each round hands something out or drops a chance, so there is an end.
                    if self.hand_out(item, &mut tell) {
                        left -= 1;
                        chances.extend(self.chance_of(agent));
                    }
                }
            }
        }
        // Who was handed something out was placed anew, and has been looked at here.
        self.fresh_agents.clear();
        for Reverse(chance) in chances {
            match chance.agent {
                None => self.fresh_items.insert(chance.place.item),
                Some(agent) => self.fresh_agents.insert(agent),
            };
        }
    }

    /// Finds what an agent gets who fetches work themselves; nothing is carried out.
    pub fn pull(&self, agent: AgentId) -> Option<Assignment> {
        let place = self.next_of(agent, true)?;
        let item = self.state.items.get(&place.item)?;
        let (class, _) = self.filed.get(&item.id)?.place?;
        let ask = &self.classes.get(class)?.ask;
        let known = self.state.agents.get(&agent)?;
        let score = judge(&self.state, ask, item, known, self.now).ok()?;
        Some(choose::assignment(&self.state, ask, item, score))
    }

    /// Carries out an assignment that came from [`Engine::pull`] or from a person's claim.
    pub fn assign(&mut self, assignment: Assignment) {
        self.unfile(assignment.item);
        let now = self.now;
        self.with_agent(assignment.agent, |state| {
            state.assign(assignment, now);
        });
    }

    fn hand_out(&mut self, item: WorkItemId, tell: &mut impl FnMut(&Self, Assignment)) -> bool {
        let Some(assignment) = self.best_for(item) else {
            return false;
        };
        tell(self, assignment);
        self.assign(assignment);
        true
    }

    fn chance_of(&self, agent: AgentId) -> Option<Reverse<Chance>> {
        let place = self.next_of(agent, false)?;
        let agent = Some(agent);
        Some(Reverse(Chance { place, agent }))
    }

    fn place_of(&self, item: WorkItemId) -> Option<Place> {
        let (class, due) = self.filed.get(&item)?.place?;
        let class = self.classes.get(class)?;
        class
            .is_handed_out()
            .then(|| class.group.factor.place_of(due, self.now))
    }

    fn may_have(&self, agent: AgentId, item: WorkItemId) -> bool {
        let filed = self.filed.get(&item).and_then(|filed| filed.place);
        let class = filed.and_then(|(class, _)| self.classes.get(class));
        let (Some(class), Some(item), Some(agent)) = (
            class,
            self.state.items.get(&item),
            self.state.agents.get(&agent),
        ) else {
            return false;
        };
        judge(&self.state, &class.ask, item, agent, self.now).is_ok()
    }

    /// Finds the best agent for an item.
    fn best_for(&self, item: WorkItemId) -> Option<Assignment> {
        let (class, _) = self.filed.get(&item)?.place?;
        let class = self.classes.get(class)?;
        let item = self.state.items.get(&item)?;
        let score = self.best_score(class, item)?;
        Some(choose::assignment(&self.state, &class.ask, item, score))
    }

    fn best_score(&self, class: &Class, item: &Item) -> Option<Score> {
        let score_of = |agent: AgentId| {
            let agent = self.state.agents.get(&agent)?;
            judge(&self.state, &class.ask, item, agent, self.now).ok()
        };
        let preferred = item.preferred.and_then(|kept| score_of(kept.agent));
        let is_kept = item.preferred.is_some_and(|kept| kept.until > self.now);
        if is_kept || preferred.is_some_and(|score| !score.last_resort) {
            return preferred;
        }
        let passes = |agent: AgentId, place: usize, rank: u8| {
            let score = score_of(agent)?;
            // Whoever serves by an earlier queue was asked there.
            let is_here = score.queue == place && score.rank == rank && !score.last_resort;
            is_here.then_some(score)
        };
        let found = self.ready.find(&self.state, class, item.class, passes);
        found.or_else(|| {
            let refused = item.refusals.iter();
            refused.filter_map(|refusal| score_of(refusal.agent)).min()
        })
    }

    /// Finds the place of the first item that an agent may have.
    fn next_of(&self, id: AgentId, is_pulled: bool) -> Option<Place> {
        let agent = self.state.agents.get(&id)?;
        let profile = self.profiles.get(&id)?;
        let with_room = |class: &WorkClass| room(agent, *class, 1).is_none();
        let mut places = Vec::with_capacity(32);
        for (queue, membership) in &agent.memberships {
            if membership
                .most
                .is_some_and(|most| agent.load_by(self.state.held_by(*queue)) >= most)
            {
                continue;
            }
            for work in WorkClass::ALL.into_iter().filter(with_room) {
                for (skill, level) in [(NO_SKILL, 0)].iter().chain(&profile.skills) {
                    let lines = self.classes.lines((*queue, work, *skill));
                    let bound = lines.and_then(|lines| Some((lines.bound(self.now)?, lines)));
                    if let Some((bound, lines)) = bound {
                        places.push((bound, work, *level, membership.rank, lines));
                    }
                }
            }
        }
        // Where something may be that goes first is looked first; most places are never looked at.
        places.sort_unstable_by_key(|(bound, work, level, rank, _)| (*bound, *work, *level, *rank));
        let mut first: Option<Place> = None;
        for (bound, work, level, rank, lines) in places {
            if first.is_some_and(|first| first < bound) {
                break;
            }
            for (group, line) in lines.iter() {
                let is_asked = group.level <= level
                    && group.ranks >= rank
                    && (group.mode == Mode::Pull) == is_pulled
                    && is_for(group, agent, work);
                if is_asked {
                    first = self.first_of(agent, group, line, first);
                }
            }
        }
        first
    }

    /// Walks a line up to the first item that an agent may have, or to what goes behind `first`.
    fn first_of(
        &self,
        agent: &Agent,
        group: &Group,
        line: &Line,
        first: Option<Place>,
    ) -> Option<Place> {
        if self.before(group, line.head, first).is_none() {
            return first;
        }
        for due in &line.items {
            let Some(place) = self.before(group, *due, first) else {
                break;
            };
            if self.may_have(agent.id, due.item) {
                return Some(place);
            }
        }
        first
    }

    /// Returns the place of an item if it goes before what was found.
    fn before(&self, group: &Group, due: Due, found: Option<Place>) -> Option<Place> {
        if found.is_some_and(|found| found.tier < due.tier) {
            return None;
        }
        let place = group.factor.place_of(due, self.now);
        found.is_none_or(|found| place < found).then_some(place)
    }
}

/// Tells whether an agent may have anything of a line, as far as that is one for all of it.
fn is_for(group: &Group, agent: &Agent, work: WorkClass) -> bool {
    let has_offers = agent.open_offers() >= agent.capacity.open_offers;
    let speaks = |language: &String| agent.languages.contains(language);
    !(group.mode == Mode::Offer && has_offers)
        && group.language.as_ref().is_none_or(speaks)
        && (group.units == 1 || room(agent, work, group.units).is_none())
}
