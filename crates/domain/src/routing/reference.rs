//! The reference: what is decided, said as plainly as it can be.
//!
//! Of all pairs of a work item and an agent who may have it, the item that comes first in the order
//! of work goes first, and goes to the agent with the best score. Then the same again, until no such
//! pair is left. [`super::Engine`] gives the same answers without looking at everything each time.

use super::choose::{self, Score, judge};
use super::model::{Ask, Assignment, Item, Mode, State};
use super::order::{Place, Weighed};
use crate::id::{AgentId, WorkItemId};
use chrono::{DateTime, Utc};

/// Decides who gets which of the waiting work, in the order in which it is handed out.
///
/// Wanted, each a test:
/// - only agents who may have an item get it, and nobody gets more than they may hold;
/// - no agent stays idle beside work that they may have;
/// - nothing that enters after a work item became owed goes before it to an agent of its own;
/// - equal states, equal answers.
pub fn decide(state: &State, now: DateTime<Utc>) -> Vec<Assignment> {
    let mut state = state.clone();
    let mut assignments = Vec::new();
    while let Some(assignment) = first(&state, now) {
        state.assign(assignment, now);
        assignments.push(assignment);
    }
    assignments
}

/// Decides the one assignment that goes first.
pub fn first(state: &State, now: DateTime<Utc>) -> Option<Assignment> {
    let waiting = state.items.values();
    let handed_out = waiting.filter(|item| state.is_handed_out(item));
    let open = handed_out.filter_map(|item| {
        let ask = open_ask(state, item, now)?;
        let score = best(state, &ask, item, now)?;
        Some((place(state, &ask, item, now)?, item, ask, score))
    });
    let (_, item, ask, score) = open.min_by_key(|(place, ..)| *place)?;
    Some(choose::assignment(state, &ask, item, score))
}

/// Decides what an agent gets who fetches work themselves.
pub fn pull(state: &State, agent: AgentId, now: DateTime<Utc>) -> Option<Assignment> {
    let agent = state.agents.get(&agent)?;
    let fetched = state.items.values().filter(|item| {
        let queue = state.queue_of(item);
        queue.is_some_and(|queue| queue.mode == Mode::Pull)
    });
    let open = fetched.filter_map(|item| {
        let ask = open_ask(state, item, now)?;
        let score = judge(state, &ask, item, agent, now).ok()?;
        Some((place(state, &ask, item, now)?, item, ask, score))
    });
    let (_, item, ask, score) = open.min_by_key(|(place, ..)| *place)?;
    Some(choose::assignment(state, &ask, item, score))
}

/// Returns the place of an item in its queue, from 1; `None` where it does not wait or is not asked
/// for now.
///
/// It looks at everything that waits: for a page that asks now and then.
pub fn position(state: &State, item: WorkItemId, now: DateTime<Utc>) -> Option<usize> {
    let item = state.items.get(&item)?;
    let own = place(state, &open_ask(state, item, now)?, item, now)?;
    let others = state
        .items
        .values()
        .filter(|other| other.queue == item.queue);
    let places = others.filter_map(|other| place(state, &open_ask(state, other, now)?, other, now));
    Some(places.filter(|place| *place < own).count() + 1)
}

fn open_ask(state: &State, item: &Item, now: DateTime<Utc>) -> Option<Ask> {
    let ask = Ask::of(state, state.queue_of(item)?, item, now);
    ask.blocked.is_none().then_some(ask)
}

fn place(state: &State, ask: &Ask, item: &Item, now: DateTime<Utc>) -> Option<Place> {
    let weighed = Weighed::of(state.order, state.queue_of(item)?, item, ask);
    Some(weighed.place(item.id, now))
}

fn best(state: &State, ask: &Ask, item: &Item, now: DateTime<Utc>) -> Option<Score> {
    let agents = state.agents.values();
    let scores = agents.filter_map(|agent| judge(state, ask, item, agent, now).ok());
    scores.min()
}
