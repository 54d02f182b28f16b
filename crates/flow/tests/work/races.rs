//! What happens at the same time.

use crate::bench::{Bench, done, refused};
use interdesk_domain::agent::Presence;
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::transfer::To;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_human_claims_while_the_router_assigns() {
    let bench = Bench::fresh().await;
    let (offered, human) = (bench.agent(40).await, bench.agent(40).await);
    let queue = bench.queue(&[&offered]).await;
    bench
        .world
        .test
        .execute_as_owner("UPDATE agents SET role = 'supervisor'")
        .await;
    let human = interdesk_domain::permission::Viewer {
        grants: interdesk_domain::permission::Role::Supervisor.grants(),
        ..human
    };
    let inbox = bench.world.inbox(bench.tenant, queue).await;
    let waiting = bench
        .world
        .waiting_many(bench.tenant, queue, inbox, 20)
        .await;
    let claims = async {
        let mut taken = 0;
        for one in &waiting {
            match bench.claim(&human, one.work_item).await {
                WorkOutcome::Done { .. } => taken += 1,
                late => assert_eq!(late, refused(WorkRefusal::NotWaiting)),
            }
        }
        taken
    };
    let (taken, _) = tokio::join!(claims, bench.pass());
    bench.pass().await;
    let held = bench.count("SELECT count(*) AS count FROM work_items WHERE state = 'active'");
    assert_eq!(held.await, taken);
    let offered = bench.count("SELECT count(*) AS count FROM work_items WHERE state = 'offered'");
    assert_eq!(offered.await, 20 - taken, "each went to one of the two");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cross_transfer_of_two_agents_at_the_same_time() {
    let bench = Bench::fresh().await;
    let (one, other) = (bench.agent(2).await, bench.agent(2).await);
    let queue = bench.queue(&[&one, &other]).await;
    let (_, mine) = bench.work(queue, &one).await;
    let (_, theirs) = bench.work(queue, &other).await;
    let (mut a, mut b) = (one, other);
    for _ in 0..20 {
        let (left, right) = tokio::join!(
            bench.transfer(&a, mine, To::Agent(b.agent)),
            bench.transfer(&b, theirs, To::Agent(a.agent))
        );
        done(&left);
        done(&right);
        std::mem::swap(&mut a, &mut b);
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cross_transfer_of_two_who_have_no_room_moves_nothing() {
    let bench = Bench::fresh().await;
    let (one, other) = (bench.agent(1).await, bench.agent(1).await);
    let queue = bench.queue(&[&one, &other]).await;
    let (_, mine) = bench.work(queue, &one).await;
    let (_, theirs) = bench.work(queue, &other).await;
    let (left, right) = tokio::join!(
        bench.transfer(&one, mine, To::Agent(other.agent)),
        bench.transfer(&other, theirs, To::Agent(one.agent))
    );
    assert_eq!(left, refused(WorkRefusal::AtCapacity));
    assert_eq!(right, refused(WorkRefusal::AtCapacity));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_goes_offline_with_an_open_offer() {
    let bench = Bench::fresh().await;
    let (agent, colleague) = (bench.agent(1).await, bench.agent(0).await);
    let queue = bench.queue(&[&agent, &colleague]).await;
    bench.world.waiting(bench.tenant, queue).await;
    assert_eq!(bench.pass().await.offered, 1);
    assert_eq!(bench.offers(&agent).await.len(), 1);
    bench.become_(&agent, Presence::Offline).await;
    assert!(
        bench.offers(&agent).await.is_empty(),
        "it is taken back at once"
    );
    let rescinded =
        bench.count("SELECT count(*) AS count FROM outbox WHERE kind = 'offer_rescinded'");
    assert_eq!(rescinded.await, 1);
    let waits = bench.count("SELECT count(*) AS count FROM work_items WHERE state = 'queued'");
    assert_eq!(waits.await, 1);
    // The timer of the same finds nothing left to do, and who is back may have it again.
    bench.advance(0).await;
    bench.become_(&agent, Presence::Online).await;
    assert_eq!(bench.pass().await.offered, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn day_off_with_a_stale_cache() {
    let bench = Bench::fresh().await;
    let (off, there) = (bench.agent(5).await, bench.agent(5).await);
    let queue = bench.queue(&[&off, &there]).await;
    // The cache heard from them a moment ago and they never said that they are away.
    let (tenant, agent) = (bench.tenant.0, off.agent.0);
    let statement = format!(
        "INSERT INTO agent_absences (id, tenant_id, agent_id, starts_at, ends_at, made_at)
         VALUES (gen_random_uuid(), '{tenant}', '{agent}', '1970-01-01', '2999-01-01', '1970-01-01')"
    );
    bench.world.test.execute_as_owner(&statement).await;
    for _ in 0..3 {
        bench.world.waiting(bench.tenant, queue).await;
    }
    assert_eq!(bench.pass().await.offered, 3);
    assert!(
        bench.offers(&off).await.is_empty(),
        "who has the day off is offered nothing"
    );
    assert_eq!(bench.offers(&there).await.len(), 3);
    bench.world.waiting(bench.tenant, queue).await;
    let pulled = bench.pull(&off, queue).await;
    assert_eq!(
        pulled,
        refused(WorkRefusal::NothingWaits),
        "nor do they get anything by pulling"
    );
    bench.prove().await;
}
