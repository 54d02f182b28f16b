//! Whether a subscriber may see what happens, for as long as they watch.

use super::watchers::{Watcher, Watchers};
use super::{Identity, Proven, found};
use crate::Error;
use crate::live::Logged;
use crate::types::DeskEvent;
use crate::viewer::desk;
use async_graphql::Context;
use interdesk_domain::event::{Actor, AggregateKind, Envelope, Event};
use interdesk_domain::id::{AgentId, ConversationId};
use interdesk_domain::permission::{Permission, Viewer};
use interdesk_flow::Desk;
use interdesk_store::sight::{Place, Sight, find_places};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for a database that is away.
const PATIENCE: Duration = Duration::from_millis(500);

/// A subscriber with what they may see.
pub(crate) struct Audience {
    watcher: Arc<Watcher>,
    proven: Arc<Proven>,
    needs: Permission,
    /// Whether other conversations are seen than when it began.
    sees_otherwise: bool,
}

impl Audience {
    /// Begins with what was found when the operation began; `needs` is what the subscription needs
    /// for as long as it is open.
    pub(crate) fn new(context: &Context<'_>, needs: Permission) -> Result<Self, Error> {
        let watchers = context.data_opt::<Watchers>().ok_or(Error::Internal)?;
        let identity = context
            .data_opt::<Identity>()
            .ok_or(Error::Unauthenticated)?;
        let proven = found(context)?;
        Ok(Self {
            watcher: watchers.watcher(desk(context)?, identity, proven),
            proven: proven.clone(),
            needs,
            sees_otherwise: false,
        })
    }

    /// Returns the desk.
    pub(crate) fn desk(&self) -> &Desk {
        self.watcher.desk()
    }

    /// Returns who watches, with what they may do.
    pub(crate) fn viewer(&self) -> &Viewer {
        &self.proven.viewer
    }

    /// Returns which conversations they see.
    pub(crate) fn sight(&self) -> &Sight {
        &self.proven.sight
    }

    /// Tells whether they see other conversations than when they began.
    pub(crate) fn sees_otherwise(&self) -> bool {
        self.sees_otherwise
    }

    /// Returns who watches.
    pub(crate) fn agent(&self) -> AgentId {
        self.proven.viewer.agent
    }

    /// Says that who watches is there, unless another of their subscriptions did so within that time.
    pub(crate) async fn say_seen(&self, within: Duration) {
        self.watcher.say_seen(within).await;
    }

    /// Looks up anew what the subscriber may see, unless that was done for another of their
    /// subscriptions within that time; fails where they may not watch any more.
    pub(crate) async fn renew(&mut self, within: Duration) -> Result<(), Error> {
        let now = Instant::now();
        self.renew_since(now.checked_sub(within).unwrap_or(now))
            .await
    }

    async fn renew_since(&mut self, since: Instant) -> Result<(), Error> {
        match self.watcher.prove(since).await {
            Ok(proven) if proven.viewer.may(self.needs) => {
                self.sees_otherwise |= self.sight().written() != proven.sight.written();
                self.proven = proven;
                Ok(())
            }
            Ok(_) => Err(Error::Forbidden(self.needs)),
            Err(refused @ (Error::Unauthenticated | Error::Suspended)) => Err(refused),
            // A database that is away takes nothing from anybody.
            Err(_) => Ok(()),
        }
    }

    /// Looks up anew what the subscriber may see where an event may have changed it.
    pub(crate) async fn hear(&mut self, logged: &Logged) -> Result<(), Error> {
        match &logged.envelope {
            Some(envelope) if changes_access(&envelope.event, self.agent()) => {
                self.renew_since(logged.heard).await
            }
            _ => Ok(()),
        }
    }

    /// Tells whether the subscriber may see something that happened.
    pub(crate) async fn sees(&self, logged: &Logged) -> Result<bool, Error> {
        let Some(envelope) = &logged.envelope else {
            return Ok(false);
        };
        let is_own = names(envelope, self.agent());
        Ok(match envelope.aggregate.kind {
            AggregateKind::Conversation | AggregateKind::Episode => {
                is_own || self.sees_conversation(logged, envelope).await
            }
            AggregateKind::Agent => is_own || self.viewer().may(Permission::AgentsRead),
            AggregateKind::Contact => self.viewer().may(Permission::ContactsRead),
            AggregateKind::Tenant | AggregateKind::Inbox => {
                self.viewer().may(Permission::WorkspaceRead)
            }
        })
    }

    async fn sees_conversation(&self, logged: &Logged, envelope: &Envelope) -> bool {
        if self.sight().is_all() {
            return true;
        }
        let Some(conversation) = DeskEvent::conversation_of(envelope) else {
            return false;
        };
        // Whoever comes first looks, and all others who watch the tenant see the same place.
        let find = || self.find_place(conversation);
        let place = logged.place.get_or_init(find).await;
        place.as_ref().is_some_and(|place| self.sight().sees(place))
    }

    async fn find_place(&self, conversation: ConversationId) -> Option<Place> {
        loop {
            match self.look_up(conversation).await {
                Ok(place) => return place,
                Err(error) => {
                    let tenant = self.viewer().tenant;
                    tracing::warn!(tenant.id = %tenant, error = %error, "a conversation's place is not readable");
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        }
    }

    async fn look_up(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<Place>, interdesk_store::Error> {
        let scope = self.viewer().scope();
        let found = self
            .desk()
            .database
            .read(scope, async |conn| {
                find_places(conn, scope, &[conversation]).await
            })
            .await?;
        Ok(found.into_iter().next())
    }
}

/// Tells whether an event is about an agent, or they did it.
fn names(envelope: &Envelope, agent: AgentId) -> bool {
    envelope.actor == Actor::Agent(agent) || DeskEvent::agent_of(&envelope.event) == Some(agent)
}

/// Tells whether somebody may see more or less after an event.
fn changes_access(event: &Event, own: AgentId) -> bool {
    match event {
        Event::AgentUpdated { agent, .. } => *agent == own,
        Event::TeamChanged { .. }
        | Event::QueueChanged { .. }
        | Event::RoleChanged { .. }
        | Event::TenantTermsChanged { .. } => true,
        _ => false,
    }
}
