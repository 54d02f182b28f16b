//! A tenant whose events are written, stamped and appended at will.

use chrono::Duration;
use interdesk_cache::MemoryCache;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{ContactId, TenantId};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::audit::{self, Appended, Bad, Problem, Signer, Sound, Verdict};
use interdesk_flow::keys::{self, Purpose, VerifyingKey};
use interdesk_flow::{Context, Desk, Events, Settings};
use interdesk_store::outbox;
use interdesk_store::testing::TestDatabase;
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use std::sync::Arc;

pub(crate) struct Log {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) tenant: TenantId,
    pub(crate) vault: Vault,
    pub(crate) signer: Signer,
}

impl Log {
    /// Begins a tenant without events; a checkpoint is signed every four leaves or ten seconds.
    pub(crate) async fn begin() -> Self {
        let world = World::fresh().await;
        let tenant = world.tenant().await;
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(world.clock.clone())),
            clock: world.clock.clone(),
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: Settings::default(),
        };
        let vault = Vault::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("key");
        let key = keys::signing(&desk, &vault, Purpose::Checkpoint)
            .await
            .expect("key");
        let signer = Signer {
            key,
            every: 4,
            after: Duration::seconds(10),
        };
        Self {
            world,
            desk,
            tenant,
            vault,
            signer,
        }
    }

    /// Begins with ten events as leaves, and checkpoints at 1, 5, 9 and 10 leaves.
    pub(crate) async fn of_ten() -> Self {
        let log = Self::begin().await;
        for events in [1, 4, 4] {
            log.write(events).await;
            log.append().await;
        }
        log.write(1).await;
        log.world.clock.advance(Duration::seconds(10));
        log.append().await;
        log
    }

    pub(crate) fn scope(&self) -> TenantScope {
        TenantScope::new(self.tenant)
    }

    /// Commits events and lets the relay's functions stamp them.
    pub(crate) async fn write(&self, count: usize) {
        write(&self.desk, self.tenant, count).await;
        stamp(&self.world.test).await;
    }

    pub(crate) async fn try_append(&self) -> Result<Appended, audit::Error> {
        audit::append(&self.desk, self.scope(), &self.signer).await
    }

    pub(crate) async fn append(&self) -> Appended {
        self.try_append().await.expect("append")
    }

    pub(crate) async fn keys(&self) -> Vec<VerifyingKey> {
        keys::list(&self.desk, &self.vault, Purpose::Checkpoint)
            .await
            .expect("keys")
    }

    pub(crate) async fn verify(&self) -> Verdict {
        audit::verify(&self.desk, self.scope(), &self.keys().await)
            .await
            .expect("verify")
    }

    /// Verifies and expects everything to fit.
    pub(crate) async fn sound(&self) -> Sound {
        match self.verify().await {
            Verdict::Sound(sound) => sound,
            Verdict::Bad(bad) => panic!("{bad}"),
        }
    }

    /// Changes rows as the owner of the tables.
    pub(crate) async fn tamper(&self, statement: &str) {
        self.world.test.execute_as_owner(statement).await;
    }

    /// Forgets the events of the log, as their partition's end does.
    pub(crate) async fn forget_events(&self) {
        self.tamper("DELETE FROM event_seqs; DELETE FROM outbox")
            .await;
    }

    /// Verifies and expects this to be wrong first.
    pub(crate) async fn finds(&self, index: u64, problem: Problem) {
        assert_eq!(self.verify().await, Verdict::Bad(Bad { index, problem }));
    }

    pub(crate) async fn export(&self) -> String {
        let mut out = Vec::new();
        audit::export(&self.desk, self.scope(), &mut out)
            .await
            .expect("export");
        String::from_utf8(out).expect("text")
    }
}

/// Commits events that nobody has stamped yet.
pub(crate) async fn write(desk: &Desk, tenant: TenantId, count: usize) {
    let scope = TenantScope::new(tenant);
    let context = Context::system(None, None);
    let mut events = Events::of(desk, scope, (AggregateKind::Tenant, tenant.0), 0, &context);
    for _ in 0..count {
        events.push(Event::ContactAdded {
            contact: desk.id::<ContactId>(),
        });
    }
    let transaction = desk.database.begin(scope).await.expect("begin");
    outbox::append(&transaction, events.list())
        .await
        .expect("events");
    transaction.commit().await.expect("commit");
}

/// Gives every committed event its seq, as the relay does.
pub(crate) async fn stamp(test: &TestDatabase) {
    test.execute_as_owner(
        "INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
         SELECT (SELECT COALESCE(max(stamp), 0) FROM event_seqs) + row_number() OVER (ORDER BY pos),
             tenant_id,
             COALESCE((SELECT seq FROM tenant_seqs t WHERE t.tenant_id = o.tenant_id), 0)
                 + row_number() OVER (PARTITION BY tenant_id ORDER BY pos),
             pos, logged_at
         FROM outbox o WHERE NOT EXISTS (SELECT FROM event_seqs s WHERE s.pos = o.pos);
         INSERT INTO tenant_seqs (tenant_id, seq)
         SELECT tenant_id, max(seq) FROM event_seqs GROUP BY tenant_id
         ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq",
    )
    .await;
}
