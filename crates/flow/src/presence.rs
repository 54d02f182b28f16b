//! An agent says what they are: online, away, offline.

use crate::once::{Once, Recall};
use crate::{Context, Desk, Error, Events, conflict};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Viewer;
use interdesk_store::agents::{self, Agent};
use interdesk_store::{Conn, outbox};
use serde::{Deserialize, Serialize};

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PresenceOutcome {
    /// The agent is that now.
    Changed {
        /// What they are.
        presence: Presence,
        /// The agent's version.
        version: i64,
    },
    /// The agent was that already.
    Unchanged {
        /// What they are.
        presence: Presence,
        /// The agent's version.
        version: i64,
    },
    /// No such agent, or one who may not sign in any more.
    NotFound,
    /// The key was used for something else.
    KeyReused,
}

/// Changes what the viewer is.
///
/// The sign of life comes before the commit, so that whoever routes on the event finds it.
pub async fn set(
    desk: &Desk,
    viewer: &Viewer,
    to: Presence,
    key: Option<&str>,
    context: &Context,
) -> Result<PresenceOutcome, Error> {
    if to != Presence::Offline {
        seen(desk, viewer.agent).await;
    }
    let outcome = conflict::retry(|| set_once(desk, viewer, to, key, context)).await?;
    if to == Presence::Offline
        && let Err(error) = desk.cache.forget(viewer.agent).await
    {
        tracing::warn!(error = %error, "a sign of life could not be forgotten");
    }
    Ok(outcome)
}

/// Notes a sign of life of an agent.
pub async fn seen(desk: &Desk, agent: AgentId) {
    let lease = desk.settings.presence_lease.to_std().unwrap_or_default();
    if let Err(error) = desk.cache.touch(agent, lease).await {
        tracing::warn!(error = %error, "a sign of life could not be noted");
    }
}

async fn set_once(
    desk: &Desk,
    viewer: &Viewer,
    to: Presence,
    key: Option<&str>,
    context: &Context,
) -> Result<PresenceOutcome, Error> {
    let scope = viewer.scope();
    let once = Once::new(viewer, key, "presence_set", &to)?;
    let transaction = desk.database.begin(scope).await?;
    let found = load(&transaction, viewer, to).await?;
    let answer = match once.recall(&transaction).await? {
        Recall::Fresh => found,
        Recall::Replay(outcome) => Err(outcome),
        Recall::Mismatch => Err(PresenceOutcome::KeyReused),
    };
    let agent = match answer {
        Ok(agent) => agent,
        Err(refusal) => {
            transaction.rollback().await?;
            return Ok(refusal);
        }
    };
    let aggregate = (AggregateKind::Agent, agent.id.0);
    let mut events = Events::of(desk, scope, aggregate, agent.version, context);
    let changed = Event::AgentPresenceChanged {
        agent: agent.id,
        from: agent.presence,
        to,
    };
    let version = events.push(changed);
    let outcome = PresenceOutcome::Changed {
        presence: to,
        version,
    };
    agents::mark_presence(&transaction, scope, agent.id, to, version).await?;
    outbox::append(&transaction, events.list()).await?;
    once.remember(&transaction, &outcome, desk.now()).await?;
    transaction.commit().await?;
    desk.committed.notify_one();
    Ok(outcome)
}

async fn load(
    conn: &Conn,
    viewer: &Viewer,
    to: Presence,
) -> Result<Result<Agent, PresenceOutcome>, Error> {
    let Some(agent) = agents::lock(conn, viewer.scope(), viewer.agent).await? else {
        return Ok(Err(PresenceOutcome::NotFound));
    };
    if agent.presence == to {
        return Ok(Err(PresenceOutcome::Unchanged {
            presence: to,
            version: agent.version,
        }));
    }
    Ok(Ok(agent))
}
