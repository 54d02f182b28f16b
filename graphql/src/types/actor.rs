//! Who did something.

use super::{Agent, Contact, Nullable};
use crate::loaders;
use async_graphql::{Context, Enum, Object};
use interdesk_domain::event;

/// Who did something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor(pub(crate) event::Actor);

/// Who did something.
#[Object]
impl Actor {
    /// What kind of somebody.
    async fn kind(&self) -> ActorKind {
        match self.0 {
            event::Actor::Agent(_) => ActorKind::Agent,
            event::Actor::Contact(_) => ActorKind::Contact,
            event::Actor::System => ActorKind::System,
            event::Actor::Operator => ActorKind::Operator,
        }
    }

    /// The agent; null where it was none.
    async fn agent(&self, context: &Context<'_>) -> Nullable<Agent> {
        match self.0 {
            event::Actor::Agent(id) => loaders::one(context, id).await,
            _ => None,
        }
    }

    /// The customer; null where it was none.
    async fn contact(&self, context: &Context<'_>) -> Nullable<Contact> {
        match self.0 {
            event::Actor::Contact(id) => loaders::one(context, id).await,
            _ => None,
        }
    }
}

/// What kind of somebody did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ActorKind {
    /// A person or program of the workspace.
    Agent,
    /// A customer.
    Contact,
    /// A rule of the desk itself: routing, timers.
    System,
    /// Somebody at the command line of the installation.
    Operator,
}
