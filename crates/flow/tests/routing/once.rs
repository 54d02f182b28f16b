//! A mutation under a key has one effect.

use crate::bench::Bench;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::OfferId;
use interdesk_domain::permission::Viewer;
use interdesk_flow::accept::{AcceptOutcome, accept};
use interdesk_flow::decline::{DeclineOutcome, decline};
use interdesk_flow::{Context, Error, presence};

async fn two_offers(bench: &Bench) -> (Viewer, Vec<OfferId>) {
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 2).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let offers = bench.offers(&agent).await;
    assert_eq!(offers.len(), 2);
    (agent, offers)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_under_the_same_key_gets_the_same_answer() {
    let bench = Bench::fresh().await;
    let (agent, offers) = two_offers(&bench).await;
    let context = Context::agent(agent.agent, None);
    let ask = || accept(&bench.desk, &agent, offers[0], Some("key-1"), &context);
    let first = ask().await.unwrap();
    assert!(matches!(first, AcceptOutcome::Accepted { .. }));
    assert_eq!(ask().await.unwrap(), first);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_question_under_the_same_key_is_refused() {
    let bench = Bench::fresh().await;
    let (agent, offers) = two_offers(&bench).await;
    let context = Context::agent(agent.agent, None);
    accept(&bench.desk, &agent, offers[0], Some("key-1"), &context)
        .await
        .unwrap();
    let other = accept(&bench.desk, &agent, offers[1], Some("key-1"), &context)
        .await
        .unwrap();
    assert_eq!(other, AcceptOutcome::KeyReused);
    let other = decline(&bench.desk, &agent, offers[0], Some("key-1"), &context)
        .await
        .unwrap();
    assert_eq!(other, DeclineOutcome::KeyReused);
    assert_eq!(bench.offers(&agent).await, [offers[1]]);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_asked_many_times_at_once_has_one_effect() {
    let bench = Bench::fresh().await;
    let (agent, offers) = two_offers(&bench).await;
    let context = Context::agent(agent.agent, None);
    let ask = |_| accept(&bench.desk, &agent, offers[0], Some("key-1"), &context);
    let answers = futures::future::join_all((0..6).map(ask)).await;
    let answers: Vec<AcceptOutcome> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert!(matches!(answers[0], AcceptOutcome::Accepted { .. }));
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    let events = bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'offer_accepted'");
    assert_eq!(events.await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_disabled_changes_nothing_and_learns_no_former_answer() {
    let bench = Bench::fresh().await;
    let (agent, offers) = two_offers(&bench).await;
    let context = Context::agent(agent.agent, None);
    let take = |offer, key| accept(&bench.desk, &agent, offer, key, &context);
    take(offers[0], Some("key-1")).await.unwrap();
    let statement = format!(
        "UPDATE agents SET disabled_at = now() WHERE id = '{}'",
        agent.agent.0
    );
    bench.world.test.execute_as_owner(&statement).await;
    let events = "SELECT count(*) AS count FROM outbox";
    let before = bench.count(events).await;
    let repeated = take(offers[0], Some("key-1")).await;
    assert!(matches!(repeated, Err(Error::Disabled)), "{repeated:?}");
    let taken = take(offers[1], None).await;
    assert!(matches!(taken, Err(Error::Disabled)), "{taken:?}");
    let refused = decline(&bench.desk, &agent, offers[1], None, &context).await;
    assert!(matches!(refused, Err(Error::Disabled)), "{refused:?}");
    let left = presence::set(&bench.desk, &agent, Presence::Away, None, &context).await;
    assert!(matches!(left, Err(Error::Disabled)), "{left:?}");
    assert_eq!(bench.count(events).await, before);
}
