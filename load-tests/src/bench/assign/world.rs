//! A desk within this process, and tenants with many agents and much work.

use crate::database::Database;
use crate::desk::Program;
use crate::services::{Services, variable};
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use interdesk_bus::{Bus, LocalBus, MemoryDead, Topology};
use interdesk_cache::MemoryCache;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::{AgentId, ConversationId, EventId, QueueId, TenantId, WorkItemId};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::Desk;
use interdesk_flow::attach::Files;
use interdesk_node::clock::SystemClock;
use interdesk_node::relay::{self, Relay};
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A database of its own.
#[derive(Clone, Debug)]
pub(super) struct World {
    database: Database,
}

/// Runs until it is stopped.
pub(super) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // It ends at its next turn, or with this process.
        let _ = self.task.await;
    }
}

impl World {
    pub(super) async fn create(services: &Services, folder: &Path) -> Result<Self> {
        let database = Database::create(services, "interdesk_assign").await?;
        let binary = variable("INTERDESK_BIN")?;
        let folder = folder.join("assign");
        Program::new(Path::new(&binary), &folder, &database)?
            .migrate()
            .await?;
        Ok(Self { database })
    }

    pub(super) fn desk(&self) -> Result<Desk> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let url = &self.database.login_url;
        Ok(Desk {
            database: interdesk_store::Database::new(url, &interdesk_store::Limits::default())?,
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: Files::in_memory(),
            committed: Arc::default(),
            settings: interdesk_flow::Settings::default(),
        })
    }

    pub(super) fn relay(&self, desk: &Desk) -> Running {
        let settings = relay::Settings::default();
        let topology = Topology::new(settings.shards);
        let dead = Arc::new(MemoryDead::default());
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(topology, &[], dead));
        let relay = Relay::new(desk.database.clone(), bus, desk.committed.clone(), settings);
        let stop = CancellationToken::new();
        Running {
            task: tokio::spawn(relay.run(stop.clone())),
            stop,
        }
    }

    /// Returns the last event that left.
    pub(super) async fn published(&self) -> Result<i64> {
        let client = self.database.connect().await?;
        let row = client.query_one("SELECT published FROM relay_cursor", &[]);
        Ok(row.await?.get(0))
    }

    pub(super) async fn settle_disk(&self) -> Result<()> {
        self.run("ANALYZE; CHECKPOINT").await
    }

    async fn run(&self, statements: &str) -> Result<()> {
        let client = self.database.connect().await?;
        Ok(client.batch_execute(statements).await?)
    }

    /// Makes a tenant with one queue, served by all of its agents.
    pub(super) async fn tenant(&self, is_online: bool, agents: usize) -> Result<Tenant> {
        let number = u64::from(is_online) + 1;
        let tenant = Tenant {
            world: self.clone(),
            number,
            agents,
            scope: TenantScope::new(TenantId(id(number, Kind::Tenant, 0))),
            queue: QueueId(id(number, Kind::Queue, 0)),
        };
        let presence = if is_online { "online" } else { "away" };
        let of = tenant.scope.tenant().0;
        let (queue, team, inbox) = (
            tenant.queue.0,
            id(number, Kind::Team, 0),
            id(number, Kind::Inbox, 0),
        );
        let agent = Kind::Agent.prefix(number);
        self.run(&format!(
            "INSERT INTO tenants (id, slug, name, created_at) VALUES ('{of}', 'desk-{number}', 'Desk', now());
             INSERT INTO queues (id, tenant_id, name, offer_seconds, created_at)
                VALUES ('{queue}', '{of}', 'Queue', 3600, now());
             INSERT INTO teams (id, tenant_id, name, created_at) VALUES ('{team}', '{of}', 'Team', now());
             INSERT INTO queue_teams (queue_id, team_id, tenant_id) VALUES ('{queue}', '{team}', '{of}');
             INSERT INTO inboxes (id, tenant_id, public_id, channel, name, account_id, queue_id,
                credentials, created_at)
                VALUES ('{inbox}', '{of}', 'in-{number}', 'webhook', 'Inbox', 'app', '{queue}', '', now());
             INSERT INTO agents (id, tenant_id, email, name, role, presence, created_at)
                SELECT ('{agent}' || lpad(to_hex(n), 12, '0'))::uuid, '{of}', n || '-{number}@example.org',
                    'Agent ' || n, 'agent', '{presence}', now() FROM generate_series(1, {agents}) n;
             INSERT INTO agent_loads (agent_id, tenant_id, capacity, idle_since)
                SELECT id, tenant_id, 10, created_at FROM agents WHERE tenant_id = '{of}';
             INSERT INTO team_members (team_id, agent_id, tenant_id)
                SELECT '{team}', id, tenant_id FROM agents WHERE tenant_id = '{of}'"
        ))
        .await?;
        Ok(tenant)
    }
}

/// What an id names, so that none is drawn twice.
#[derive(Clone, Copy)]
enum Kind {
    Tenant,
    Queue,
    Team,
    Inbox,
    Agent,
    Contact,
    Conversation,
    Episode,
    Item,
    Event,
}

