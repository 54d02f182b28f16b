//! How an offer ends: once, and by whom it may be answered.

use crate::bench::Bench;
use chrono::Duration;
use interdesk_domain::id::{OfferId, QueueId};
use interdesk_domain::permission::Viewer;
use interdesk_flow::Context;
use interdesk_flow::accept::AcceptOutcome;
use interdesk_flow::decline::DeclineOutcome;
use interdesk_flow::expire::expire;
use interdesk_store::timers::{self, TimerKind};
use interdesk_testkit::Waiting;

async fn offered(bench: &Bench, capacity: i32) -> (Viewer, QueueId, Waiting, OfferId) {
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, capacity).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let waiting = bench.world.waiting(tenant, queue).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
    let offer = bench.offer(&agent).await;
    (agent, queue, waiting, offer)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_offer_makes_the_conversation_the_agents() {
    let bench = Bench::fresh().await;
    let (agent, _, waiting, offer) = offered(&bench, 1).await;
    let accepted = bench.accept(&agent, offer).await;
    let (work_item, conversation) = (waiting.work_item, waiting.conversation);
    assert_eq!(
        accepted,
        AcceptOutcome::Accepted {
            work_item,
            conversation,
            version: 3
        }
    );
    let open = bench.count(
        "SELECT count(*) AS count FROM conversations c JOIN agents a ON a.id = c.assignee_id
         WHERE c.status = 'open'",
    );
    assert_eq!(open.await, 1);
    assert!(bench.timers(TimerKind::OfferExpires).await.is_empty());
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_accepted_twice_at_once_has_one_effect() {
    let bench = Bench::fresh().await;
    let (agent, _, _, offer) = offered(&bench, 1).await;
    let (left, right) = tokio::join!(bench.accept(&agent, offer), bench.accept(&agent, offer));
    let took = [&left, &right].map(|outcome| matches!(outcome, AcceptOutcome::Accepted { .. }));
    assert_eq!(
        took.iter().filter(|took| **took).count(),
        1,
        "{left:?} {right:?}"
    );
    assert!([left, right].contains(&AcceptOutcome::AlreadyAccepted));
    let events = bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'offer_accepted'");
    assert_eq!(events.await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offer_of_another_is_not_found() {
    let bench = Bench::fresh().await;
    let (agent, queue, _, offer) = offered(&bench, 1).await;
    let colleague = bench.agent(agent.tenant, 1).await;
    let foreign_tenant = bench.world.tenant().await;
    let foreigner = bench.agent(foreign_tenant, 1).await;
    for other in [colleague, foreigner] {
        assert_eq!(bench.accept(&other, offer).await, AcceptOutcome::NotFound);
        assert_eq!(bench.decline(&other, offer).await, DeclineOutcome::NotFound);
    }
    assert_eq!(
        bench.accept(&agent, OfferId(queue.0)).await,
        AcceptOutcome::NotFound
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_at_the_deadline_is_too_late_even_before_the_timer_fires() {
    let bench = Bench::fresh().await;
    let (agent, _, _, offer) = offered(&bench, 1).await;
    bench.world.clock.advance(Duration::seconds(30));
    assert_eq!(bench.accept(&agent, offer).await, AcceptOutcome::Expired);
    assert_eq!(bench.decline(&agent, offer).await, DeclineOutcome::Expired);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_expires_does_so_at_its_deadline_and_waits_again() {
    let bench = Bench::fresh().await;
    let (agent, queue, _, offer) = offered(&bench, 1).await;
    let timers = bench.timers(TimerKind::OfferExpires).await;
    assert_eq!(timers.len(), 1);
    assert_eq!(timers[0].due_at, bench.desk.now() + Duration::seconds(30));
    bench.world.clock.advance(Duration::seconds(45));
    bench.fire(&timers[0]).await.unwrap();
    bench.fire(&timers[0]).await.unwrap();
    let at_deadline = bench.count(
        "SELECT count(*) AS count FROM outbox e JOIN offers o
            ON (e.body::jsonb ->> 'occurred_at')::timestamptz = o.expires_at
            AND o.ended_at = o.expires_at
         WHERE e.kind = 'offer_expired'",
    );
    assert_eq!(at_deadline.await, 1);
    assert_eq!(bench.accept(&agent, offer).await, AcceptOutcome::Expired);
    assert_eq!(
        bench.pass(agent.tenant, queue).await.offered,
        0,
        "its agent rests"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_expires_while_it_is_accepted_ends_once() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 100).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    let inbox = bench.world.inbox(tenant, queue).await;
    bench.world.waiting_many(tenant, queue, inbox, 30).await;
    bench.pass(tenant, queue).await;
    let mut accepted = 0;
    for timer in bench.timers(TimerKind::OfferExpires).await {
        let offer = OfferId(timer.subject_id);
        let (fired, outcome) = tokio::join!(bench.fire(&timer), bench.accept(&agent, offer));
        fired.unwrap();
        match outcome {
            AcceptOutcome::Accepted { .. } => accepted += 1,
            other => assert_eq!(other, AcceptOutcome::Expired),
        }
    }
    let events = bench
        .count("SELECT count(*) AS count FROM outbox WHERE kind = 'offer_accepted'")
        .await;
    assert_eq!(events, accepted);
    let ends = bench.count(
        "SELECT count(*) AS count FROM outbox WHERE kind IN ('offer_accepted', 'offer_expired')",
    );
    assert_eq!(ends.await, 30);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_answered_the_same_way_again() {
    let bench = Bench::fresh().await;
    let (agent, _, _, offer) = offered(&bench, 1).await;
    assert!(matches!(
        bench.decline(&agent, offer).await,
        DeclineOutcome::Declined { .. }
    ));
    assert_eq!(
        bench.decline(&agent, offer).await,
        DeclineOutcome::AlreadyDeclined
    );
    assert_eq!(bench.accept(&agent, offer).await, AcceptOutcome::Declined);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_an_older_epoch_cannot_be_taken() {
    let bench = Bench::fresh().await;
    let (agent, _, _, offer) = offered(&bench, 1).await;
    // No flow leaves such an offer behind; a damaged row must not become a second owner.
    bench
        .world
        .test
        .execute_as_owner("UPDATE work_items SET epoch = 2, state = 'queued'")
        .await;
    assert_eq!(bench.accept(&agent, offer).await, AcceptOutcome::Rescinded);
    assert_eq!(
        bench.decline(&agent, offer).await,
        DeclineOutcome::Rescinded
    );
    let untouched = bench.count("SELECT count(*) AS count FROM conversations WHERE status = 'new'");
    assert_eq!(untouched.await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_does_not_wait_for_whoever_holds_the_timer() {
    let bench = Bench::fresh().await;
    let (agent, _, _, offer) = offered(&bench, 1).await;
    let timer = bench.timers(TimerKind::OfferExpires).await.remove(0);
    let scope = agent.scope();
    let runner = bench.desk.database.begin(scope).await.unwrap();
    assert!(timers::claim(&runner, scope, timer.id).await.unwrap());
    let accepted = bench.accept(&agent, offer);
    let accepted = tokio::time::timeout(std::time::Duration::from_secs(5), accepted).await;
    assert!(matches!(
        accepted.expect("no wait"),
        AcceptOutcome::Accepted { .. }
    ));
    let context = Context::system(None, None);
    let events = expire(&bench.desk, &runner, scope, &timer, &context)
        .await
        .unwrap();
    assert!(events.is_empty(), "what was accepted does not expire");
    runner.commit().await.unwrap();
    bench.prove().await;
}
