//! An agent says what they are: online, busy, away or offline, or a word of the tenant's own for one of
//! them.

use crate::wish::{Halt, Verb, Wish};
use crate::{Context, Desk, Error, Events, absence};
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{AgentId, PresenceReasonId};
use interdesk_domain::permission::Viewer;
use interdesk_store::{Conn, agents, outbox, presence_reasons};
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
    /// The tenant has no such word.
    ReasonNotFound,
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
    let choice = Become {
        presence: Some(to),
        reason: None,
    };
    choose(desk, viewer, &choice, key, context).await
}

/// Changes what the viewer is, by a word of the tenant's own.
pub async fn set_reason(
    desk: &Desk,
    viewer: &Viewer,
    reason: PresenceReasonId,
    key: Option<&str>,
    context: &Context,
) -> Result<PresenceOutcome, Error> {
    let choice = Become {
        presence: None,
        reason: Some(reason),
    };
    choose(desk, viewer, &choice, key, context).await
}

async fn choose(
    desk: &Desk,
    viewer: &Viewer,
    choice: &Become,
    key: Option<&str>,
    context: &Context,
) -> Result<PresenceOutcome, Error> {
    if choice.presence != Some(Presence::Offline) {
        seen(desk, viewer.agent).await;
    }
    let wish = Wish::new(desk, viewer, key, context);
    let outcome = wish.fulfil(choice).await?;
    if let PresenceOutcome::Changed {
        presence: Presence::Offline,
        ..
    } = outcome
    {
        gone(desk, viewer, context).await;
    }
    Ok(outcome)
}

/// Lets go of whoever is offline; what fails here is done by a timer that their choice has set.
async fn gone(desk: &Desk, viewer: &Viewer, context: &Context) {
    if let Err(error) = desk.cache.forget(viewer.agent).await {
        tracing::warn!(error = %error, "a sign of life could not be forgotten");
    }
    if let Err(error) = absence::leave(desk, viewer.scope(), viewer.agent, context).await {
        tracing::warn!(error = %error, "offers could not be taken back at once");
    }
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
struct Become {
    /// One of the words that routing knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<Presence>,
    /// A word of the tenant's own, which stands for one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<PresenceReasonId>,
}

impl Verb for Become {
    type Outcome = PresenceOutcome;
    const OPERATION: &'static str = "presence_set";
    const KEY_REUSED: PresenceOutcome = PresenceOutcome::KeyReused;

    async fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> Result<PresenceOutcome, Halt<PresenceOutcome>> {
        let scope = wish.scope();
        let of_reason = match self.reason {
            Some(reason) => {
                let found = presence_reasons::find(conn, scope, reason).await?;
                let used = found.filter(|reason| reason.retired_at.is_none());
                used.map(|reason| reason.presence)
            }
            None => None,
        };
        let Some(to) = self.presence.or(of_reason) else {
            return Err(Halt::Refused(PresenceOutcome::ReasonNotFound));
        };
        let Some(agent) = agents::lock(conn, scope, wish.viewer.agent).await? else {
            return Err(Halt::Failed(Error::Disabled));
        };
        if (agent.presence, agent.presence_reason) == (to, self.reason) {
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
            reason: self.reason,
        });
        agents::mark_presence(conn, scope, agent.id, to, version).await?;
        if agent.presence_reason != self.reason {
            presence_reasons::mark(conn, scope, agent.id, self.reason).await?;
        }
        absence::note(wish.desk, conn, scope, agent.id, to).await?;
        outbox::append(conn, events.list()).await?;
        Ok(PresenceOutcome::Changed {
            presence: to,
            version,
        })
    }
}
