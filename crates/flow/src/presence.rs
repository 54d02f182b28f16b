//! An agent says what they are: online, away, offline.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Viewer;
use interdesk_store::{Conn, agents, outbox};
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
    let wish = Wish::new(desk, viewer, key, context);
    let outcome = wish.fulfil(&Become(to)).await?;
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

/// To be something else.
#[derive(Serialize)]
struct Become(Presence);

impl Verb for Become {
    type Outcome = PresenceOutcome;
    const OPERATION: &'static str = "presence_set";
    const KEY_REUSED: PresenceOutcome = PresenceOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<PresenceOutcome, Halt<PresenceOutcome>> {
        let (scope, to) = (wish.scope(), self.0);
        let Some(agent) = agents::lock(conn, scope, wish.viewer.agent).await? else {
            return Err(Halt::Failed(Error::Disabled));
        };
        if agent.presence == to {
            return Err(Halt::Refused(PresenceOutcome::Unchanged {
                presence: to,
                version: agent.version,
            }));
        }
        let aggregate = (AggregateKind::Agent, agent.id.0);
        let mut events = Events::of(wish.desk, scope, aggregate, agent.version, wish.context);
        let version = events.push(Event::AgentPresenceChanged {
            agent: agent.id,
            from: agent.presence,
            to,
            reason: None,
        });
        agents::mark_presence(conn, scope, agent.id, to, version).await?;
        outbox::append(conn, events.list()).await?;
        Ok(PresenceOutcome::Changed {
            presence: to,
            version,
        })
    }
}
