//! Who decides: the engine, or one of the rules that it is compared with.

use super::rival::Rival;
use crate::id::{AgentId, WorkItemId};
use crate::routing::Engine;
use crate::routing::model::{AgentPresence, Assignment, Item, Queue, Release, State};
use chrono::{DateTime, Utc};

/// A rule of routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The engine with the policies of the queues.
    Desk,
    /// Closest deadline first, to whom the queue's strategy names.
    DeadlineFirst,
    /// Weight × service rate × wait over allowance, to whom the queue's strategy names.
    GeneralisedCmu,
    /// First come, first served, to who is idle longest.
    LongestIdle,
    /// First come, first served, to whose turn it is.
    RoundRobin,
    /// Any of what waits, to anybody who may have it.
    Random,
}

impl Rule {
    /// Every rule, the engine first.
    pub const ALL: [Self; 6] = [
        Self::Desk,
        Self::DeadlineFirst,
        Self::GeneralisedCmu,
        Self::LongestIdle,
        Self::RoundRobin,
        Self::Random,
    ];

    /// Names it for a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Desk => "this desk",
            Self::DeadlineFirst => "closest deadline first",
            Self::GeneralisedCmu => "generalised c-mu",
            Self::LongestIdle => "first come, longest idle",
            Self::RoundRobin => "first come, round robin",
            Self::Random => "random",
        }
    }
}

/// The engine, or another rule behind the same verbs.
pub(super) enum Router {
    Desk(Box<Engine>),
    Rival(Box<Rival>),
}

/// Passes a call on to whichever router it is.
macro_rules! pass_on {
    ($self:ident, $router:ident => $call:expr) => {
        match $self {
            Router::Desk($router) => $call,
            Router::Rival($router) => $call,
        }
    };
}

impl Router {
    pub(super) fn new(rule: Rule, state: State, now: DateTime<Utc>) -> Self {
        match rule {
            Rule::Desk => Self::Desk(Box::new(Engine::new(state, now))),
            other => Self::Rival(Box::new(Rival::new(other, state, now))),
        }
    }

    pub(super) fn state(&self) -> &State {
        pass_on!(self, router => router.state())
    }

    pub(super) fn next_change(&self) -> Option<DateTime<Utc>> {
        pass_on!(self, router => router.next_change())
    }

    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        pass_on!(self, router => router.advance(now));
    }

    pub(super) fn put_item(&mut self, item: Item) {
        pass_on!(self, router => router.put_item(item));
    }

    pub(super) fn remove_item(&mut self, item: WorkItemId) {
        pass_on!(self, router => router.remove_item(item));
    }

    pub(super) fn accept(&mut self, agent: AgentId, item: WorkItemId) {
        pass_on!(self, router => router.accept(agent, item));
    }

    pub(super) fn release(&mut self, agent: AgentId, item: WorkItemId, after: Release) {
        pass_on!(self, router => router.release(agent, item, after));
    }

    pub(super) fn set_presence(&mut self, agent: AgentId, presence: AgentPresence) {
        pass_on!(self, router => router.set_presence(agent, presence));
    }

    pub(super) fn put_queue(&mut self, queue: Queue) {
        pass_on!(self, router => router.put_queue(queue));
    }

    pub(super) fn settle(&mut self) -> Vec<Assignment> {
        pass_on!(self, router => router.settle())
    }

    /// What an agent gets who fetches work; the rules beside the engine know no fetching.
    pub(super) fn pull(&mut self, agent: AgentId) -> Option<Assignment> {
        match self {
            Self::Desk(engine) => {
                let assignment = engine.pull(agent)?;
                engine.assign(assignment);
                Some(assignment)
            }
            Self::Rival(_) => None,
        }
    }
}