impl Kind {
    /// Returns all but the last twelve digits of its ids.
    fn prefix(self, tenant: u64) -> String {
        format!("0190000{tenant}-0000-7000-8{:03x}-", self as u64)
    }
}

fn id(tenant: u64, kind: Kind, number: usize) -> Uuid {
    let text = format!("{}{number:012x}", kind.prefix(tenant));
    Uuid::parse_str(&text).unwrap_or_default()
}

/// A tenant with its one queue.
pub(super) struct Tenant {
    world: World,
    number: u64,
    agents: usize,
    pub(super) scope: TenantScope,
    queue: QueueId,
}

impl Tenant {
    pub(super) fn agents(&self) -> impl Iterator<Item = AgentId> + '_ {
        (1..=self.agents).map(|number| AgentId(id(self.number, Kind::Agent, number)))
    }

    /// Lets so many conversations wait.
    pub(super) async fn wait(&self, items: usize) -> Result<()> {
        let of = self.scope.tenant().0;
        let queue = self.queue.0;
        let inbox = id(self.number, Kind::Inbox, 0);
        let made = |kind: Kind| {
            let prefix = kind.prefix(self.number);
            format!("('{prefix}' || lpad(to_hex(n), 12, '0'))::uuid")
        };
        let (contact, conversation) = (made(Kind::Contact), made(Kind::Conversation));
        let (episode, item) = (made(Kind::Episode), made(Kind::Item));
        let from = format!("FROM generate_series(1, {items}) n");
        self.world
            .run(&format!(
                "INSERT INTO contacts (id, tenant_id, created_at) SELECT {contact}, '{of}', now() {from};
                 INSERT INTO conversations (id, tenant_id, thread_key, contact_id, inbox_id, queue_id,
                    status, version, episode_id, last_message_at, created_at)
                 SELECT {conversation}, '{of}', n::text, {contact}, '{inbox}', '{queue}', 'new', 1,
                    {episode}, now(), now() {from};
                 INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
                 SELECT {episode}, '{of}', {conversation}, 1, now() {from};
                 INSERT INTO work_items (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at)
                 SELECT {item}, '{of}', {conversation}, {episode}, '{queue}', 'queued', now() {from}"
            ))
            .await
    }

    /// Tells of work that waits, as receiving does.
    pub(super) fn queued(&self, items: usize, at: DateTime<Utc>) -> Vec<Envelope> {
        let told = (1..=items).map(|number| {
            let conversation = id(self.number, Kind::Conversation, number);
            let event = Event::WorkItemQueued {
                conversation: ConversationId(conversation),
                work_item: WorkItemId(id(self.number, Kind::Item, number)),
                queue: self.queue,
                epoch: 1,
            };
            self.envelope(
                number,
                (AggregateKind::Conversation, conversation),
                event,
                at,
            )
        });
        told.collect()
    }

    /// Lets every agent come online at once, and tells of it.
    pub(super) async fn come_free(&self, at: DateTime<Utc>) -> Result<Vec<Envelope>> {
        let of = self.scope.tenant().0;
        let online = format!("UPDATE agents SET presence = 'online' WHERE tenant_id = '{of}'");
        self.world.run(&online).await?;
        let told = self.agents().zip(1..).map(|(agent, number)| {
            let event = Event::AgentPresenceChanged {
                agent,
                from: Presence::Away,
                to: Presence::Online,
                reason: None,
            };
            self.envelope(number, (AggregateKind::Agent, agent.0), event, at)
        });
        Ok(told.collect())
    }

    fn envelope(
        &self,
        number: usize,
        (kind, of): (AggregateKind, Uuid),
        event: Event,
        at: DateTime<Utc>,
    ) -> Envelope {
        Envelope {
            id: EventId(id(self.number, Kind::Event, number)),
            tenant: self.scope.tenant(),
            seq: None,
            schema_version: SCHEMA_VERSION,
            aggregate: Aggregate {
                kind,
                id: of,
                version: 1,
            },
            actor: Actor::System,
            cause: None,
            occurred_at: at,
            trace: None,
            event,
        }
    }

    /// Proves that all of it is offered, once, and that nobody holds more than they may.
    pub(super) async fn prove(&self, items: usize) -> Result<()> {
        let client = self.world.database.connect().await?;
        let of = self.scope.tenant().0;
        let row = client
            .query_one(
                &format!(
                    "SELECT (SELECT count(*) FROM offers WHERE tenant_id = '{of}' AND state = 'pending'),
                        (SELECT count(*) FROM agent_loads l WHERE tenant_id = '{of}' AND (load > capacity
                            OR load <> (SELECT count(*) FROM offers o
                                WHERE o.agent_id = l.agent_id AND o.state = 'pending')))"
                ),
                &[],
            )
            .await
            .context("count offers")?;
        let (offers, wrong): (i64, i64) = (row.get(0), row.get(1));
        ensure!(offers == items as i64, "{offers} offers for {items} items");
        ensure!(wrong == 0, "{wrong} agents hold what they do not");
        Ok(())
    }
}
