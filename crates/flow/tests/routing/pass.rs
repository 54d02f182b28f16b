//! What a pass hands out, and what it leaves and why.

use crate::bench::Bench;
use chrono::Duration;
use interdesk_cache::{Cache, Error};
use interdesk_domain::id::AgentId;
use interdesk_flow::route::Passed;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_queue_costs_nothing() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 3).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    assert_eq!(bench.pass(tenant, queue).await, Passed::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_work_goes_to_whoever_is_idle_longest() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let first = bench.agent(tenant, 1).await;
    bench.world.clock.advance(Duration::seconds(1));
    let second = bench.agent(tenant, 1).await;
    let queue = bench
        .world
        .queue(tenant, &[second.agent, first.agent])
        .await;
    for _ in 0..3 {
        bench.world.waiting(tenant, queue).await;
        bench.world.clock.advance(Duration::seconds(1));
    }
    assert_eq!(
        bench.pass(tenant, queue).await,
        Passed {
            offered: 2,
            waiting: 1,
            again: false
        }
    );
    let oldest_to_first = bench
        .count(
            "SELECT count(*) AS count FROM work_items w JOIN offers o ON o.work_item_id = w.id
             WHERE w.queued_at = (SELECT min(queued_at) FROM work_items)
               AND o.agent_id = (SELECT id FROM agents ORDER BY created_at LIMIT 1)",
        )
        .await;
    assert_eq!(oldest_to_first, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_an_item_waits_is_stored_once_per_epoch() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let agent = bench.agent(tenant, 0).await;
    let queue = bench.world.queue(tenant, &[agent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    for _ in 0..3 {
        bench.pass(tenant, queue).await;
    }
    let told = bench.count(
        "SELECT count(*) AS count FROM decisions
         WHERE explanation #>> '{excluded,0,reason,reason}' = 'at_capacity'",
    );
    assert_eq!(told.await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_offer_goes_to_the_next_agent() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let first = bench.agent(tenant, 1).await;
    let second = bench.agent(tenant, 1).await;
    let queue = bench
        .world
        .queue(tenant, &[first.agent, second.agent])
        .await;
    let waiting = bench.world.waiting(tenant, queue).await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&first).await;
    bench.decline(&first, offer).await;
    bench.pass(tenant, queue).await;
    let offer = bench.offer(&second).await;
    let accepted = bench.accept(&second, offer).await;
    assert!(matches!(
        accepted,
        interdesk_flow::accept::AcceptOutcome::Accepted { work_item, .. } if work_item == waiting.work_item
    ));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_heard_from_gets_nothing() {
    let bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let silent = bench.world.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[silent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    assert_eq!(bench.pass(tenant, queue).await.offered, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cache_everybody_counts_as_reachable() {
    let mut bench = Bench::fresh().await;
    let tenant = bench.world.tenant().await;
    let silent = bench.world.agent(tenant, 1).await;
    let queue = bench.world.queue(tenant, &[silent.agent]).await;
    bench.world.waiting(tenant, queue).await;
    bench.desk.cache = Arc::new(Broken);
    assert_eq!(bench.pass(tenant, queue).await.offered, 1);
}

struct Broken;

#[async_trait::async_trait]
impl Cache for Broken {
    async fn touch(&self, _: AgentId, _: std::time::Duration) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn alive(&self, _: &[AgentId]) -> Result<Vec<bool>, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn forget(&self, _: AgentId) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn hit(&self, _: &str, _: std::time::Duration) -> Result<u64, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn take(&self, _: &[interdesk_cache::Bucket]) -> Result<std::time::Duration, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn hold(&self, _: &interdesk_cache::Bucket, _: std::time::Duration) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn spend(
        &self,
        _: &interdesk_cache::Bucket,
        _: u32,
    ) -> Result<interdesk_cache::Level, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn give_back(
        &self,
        _: &interdesk_cache::Bucket,
        _: u32,
    ) -> Result<interdesk_cache::Level, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn note(&self, _: &str, _: std::time::Duration) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn noted(&self, _: &[String]) -> Result<Vec<bool>, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn join(&self, _: &str, _: AgentId, _: std::time::Duration) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn leave(&self, _: &str, _: AgentId) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn present(&self, _: &[String]) -> Result<Vec<Vec<AgentId>>, Error> {
        Err(Error::Unavailable("broken".into()))
    }

    async fn check(&self) -> Result<(), Error> {
        Err(Error::Unavailable("broken".into()))
    }
}
