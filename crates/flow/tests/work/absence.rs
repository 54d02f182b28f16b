//! Owners who are away lose their work in time, and not before.

use crate::bench::Bench;
use interdesk_domain::agent::Presence;
use interdesk_domain::id::QueueId;
use interdesk_domain::permission::Viewer;
use interdesk_flow::absence;
use serde_json::json;

const OWNED: &str = "SELECT count(*) AS count FROM work_items WHERE state = 'active'";

async fn desk() -> (Bench, Viewer, QueueId) {
    let bench = Bench::fresh().await;
    let agent = bench.agent(3).await;
    let queue = bench.queue(&[&agent]).await;
    let policy = json!({"absence": {"grace_seconds": 120, "then": "requeue"}});
    bench.policy(queue, policy).await;
    bench.work(queue, &agent).await;
    (bench, agent, queue)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_back_once_its_owner_was_away_for_the_grace() {
    let (bench, agent, _) = desk().await;
    bench.become_(&agent, Presence::Away).await;
    bench.advance(119).await;
    assert_eq!(bench.count(OWNED).await, 1);
    bench.advance(2).await;
    assert_eq!(bench.count(OWNED).await, 0);
    let told = bench.count(
        "SELECT count(*) AS count FROM outbox WHERE kind = 'work_item_released'
            AND body::jsonb #>> '{data,reason}' = 'owner_absent'",
    );
    assert_eq!(told.await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_within_the_grace_keeps_the_work() {
    let (bench, agent, _) = desk().await;
    bench.become_(&agent, Presence::Offline).await;
    bench.advance(60).await;
    bench.become_(&agent, Presence::Online).await;
    let timers = bench.count("SELECT count(*) AS count FROM timers WHERE kind = 'owner_absent'");
    assert_eq!(timers.await, 0);
    bench.advance(200).await;
    assert_eq!(bench.count(OWNED).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_heard_from_is_away_until_they_are() {
    let (bench, agent, _) = desk().await;
    absence::sweep(&bench.desk).await.unwrap();
    let timers = "SELECT count(*) AS count FROM timers WHERE kind = 'owner_absent'";
    assert_eq!(bench.count(timers).await, 0);
    bench.forget(&agent).await;
    absence::sweep(&bench.desk).await.unwrap();
    absence::sweep(&bench.desk).await.unwrap();
    assert_eq!(
        bench.count(timers).await,
        1,
        "one timer, however often it is looked"
    );
    interdesk_flow::presence::seen(&bench.desk, agent.agent).await;
    absence::sweep(&bench.desk).await.unwrap();
    assert_eq!(bench.count(timers).await, 0);
    bench.forget(&agent).await;
    absence::sweep(&bench.desk).await.unwrap();
    bench.advance(121).await;
    assert_eq!(bench.count(OWNED).await, 0);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_kept_where_nothing_else_is_said() {
    let bench = Bench::fresh().await;
    let agent = bench.agent(1).await;
    let queue = bench.queue(&[&agent]).await;
    bench.work(queue, &agent).await;
    bench.become_(&agent, Presence::Offline).await;
    bench.advance(86_400).await;
    assert_eq!(bench.count(OWNED).await, 1);
    bench.prove().await;
}
