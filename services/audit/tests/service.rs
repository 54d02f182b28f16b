//! The service on a real database, over the bus within one process.

use bytes::Bytes;
use chrono::Duration;
use interdesk_audit::{Settings, run};
use interdesk_bus::{Bus, LocalBus, MemoryDead, Publication, Reader, Topology};
use interdesk_cache::MemoryCache;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::id::{ContactId, TenantId};
use interdesk_domain::scope::{TenantScope, shard};
use interdesk_flow::audit::{self, Sound, Verdict};
use interdesk_flow::keys::{self, Purpose};
use interdesk_flow::{Context, Desk, Events};
use interdesk_store::outbox;
use interdesk_store::vault::Vault;
use interdesk_testkit::World;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SHARDS: u16 = 2;
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Service {
    world: World,
    desk: Desk,
    bus: Arc<LocalBus>,
    settings: Settings,
}

impl Service {
    /// Prepares the service; it sweeps once and then as good as never, unless told otherwise.
    async fn prepare() -> Self {
        let world = World::fresh().await;
        let desk = Desk {
            database: world.test.database.clone(),
            cache: Arc::new(MemoryCache::new(world.clock.clone())),
            clock: world.clock.clone(),
            files: interdesk_flow::attach::Files::in_memory(),
            committed: Arc::default(),
            settings: interdesk_flow::Settings::default(),
        };
        let vault = Vault::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("key");
        let mut settings = Settings::new(vault, 256, 10);
        settings.sweep_every = std::time::Duration::from_secs(3600);
        // With no other reader, a publication is answered once this service acknowledged it.
        let dead = Arc::new(MemoryDead::default());
        let bus = Arc::new(LocalBus::new(Topology::new(SHARDS), &[Reader::Audit], dead));
        Self {
            world,
            desk,
            bus,
            settings,
        }
    }

    fn start(&self) -> (CancellationToken, JoinHandle<anyhow::Result<()>>) {
        let stop = CancellationToken::new();
        let (bus, desk, settings) = (self.bus.clone(), self.desk.clone(), self.settings.clone());
        let task = tokio::spawn(run(bus, desk, SHARDS, settings, stop.clone()));
        (stop, task)
    }

    /// Commits events and stamps them as the relay does; returns what it would publish.
    async fn write(&self, tenant: TenantId, count: usize) -> Vec<Publication> {
        let scope = TenantScope::new(tenant);
        let context = Context::system(Some(TRACE.to_owned()), None);
        let aggregate = (AggregateKind::Tenant, tenant.0);
        let mut events = Events::of(&self.desk, scope, aggregate, 0, &context);
        for _ in 0..count {
            events.push(Event::ContactAdded {
                contact: self.desk.id::<ContactId>(),
            });
        }
        let transaction = self.desk.database.begin(scope).await.expect("begin");
        outbox::append(&transaction, events.list())
            .await
            .expect("events");
        transaction.commit().await.expect("commit");
        self.world.test.execute_as_owner(STAMP).await;
        let publication = |event: &interdesk_domain::event::Envelope| Publication {
            id: event.id.0,
            tenant: tenant.0,
            shard: shard(tenant, SHARDS),
            aggregate: event.aggregate.kind.as_str().to_owned(),
            event: event.event.kind().to_owned(),
            body: Bytes::from(outbox::to_json(event).expect("JSON")),
            trace: event.trace.clone(),
        };
        events.list().iter().map(publication).collect()
    }

    async fn sound(&self, tenant: TenantId) -> Sound {
        let vault = &self.settings.vault;
        let keys = keys::list(&self.desk, vault, Purpose::Checkpoint)
            .await
            .expect("keys");
        match audit::verify(&self.desk, TenantScope::new(tenant), &keys)
            .await
            .expect("verify")
        {
            Verdict::Sound(sound) => sound,
            Verdict::Bad(bad) => panic!("{bad}"),
        }
    }

    /// Waits until a tenant's log is as large as that, and as far covered by checkpoints.
    async fn await_log(&self, tenant: TenantId, size: u64, proven: u64) {
        for _ in 0..1_000 {
            let sound = self.sound(tenant).await;
            if (sound.size, sound.proven) == (size, proven) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.sound(tenant).await);
    }
}

