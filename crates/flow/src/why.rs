//! Why work went where it went, or waits: now by what routing would decide over, of a past moment by
//! the decision that was stored; and how long it will still wait.

use crate::{Desk, Error, route};
use chrono::{DateTime, Utc};
use interdesk_domain::id::*;
use interdesk_domain::routing::expect::{ExpectedWait, LOOK_BACK, Started, expected_wait, line_of};
use interdesk_domain::routing::model::{Skills, State};
use interdesk_domain::routing::{Explanation, Unfit, reference};
use interdesk_domain::scope::TenantScope;
use interdesk_store::read::decisions::{Decision, read_explanation};
use interdesk_store::read::why as rows;
use std::collections::HashMap;

/// How much of what lately began is looked at for a pace.
const STARTS: i64 = 2_000;

/// An explanation, and where it comes from.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it says.
    pub explanation: Explanation,
    /// The stored decision; `None` where it was worked out now.
    pub decision: Option<DecisionId>,
}

/// Why an agent has not got work.
#[derive(Debug, Clone)]
pub enum WhyNot {
    /// They got it.
    Got,
    /// They could have it, or could have had it; so many come or came before them.
    Could {
        /// How many are better.
        before: usize,
    },
    /// They could not.
    CouldNot(Unfit),
    /// Which of the members could is not known of all, and they are not among those listed.
    NotKnown,
}

/// What is to be said of a work item that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its place in its queue, from 1.
    pub position: usize,
    /// How long it will still wait; `None` where nothing is to go by.
    pub expected: Option<ExpectedWait>,
}

/// Says why a work item went to who got it, the last time up to a moment.
pub async fn assigned(
    desk: &Desk,
    scope: TenantScope,
    item: WorkItemId,
    at: DateTime<Utc>,
) -> Result<Option<Told>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let found = rows::find_assignment(&transaction, scope, item, at).await?;
    transaction.commit().await?;
    Ok(found.and_then(read))
}

/// Says why a work item waits, or waited at a moment; `None` where it does or did not, and where
/// nothing is stored.
pub async fn waiting(
    desk: &Desk,
    scope: TenantScope,
    item: WorkItemId,
    at: Option<DateTime<Utc>>,
) -> Result<Option<Told>, Error> {
    let Some(at) = at else {
        return now(desk, scope, item).await;
    };
    let transaction = desk.database.begin(scope).await?;
    let found = rows::find_decision(&transaction, scope, item, at).await?;
    transaction.commit().await?;
    let told = found.and_then(read);
    Ok(told.filter(|told| told.explanation.winner.is_none()))
}

/// Says why an agent has not got a work item, or had not at a moment.
pub async fn not(
    desk: &Desk,
    scope: TenantScope,
    item: WorkItemId,
    agent: AgentId,
    at: Option<DateTime<Utc>>,
) -> Result<Option<(Told, WhyNot)>, Error> {
    let told = match at {
        Some(at) => stored(desk, scope, item, at).await?,
        None => match now(desk, scope, item).await? {
            Some(told) => Some(told),
            // It waits no more: the decision that ended its wait says why.
            None => stored(desk, scope, item, desk.now()).await?,
        },
    };
    Ok(told.map(|told| {
        let answer = answer(&told.explanation, agent);
        (told, answer)
    }))
}

/// Says of several work items where they stand and how long they will still wait; those that do not
/// wait are left out.
pub async fn places(
    desk: &Desk,
    scope: TenantScope,
    items: &[WorkItemId],
) -> Result<HashMap<WorkItemId, Waiting>, Error> {
    let now = desk.now();
    let state = route::snapshot(desk, scope).await?;
    let transaction = desk.database.begin(scope).await?;
    let started = rows::list_started(&transaction, scope, now - LOOK_BACK, STARTS).await?;
    transaction.commit().await?;
    let started: Vec<(QueueId, Skills, Started)> = started.into_iter().map(start).collect();
    let mut places = HashMap::new();
    for item in items {
        if let Some(waiting) = place(&state, &started, *item, now) {
            places.insert(*item, waiting);
        }
    }
    Ok(places)
}

fn place(
    state: &State,
    started: &[(QueueId, Skills, Started)],
    item: WorkItemId,
    now: DateTime<Utc>,
) -> Option<Waiting> {
    let known = state.items.get(&item)?;
    let queue = route::queue_of(known.queue);
    let alike = started
        .iter()
        .filter(|(of, skills, _)| *of == queue && *skills == known.skills);
    let line = line_of(state, item, alike.map(|(.., start)| *start).collect(), now)?;
    Some(Waiting {
        position: reference::position(state, item, now)?,
        expected: expected_wait(&line, now),
    })
}

async fn now(desk: &Desk, scope: TenantScope, item: WorkItemId) -> Result<Option<Told>, Error> {
    let state = route::snapshot(desk, scope).await?;
    let explanation = Explanation::of(&state, item, desk.now());
    Ok(explanation.map(|mut explanation| {
        route::name_queues(&mut explanation);
        Told {
            explanation,
            decision: None,
        }
    }))
}

async fn stored(
    desk: &Desk,
    scope: TenantScope,
    item: WorkItemId,
    at: DateTime<Utc>,
) -> Result<Option<Told>, Error> {
    let transaction = desk.database.begin(scope).await?;
    let found = rows::find_decision(&transaction, scope, item, at).await?;
    transaction.commit().await?;
    Ok(found.and_then(read))
}

fn read(row: Decision) -> Option<Told> {
    let explanation = read_explanation(&row.explanation).ok()??;
    Some(Told {
        explanation,
        decision: Some(row.id),
    })
}

fn answer(explanation: &Explanation, agent: AgentId) -> WhyNot {
    if explanation.winner == Some(agent) {
        return WhyNot::Got;
    }
    let mut candidates = explanation.candidates.iter();
    if let Some(before) = candidates.position(|one| one.score.agent == agent) {
        return WhyNot::Could { before };
    }
    match explanation.why_not(agent) {
        Some(reason) => WhyNot::CouldNot(reason.clone()),
        None if explanation.unlisted > 0 => WhyNot::NotKnown,
        None => WhyNot::CouldNot(Unfit::NotMember),
    }
}

fn start(row: rows::Started) -> (QueueId, Skills, Started) {
    let skills = row
        .skills
        .and_then(|skills| serde_json::from_value(skills).ok());
    let started = Started {
        entered_at: row.entered_at,
        started_at: row.started_at,
    };
    (row.queue_id, skills.unwrap_or(Skills::NONE), started)
}
