//! What went wrong in other desks, each by its name.

use crate::bench::Bench;
use crate::capacity::decision;
use chrono::Duration;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::{AgentId, OfferId};
use interdesk_domain::policy::{PolicyKind, QueuePolicy};
use interdesk_domain::routing::model::{Mode, Relax, Skills, Step, Strategy};
use interdesk_domain::scope::TenantScope;
use interdesk_flow::accept::AcceptOutcome;
use interdesk_flow::reserve::reserve;
use interdesk_flow::route::{self, Passed};
use interdesk_flow::{Context, presence};
use interdesk_store::policies::{self, NewVersion};
use interdesk_store::timers::TimerKind;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_agents_accept_at_once() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agents = [bench.agent(tenant, 1).await, bench.agent(tenant, 1).await];
    let queue = bench
        .world
        .queue(tenant, &agents.map(|one| one.agent))
        .await;
    bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let first = bench.offer(&agents[0]).await;
    let timer = bench.timers(TimerKind::OfferExpires).await.remove(0);
    bench.world.clock.advance(Duration::seconds(30));
    bench.fire(&timer).await.unwrap();
    bench.pass(tenant, queue).await;
    let second = bench.offer(&agents[1]).await;
    let (late, taken) = tokio::join!(
        bench.accept(&agents[0], first),
        bench.accept(&agents[1], second),
    );
    assert_eq!(late, AcceptOutcome::Expired);
    assert!(matches!(taken, AcceptOutcome::Accepted { .. }), "{taken:?}");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_race_over_two_queues() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let mut rivals = Vec::new();
    for _ in 0..2 {
        let queue = bench.world.queue(tenant, &[agent.agent]).await;
        let waiting = bench.world.waiting(tenant, queue).await;
        rivals.push([decision(&bench, &waiting, 1, agent.agent)]);
    }
    let reasons = Context::system(None, None).into();
    let (left, right) = tokio::join!(
        reserve(&bench.desk, agent.scope(), &rivals[0], &reasons),
        reserve(&bench.desk, agent.scope(), &rivals[1], &reasons),
    );
    assert_eq!(left.unwrap().made + right.unwrap().made, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_at_the_limit_in_five_inboxes() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 5).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    for _ in 0..5 {
        // Each has an inbox of its own.
        bench.world.waiting(tenant, queue).await;
    }
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 5);
    for offer in bench.offers(&agent).await {
        bench.accept(&agent, offer).await;
    }
    let one_more = bench.world.waiting(tenant, queue).await;
    let passed = bench.pass(tenant, queue).await;
    assert_eq!((passed.offered, passed.waiting), (0, 1));
    // Not even for a router that knows nothing of the five.
    let reasons = Context::system(None, None).into();
    let decided = [decision(&bench, &one_more, 1, agent.agent)];
    let reserved = reserve(&bench.desk, agent.scope(), &decided, &reasons)
        .await
        .unwrap();
    assert_eq!(reserved.made, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_agent_is_not_flooded() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 5).await;
    let capacity = json!({
        "total": 5,
        "most": {"message": 5, "email": 5, "call": 5, "task": 5},
        "interruptible": {"message": false, "email": false, "call": false, "task": false},
        "open_offers": 2,
    });
    bench
        .act(format!("UPDATE agents SET capacity = '{capacity}'"))
        .await;
    bench
        .act("UPDATE agents SET presence = 'offline'".into())
        .await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 50).await;
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 0);
    let known = bench.events(router.scope()).await.len();
    let context = Context::agent(agent.agent, None);
    presence::set(&bench.desk, &agent, Presence::Online, None, &context)
        .await
        .unwrap();
    let mut known = bench.follow(&mut router, known).await;
    assert_eq!(
        bench.offers(&agent).await.len(),
        2,
        "as many as they may answer at once"
    );
    for held in [2, 4, 5] {
        let offers = bench.offers(&agent).await;
        for offer in &offers {
            bench.accept(&agent, *offer).await;
        }
        known = bench.follow(&mut router, known).await;
        let load = bench
            .count("SELECT sum(load) AS count FROM agent_loads")
            .await;
        let pending = bench.offers(&agent).await.len();
        assert_eq!(load, (held + 2).min(5), "{pending} pending");
    }
    assert_eq!(
        bench.offers(&agent).await.len(),
        0,
        "never more than they may hold"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_item_behind_newer_ones_is_served() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let old = bench.world.waiting(tenant, queue).await;
    bench
        .act(format!(
            "UPDATE work_items SET priority = -5 WHERE id = '{}'",
            old.work_item.0
        ))
        .await;
    let policy = QueuePolicy::default();
    let patience = i64::from(policy.target_seconds + policy.patience_seconds);
    bench.world.clock.advance(Duration::seconds(patience));
    presence::seen(&bench.desk, agent.agent).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 20).await;
    bench
        .act(format!(
            "UPDATE work_items SET priority = 10 WHERE id <> '{}'",
            old.work_item.0
        ))
        .await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    let served = bench.count(
        "SELECT count(*) AS count FROM offers o JOIN work_items w ON w.id = o.work_item_id
         WHERE w.priority = -5",
    );
    assert_eq!(served.await, 1, "what is owed goes before everything newer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_item_is_not_offered_back_at_once() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    let mut known = bench.events(router.scope()).await.len();
    let offer = bench.offer(&agent).await;
    bench.decline(&agent, offer).await;
    for _ in 0..2 {
        known = bench.follow(&mut router, known).await;
        assert!(bench.offers(&agent).await.is_empty());
    }
    let end = bench.desk.now() + bench.desk.settings.decline_cooldown;
    assert_eq!(router.next_change(), Some(end), "one more look is enough");
    bench
        .world
        .clock
        .advance(bench.desk.settings.decline_cooldown);
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_expires_while_being_accepted() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 100).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 20).await;
    let mut router = bench.router(tenant).await;
    bench.settle(&mut router).await;
    let mut known = bench.events(router.scope()).await.len();
    for timer in bench.timers(TimerKind::OfferExpires).await {
        let offer = OfferId(timer.subject_id);
        let (fired, outcome) = tokio::join!(bench.fire(&timer), bench.accept(&agent, offer));
        fired.unwrap();
        let is_one = matches!(
            outcome,
            AcceptOutcome::Accepted { .. } | AcceptOutcome::Expired
        );
        assert!(is_one, "{outcome:?}");
    }
    known = bench.follow(&mut router, known).await;
    assert_eq!(
        known,
        bench.events(router.scope()).await.len(),
        "nothing is offered again"
    );
    let waiting = bench.count("SELECT count(*) AS count FROM work_items WHERE state = 'queued'");
    assert_eq!(waiting.await, router.state().items.len() as i64);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_evaluated_at_assignment_not_at_enqueue() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    let skills = json!(Skills::has("law", 3));
    bench
        .act(format!("UPDATE work_items SET skills = '{skills}'"))
        .await;
    let mut router = bench.router(tenant).await;
    assert_eq!(
        bench.settle(&mut router).await.offered,
        0,
        "nobody knows law"
    );
    // The ladder is looked up when work is assigned: what waits already follows the new one at once.
    let policy = QueuePolicy {
        ladder: vec![Step {
            after_seconds: 0,
            during: None,
            relax: Relax::Skills(vec!["law".into()]),
        }],
        ..QueuePolicy::default()
    };
    bench
        .policy(agent.scope(), PolicyKind::Queue, queue.0, 1, json!(policy))
        .await;
    router.heal(&bench.desk).await.unwrap();
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    let told = bench.count(
        "SELECT count(*) AS count FROM decisions WHERE agent_id IS NOT NULL
            AND policies -> 0 ->> 'version' = '1' AND json_array_length(explanation #> '{ask,taken}') = 1",
    );
    assert_eq!(told.await, 1, "the decision names the version and the step");
}

