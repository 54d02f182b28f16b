//! Priorities, promises and hours change while clocks run, and hours of the past are corrected.

use crate::bench::*;
use crate::clocks::berlin_workdays;
use interdesk_domain::event::{Actor, Event};
use interdesk_domain::sla::{Clock, Outcome};
use serde_json::{Value, json};

fn by_priority() -> Value {
    json!([
        { "clock": "first_reply", "within_ms": 3_600_000, "hours": "calendar" },
        { "clock": "first_reply", "priority": 5, "within_ms": 1_200_000, "hours": "calendar" }
    ])
}

async fn raised_under(rule: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench
        .promise_with(1, by_priority(), json!({ "on_priority_change": rule }))
        .await;
    let story = bench.opens().await;
    bench.follow().await;
    bench.wait(minutes(10));
    let raised = Event::PriorityChanged {
        conversation: story.at.conversation,
        from: 0,
        to: 5,
        queue: None,
    };
    bench.say(&story, Actor::System, raised).await;
    bench.run().await;
    bench.prove().await;
    bench.run_of(&story, Clock::FirstReply).await.deadline
}

#[tokio::test(flavor = "multi_thread")]
async fn a_priority_that_changes_under_way_restarts_carries_over_or_keeps_as_was_chosen() {
    assert_eq!(
        raised_under("carry_over").await,
        Some(utc("2026-11-17T09:20:00"))
    );
    assert_eq!(
        raised_under("restart").await,
        Some(utc("2026-11-17T09:30:00"))
    );
    assert_eq!(raised_under("keep").await, Some(utc("2026-11-17T10:00:00")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_governs_what_runs_and_history_keeps_what_applied_when() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let target = |ms| json!([{ "clock": "first_reply", "within_ms": ms, "hours": "calendar" }]);
    bench.promise(1, target(600_000)).await;
    let done = bench.opens().await;
    bench.replies(&done).await;
    let runs = bench.opens().await;
    bench.run().await;
    bench.wait(minutes(1));
    bench.promise(2, target(1_800_000)).await;
    bench.run().await;
    let old = bench.run_of(&done, Clock::FirstReply).await;
    assert_eq!(
        (old.policy_version, old.within_ms),
        (Some(1), Some(600_000))
    );
    let new = bench.run_of(&runs, Clock::FirstReply).await;
    assert_eq!(
        (new.policy_version, new.within_ms),
        (Some(2), Some(1_800_000))
    );
    assert_eq!(
        new.deadline,
        Some(utc("2026-11-17T09:30:00")),
        "carried over"
    );
    // A version that says the same takes nobody's place.
    bench.promise(3, target(1_800_000)).await;
    bench.run().await;
    assert_eq!(
        bench.run_of(&runs, Clock::FirstReply).await.policy_version,
        Some(2)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_a_later_moment_governs_from_that_moment_on() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let story = bench.opens().await;
    bench.run().await;
    let id = uuid::Uuid::from_u128(77);
    let level = json!([{ "id": id, "name": "All",
        "targets": [{ "clock": "first_reply", "within_ms": 7_200_000, "hours": "calendar" }] }]);
    let from = utc("2026-11-17T10:00:00");
    let kind = interdesk_domain::policy::PolicyKind::Sla;
    bench.policy(kind, bench.tenant.0, 1, from, level).await;
    bench.run().await;
    assert_eq!(
        bench.run_of(&story, Clock::FirstReply).await.policy_id,
        None
    );
    bench.at(from);
    bench.run().await;
    let first = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!(first.policy_version, Some(1));
    assert_eq!(first.deadline, Some(utc("2026-11-17T11:00:00")));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holiday_added_in_the_past_recounts_what_ended_and_says_so() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-16T08:00:00"));
    bench
        .hours(1, 1, utc("2026-11-01T00:00:00"), berlin_workdays())
        .await;
    bench.queue_hours(1).await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 14_400_000, "hours": "business" }]),
        )
        .await;
    // Tuesday 09:00 to Wednesday 10:00 in Berlin: nine hours, too late.
    bench.at(utc("2026-11-17T08:00:00"));
    let story = bench.opens().await;
    bench.run().await;
    bench.at(utc("2026-11-18T09:00:00"));
    bench.takes(&story).await;
    bench.replies(&story).await;
    bench.resolves(&story).await;
    bench.run().await;
    let before = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!(
        (before.outcome, before.counted_ms),
        (Outcome::Breached, 9 * 3_600_000)
    );

    // That Tuesday was a holiday, as it turns out two days later.
    bench.at(utc("2026-11-20T09:00:00"));
    let mut corrected = berlin_workdays();
    corrected["holidays"] =
        json!({ "dates": { "2026-11-17": { "name": "Founders", "hours": "closed" } } });
    bench
        .hours(1, 2, utc("2026-11-17T00:00:00"), corrected)
        .await;
    bench.run().await;
    let after = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!((after.outcome, after.counted_ms), (Outcome::Met, 3_600_000));
    let told = bench.events("sla_corrected").await;
    assert_eq!(told.len(), 1, "the audit log knows of it");
    assert!(matches!(
        told[0].event,
        Event::SlaCorrected { episodes: 1, .. }
    ));
    let rows =
        bench.count("SELECT count(*) AS count FROM sla_restatements WHERE clock = 'first_reply'");
    assert_eq!(rows.await, 1);
    let marked = bench.count("SELECT count(*) AS count FROM sla_rollups WHERE restated_at IS NOT NULL AND clock = 'first_reply'");
    assert!(marked.await >= 1, "the sums of that day are marked");
    let sums = bench.count("SELECT sum(met * 10 + breached)::bigint AS count FROM sla_rollups WHERE clock = 'first_reply'");
    assert_eq!(sums.await, 10, "met once, breached never");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_zone_counts_all_days_anew() {
    let bench = Bench::fresh().await;
    // Half an hour before midnight in UTC, half an hour after it in Berlin.
    bench.at(utc("2026-11-17T23:30:00"));
    let story = bench.opens().await;
    bench.replies(&story).await;
    bench.resolves(&story).await;
    bench.run().await;
    const LATER: &str = "SELECT sum(met + breached + void + no_target)::bigint AS count
        FROM sla_rollups WHERE day = '2026-11-18'";
    const ALL: &str = "SELECT sum(met + breached + void + no_target)::bigint AS count
        FROM sla_rollups";
    let all = bench.count(ALL).await;
    assert!(all > 0);
    let none = bench.count("SELECT count(*) AS count FROM sla_rollups WHERE day = '2026-11-18'");
    assert_eq!(none.await, 0);
    let zone = "Europe/Berlin".to_owned();
    bench
        .tell_tenant(Event::WorkspaceZoneChanged { zone })
        .await;
    // What comes behind it is counted by the new zone.
    let other = bench.opens().await;
    bench.replies(&other).await;
    bench.resolves(&other).await;
    bench.run().await;
    assert_eq!(bench.count(ALL).await, 2 * all);
    assert_eq!(bench.count(LATER).await, 2 * all, "all on Wednesday");
    bench.prove().await;
}
