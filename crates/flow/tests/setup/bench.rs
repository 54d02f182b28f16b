//! A workspace with an administrator, and the moves that most tests make.

use interdesk_cache::MemoryCache;
use interdesk_domain::agent::Presence;
use interdesk_domain::clock::Clock;
use interdesk_domain::id::*;
use interdesk_domain::permission::{Role, Viewer};
use interdesk_domain::policy::PolicyKind;
use interdesk_flow::policy::{self, PolicyOutcome, PolicyWish, Save, Target};
use interdesk_flow::setup::{self, SetupOutcome, SetupWish};
use interdesk_flow::{Context, Desk, Settings};
use interdesk_store::Transaction;
use interdesk_testkit::World;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) admin: Viewer,
    pub(crate) agent: Viewer,
    pub(crate) queue: QueueId,
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
        let tenant = world.tenant().await;
        let admin = world.person(tenant, Role::Admin, Presence::Online, 3).await;
        let agent = world.agent(tenant, 3).await;
        let queue = world.queue(tenant, &[agent.agent]).await;
        Self {
            world,
            desk,
            admin,
            agent,
            queue,
        }
    }

    pub(crate) async fn wish(&self, viewer: &Viewer, wish: PolicyWish) -> PolicyOutcome {
        let context = Context::agent(viewer.agent, None);
        policy::change(&self.desk, viewer, &wish, None, &context)
            .await
            .unwrap()
    }

    pub(crate) async fn set_up(&self, viewer: &Viewer, wish: SetupWish) -> SetupOutcome {
        let context = Context::agent(viewer.agent, None);
        setup::change(&self.desk, viewer, &wish, None, &context)
            .await
            .unwrap()
    }

    /// Saves a version and puts it in force; returns what it is about.
    pub(crate) async fn save(&self, save: Save) -> Uuid {
        match self.wish(&self.admin, PolicyWish::Save(save)).await {
            PolicyOutcome::Changed { subject, .. } => subject,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn begin(&self) -> Transaction {
        self.desk.database.begin(self.admin.scope()).await.unwrap()
    }

    /// Returns the kinds of the events of the workspace in their order.
    pub(crate) async fn events(&self) -> Vec<String> {
        let (client, connection) =
            tokio_postgres::connect(&self.world.test.owner_url, tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let query = format!(
            "SELECT body::jsonb ->> 'kind' FROM outbox WHERE tenant_id = '{}' ORDER BY pos",
            self.admin.tenant.0
        );
        let rows = client.query(&query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// Says what to save.
pub(crate) fn to_save(kind: PolicyKind, subject: Option<Uuid>, body: Value) -> Save {
    let is_schedule = kind == PolicyKind::Schedule;
    Save {
        target: Target {
            kind,
            subject,
            expected: None,
        },
        name: is_schedule.then(|| "office".to_owned()),
        body,
        note: "for a test".to_owned(),
        activate: true,
        from: None,
    }
}
