//! Agents.

use super::{ThirdPartyInbox, object};
use crate::Long;
use crate::viewer::outside;
use async_graphql::{Enum, ID, Object};
use chrono::{DateTime, Utc};
use interdesk_domain::{agent, permission};
use interdesk_store::read::agents::Agent as Row;

object! {
    /// A person or program that answers.
    Agent(Row)
}

/// A person or program that answers.
#[Object]
impl Agent {
    /// Names the agent.
    pub(crate) async fn id(&self) -> ID {
        outside(self.0.id)
    }

    /// The name that colleagues see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name at sign-in.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What the agent may do.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What the agent chose to be.
    async fn presence(&self) -> Presence {
        self.0.presence.into()
    }

    /// Units of work that the agent holds: pending offers and conversations at hand.
    async fn load(&self) -> i32 {
        self.0.load
    }

    /// Units of work that the agent may hold.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }

    /// When the agent last got or finished work; who is idle longest is offered work first.
    async fn idle_since(&self) -> DateTime<Utc> {
        self.0.idle_since
    }

    /// Where third-party apps are shown to them: their own choice, or else the workspace's.
    async fn third_party_inbox(&self) -> ThirdPartyInbox {
        self.0.third_party_inbox.into()
    }

    /// Whether that is a choice of their own.
    async fn third_party_inbox_is_own(&self) -> bool {
        self.0.third_party_inbox_is_own
    }

    /// Counts the agent's events.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// When the agent was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Since when the agent may not sign in; null for who may.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }
}

/// What an agent chose to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "agent::Presence")]
pub(crate) enum Presence {
    /// Takes new work.
    Online,
    /// Keeps the work at hand, takes no more.
    Away,
    /// Not working.
    Offline,
}

/// What an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "permission::Role")]
pub(crate) enum Role {
    /// Answers what is offered.
    Agent,
    /// Sees and steers the work of others too.
    Supervisor,
    /// Configures the workspace.
    Admin,
}
