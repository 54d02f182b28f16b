//! Whether anybody is there to answer.

use super::Widget;
use super::asked::Asked;
use interdesk_domain::agent::Presence as Chosen;
use interdesk_domain::id::{AgentId, QueueId};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_store::members;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer is believed.
const FRESH: Duration = Duration::from_secs(5);

/// How many queues are remembered.
const MOST: usize = 10_000;

/// Tells for each queue whether an agent is online, and asks rarely.
pub(super) struct Presence {
    desk: Desk,
    known: Mutex<HashMap<QueueId, (bool, Instant)>>,
}

impl Presence {
    /// Asks the desk.
    pub(super) fn new(desk: Desk) -> Self {
        let known = Mutex::default();
        Self { desk, known }
    }

    /// Tells whether an agent of a queue is online and gave a sign of life.
    ///
    /// Where that cannot be told somebody counts as there: a visitor who is asked for an address
    /// without need is worse off than one who waits a little.
    pub(super) async fn is_online(&self, scope: TenantScope, queue: QueueId) -> bool {
        if let Some(known) = self.remembered(queue) {
            return known;
        }
        let online = self.ask(scope, queue).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "it cannot be told who is online");
            true
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(queue, (online, Instant::now() + FRESH));
        online
    }

    fn remembered(&self, queue: QueueId) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (online, until) = known.get(&queue)?;
        (*until > Instant::now()).then_some(*online)
    }

    async fn ask(
        &self,
        scope: TenantScope,
        queue: QueueId,
    ) -> Result<bool, interdesk_store::Error> {
        let begun = self
            .desk
            .database
            .begin_with(scope, async |conn| members::list(conn, scope, queue).await);
        let (transaction, members) = begun.await?;
        transaction.commit().await?;
        let online = members.iter().filter(|one| one.presence == Chosen::Online);
        let agents: Vec<AgentId> = online.map(|one| one.agent_id).collect();
        let alive = self.desk.cache.alive(&agents).await;
        let alive = alive.unwrap_or_else(|_| vec![true; agents.len()]);
        Ok(alive.contains(&true))
    }
}

/// Tells whether anybody is there for an inbox.
pub(super) async fn of(widget: &Widget, asked: &Asked) -> bool {
    let queue = asked.inbox.mailbox.queue;
    widget.presence.is_online(asked.inbox.scope, queue).await
}
