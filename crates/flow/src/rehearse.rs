//! A day that was, made ready to be lived again under another policy.
//!
//! What came is taken from the work items of the span, how long somebody had each from the decision
//! that gave it to them and its end. When agents came and went is not kept for ever: each counts as at
//! work from their first to their last piece of work of the span.

use crate::{Desk, Error, route};
use chrono::{DateTime, TimeDelta, Utc};
use interdesk_domain::id::AgentId;
use interdesk_domain::routing::model::*;
use interdesk_domain::routing::simulate::{Arrival, Change, Conduct, Scenario, What};
use interdesk_domain::scope::TenantScope;
use interdesk_store::read::why::{self as rows, Came};
use std::collections::BTreeMap;

/// How much work one rehearsal takes at most.
const MOST: i64 = 200_000;

/// Gathers what came in a span of time, with the queues and agents as they are set up now.
pub async fn recorded(
    desk: &Desk,
    scope: TenantScope,
    span: (DateTime<Utc>, DateTime<Utc>),
) -> Result<Scenario, Error> {
    let mut state = route::snapshot(desk, scope).await?;
    let transaction = desk.database.begin(scope).await?;
    let came = rows::list_came(&transaction, scope, span, MOST).await?;
    transaction.commit().await?;
    empty(&mut state, span.0);
    let changes = shifts(&mut state, &came);
    let arrivals = came.into_iter().map(|row| arrival(&state, row)).collect();
    Ok(Scenario {
        name: format!("{} to {}", span.0.to_rfc3339(), span.1.to_rfc3339()),
        starts_at: span.0,
        state,
        arrivals,
        changes,
        conduct: Conduct::default(),
    })
}

/// Lets a day begin: nothing waits, nobody has anything, queues are open.
fn empty(state: &mut State, starts_at: DateTime<Utc>) {
    state.items.clear();
    let staged: Vec<_> = state.staged.keys().copied().collect();
    for twin in staged {
        state.queues.remove(&twin);
    }
    state.staged.clear();
    for queue in state.queues.values_mut() {
        queue.open = true;
    }
    for agent in state.agents.values_mut() {
        agent.held.clear();
        agent.wrap_up_until = None;
        agent.idle_since = starts_at;
        agent.on_schedule = true;
        agent.reachable = true;
        agent.standing = Standing::Offline;
        let known = &state.queues;
        agent
            .memberships
            .retain(|queue, _| known.contains_key(queue));
    }
}

/// Lets each agent come with their first and go with their last piece of work; where nobody had any,
/// everybody is there.
fn shifts(state: &mut State, came: &[Came]) -> Vec<Change> {
    let mut spans: BTreeMap<AgentId, (DateTime<Utc>, DateTime<Utc>)> = BTreeMap::new();
    for row in came {
        if let (Some(agent), Some(began_at)) = (row.agent_id, row.began_at) {
            let ended_at = row.ended_at.unwrap_or(began_at);
            let span = spans.entry(agent).or_insert((began_at, ended_at));
            *span = (span.0.min(began_at), span.1.max(ended_at));
        }
    }
    if spans.is_empty() {
        for agent in state.agents.values_mut() {
            agent.standing = Standing::Online;
        }
        return Vec::new();
    }
    let mut changes = Vec::new();
    let last = spans.values().map(|span| span.1).max();
    for (agent, (from, to)) in spans {
        // Somebody stays until the end, or what is slower than it was would wait for ever.
        let to = if Some(to) == last { None } else { Some(to) };
        let moments = [
            Some((from, Standing::Online)),
            to.map(|to| (to, Standing::Away)),
        ];
        for (at, standing) in moments.into_iter().flatten() {
            let presence = AgentPresence {
                standing,
                reachable: true,
                on_schedule: true,
            };
            changes.push(Change {
                at,
                what: What::Presence(agent, presence),
            });
        }
    }
    changes.sort_by_key(|change| change.at);
    changes
}

fn arrival(state: &State, row: Came) -> Arrival {
    let usual = state.queues.get(&row.queue_id);
    let usual = usual.map_or(300, |queue| queue.handling_seconds.of(row.class));
    let had = row.began_at.zip(row.ended_at).map(|(from, to)| to - from);
    let had = had.filter(|had| *had > TimeDelta::zero());
    let skills = row
        .skills
        .and_then(|skills| serde_json::from_value(skills).ok());
    // Who ended unserved gave up.
    let gave_up = row.ended_at.filter(|_| row.began_at.is_none());
    Arrival {
        handling: had.unwrap_or(TimeDelta::seconds(usual.into())),
        gives_up_after: gave_up.map(|at| at - row.entered_at),
        declines: 0,
        next: None,
        item: Item {
            id: row.id,
            epoch: 1,
            queue: row.queue_id,
            class: row.class,
            units: u32::try_from(row.units).unwrap_or(1),
            priority: row.priority,
            vip: row.vip,
            skills: skills.unwrap_or(Skills::NONE),
            language: row.language,
            entered_at: row.entered_at,
            deadlines: Deadlines {
                sla: row.sla_deadline,
                reply_window: row.reply_deadline,
            },
            not_before: None,
            preferred: None,
            refusals: Vec::new(),
        },
    }
}
