//! What an agent says they are.

use crate::bench::Bench;
use interdesk_domain::agent::Presence;
use interdesk_domain::event::{AggregateKind, Event};
use interdesk_domain::permission::Viewer;
use interdesk_domain::scope::TenantScope;
use interdesk_flow::presence::{PresenceOutcome, set};
use interdesk_flow::{Context, Events, route};

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
async fn an_agent_who_comes_or_has_room_concerns_all_their_queues() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let other = bench.agent(tenant, 1).await;
    let mut queues = Vec::new();
    for _ in 0..2 {
        queues.push(bench.world.queue(tenant, &[agent.agent]).await);
    }
    bench.world.queue(tenant, &[other.agent]).await;
    let scope = TenantScope::new(tenant);
    let context = Context::system(None, None);
    let aggregate = (AggregateKind::Agent, agent.agent.0);
    let mut events = Events::of(&bench.desk, scope, aggregate, 0, &context);
    let (from, to) = (Presence::Offline, Presence::Online);
    events.push(Event::AgentPresenceChanged {
        agent: agent.agent,
        from,
        to,
        reason: None,
    });
    let (conversation, work_item) = (bench.desk.id(), bench.desk.id());
    let queue = queues[0];
    events.push(Event::WorkItemDone {
        conversation,
        work_item,
        queue,
        agent: agent.agent,
    });
    for event in events.list() {
        let mut concerned = route::queues_of_event(&bench.desk, scope, event)
            .await
            .unwrap();
        concerned.sort();
        assert_eq!(concerned, queues);
    }
}
