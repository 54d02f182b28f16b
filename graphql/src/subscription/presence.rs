//! Who is there.

use crate::access::{Audience, requires};
use crate::live::{Logged, View, Watch};
use crate::types::{self, Agent};
use crate::viewer::outside;
use crate::{Cursor, Error};
use async_graphql::{Context, ID, Interface, Object, Subscription};
use futures::Stream;
use interdesk_domain::event::Event;
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Permission;
use interdesk_store::read::agents;
use std::sync::Arc;

/// Who is there.
#[derive(Default)]
pub(super) struct PresenceSubscription;

#[Subscription]
impl PresenceSubscription {
    /// The agents of the workspace and what they chose to be: all of them, and then each who chooses
    /// something else, is set up otherwise, is new or goes.
    #[graphql(directive = requires::apply(Some(types::Permission::AgentsRead)))]
    async fn presence(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last change that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<PresenceChange, Error>> + use<>, Error> {
        Watch::begin(context, after, Everybody).await
    }
}

/// What changed about who is there.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "cursor",
    ty = "Cursor",
    desc = "The place in the log: subscribe again with it as `after`, and nothing is missed or doubled."
))]
pub(crate) enum PresenceChange {
    /// Everybody.
    PresenceSnapshot(PresenceSnapshot),
    /// Somebody who is new or something else.
    AgentPresence(AgentPresence),
    /// Somebody who is gone.
    AgentLeft(AgentLeft),
}

/// The agents of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct PresenceSnapshot {
    cursor: Cursor,
    agents: Vec<Agent>,
}

/// The agents of the workspace who may sign in, by name.
#[Object]
impl PresenceSnapshot {
    /// The place in the log behind which changes follow.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The agents.
    #[graphql(directive = crate::cost::list_size::apply(20, None, None))]
    async fn agents(&self) -> &[Agent] {
        &self.agents
    }
}

/// An agent who is new, chose to be something else or is set up otherwise.
#[derive(Debug, Clone)]
pub(crate) struct AgentPresence {
    cursor: Cursor,
    agent: Agent,
}

/// An agent who is new, chose to be something else or is set up otherwise.
#[Object]
impl AgentPresence {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// The agent as they are.
    async fn agent(&self) -> &Agent {
        &self.agent
    }
}

/// An agent who may not sign in any more.
#[derive(Debug, Clone)]
pub(crate) struct AgentLeft {
    cursor: Cursor,
    agent: AgentId,
}

/// An agent who may not sign in any more.
#[Object]
impl AgentLeft {
    /// The place in the log: subscribe again with it as `after`, and nothing is missed or doubled.
    async fn cursor(&self) -> Cursor {
        self.cursor.clone()
    }

    /// Who.
    async fn agent_id(&self) -> ID {
        outside(self.agent)
    }
}

/// Everybody.
struct Everybody;

impl View for Everybody {
    type Change = PresenceChange;
    const NEEDS: Permission = Permission::AgentsRead;

    async fn begin(&mut self, audience: &Audience, seq: u64) -> Result<Vec<PresenceChange>, Error> {
        let scope = audience.viewer().scope();
        let conn = audience.desk().database.begin(scope).await?;
        let found = agents::list(&conn, scope).await?;
        conn.commit().await?;
        Ok(vec![PresenceChange::PresenceSnapshot(PresenceSnapshot {
            cursor: Cursor::of_event(audience.viewer().tenant, seq),
            agents: found.into_iter().map(Agent).collect(),
        })])
    }

    async fn follow(
        &mut self,
        audience: &mut Audience,
        logged: Arc<Logged>,
    ) -> Result<Vec<PresenceChange>, Error> {
        let (viewer, desk) = (audience.viewer(), audience.desk());
        let agent = match logged.envelope.as_ref().map(|envelope| &envelope.event) {
            Some(
                Event::AgentAdded { agent }
                | Event::AgentUpdated { agent, .. }
                | Event::AgentPresenceChanged { agent, .. },
            ) => *agent,
            _ => return Ok(Vec::new()),
        };
        let cursor = Cursor::of_event(viewer.tenant, logged.seq);
        let found = logged.look_at_agent(desk, viewer.scope(), agent).await;
        let change = match found.filter(|row| row.disabled_at.is_none()) {
            Some(row) => PresenceChange::AgentPresence(AgentPresence {
                cursor,
                agent: Agent(row.clone()),
            }),
            None => PresenceChange::AgentLeft(AgentLeft { cursor, agent }),
        };
        Ok(vec![change])
    }
}
