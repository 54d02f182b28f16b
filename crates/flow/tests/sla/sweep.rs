//! What concerns everything that runs is taken page by page, with the result of one transaction.

use crate::bench::*;
use crate::clocks::berlin_workdays;
use crate::faults::numbers;
use interdesk_domain::event::Event;
use interdesk_domain::sla::Clock;
use interdesk_flow::watch_sla::{self, Shelf};
use serde_json::{Value, json};

/// Seven that run, and one that is over.
async fn eight(bench: &Bench) -> Vec<Story> {
    let mut stories = Vec::new();
    for _ in 0..8 {
        stories.push(bench.opens().await);
    }
    bench.replies(&stories[7]).await;
    bench.resolves(&stories[7]).await;
    bench.run().await;
    stories
}

fn within(minutes: i64) -> Value {
    json!([{ "clock": "first_reply", "within_ms": minutes * 60_000, "hours": "calendar" }])
}

const SECOND: &str = "SELECT count(*) AS count FROM sla_episodes WHERE policy_version = 2";
const READ: &str = "SELECT seq AS count FROM sla_cursors";

/// Changes the promise under way; how the change is read is up to the caller.
async fn changed(page: i64) -> (Bench, Vec<Story>) {
    let mut bench = Bench::fresh().await;
    bench.desk.settings.sla_page = page;
    bench.at(utc("2026-11-17T09:00:00"));
    bench.promise(1, within(10)).await;
    let stories = eight(&bench).await;
    bench.wait(minutes(9));
    bench.promise(2, within(30)).await;
    // One is answered after the change, whoever reads it when.
    bench.wait(minutes(2));
    bench.replies(&stories[6]).await;
    (bench, stories)
}

/// Reads what came before the change and the first page of those whom it concerns; returns how far
/// the log was read when that page began.
async fn step_into_the_sweep(bench: &Bench) -> i64 {
    for _ in 0..20 {
        let before = bench.count(READ).await;
        assert!(bench.step().await);
        if bench
            .count("SELECT count(*) AS count FROM sla_sweeps")
            .await
            == 1
        {
            return before;
        }
    }
    panic!("no sweep begins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_change_that_is_interrupted_between_pages_ends_as_one_that_is_not() {
    let (whole, told) = changed(500).await;
    whole.run().await;

    let (mut paged, stories) = changed(3).await;
    paged.stamp().await;
    let before = step_into_the_sweep(&paged).await;
    assert_eq!(paged.count(SECOND).await, 3, "a page and no more");
    assert_eq!(paged.count(READ).await, before, "the log waits for all");
    // The process ends; another knows nothing of it. The deadlines of the first promise are over.
    paged.shelf = Shelf::default();
    for timer in paged.due().await {
        paged.fire(&timer).await;
    }
    assert!(
        paged.events("sla_breached").await.is_empty(),
        "nothing is told of a promise that does not hold any more"
    );
    paged.run().await;
    assert_eq!(paged.count(SECOND).await, 7, "all that run");
    let over = paged.run_of(&stories[7], Clock::FirstReply).await;
    assert_eq!(over.policy_version, Some(1), "what is over stays");
    assert!(paged.events("sla_breached").await.is_empty());
    assert_eq!(
        numbers(&whole, &told).await,
        numbers(&paged, &stories).await
    );
    let rests = paged.count("SELECT count(*) AS count FROM sla_sweeps");
    assert_eq!(rests.await, 0);
    whole.prove().await;
    paged.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_readers_take_each_page_once() {
    let (paged, stories) = changed(2).await;
    paged.stamp().await;
    let reader = || async {
        for _ in 0..6 {
            let followed = watch_sla::follow(&paged.desk, paged.scope(), &paged.shelf);
            followed.await.unwrap();
        }
    };
    tokio::join!(reader(), reader(), reader());
    paged.run().await;
    let changes = paged.count(
        "SELECT count(*) AS count FROM sla_moments
         WHERE what::text LIKE '%policy%' AND what::text LIKE '%2%'",
    );
    assert_eq!(changes.await, 7, "each episode is told once");
    let (whole, told) = changed(500).await;
    whole.run().await;
    assert_eq!(
        numbers(&whole, &told).await,
        numbers(&paged, &stories).await
    );
    paged.prove().await;
}

/// Three answers on a Tuesday that turns out to have been a holiday, and two that are still owed.
async fn corrected(page: i64) -> (Bench, Vec<Story>) {
    let mut bench = Bench::fresh().await;
    bench.desk.settings.sla_page = page;
    bench.at(utc("2026-11-16T08:00:00"));
    let from = utc("2026-11-01T00:00:00");
    bench.hours(1, 1, from, berlin_workdays()).await;
    bench.queue_hours(1).await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 14_400_000, "hours": "business" }]),
        )
        .await;
    bench.at(utc("2026-11-17T08:00:00"));
    let mut stories = Vec::new();
    for _ in 0..5 {
        stories.push(bench.opens().await);
    }
    bench.run().await;
    bench.at(utc("2026-11-18T09:00:00"));
    for story in &stories[..3] {
        bench.replies(story).await;
        bench.resolves(story).await;
    }
    bench.run().await;
    bench.at(utc("2026-11-20T09:00:00"));
    let mut hours = berlin_workdays();
    hours["holidays"] =
        json!({ "dates": { "2026-11-17": { "name": "Founders", "hours": "closed" } } });
    bench.hours(1, 2, utc("2026-11-17T00:00:00"), hours).await;
    (bench, stories)
}

const SUMS: &str = "SELECT sum(met * 100 + breached + counted_ms)::bigint AS count
    FROM sla_rollups WHERE clock = 'first_reply'";

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_is_interrupted_between_pages_is_told_once_with_all_that_it_changed() {
    let (whole, told) = corrected(500).await;
    whole.run().await;
    let (mut paged, stories) = corrected(2).await;
    paged.stamp().await;
    step_into_the_sweep(&paged).await;
    assert!(paged.events("sla_corrected").await.is_empty(), "not yet");
    paged.shelf = Shelf::default();
    paged.run().await;
    for bench in [&whole, &paged] {
        let events = bench.events("sla_corrected").await;
        assert_eq!(events.len(), 1);
        assert!(
            matches!(events[0].event, Event::SlaCorrected { episodes: 5, .. }),
            "{:?}",
            events[0].event
        );
        let apart =
            bench.count("SELECT count(DISTINCT correction_id) AS count FROM sla_restatements");
        assert_eq!(apart.await, 1);
    }
    let unnamed = paged.count(
        "SELECT count(*) AS count FROM sla_restatements r WHERE NOT EXISTS (
            SELECT FROM outbox o WHERE o.event_id = r.correction_id AND o.kind = 'sla_corrected')",
    );
    assert_eq!(
        unnamed.await,
        0,
        "each row names the event that tells of it"
    );
    assert_eq!(whole.count(SUMS).await, paged.count(SUMS).await);
    assert_eq!(
        numbers(&whole, &told).await,
        numbers(&paged, &stories).await
    );
    whole.prove().await;
    paged.prove().await;
}
