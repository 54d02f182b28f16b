//! A desk over a world of its own, with the moves that most tests make.

use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::Envelope;
use interdesk_domain::id::*;
use interdesk_domain::permission::Viewer;
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::accept::{AcceptOutcome, accept};
use interdesk_flow::decline::{DeclineOutcome, decline};
use interdesk_flow::resolve::{ResolveOutcome, resolve};
use interdesk_flow::route::{self, Passed, Router};
use interdesk_flow::{Context, Desk, Error, Settings, expire, presence};
use interdesk_store::policies::{self, NewVersion};
use interdesk_store::timers::{self, Timer, TimerKind};
use interdesk_store::{offers, outbox};
use interdesk_testkit::World;
use std::sync::Arc;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) desk: Desk,
}

impl Bench {
    pub(crate) async fn fresh() -> Self {
        let world = World::fresh().await;
        let clock: Arc<dyn Clock> = world.clock.clone();
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            clock,
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        Self { world, desk }
    }

    /// Adds an agent who is online and was heard from.
    pub(crate) async fn agent(&self, tenant: TenantId, capacity: i32) -> Viewer {
        let viewer = self.world.agent(tenant, capacity).await;
        presence::seen(&self.desk, viewer.agent).await;
        viewer
    }

    /// Looks at the tenant of a queue once.
    pub(crate) async fn pass(&self, tenant: TenantId, _queue: QueueId) -> Passed {
        let reasons = Context::system(None, None).into();
        route::pass(&self.desk, TenantScope::new(tenant), &reasons)
            .await
            .unwrap()
    }

    /// Begins a router of a tenant.
    pub(crate) async fn router(&self, tenant: TenantId) -> Router {
        let scope = TenantScope::new(tenant);
        Router::open(&self.desk, scope).await.unwrap()
    }

    /// Lets a router decide on what it knows.
    pub(crate) async fn settle(&self, router: &mut Router) -> Passed {
        let reasons = Context::system(None, None).into();
        router.settle(&self.desk, &reasons).await.unwrap()
    }

    /// Lets a router hear of every event since a number of events, and decide; returns how many there
    /// are now.
    pub(crate) async fn follow(&self, router: &mut Router, since: usize) -> usize {
        let events = self.events(router.scope()).await;
        router.learn(&self.desk, &events[since..]).await.unwrap();
        self.settle(router).await;
        events.len()
    }

