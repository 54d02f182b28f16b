//! The routing service over the bus within a process and a real PostgreSQL.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

use interdesk_bus::{Bus, LocalBus, MemoryDead, Publication, Reader, Topology};
use interdesk_cache::MemoryCache;
use interdesk_domain::clock::Clock;
use interdesk_domain::event::{AggregateKind, Envelope, Event};
use interdesk_domain::id::QueueId;
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::shard;
use interdesk_flow::{Context, Desk, Events, Settings, presence};
use interdesk_testkit::{Waiting, World};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SHARDS: u16 = 2;
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OFFERS: &str = "SELECT count(*) AS count FROM offers WHERE state = 'pending'";

struct Service {
    world: World,
    desk: Desk,
    bus: Arc<LocalBus>,
    shutdown: CancellationToken,
}

impl Service {
    async fn fresh() -> Self {
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
        // Only what somebody reads here: a publication waits for every reader that is named.
        let dead = Arc::new(MemoryDead::default());
        let bus = Arc::new(LocalBus::new(
            Topology::new(SHARDS),
            &[Reader::Routing],
            dead,
        ));
        Self {
            world,
            desk,
            bus,
            shutdown: CancellationToken::new(),
        }
    }

    fn start(&self) -> JoinHandle<anyhow::Result<()>> {
        let (desk, bus) = (self.desk.clone(), self.bus.clone());
        tokio::spawn(interdesk_routing::start(
            desk,
            bus,
            SHARDS,
            self.shutdown.clone(),
        ))
    }

    async fn staffed(&self) -> (Viewer, QueueId) {
        let tenant = self.world.tenant().await;
        let agent = self.world.agent(tenant, 5).await;
        presence::seen(&self.desk, agent.agent).await;
        (agent, self.world.queue(tenant, &[agent.agent]).await)
    }

    fn queued(&self, waiting: &Waiting) -> Envelope {
        self.queued_in(TRACE, waiting)
    }

    fn queued_in(&self, trace: &str, waiting: &Waiting) -> Envelope {
        let context = Context::system(Some(trace.to_owned()), None);
        let aggregate = (AggregateKind::Conversation, waiting.conversation.0);
        let scope = interdesk_domain::scope::TenantScope::new(waiting.tenant);
        let mut events = Events::of(&self.desk, scope, aggregate, 1, &context);
        events.push(Event::WorkItemQueued {
            conversation: waiting.conversation,
            work_item: waiting.work_item,
            queue: waiting.queue,
            epoch: 1,
        });
        events.into_list().remove(0)
    }

    /// Publishes and waits until the service has answered.
    async fn publish(&self, event: &Envelope, body: Vec<u8>) {
        self.publish_all(vec![Self::publication(event, body)]).await;
    }

    fn publication(event: &Envelope, body: Vec<u8>) -> Publication {
        Publication {
            id: event.id.0,
            tenant: event.tenant.0,
            shard: shard(event.tenant, SHARDS),
            aggregate: event.aggregate.kind.as_str().to_owned(),
            event: event.event.kind().to_owned(),
            body: body.into(),
            trace: event.trace.clone(),
        }
    }

    async fn publish_all(&self, publications: Vec<Publication>) {
        let answers = tokio::time::timeout(Duration::from_secs(8), self.bus.publish(publications));
        for answer in answers.await.expect("answered before the next sweep") {
            answer.unwrap();
        }
    }

    async fn offers(&self) -> i64 {
        self.world.test.count_as_owner(OFFERS).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_work_is_offered_before_its_event_is_acknowledged() {
    let service = Service::fresh().await;
    let running = service.start();
    let (agent, queue) = service.staffed().await;
    // The sweep of the start must be over, so that it is the event that routes.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waiting = service.world.waiting(agent.tenant, queue).await;
    let event = service.queued(&waiting);
    service
        .publish(&event, serde_json::to_vec(&event).unwrap())
        .await;
    assert_eq!(service.offers().await, 1);
    let follows = service.world.test.count_as_owner(
        "SELECT count(*) AS count FROM outbox WHERE kind = 'offer_made'
            AND body::jsonb ->> 'trace' LIKE '00-0af7651916cd43dd8448eb211c80319c-%'
            AND body::jsonb ? 'cause'",
    );
    assert_eq!(
        follows.await,
        1,
        "the offer names its cause and continues its trace"
    );
    service.shutdown.cancel();
    running.await.unwrap().unwrap();
}

// One thread, so that the service finds both events together.
#[tokio::test]
async fn each_offer_of_one_pass_names_its_own_cause_and_continues_its_own_trace() {
    let service = Service::fresh().await;
    let running = service.start();
    let (agent, queue) = service.staffed().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut publications = Vec::new();
    let mut expect = Vec::new();
    for digit in 1..=3 {
        let waiting = service.world.waiting(agent.tenant, queue).await;
        let trace = format!("00-{}-b7ad6b7169203331-01", digit.to_string().repeat(32));
        let event = service.queued_in(&trace, &waiting);
        publications.push(Service::publication(
            &event,
            serde_json::to_vec(&event).unwrap(),
        ));
        expect.push((waiting.work_item.0, event.id.0, trace));
    }
    service.publish_all(publications).await;
    for (item, cause, trace) in expect {
        let query = format!(
            "SELECT count(*) AS count FROM outbox WHERE kind = 'offer_made'
                AND body LIKE '%{}%' AND body::jsonb ->> 'cause' = '{cause}'
                AND body::jsonb ->> 'trace' LIKE '{}-%'",
            item,
            &trace[..35],
        );
        let found = service.world.test.count_as_owner(query.leak()).await;
        assert_eq!(found, 1, "{trace}");
    }
    service.shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_event_told_of_is_found_at_the_start() {
    let service = Service::fresh().await;
    for _ in 0..2 {
        let (agent, queue) = service.staffed().await;
        service.world.waiting(agent.tenant, queue).await;
    }
    let running = service.start();
    let found = async {
        while service.offers().await < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), found)
        .await
        .expect("offered by the first sweep");
    service.shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_event_is_put_aside_and_holds_nothing_up() {
    let service = Service::fresh().await;
    let running = service.start();
    let (agent, queue) = service.staffed().await;
    let waiting = service.world.waiting(agent.tenant, queue).await;
    let event = service.queued(&waiting);
    service.publish(&event, b"{".to_vec()).await;
    assert_eq!(service.bus.dead_letters(10).await.unwrap().len(), 1);
    let event = service.queued(&waiting);
    service
        .publish(&event, serde_json::to_vec(&event).unwrap())
        .await;
    assert_eq!(service.offers().await, 1);
    service.shutdown.cancel();
    running.await.unwrap().unwrap();
}
