//! Builders of rows: written as the owner of the tables, so that a test says only what matters.

use crate::ManualClock;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::*;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_store::testing::TestDatabase;
use std::sync::Arc;

/// A database of its own with a clock that the test moves.
pub struct World {
    /// The database.
    pub test: TestDatabase,
    /// The clock.
    pub clock: Arc<ManualClock>,
}

/// A conversation whose episode waits in a queue.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Whose.
    pub tenant: TenantId,
    /// Where it waits.
    pub queue: QueueId,
    /// The conversation, with status new and version 1.
    pub conversation: ConversationId,
    /// Its first episode.
    pub episode: EpisodeId,
    /// The customer.
    pub contact: ContactId,
    /// The work item, queued with epoch 1.
    pub work_item: WorkItemId,
}

impl World {
    /// Makes a fresh database; see `TestDatabase::fresh`.
    pub async fn fresh() -> Self {
        Self {
            test: TestDatabase::fresh().await,
            clock: Arc::new(ManualClock::default()),
        }
    }

    /// Adds a tenant.
    pub async fn tenant(&self) -> TenantId {
        let id: TenantId = self.id();
        self.insert(
            "tenants (id, slug, name, created_at)",
            &format!("('{0}', 't-{0}', 'Tenant', '{1}')", id.0, self.now()),
        )
        .await;
        id
    }

    /// Gives every event its place in its tenant's order, as the relay does.
    pub async fn stamp(&self) {
        self.test
            .execute_as_owner(
                "WITH given AS (
                    INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
                    SELECT o.pos, o.tenant_id, COALESCE(t.seq, 0)
                        + row_number() OVER (PARTITION BY o.tenant_id ORDER BY o.pos), o.pos, o.logged_at
                    FROM outbox o LEFT JOIN tenant_seqs t ON t.tenant_id = o.tenant_id
                    WHERE o.pos NOT IN (SELECT pos FROM event_seqs)
                    RETURNING tenant_id, seq)
                 INSERT INTO tenant_seqs (tenant_id, seq)
                 SELECT tenant_id, max(seq) FROM given GROUP BY tenant_id
                 ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq",
            )
            .await;
    }

    /// Adds an agent who is online.
    pub async fn agent(&self, tenant: TenantId, capacity: i32) -> Viewer {
        self.person(tenant, Role::Agent, Presence::Online, capacity)
            .await
    }

    /// Adds a person with any role and presence.
    pub async fn person(
        &self,
        tenant: TenantId,
        role: Role,
        presence: Presence,
        capacity: i32,
    ) -> Viewer {
        let agent: AgentId = self.id();
        let (id, of, now) = (agent.0, tenant.0, self.now());
        let (role_name, presence) = (role.as_str(), presence.as_str());
        self.insert("agents (id, tenant_id, email, name, role, presence, created_at)", &format!(
            "('{id}', '{of}', '{id}@example.org', 'Agent', '{role_name}', '{presence}', '{now}')"
        ))
        .await;
        self.insert(
            "agent_loads (agent_id, tenant_id, capacity, idle_since)",
            &format!("('{id}', '{of}', {capacity}, '{now}')"),
        )
        .await;
        Viewer {
            tenant,
            agent,
            grants: role.grants(),
        }
    }

    /// Adds a queue served by one new team of these agents; offers last 30 seconds.
    pub async fn queue(&self, tenant: TenantId, agents: &[AgentId]) -> QueueId {
        let (queue, team): (QueueId, TeamId) = (self.id(), self.id());
        let (of, now) = (tenant.0, self.now());
        self.insert(
            "queues (id, tenant_id, name, created_at)",
            &format!("('{0}', '{of}', 'Queue {0}', '{now}')", queue.0),
        )
        .await;
        self.insert(
            "teams (id, tenant_id, name, created_at)",
            &format!("('{0}', '{of}', 'Team {0}', '{now}')", team.0),
        )
        .await;
        self.insert(
            "queue_teams (queue_id, team_id, tenant_id)",
            &format!("('{}', '{}', '{of}')", queue.0, team.0),
        )
        .await;
        for agent in agents {
            self.insert(
                "team_members (team_id, agent_id, tenant_id)",
                &format!("('{}', '{}', '{of}')", team.0, agent.0),
            )
            .await;
        }
        queue
    }

    /// Adds an inbox of the webhook channel; its credentials are empty bytes.
    pub async fn inbox(&self, tenant: TenantId, queue: QueueId) -> InboxId {
        let inbox: InboxId = self.id();
        self.insert(
            "inboxes (id, tenant_id, public_id, channel, name, account_id, queue_id, credentials,
                created_at)",
            &format!(
                "('{0}', '{1}', 'in-{0}', 'webhook', 'Inbox', '{0}', '{2}', '', '{3}')",
                inbox.0,
                tenant.0,
                queue.0,
                self.now()
            ),
        )
        .await;
        inbox
    }

    /// Adds a conversation that waits in `queue`, with a contact and an inbox of its own.
    pub async fn waiting(&self, tenant: TenantId, queue: QueueId) -> Waiting {
        let inbox = self.inbox(tenant, queue).await;
        let mut made = self.waiting_many(tenant, queue, inbox, 1).await;
        made.pop().expect("one was made")
    }

    /// Adds many conversations of one inbox that wait in `queue`, in the order of the list.
    pub async fn waiting_many(
        &self,
        tenant: TenantId,
        queue: QueueId,
        inbox: InboxId,
        count: usize,
    ) -> Vec<Waiting> {
        let made: Vec<Waiting> = (0..count)
            .map(|_| Waiting {
                tenant,
                queue,
                contact: self.id(),
                conversation: self.id(),
                episode: self.id(),
                work_item: self.id(),
            })
            .collect();
        let (of, now) = (tenant.0, self.now());
        let rows =
            |row: &dyn Fn(&Waiting) -> String| made.iter().map(row).collect::<Vec<_>>().join(", ");
        let contacts = rows(&|one| format!("('{}', '{of}', '{now}')", one.contact.0));
        let conversations = rows(&|one| {
            let (id, contact, episode) = (one.conversation.0, one.contact.0, one.episode.0);
            format!(
                "('{id}', '{of}', '{id}', '{contact}', '{}', '{}', 'new', 1, '{episode}', '{now}', '{now}')",
                inbox.0, queue.0
            )
        });
        let episodes = rows(&|one| {
            format!(
                "('{}', '{of}', '{}', 1, '{now}')",
                one.episode.0, one.conversation.0
            )
        });
        let work_items = rows(&|one| {
            let (id, conversation, episode) = (one.work_item.0, one.conversation.0, one.episode.0);
            format!(
                "('{id}', '{of}', '{conversation}', '{episode}', '{}', 'queued', '{now}')",
                queue.0
            )
        });
        self.insert("contacts (id, tenant_id, created_at)", &contacts)
            .await;
        self.insert(
            "conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id, status,
                version, episode_id, last_message_at, created_at)",
            &conversations,
        )
        .await;
        self.insert(
            "episodes (id, tenant_id, conversation_id, number, opened_at)",
            &episodes,
        )
        .await;
        self.insert(
            "work_items (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at)",
            &work_items,
        )
        .await;
        made
    }

    async fn insert(&self, into: &str, values: &str) {
        self.test
            .execute_as_owner(&format!("INSERT INTO {into} VALUES {values}"))
            .await;
    }

    fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.clock.new_uuid().into()
    }

    fn now(&self) -> String {
        self.clock.now().to_rfc3339()
    }
}
