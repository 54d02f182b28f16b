//! A tenant with promises, and stories that are told to the log event by event.

use chrono::{DateTime, Duration, Utc};
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock as _;
use interdesk_domain::event::{Actor, Aggregate, AggregateKind, Envelope, Event, SCHEMA_VERSION};
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use interdesk_domain::sla::{Clock, Outcome};
use interdesk_flow::watch_sla::{self, Shelf};
use interdesk_flow::{Context, Desk, Settings, sla_check};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{outbox, sla};
use interdesk_testkit::{Waiting, World};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) shelf: Shelf,
    pub(crate) tenant: TenantId,
    pub(crate) agent: Viewer,
    pub(crate) queue: QueueId,
}

/// A conversation and what was told of it.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    pub(crate) at: Waiting,
    pub(crate) inbox: InboxId,
    pub(crate) agent: AgentId,
}

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

pub(crate) fn minutes(count: i64) -> Duration {
    Duration::minutes(count)
}

impl Bench {
    pub(crate) async fn fresh() -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn interdesk_domain::clock::Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        let tenant = world.tenant().await;
        let agent = world.agent(tenant, 5).await;
        let queue = world.queue(tenant, &[agent.agent]).await;
        Self {
            world,
            desk,
            shelf: Shelf::default(),
            tenant,
            agent,
            queue,
        }
    }

    pub(crate) fn scope(&self) -> TenantScope {
        TenantScope::new(self.tenant)
    }

    /// Moves the clock to a moment.
    pub(crate) fn at(&self, at: DateTime<Utc>) {
        let now = self.world.clock.now();
        self.world.clock.advance(at - now);
    }

    pub(crate) fn wait(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    /// Puts a version of a policy in force and tells the log of it.
    pub(crate) async fn policy(
        &self,
        kind: PolicyKind,
        id: uuid::Uuid,
        version: i32,
        from: DateTime<Utc>,
        body: Value,
    ) {
        let (tenant, kind_name, body) = (self.tenant.0, kind.as_str(), body.to_string());
        let now = self.world.clock.now();
        self.world
            .test
            .execute_as_owner(&format!(
                "INSERT INTO policies (tenant_id, kind, id, name, latest, version, created_at)
                 VALUES ('{tenant}', '{kind_name}', '{id}', 'policy {id}', {version}, {version}, '{now}')
                 ON CONFLICT (tenant_id, kind, id) DO UPDATE SET latest = {version}, version = {version};
                 INSERT INTO policy_versions
                    (tenant_id, kind, id, version, body, note, made_at, effective_from)
                 VALUES ('{tenant}', '{kind_name}', '{id}', {version}, '{body}', '', '{now}', '{from}')"
            ))
            .await;
        let event = match kind {
            PolicyKind::Schedule => Event::ScheduleChanged {
                schedule: ScheduleId(id),
                version,
                from,
            },
            kind => Event::PolicyChanged {
                policy_kind: kind,
                subject: id,
                version: Some(version),
                active: true,
                from: Some(from),
                staged_permille: None,
            },
        };
        self.tell_tenant(event).await;
    }

    pub(crate) async fn tell_tenant(&self, event: Event) {
        let aggregate = Aggregate {
            kind: AggregateKind::Tenant,
            id: self.tenant.0,
            version: 1,
        };
        self.append(aggregate, Actor::Operator, event).await;
    }

    /// Promises these targets to everybody, from before the story on.
    pub(crate) async fn promise(&self, version: i32, targets: Value) -> PolicyId {
        let id = PolicyId(uuid::Uuid::from_u128(77));
        self.promise_with(version, targets, json!({})).await;
        id
    }

    pub(crate) async fn promise_with(&self, version: i32, targets: Value, rules: Value) {
        let id = PolicyId(uuid::Uuid::from_u128(77));
        let level = json!([{ "id": id, "name": "All", "targets": targets, "rules": rules }]);
        let from = self.world.clock.now();
        self.policy(PolicyKind::Sla, self.tenant.0, version, from, level)
            .await;
    }

    /// Lets hours apply to the queue.
    pub(crate) async fn hours(&self, number: u128, version: i32, from: DateTime<Utc>, body: Value) {
        let id = uuid::Uuid::from_u128(number);
        self.policy(PolicyKind::Schedule, id, version, from, body)
            .await;
    }

    pub(crate) async fn queue_hours(&self, number: u128) {
        let id = uuid::Uuid::from_u128(number);
        self.world
            .test
            .execute_as_owner(&format!("UPDATE queues SET schedule_id = '{id}'"))
            .await;
        self.tell_tenant(Event::QueueChanged { queue: self.queue })
            .await;
    }

    /// A customer's message opens a conversation, which waits in the queue.
    pub(crate) async fn opens(&self) -> Story {
        let inbox = self.world.inbox(self.tenant, self.queue).await;
        let made = self
            .world
            .waiting_many(self.tenant, self.queue, inbox, 1)
            .await;
        let story = Story {
            at: made[0],
            inbox,
            agent: self.agent.agent,
        };
        self.world
            .test
            .execute_as_owner(&format!(
                "UPDATE conversations SET version = 0 WHERE id = '{}'",
                story.at.conversation.0
            ))
            .await;
        let (conversation, episode, contact) =
            (story.at.conversation, story.at.episode, story.at.contact);
        let opened = Event::ConversationOpened {
            conversation,
            episode,
            contact,
            inbox,
        };
        self.say(&story, Actor::Contact(contact), opened).await;
        self.writes(&story).await;
        let queued = Event::WorkItemQueued {
            conversation,
            work_item: story.at.work_item,
            queue: self.queue,
            epoch: 1,
        };
        self.say(&story, Actor::System, queued).await;
        story
    }

    /// The customer writes.
    pub(crate) async fn writes(&self, story: &Story) {
        let received = Event::MessageReceived {
            conversation: story.at.conversation,
            episode: story.at.episode,
            message: self.desk.id(),
            inbox: story.inbox,
            channel: interdesk_domain::inbox::ChannelKind::Webhook,
            content: "text".to_owned(),
        };
        self.say(story, Actor::Contact(story.at.contact), received)
            .await;
    }

    /// The agent is offered the work and takes it.
    pub(crate) async fn takes(&self, story: &Story) -> OfferId {
        let offer: OfferId = self.offered(story).await;
        let accepted = Event::OfferAccepted {
            conversation: story.at.conversation,
            work_item: story.at.work_item,
            offer,
            agent: story.agent,
            queue: self.queue,
        };
        self.say(story, Actor::Agent(story.agent), accepted).await;
        self.world
            .test
            .execute_as_owner(&format!(
                "UPDATE work_items SET state = 'active', agent_id = '{1}' WHERE id = '{0}';
                 UPDATE agent_loads SET load = load + 1 WHERE agent_id = '{1}';
                 UPDATE conversations SET assignee_id = '{1}', status = 'open' WHERE id = '{2}'",
                story.at.work_item.0, story.agent.0, story.at.conversation.0
            ))
            .await;
        offer
    }

    pub(crate) async fn offered(&self, story: &Story) -> OfferId {
        let offer: OfferId = self.desk.id();
        let made = Event::OfferMade {
            conversation: story.at.conversation,
            work_item: story.at.work_item,
            offer,
            agent: story.agent,
            queue: self.queue,
            epoch: 1,
            expires_at: self.desk.now() + minutes(1),
        };
        self.say(story, Actor::System, made).await;
        offer
    }

    /// The agent answers.
    pub(crate) async fn replies(&self, story: &Story) {
        let queued = Event::MessageQueued {
            conversation: story.at.conversation,
            message: self.desk.id(),
            inbox: story.inbox,
        };
        self.say(story, Actor::Agent(story.agent), queued).await;
    }

    /// The agent resolves it.
    pub(crate) async fn resolves(&self, story: &Story) {
        let (conversation, episode) = (story.at.conversation, story.at.episode);
        let resolved = Event::ConversationResolved {
            conversation,
            episode,
        };
        self.say(story, Actor::Agent(story.agent), resolved).await;
    }

    /// Adds an event of a conversation to the log.
    pub(crate) async fn say(&self, story: &Story, actor: Actor, event: Event) {
        let id = story.at.conversation.0;
        let transaction = self.desk.database.begin(self.scope()).await.unwrap();
        let conversation =
            interdesk_store::conversations::lock(&transaction, self.scope(), story.at.conversation);
        let version = conversation.await.unwrap().unwrap().version + 1;
        transaction.rollback().await.unwrap();
        self.world
            .test
            .execute_as_owner(&format!(
                "UPDATE conversations SET version = {version} WHERE id = '{id}'"
            ))
            .await;
        let aggregate = Aggregate {
            kind: AggregateKind::Conversation,
            id,
            version,
        };
        self.append(aggregate, actor, event).await;
    }

    async fn append(&self, aggregate: Aggregate, actor: Actor, event: Event) {
        let envelope = Envelope {
            id: self.desk.id(),
            tenant: self.tenant,
            seq: None,
            schema_version: SCHEMA_VERSION,
            aggregate,
            actor,
            cause: None,
            occurred_at: self.desk.now(),
            trace: None,
            event,
        };
        let transaction = self.desk.database.begin(self.scope()).await.unwrap();
        outbox::append(&transaction, &[envelope]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Gives every event its place, as the relay does.
    pub(crate) async fn stamp(&self) {
        self.world
            .test
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

    /// Lets the clocks read all there is.
    pub(crate) async fn follow(&self) {
        self.stamp().await;
        while self.step().await {}
    }

    /// Lets the clocks read one page, and tells whether there may be more.
    pub(crate) async fn step(&self) -> bool {
        let followed = watch_sla::follow(&self.desk, self.scope(), &self.shelf).await;
        let followed = followed.unwrap();
        followed.more || followed.events > 0
    }

    /// Lists the timers of clocks that are due.
    pub(crate) async fn due(&self) -> Vec<Timer> {
        let transaction = self.desk.database.begin_system().await.unwrap();
        let due = timers::list_due(&transaction, self.desk.now(), &[], 100)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
        due.into_iter()
            .filter(|timer| timer.kind == TimerKind::SlaWake)
            .collect()
    }

    /// Lets a timer go off as the runner does; tells whether it was there.
    pub(crate) async fn fire(&self, timer: &Timer) -> bool {
        let scope = self.scope();
        let transaction = self.desk.database.begin(scope).await.unwrap();
        let is_there = timers::claim(&transaction, scope, timer.id).await.unwrap();
        if is_there {
            let context = Context::system(None, None);
            let wake = watch_sla::wake(
                &self.desk,
                &transaction,
                scope,
                timer,
                &self.shelf,
                &context,
            );
            let events = wake.await.unwrap();
            outbox::append(&transaction, &events).await.unwrap();
        }
        transaction.commit().await.unwrap();
        is_there
    }

    /// Lets the clocks follow and every due timer go off, until nothing is due.
    pub(crate) async fn run(&self) {
        for _ in 0..20 {
            self.follow().await;
            let due = self.due().await;
            if due.is_empty() {
                return;
            }
            for timer in due {
                self.fire(&timer).await;
            }
        }
        panic!(
            "timers never come to rest: {:?} at {}",
            self.due().await,
            self.desk.now()
        );
    }

    pub(crate) async fn clocks(&self, story: &Story) -> Vec<sla::Clock> {
        let transaction = self.desk.database.begin(self.scope()).await.unwrap();
        let id = story.at.conversation;
        let clocks = sla::list_clocks_of_conversation(&transaction, self.scope(), id).await;
        transaction.rollback().await.unwrap();
        clocks.unwrap()
    }

    /// Returns the runs of one clock.
    pub(crate) async fn runs(&self, story: &Story, clock: Clock) -> Vec<sla::Clock> {
        let mut clocks = self.clocks(story).await;
        clocks.retain(|one| one.clock == clock);
        clocks.sort_by_key(|one| one.number);
        clocks
    }

    pub(crate) async fn run_of(&self, story: &Story, clock: Clock) -> sla::Clock {
        let runs = self.runs(story, clock).await;
        assert_eq!(runs.len(), 1, "{clock:?} runs once");
        runs[0].clone()
    }

    pub(crate) async fn outcome(&self, story: &Story, clock: Clock) -> Outcome {
        self.run_of(story, clock).await.outcome
    }

    /// Returns the events of the log, by kind.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Envelope> {
        let (client, connection) =
            tokio_postgres::connect(&self.world.test.owner_url, tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let rows = client
            .query(
                "SELECT body FROM outbox WHERE kind = $1 ORDER BY pos",
                &[&kind],
            )
            .await
            .unwrap();
        let bodies = rows.iter().map(|row| row.get::<_, String>(0));
        bodies
            .map(|body| serde_json::from_str(&body).unwrap())
            .collect()
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        self.world.test.count_as_owner(query).await
    }

    /// Proves that what is kept is what the pure function says.
    pub(crate) async fn prove(&self) {
        let checked = sla_check::check(&self.desk, self.scope(), &Shelf::default())
            .await
            .unwrap();
        assert_eq!(checked.differences, [], "kept is what is computed");
        assert!(checked.clocks > 0);
    }
}