    /// Returns all events of a tenant in the order of the log.
    pub(crate) async fn events(&self, scope: TenantScope) -> Vec<Envelope> {
        let (client, connection) =
            tokio_postgres::connect(&self.world.test.owner_url, tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let rows = client
            .query(
                "SELECT body FROM outbox WHERE tenant_id::text = $1 ORDER BY pos",
                &[&scope.tenant().0.to_string()],
            )
            .await
            .unwrap();
        let bodies = rows.iter().map(|row| row.get::<_, String>(0));
        bodies
            .map(|body| serde_json::from_str(&body).unwrap())
            .collect()
    }

    /// Returns what the agent is offered now.
    pub(crate) async fn offers(&self, viewer: &Viewer) -> Vec<OfferId> {
        let transaction = self.desk.database.begin(viewer.scope()).await.unwrap();
        let pending = offers::list_pending(&transaction, viewer.scope(), viewer.agent).await;
        transaction.rollback().await.unwrap();
        pending.unwrap().into_iter().map(|offer| offer.id).collect()
    }

    pub(crate) async fn offer(&self, viewer: &Viewer) -> OfferId {
        let offers = self.offers(viewer).await;
        assert_eq!(offers.len(), 1, "the agent is offered one thing");
        offers[0]
    }

    pub(crate) async fn accept(&self, viewer: &Viewer, offer: OfferId) -> AcceptOutcome {
        let context = Context::agent(viewer.agent, None);
        accept(&self.desk, viewer, offer, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn decline(&self, viewer: &Viewer, offer: OfferId) -> DeclineOutcome {
        let context = Context::agent(viewer.agent, None);
        decline(&self.desk, viewer, offer, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn resolve(&self, viewer: &Viewer, id: ConversationId) -> ResolveOutcome {
        let context = Context::agent(viewer.agent, None);
        resolve(&self.desk, viewer, id, None, &context)
            .await
            .unwrap()
    }

    /// Lists all timers of a kind, due or not.
    pub(crate) async fn timers(&self, kind: TimerKind) -> Vec<Timer> {
        let transaction = self.desk.database.begin_system().await.unwrap();
        let far = self.desk.now() + chrono::Duration::days(1);
        let timers = timers::list_due(&transaction, far, &[], 1000)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
        timers
            .into_iter()
            .filter(|timer| timer.kind == kind)
            .collect()
    }

    /// Does what the runner of timers does with the deadline of an offer.
    pub(crate) async fn fire(&self, timer: &Timer) -> Result<(), Error> {
        let scope = TenantScope::new(timer.tenant_id);
        let transaction = self.desk.database.begin(scope).await?;
        if timers::claim(&transaction, scope, timer.id).await? {
            let context = Context::system(None, None);
            let events = expire::expire(&self.desk, &transaction, scope, timer, &context).await?;
            outbox::append(&transaction, &events).await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        self.world.test.count_as_owner(query).await
    }

    /// Proves what holds after everything: loads are what is held and within capacity, versions
    /// count events without a gap, deadlines belong to pending offers.
    pub(crate) async fn prove(&self) {
        let wrong_loads = self.count(
            "SELECT count(*) AS count FROM agent_loads l WHERE load > capacity OR load <> (
                SELECT COALESCE(sum(w.units), 0) FROM work_items w
                WHERE w.agent_id = l.agent_id AND w.state IN ('offered', 'active', 'wrap_up'))",
        );
        assert_eq!(wrong_loads.await, 0, "loads are what is held");
        let wrong_versions = self.count(
            "SELECT count(*) AS count FROM conversations c WHERE version <> 1 + (
                SELECT count(DISTINCT body::jsonb #>> '{aggregate,version}') FROM outbox
                WHERE body::jsonb #>> '{aggregate,id}' = c.id::text)",
        );
        assert_eq!(wrong_versions.await, 0, "versions count events");
        let wrong_offers = self.count(
            "SELECT count(*) AS count FROM offers o JOIN work_items w ON w.id = o.work_item_id
             WHERE (o.state = 'pending') <> (w.state = 'offered' AND w.epoch = o.epoch)
                OR (o.state = 'pending') <> EXISTS (SELECT FROM timers t WHERE t.subject_id = o.id)
                OR (o.state = 'pending') <> (o.ended_at IS NULL)",
        );
        assert_eq!(
            wrong_offers.await,
            0,
            "a pending offer has an offered item and a deadline"
        );
    }

    /// Puts a policy in force from now on.
    pub(crate) async fn policy(
        &self,
        scope: TenantScope,
        kind: PolicyKind,
        id: uuid::Uuid,
        version: i32,
        body: serde_json::Value,
    ) {
        let now = self.desk.now();
        let transaction = self.desk.database.begin(scope).await.unwrap();
        let new = NewVersion {
            kind,
            id,
            name: "policy",
            version,
            body: &body,
            note: "",
            made_by: None,
            at: now,
        };
        policies::insert_version(&transaction, scope, &new)
            .await
            .unwrap();
        policies::activate(&transaction, scope, kind, id, version, now)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// Runs a statement past every rule.
    pub(crate) async fn act(&self, sql: String) {
        self.world.test.execute_as_owner(&sql).await;
    }

    /// Proves that loads are what is held, where versions cannot be counted as [`Self::prove`] does.
    pub(crate) async fn prove_loads(&self) {
        let wrong = self.count(
            "SELECT count(*) AS count FROM agent_loads l WHERE load <> (
                SELECT COALESCE(sum(w.units), 0) FROM work_items w
                WHERE w.agent_id = l.agent_id AND w.state IN ('offered', 'active', 'wrap_up'))",
        );
        assert_eq!(wrong.await, 0, "loads are what is held");
    }
}
