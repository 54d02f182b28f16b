//! What an agent says they are.

use crate::bench::Bench;
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Viewer;
use interdesk_flow::Context;
use interdesk_flow::presence::{PresenceOutcome, set};

async fn become_what(bench: &Bench, viewer: &Viewer, to: Presence) -> PresenceOutcome {
    let context = Context::agent(viewer.agent, None);
    set(&bench.desk, viewer, to, None, &context).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_and_no_change_is_none() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.world.agent(tenant, 1).await;
    let (presence, version) = (Presence::Away, 1);
    let changed = become_what(&bench, &agent, presence).await;
    assert_eq!(changed, PresenceOutcome::Changed { presence, version });
    let unchanged = become_what(&bench, &agent, presence).await;
    assert_eq!(unchanged, PresenceOutcome::Unchanged { presence, version });
    let events =
        bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'agent_presence_changed'");
    assert_eq!(events.await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_online_gets_what_waits_and_who_leaves_gets_nothing() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 2).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    become_what(&bench, &agent, Presence::Offline).await;
    bench.world.waiting(tenant, queue).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 0);
    become_what(&bench, &agent, Presence::Online).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_comes_is_given_work_of_all_their_queues() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 2).await;
    become_what(&bench, &agent, Presence::Offline).await;
    for _ in 0..2 {
        let queue = bench.world.queue(tenant, &[agent.agent]).await;
        bench.world.waiting(tenant, queue).await;
    }
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 0);
    let known = bench.events(router.scope()).await.len();
    become_what(&bench, &agent, Presence::Online).await;
    bench.follow(&mut router, known).await;
    assert_eq!(bench.offers(&agent).await.len(), 2);
    bench.prove().await;
}
