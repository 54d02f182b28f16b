//! Nobody ever holds more than they may, and nothing is offered twice.

use crate::bench::Bench;
use interdesk_domain::id::AgentId;
use interdesk_domain::permission::Viewer;
use interdesk_flow::reserve::{Reserved, Win, reserve};
use interdesk_flow::{Context, route};
use interdesk_store::JsonText;
use interdesk_store::reserve::Decided;
use interdesk_testkit::Waiting;

pub(crate) fn decision(bench: &Bench, waiting: &Waiting, epoch: i32, agent: AgentId) -> Win {
    Win {
        item: waiting.work_item,
        epoch,
        agent,
        queue: waiting.queue,
        most: None,
        offer_seconds: Some(30),
        turn: None,
        decision: Decided {
            id: bench.desk.id(),
            at: bench.desk.now(),
            explanation: JsonText::write("explanation", &serde_json::json!({})).unwrap(),
            policies: serde_json::json!([]),
            router: bench.desk.id(),
            step: 1,
            cause: None,
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_holds_under_200_routers_at_once_over_two_queues_that_share_agents() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let mut agents: Vec<Viewer> = Vec::new();
    for _ in 0..5 {
        agents.push(bench.agent(tenant, 3).await);
    }
    let ids: Vec<AgentId> = agents.iter().map(|viewer| viewer.agent).collect();
    let queues = [
        bench.world.queue(tenant, &ids).await,
        bench.world.queue(tenant, &ids).await,
    ];
    for queue in queues {
        let inbox = bench.world.inbox(tenant, queue).await;
        bench.world.waiting_many(tenant, queue, inbox, 40).await;
    }
    let scope = agents[0].scope();
    let passes = (0..200).map(|_| {
        let desk = bench.desk.clone();
        tokio::spawn(
            async move { route::pass(&desk, scope, &Context::system(None, None).into()).await },
        )
    });
    let passes: Vec<_> = passes.collect();
    let mut offered = 0;
    for pass in passes {
        offered += pass.await.unwrap().unwrap().offered;
    }
    assert_eq!(offered, 15, "as much as five agents may hold, and no less");
    assert_eq!(
        bench
            .count("SELECT sum(load) AS count FROM agent_loads")
            .await,
        15
    );
    let pending = bench.count("SELECT count(*) AS count FROM offers WHERE state = 'pending'");
    assert_eq!(pending.await, 15);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_no_more_than_they_may_hold_whatever_was_decided() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    let waiting = bench.world.waiting_many(tenant, queue, inbox, 5).await;
    let decisions: Vec<Win> = waiting
        .iter()
        .map(|one| decision(&bench, one, 1, agent.agent))
        .collect();
    let reasons = Context::system(None, None).into();
    let reserved = reserve(&bench.desk, agent.scope(), &decisions, &reasons)
        .await
        .unwrap();
    let late = waiting[3..].iter().map(|one| (one.work_item, agent.agent));
    let refused = late.collect();
    assert_eq!(reserved, Reserved { made: 3, refused });
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_item_has_one_offer_although_two_passes_chose_two_agents() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agents = [bench.agent(tenant, 9).await, bench.agent(tenant, 9).await];
    let queue = bench
        .world
        .queue(tenant, &[agents[0].agent, agents[1].agent])
        .await;
    let inbox = bench.world.inbox(tenant, queue).await;
    for one in bench.world.waiting_many(tenant, queue, inbox, 9).await {
        let reasons = Context::system(None, None).into();
        let decisions = agents.map(|viewer| [decision(&bench, &one, 1, viewer.agent)]);
        let (left, right) = tokio::join!(
            reserve(&bench.desk, agents[0].scope(), &decisions[0], &reasons),
            reserve(&bench.desk, agents[0].scope(), &decisions[1], &reasons),
        );
        assert_eq!(left.unwrap().made + right.unwrap().made, 1);
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_a_second_pending_offer() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let second = bench.count(
        "WITH doubled AS (
            INSERT INTO offers (id, tenant_id, work_item_id, agent_id, epoch, state, made_at, expires_at)
            SELECT gen_random_uuid(), tenant_id, work_item_id, agent_id, epoch, state, made_at, expires_at
            FROM offers ON CONFLICT DO NOTHING RETURNING 1)
         SELECT count(*) AS count FROM doubled",
    );
    assert_eq!(second.await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_for_an_older_epoch_changes_nothing() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&agent).await;
    bench.decline(&agent, offer).await;
    let stale = [decision(&bench, &waiting, 1, agent.agent)];
    let reasons = Context::system(None, None).into();
    let reserved = reserve(&bench.desk, agent.scope(), &stale, &reasons)
        .await
        .unwrap();
    let refused = vec![(waiting.work_item, agent.agent)];
    assert_eq!(reserved, Reserved { made: 0, refused });
    assert!(bench.offers(&agent).await.is_empty());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_after_the_decision_gets_no_offer() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    bench
        .world
        .test
        .execute_as_owner("UPDATE agents SET presence = 'away'")
        .await;
    let decided = [decision(&bench, &waiting, 1, agent.agent)];
    let reasons = Context::system(None, None).into();
    let reserved = reserve(&bench.desk, agent.scope(), &decided, &reasons)
        .await
        .unwrap();
    let refused = vec![(waiting.work_item, agent.agent)];
    assert_eq!(reserved, Reserved { made: 0, refused });
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resolve_of_a_human_beats_a_reserve() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    let decided = [decision(&bench, &waiting, 1, agent.agent)];
    bench.resolve(&agent, waiting.conversation).await;
    let reasons = Context::system(None, None).into();
    let reserved = reserve(&bench.desk, agent.scope(), &decided, &reasons)
        .await
        .unwrap();
    let refused = vec![(waiting.work_item, agent.agent)];
    assert_eq!(reserved, Reserved { made: 0, refused });
    bench.prove().await;
}
