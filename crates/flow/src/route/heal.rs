//! Compares what a router knows with the rows, and mends it.

use super::{Router, presence_of};
use crate::{Desk, Error};
use interdesk_domain::id::{AgentId, WorkItemId};
use interdesk_domain::routing::model::{Agent, State};
use std::collections::BTreeMap;

/// How far what a router knew was from the rows.
///
/// What was committed a moment ago and whose event is on its way counts too, so that a few at a time
/// are no sign of anything; many, or the same ones again, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift {
    /// Work items that waited without the router's knowledge, or not as it knew them.
    pub items: usize,
    /// Work items that the router knew of and that waited no more.
    pub gone: usize,
    /// Agents who were otherwise than the router knew them.
    pub agents: usize,
}

impl Drift {
    /// Tells whether there was none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Router {
    /// Reads everything again and goes on from there; returns what was otherwise.
    pub async fn heal(&mut self, desk: &Desk) -> Result<Drift, Error> {
        let mut fresh = Self::open(desk, self.scope).await?;
        (fresh.id, fresh.step) = (self.id, self.step);
        self.hear(desk).await;
        let drift = drift(self.engine.state(), fresh.engine.state());
        *self = fresh;
        for (kind, count) in [
            ("item", drift.items),
            ("gone", drift.gone),
            ("agent", drift.agents),
        ] {
            metrics::counter!("interdesk_route_drift_total", "kind" => kind)
                .increment(count as u64);
        }
        if !drift.is_none() {
            tracing::info!(tenant.id = %self.scope.tenant(), items = drift.items, gone = drift.gone,
                agents = drift.agents, "routing knew something otherwise than the rows");
        }
        Ok(drift)
    }
}

fn drift(before: &State, after: &State) -> Drift {
    let changed = after
        .items
        .iter()
        .filter(|(id, item)| before.items.get(id) != Some(item));
    let gone = before
        .items
        .keys()
        .filter(|id: &&WorkItemId| !after.items.contains_key(id));
    let agents = after
        .agents
        .iter()
        .filter(|(id, agent)| !is_same(before.agents.get(id), agent));
    let lost = before
        .agents
        .keys()
        .filter(|id: &&AgentId| !after.agents.contains_key(id));
    Drift {
        items: changed.count(),
        gone: gone.count(),
        agents: agents.count() + lost.count(),
    }
}

/// Compares an agent, but for the order in which they got what they hold, the moment of it (which a
/// router takes from its own clock) and turns, which matter to queues that take turns alone.
fn is_same(before: Option<&Agent>, after: &Agent) -> bool {
    let held = |agent: &Agent| -> BTreeMap<WorkItemId, (u32, bool)> {
        let held = agent.held.iter();
        held.map(|held| (held.item, (held.units, held.is_offer)))
            .collect()
    };
    before.is_some_and(|before| {
        held(before) == held(after)
            && presence_of(before) == presence_of(after)
            && before.skills == after.skills
            && before.languages == after.languages
            && before.memberships == after.memberships
            && before.capacity == after.capacity
            && before.kind == after.kind
    })
}