const STAMP: &str = "INSERT INTO event_seqs (stamp, tenant_id, seq, pos, logged_at)
    SELECT (SELECT COALESCE(max(stamp), 0) FROM event_seqs) + row_number() OVER (ORDER BY pos),
        tenant_id,
        COALESCE((SELECT seq FROM tenant_seqs t WHERE t.tenant_id = o.tenant_id), 0)
            + row_number() OVER (PARTITION BY tenant_id ORDER BY pos),
        pos, logged_at
    FROM outbox o WHERE NOT EXISTS (SELECT FROM event_seqs s WHERE s.pos = o.pos);
    INSERT INTO tenant_seqs (tenant_id, seq)
    SELECT tenant_id, max(seq) FROM event_seqs GROUP BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq";

async fn end(stop: CancellationToken, task: JoinHandle<anyhow::Result<()>>) {
    stop.cancel();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), task).await;
    ended
        .expect("in time")
        .expect("no panic")
        .expect("no error");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_from_the_bus_become_leaves_and_are_acknowledged_after_that() {
    let service = Service::prepare().await;
    let (one, other) = (service.world.tenant().await, service.world.tenant().await);
    let (stop, task) = service.start();
    for tenant in [one, other] {
        let publications = service.write(tenant, 700).await;
        let answers = service.bus.publish(publications).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(service.sound(tenant).await.size, 700);
    }
    end(stop, task).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_and_reordered_deliveries_have_no_effect() {
    let service = Service::prepare().await;
    let tenant = service.world.tenant().await;
    let (stop, task) = service.start();
    let mut publications = service.write(tenant, 30).await;
    publications.reverse();
    for _ in 0..3 {
        service.bus.publish(publications.clone()).await;
    }
    end(stop, task).await;
    assert_eq!(service.sound(tenant).await.size, 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_delivered_is_found_at_the_start() {
    let service = Service::prepare().await;
    let tenant = service.world.tenant().await;
    service.write(tenant, 1_500).await;
    let (stop, task) = service.start();
    // The first page signs because nothing was signed before, the rest because it is large.
    service.await_log(tenant, 1_500, 1_500).await;
    end(stop, task).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_leaves_get_their_checkpoint_though_nothing_follows_even_after_a_restart() {
    let mut service = Service::prepare().await;
    service.settings.sweep_every = std::time::Duration::from_millis(50);
    let tenant = service.world.tenant().await;
    service.write(tenant, 1).await;
    let (stop, task) = service.start();
    service.await_log(tenant, 1, 1).await;
    service.write(tenant, 3).await;
    service.await_log(tenant, 4, 1).await;
    end(stop, task).await;
    let (stop, task) = service.start();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(service.sound(tenant).await.proven, 1);
    service.world.clock.advance(Duration::seconds(10));
    service.await_log(tenant, 4, 4).await;
    end(stop, task).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_go_on_holds_up_nobody_and_goes_on_once_it_is_mended() {
    let mut service = Service::prepare().await;
    service.settings.sweep_every = std::time::Duration::from_millis(50);
    let (ill, well) = (service.world.tenant().await, service.world.tenant().await);
    service.write(ill, 3).await;
    let hide = format!(
        "UPDATE event_seqs SET seq = 200 WHERE seq = 2 AND tenant_id = '{}'",
        ill.0
    );
    service.world.test.execute_as_owner(&hide).await;
    let (stop, task) = service.start();
    service.write(well, 5).await;
    service.await_log(well, 5, 5).await;
    assert_eq!(service.sound(ill).await.size, 0);
    service
        .world
        .test
        .execute_as_owner("UPDATE event_seqs SET seq = 2 WHERE seq = 200")
        .await;
    service.await_log(ill, 3, 3).await;
    end(stop, task).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_signs_without_a_restart() {
    let mut service = Service::prepare().await;
    service.settings.sweep_every = std::time::Duration::from_millis(50);
    let tenant = service.world.tenant().await;
    let (stop, task) = service.start();
    service.write(tenant, 1).await;
    service.await_log(tenant, 1, 1).await;
    let vault = &service.settings.vault;
    let old = keys::signing(&service.desk, vault, Purpose::Checkpoint)
        .await
        .expect("key");
    keys::rotate(&service.desk, vault, Purpose::Checkpoint)
        .await
        .expect("rotate");
    let id = &old.public().id;
    assert!(
        keys::retire(&service.desk, Purpose::Checkpoint, id)
            .await
            .expect("retire")
    );
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    service.world.clock.advance(Duration::seconds(10));
    service.write(tenant, 1).await;
    service.await_log(tenant, 2, 2).await;
    end(stop, task).await;
}