#[tokio::test(flavor = "multi_thread")]
async fn schedule_never_changes_presence() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let (from, until) = (bench.desk.now(), bench.desk.now() + Duration::minutes(10));
    let absence: uuid::Uuid = bench.desk.clock.new_uuid();
    bench
        .act(format!(
            "INSERT INTO agent_absences (id, tenant_id, agent_id, starts_at, ends_at, made_at)
             VALUES ('{absence}', '{}', '{}', '{from}', '{until}', '{from}')",
            tenant.0, agent.agent.0
        ))
        .await;
    bench.world.waiting(tenant, queue).await;
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 0);
    let online = "SELECT count(*) AS count FROM agents WHERE presence = 'online' AND version = 0";
    assert_eq!(
        bench.count(online).await,
        1,
        "off, and still what they chose to be"
    );
    assert_eq!(router.next_change().min(Some(until)), router.next_change());
    bench.world.clock.advance(Duration::minutes(10));
    presence::seen(&bench.desk, agent.agent).await;
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    assert_eq!(bench.count(online).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resolved_item_is_never_a_candidate() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    // This router read the item before it was resolved, and hears of it too late.
    let mut router = bench.router(tenant).await;
    bench.resolve(&agent, waiting.conversation).await;
    let passed = bench.settle(&mut router).await;
    assert_eq!(
        (passed.offered, passed.waiting),
        (0, 0),
        "the commit refuses it, and it is forgotten"
    );
    assert_eq!(bench.pass(tenant, queue).await, Passed::default());
    assert!(bench.offers(&agent).await.is_empty());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn router_killed_between_claim_and_publish() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 2).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    let waiting = bench.world.waiting_many(tenant, queue, inbox, 2).await;
    // Killed with its claim and before the commit: nothing of it remains.
    let scope = agent.scope();
    let dying = bench.desk.database.begin(scope).await.unwrap();
    let wanted = [(waiting[0].work_item, 1)];
    let now = bench.desk.now();
    let locked = interdesk_store::reserve::lock_waiting(&dying, scope, &wanted, now)
        .await
        .unwrap();
    assert_eq!(locked.len(), 1);
    drop(dying);
    // Killed after the commit and before anything is published: the offer stands, and its event is in
    // the log for the relay of whoever lives.
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.offered, 2);
    drop(router);
    let next = bench.pass(tenant, queue).await;
    assert_eq!(
        next,
        Passed::default(),
        "who takes over finds nothing to do"
    );
    let events = bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'offer_made'");
    assert_eq!(events.await, 2);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_routers_at_once_never_double_although_one_dies() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let mut agents: Vec<AgentId> = Vec::new();
    for _ in 0..10 {
        agents.push(bench.agent(tenant, 4).await.agent);
    }
    let queues = [
        bench.world.queue(tenant, &agents).await,
        bench.world.queue(tenant, &agents[5..]).await,
    ];
    for queue in queues {
        let inbox = bench.world.inbox(tenant, queue).await;
        bench.world.waiting_many(tenant, queue, inbox, 60).await;
    }
    let mut desk = bench.desk.clone();
    desk.settings.routing_pass = 3;
    let scope = TenantScope::new(tenant);
    let run = |desk: interdesk_flow::Desk| async move {
        let reasons = Context::system(None, None).into();
        loop {
            if !route::pass(&desk, scope, &reasons).await.unwrap().again {
                break;
            }
        }
    };
    let dying = tokio::spawn(run(desk.clone()));
    let living = tokio::spawn(run(desk.clone()));
    tokio::time::sleep(std::time::Duration::from_millis(15)).await;
    dying.abort();
    let _ = dying.await;
    living.await.unwrap();
    // What the dead one had locked is free by now.
    bench.pass(tenant, queues[0]).await;
    assert_eq!(
        bench
            .count("SELECT sum(load) AS count FROM agent_loads")
            .await,
        40
    );
    let pending = "SELECT count(*) AS count FROM offers WHERE state = 'pending'";
    assert_eq!(bench.count(pending).await, 40);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_work_is_theirs_at_once_and_pulled_work_is_never_handed_out() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 5).await;
    for mode in [Mode::Push, Mode::Pull] {
        let queue = bench.world.queue(tenant, &[agent.agent]).await;
        let policy = QueuePolicy {
            mode,
            ..QueuePolicy::default()
        };
        bench
            .policy(agent.scope(), PolicyKind::Queue, queue.0, 1, json!(policy))
            .await;
        bench.world.waiting(tenant, queue).await;
    }
    let mut router = bench.router(tenant).await;
    let passed = bench.settle(&mut router).await;
    assert_eq!((passed.offered, passed.waiting), (1, 1));
    assert!(bench.offers(&agent).await.is_empty(), "nobody is asked");
    let open = bench.count(
        "SELECT count(*) AS count FROM conversations c JOIN work_items w ON w.conversation_id = c.id
         WHERE c.status = 'open' AND c.assignee_id IS NOT NULL AND w.state = 'active'",
    );
    assert_eq!(open.await, 1);
    let taken = bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'work_item_taken'");
    assert_eq!(taken.await, 1);
    let known = 0;
    bench.follow(&mut router, known).await;
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_comes_through_beside_two_messages_that_yield() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 2).await;
    let capacity = json!({
        "total": 2,
        "most": {"message": 2, "email": 2, "call": 1, "task": 2},
        "interruptible": {"message": true, "email": true, "call": false, "task": false},
        "open_offers": 9,
    });
    bench
        .act(format!("UPDATE agents SET capacity = '{capacity}'"))
        .await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 3).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 2);
    let calls = bench.world.waiting_many(tenant, queue, inbox, 2).await;
    let ids: Vec<String> = calls
        .iter()
        .map(|one| format!("'{}'", one.work_item.0))
        .collect();
    bench
        .act(format!(
            "UPDATE work_items SET class = 'call', units = 2 WHERE id IN ({})",
            ids.join(",")
        ))
        .await;
    assert_eq!(
        bench.pass(tenant, queue).await.offered,
        0,
        "two units are more than one call may take"
    );
    bench
        .act(format!(
            "UPDATE work_items SET units = 1 WHERE id IN ({})",
            ids.join(",")
        ))
        .await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    assert_eq!(
        bench
            .count("SELECT load::bigint AS count FROM agent_loads")
            .await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_outlive_a_router() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agents = [bench.agent(tenant, 9).await, bench.agent(tenant, 9).await];
    let queue = bench
        .world
        .queue(tenant, &agents.map(|one| one.agent))
        .await;
    let policy = QueuePolicy {
        strategy: Strategy::RoundRobin,
        ..QueuePolicy::default()
    };
    bench
        .policy(
            agents[0].scope(),
            PolicyKind::Queue,
            queue.0,
            1,
            json!(policy),
        )
        .await;
    let inbox = bench.world.inbox(tenant, queue).await;
    for n in 0..4 {
        bench.world.waiting_many(tenant, queue, inbox, 1).await;
        bench.world.clock.advance(Duration::seconds(1));
        bench.pass(tenant, queue).await;
        let held = [
            bench.offers(&agents[0]).await.len(),
            bench.offers(&agents[1]).await.len(),
        ];
        assert!(
            held[0].abs_diff(held[1]) <= 1 && held[0] + held[1] == n + 1,
            "{held:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staged_policy_holds_for_its_share_alone() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1000).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let scope = agent.scope();
    let push = QueuePolicy {
        mode: Mode::Push,
        ..QueuePolicy::default()
    };
    bench
        .policy(
            scope,
            PolicyKind::Queue,
            queue.0,
            1,
            json!(QueuePolicy::default()),
        )
        .await;
    let transaction = bench.desk.database.begin(scope).await.unwrap();
    let new = NewVersion {
        kind: PolicyKind::Queue,
        id: queue.0,
        name: "policy",
        version: 2,
        body: &json!(push),
        note: "",
        made_by: None,
        at: bench.desk.now(),
    };
    policies::insert_version(&transaction, scope, &new)
        .await
        .unwrap();
    policies::stage(&transaction, scope, PolicyKind::Queue, queue.0, 2, 250)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 400).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 400);
    let pushed = bench
        .count("SELECT count(*) AS count FROM work_items WHERE state = 'active'")
        .await;
    assert!((60..140).contains(&pushed), "{pushed} of 400");
    let wrong = bench.count(
        "SELECT count(*) AS count FROM decisions d JOIN work_items w ON w.id = d.work_item_id
         WHERE (w.state = 'active') <> (d.policies -> 0 ->> 'version' = '2')
            OR d.explanation #>> '{asked,queue}' <> w.queue_id::text OR w.by_queue_id <> w.queue_id",
    );
    assert_eq!(
        wrong.await,
        0,
        "each decision names its version and the queue itself"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_event_told_of_is_found_counted_and_mended() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let mut router = bench.router(tenant).await;
    assert!(router.heal(&bench.desk).await.unwrap().is_none());
    bench.world.waiting(tenant, queue).await;
    bench
        .act("UPDATE agents SET languages = '{de}'".into())
        .await;
    let drift = router.heal(&bench.desk).await.unwrap();
    assert_eq!((drift.items, drift.gone, drift.agents), (1, 0, 1));
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    assert!(
        router.heal(&bench.desk).await.unwrap().is_none(),
        "what it did itself, it knows"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn day_off_with_a_stale_cache() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let off = bench.agent(tenant, 5).await.agent;
    let queue = bench.world.queue(tenant, &[off]).await;
    bench.world.waiting(tenant, queue).await;
    // The router knows them online and at work; then the day off is written, and its event is late.
    let mut router = bench.router(tenant).await;
    let day_off = format!(
        "INSERT INTO agent_absences (id, tenant_id, agent_id, starts_at, ends_at, made_at)
         VALUES (gen_random_uuid(), '{}', '{}', '1970-01-01', '2999-01-01', '1970-01-01')",
        tenant.0, off.0
    );
    bench.act(day_off).await;
    let passed = bench.settle(&mut router).await;
    assert_eq!(
        (passed.offered, passed.waiting),
        (0, 1),
        "the commit sees it"
    );
    assert!(!passed.again, "and the router believes it at once");
    let back = "UPDATE agent_absences SET removed_at = '1970-01-01'";
    bench.act(back.to_owned()).await;
    router.heal(&bench.desk).await.unwrap();
    assert_eq!(bench.settle(&mut router).await.offered, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_waited_too_long_goes_where_its_queue_says() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 9).await;
    let other = bench.world.queue(tenant, &[agent.agent]).await;
    for outcome in [json!({"overflow": other}), json!("refuse")] {
        let queue = bench.world.queue(tenant, &[]).await;
        let mut policy = json!(QueuePolicy::default());
        policy["wait_limit"] = json!({"seconds": 60, "outcome": outcome});
        bench
            .policy(agent.scope(), PolicyKind::Queue, queue.0, 1, policy)
            .await;
        bench.world.waiting(tenant, queue).await;
    }
    let mut router = bench.router(tenant).await;
    assert_eq!(bench.settle(&mut router).await.waiting, 2);
    let known = bench.events(router.scope()).await.len();
    bench.world.clock.advance(Duration::seconds(60));
    assert!(
        router
            .next_change()
            .is_some_and(|at| at <= bench.desk.now())
    );
    assert_eq!(bench.settle(&mut router).await.waiting, 0);
    bench.follow(&mut router, known).await;
    assert_eq!(
        bench.offers(&agent).await.len(),
        1,
        "the one that went to the other queue"
    );
    let refused = "SELECT count(*) AS count FROM work_items
        WHERE state = 'cancelled' AND limited = 'refuse' AND ended_at IS NOT NULL";
    assert_eq!(bench.count(refused).await, 1);
    bench.prove().await;
}
