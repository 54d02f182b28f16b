//! The end of an episode ends its work, in whatever state that was.

use crate::bench::Bench;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::ConversationId;
use interdesk_domain::permission::Role;
use interdesk_flow::accept::AcceptOutcome;
use interdesk_flow::resolve::ResolveOutcome;
use interdesk_flow::route::Passed;
use interdesk_store::timers::TimerKind;

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_item_is_never_a_candidate() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    let resolved = bench.resolve(&agent, waiting.conversation).await;
    assert_eq!(resolved, ResolveOutcome::Resolved { version: 3 });
    assert_eq!(bench.pass(tenant, queue).await, Passed::default());
    assert_eq!(
        bench.resolve(&agent, waiting.conversation).await,
        ResolveOutcome::AlreadyResolved
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_offer_is_taken_back() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let colleague = bench.agent(tenant, 0).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&agent).await;
    let resolved = bench.resolve(&colleague, waiting.conversation).await;
    assert_eq!(resolved, ResolveOutcome::Resolved { version: 5 });
    assert_eq!(bench.accept(&agent, offer).await, AcceptOutcome::Rescinded);
    assert!(bench.timers(TimerKind::OfferExpires).await.is_empty());
    assert_eq!(
        bench
            .count("SELECT sum(load) AS count FROM agent_loads")
            .await,
        0
    );
    let events = bench.count(
        "SELECT count(*) AS count FROM outbox
         WHERE kind IN ('offer_rescinded', 'work_item_cancelled', 'conversation_resolved')",
    );
    assert_eq!(events.await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_finished_has_room_and_becomes_idle_now() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let first = bench.world.waiting(tenant, queue).await;
    bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&agent).await;
    bench.accept(&agent, offer).await;
    assert_eq!(
        bench.pass(tenant, queue).await.offered,
        0,
        "the agent has no room"
    );
    bench.world.clock.advance(Duration::seconds(60));
    bench.resolve(&agent, first.conversation).await;
    let idle = bench.count(
        "SELECT count(*) AS count FROM agent_loads l JOIN episodes e ON e.resolved_at = l.idle_since
            AND e.resolved_by = l.agent_id",
    );
    assert_eq!(idle.await, 1);
    let done = bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'work_item_done'");
    assert_eq!(done.await, 1);
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_steers_others_resolves_what_somebody_else_has() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let colleague = bench.agent(tenant, 1).await;
    let supervisor = bench
        .world
        .person(tenant, Role::Supervisor, Presence::Away, 0)
        .await;
    let foreign_tenant = bench.world.tenant().await;
    let foreigner = bench
        .world
        .person(foreign_tenant, Role::Admin, Presence::Away, 0)
        .await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let id = bench.world.waiting(tenant, queue).await.conversation;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&agent).await;
    bench.accept(&agent, offer).await;
    assert_eq!(
        bench.resolve(&foreigner, id).await,
        ResolveOutcome::NotFound
    );
    assert_eq!(
        bench.resolve(&agent, ConversationId(queue.0)).await,
        ResolveOutcome::NotFound
    );
    assert_eq!(
        bench.resolve(&colleague, id).await,
        ResolveOutcome::NotYours
    );
    assert!(matches!(
        bench.resolve(&supervisor, id).await,
        ResolveOutcome::Resolved { .. }
    ));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resolving_while_accepting_and_declining_leaves_nothing_behind() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 100).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    let waiting = bench.world.waiting_many(tenant, queue, inbox, 20).await;
    bench.pass(tenant, queue).await;
    let offers = bench.offers(&agent).await;
    for (at, (one, offer)) in waiting.iter().zip(offers).enumerate() {
        let resolved = if at % 2 == 0 {
            tokio::join!(
                bench.resolve(&agent, one.conversation),
                bench.accept(&agent, offer)
            )
            .0
        } else {
            tokio::join!(
                bench.resolve(&agent, one.conversation),
                bench.decline(&agent, offer)
            )
            .0
        };
        assert!(matches!(resolved, ResolveOutcome::Resolved { .. }));
    }
    assert_eq!(
        bench
            .count("SELECT sum(load) AS count FROM agent_loads")
            .await,
        0
    );
    let live = bench
        .count("SELECT count(*) AS count FROM work_items WHERE state NOT IN ('done', 'cancelled')");
    assert_eq!(live.await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_episode_is_routed_like_the_first() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let id = bench.world.waiting(tenant, queue).await.conversation;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&agent).await;
    bench.accept(&agent, offer).await;
    bench.resolve(&agent, id).await;
    bench
        .world
        .test
        .execute_as_owner(
            "INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at)
             SELECT gen_random_uuid(), tenant_id, id, 2, now() FROM conversations;
             UPDATE conversations c SET status = 'new', assignee_id = NULL, episode_number = 2,
                episode_id = (SELECT id FROM episodes WHERE number = 2);
             INSERT INTO work_items (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at)
             SELECT gen_random_uuid(), tenant_id, id, episode_id, queue_id, 'queued', now()
             FROM conversations;",
        )
        .await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    let offer = bench.offer(&agent).await;
    assert!(matches!(
        bench.accept(&agent, offer).await,
        AcceptOutcome::Accepted { .. }
    ));
    assert!(matches!(
        bench.resolve(&agent, id).await,
        ResolveOutcome::Resolved { .. }
    ));
    let resolved =
        bench.count("SELECT count(*) AS count FROM episodes WHERE resolved_at IS NOT NULL");
    assert_eq!(resolved.await, 2);
    bench.prove().await;
}
