//! The conversations that an event changes, read once for all who watch.

use super::Logged;
use crate::types::DeskEvent;
use interdesk_domain::condition::Facts;
use interdesk_domain::event::{AggregateKind, Envelope};
use interdesk_domain::id::{AgentId, ContactId, ConversationId};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::{Desk, views};
use interdesk_store::Error;
use interdesk_store::conversations::Conversation;
use interdesk_store::read::agents::Agent;
use interdesk_store::read::conversations::list_of_contact;
use interdesk_store::read::related::{self, Wanted};
use interdesk_store::sight::{Place, Sight, Trail, find_places, find_trail};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long to wait for a database that is away.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Repeats a read until the database answers: an event that is passed over is lost to its subscriber.
macro_rules! patiently {
    ($read:expr) => {
        loop {
            match $read {
                Ok(found) => break found,
                Err(error) => {
                    tracing::warn!(error = %error, "what changed is not readable");
                    tokio::time::sleep($crate::live::PATIENCE).await;
                }
            }
        }
    };
}

pub(crate) use patiently;

/// A conversation as it stood at or after an event that changes it. Later changes have events of their
/// own, so that whoever follows comes to see how it stands.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    /// Its row.
    pub(crate) row: Conversation,
    /// What conditions are asked about.
    pub(crate) facts: Facts,
    place: Place,
    /// Where it ever lay, read when the first subscriber asks who does not see it.
    trail: OnceCell<Trail>,
}

impl Looked {
    /// Tells whether it is seen.
    pub(crate) fn is_seen(&self, sight: &Sight) -> bool {
        sight.sees(&self.place)
    }

    /// Tells whether who sees this now ever saw it.
    pub(crate) async fn was_seen(&self, desk: &Desk, scope: TenantScope, sight: &Sight) -> bool {
        let id = self.row.id;
        let find = || async move { patiently!(trail_of(desk, scope, id).await) };
        sight.saw(self.trail.get_or_init(find).await)
    }

    /// Finds conversations as they stand.
    pub(crate) async fn find(
        desk: &Desk,
        scope: TenantScope,
        ids: &[ConversationId],
    ) -> Result<Vec<Self>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let conn = desk.database.begin(scope).await?;
        let found = views::look(&conn, scope, ids, desk.now()).await?;
        let places = find_places(&conn, scope, ids).await?;
        conn.commit().await?;
        let looked = found.into_iter().filter_map(|(row, facts)| {
            let place = places.iter().find(|place| place.id == row.id)?.clone();
            Some(Self {
                row,
                facts,
                place,
                trail: OnceCell::new(),
            })
        });
        Ok(looked.collect())
    }
}

impl Logged {
    /// Looks at the conversations that the event changes; whoever comes first looks for all.
    pub(crate) async fn look(&self, desk: &Desk, scope: TenantScope) -> &[Looked] {
        let envelope = self.envelope.as_deref();
        let find = || async move {
            match envelope {
                Some(envelope) => patiently!(find(desk, scope, envelope).await),
                None => Vec::new(),
            }
        };
        self.looked.get_or_init(find).await
    }
}

impl Logged {
    /// Finds the agent whom the event is about; whoever comes first looks for all.
    pub(crate) async fn look_at_agent(
        &self,
        desk: &Desk,
        scope: TenantScope,
        id: AgentId,
    ) -> Option<&Agent> {
        let find = || async move { patiently!(agent(desk, scope, id).await) };
        self.agent.get_or_init(find).await.as_ref()
    }
}

async fn find(desk: &Desk, scope: TenantScope, envelope: &Envelope) -> Result<Vec<Looked>, Error> {
    if envelope.aggregate.kind == AggregateKind::Contact {
        let contact = ContactId(envelope.aggregate.id);
        let conn = desk.database.begin(scope).await?;
        let ids = list_of_contact(&conn, scope, contact).await?;
        conn.commit().await?;
        return Looked::find(desk, scope, &ids).await;
    }
    let conversation = DeskEvent::conversation_of(envelope);
    let ids: Vec<ConversationId> = conversation.into_iter().collect();
    Looked::find(desk, scope, &ids).await
}

async fn trail_of(desk: &Desk, scope: TenantScope, id: ConversationId) -> Result<Trail, Error> {
    let conn = desk.database.begin(scope).await?;
    let trail = find_trail(&conn, scope, id).await?;
    conn.commit().await?;
    Ok(trail)
}

async fn agent(desk: &Desk, scope: TenantScope, id: AgentId) -> Result<Option<Agent>, Error> {
    let conn = desk.database.begin(scope).await?;
    let wanted = Wanted {
        agents: vec![id],
        ..Wanted::default()
    };
    let found = related::find(&conn, scope, &wanted).await?;
    conn.commit().await?;
    Ok(found.agents.into_iter().next())
}
