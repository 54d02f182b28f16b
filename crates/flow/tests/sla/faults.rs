//! Whatever comes twice, late or not at all for an hour: the numbers are those of the undisturbed run.

use crate::bench::*;
use interdesk_domain::sla::Figures;
use interdesk_flow::watch_sla;
use interdesk_store::timers::{self, Timer, TimerKind};
use serde_json::{Value, json};

fn promises() -> Value {
    json!([
        { "clock": "first_reply", "within_ms": 600_000, "hours": "calendar", "steps": [
            { "name": "soon", "at": { "before": 120_000 }, "actions": [{ "do": "raise_priority", "to": 2 }] },
            { "name": "late", "at": { "after": 300_000 }, "actions": [{ "do": "tag", "tag": "late" }] }] },
        { "clock": "next_reply", "within_ms": 600_000, "hours": "calendar" },
        { "clock": "total_resolution", "within_ms": 3_000_000, "hours": "calendar" }
    ])
}

/// Tells a story of ninety minutes; whether the clocks are awake is asked before each step.
async fn tell(bench: &Bench, awake: impl Fn(usize) -> bool) -> Vec<Story> {
    bench.at(utc("2026-11-17T09:00:00"));
    bench.promise(1, promises()).await;
    let mut stories = vec![bench.opens().await, bench.opens().await];
    for step in 0..18 {
        if awake(step) {
            bench.run().await;
        }
        bench.wait(minutes(5));
        match step {
            2 => drop(bench.takes(&stories[0]).await),
            3 => bench.replies(&stories[0]).await,
            5 => bench.writes(&stories[0]).await,
            6 => stories.push(bench.opens().await),
            9 => bench.replies(&stories[0]).await,
            11 => bench.resolves(&stories[0]).await,
            12 => bench.replies(&stories[1]).await,
            _ => {}
        }
    }
    bench.run().await;
    bench.prove().await;
    stories
}

/// Returns what clocks say, without the ids that differ between two runs.
pub(crate) async fn numbers(bench: &Bench, stories: &[Story]) -> Vec<Value> {
    let mut all = Vec::new();
    for (place, story) in stories.iter().enumerate() {
        for clock in bench.clocks(story).await {
            let Figures {
                started_at,
                ended,
                counted_ms,
                deadline,
                breached_at,
                outcome,
                priority,
                number,
                ..
            } = clock.figures();
            let clock = clock.clock.as_str();
            let ended = ended.map(|ended| (ended.at, ended.how));
            all.push(json!([
                place,
                clock,
                number,
                started_at,
                ended,
                counted_ms,
                deadline,
                breached_at,
                outcome,
                priority
            ]));
        }
    }
    all.sort_by_key(Value::to_string);
    all
}

async fn told(bench: &Bench) -> Vec<String> {
    let mut all = Vec::new();
    for kind in ["sla_warned", "sla_breached", "sla_stepped"] {
        let events = bench.events(kind).await;
        all.extend(
            events
                .iter()
                .map(|one| format!("{kind} {}", one.occurred_at)),
        );
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_was_down_for_an_hour_has_the_results_of_the_uninterrupted_run() {
    let (whole, broken) = (Bench::fresh().await, Bench::fresh().await);
    let stories = tell(&whole, |_| true).await;
    let late = tell(&broken, |step| !(2..14).contains(&step)).await;
    assert_eq!(
        told(&whole).await,
        told(&broken).await,
        "the same at the same moments"
    );
    // The priority was raised later, so it is left out: everything else is the same.
    let without = |all: Vec<Value>| -> Vec<Value> {
        let cut = all.into_iter().map(|mut one| {
            one.as_array_mut().unwrap().pop();
            one
        });
        cut.collect()
    };
    assert_eq!(
        without(numbers(&whole, &stories).await),
        without(numbers(&broken, &late).await)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_that_come_twice_late_or_for_two_workers_tell_each_thing_once() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench.promise(1, promises()).await;
    let story = bench.opens().await;
    bench.run().await;
    bench.at(utc("2026-11-17T09:16:00"));
    // Three more timers beside the one that was set.
    let transaction = bench.desk.database.begin(bench.scope()).await.unwrap();
    for _ in 0..3 {
        let timer = Timer {
            id: bench.desk.id(),
            tenant_id: bench.tenant,
            kind: TimerKind::SlaWake,
            subject_id: story.at.episode.0,
            due_at: bench.desk.now(),
        };
        timers::insert(&transaction, &timer).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let due = bench.due().await;
    assert_eq!(due.len(), 4);
    // Two workers take all of them at once.
    let worker = || async {
        for timer in &due {
            bench.fire(timer).await;
        }
    };
    tokio::join!(worker(), worker());
    bench.run().await;
    let all = ["sla_warned", "sla_breached", "sla_stepped"];
    for kind in all {
        assert_eq!(bench.events(kind).await.len(), 1, "{kind}");
    }
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_time_that_is_not_read_yet_is_not_overlooked() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench.promise(1, promises()).await;
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.run().await;
    bench.at(utc("2026-11-17T09:09:59"));
    bench.replies(&story).await;
    // The deadline passes before the log gives the answer its place.
    bench.at(utc("2026-11-17T09:10:05"));
    for timer in bench.due().await {
        bench.fire(&timer).await;
    }
    assert!(
        bench.events("sla_breached").await.is_empty(),
        "it waits for the log"
    );
    bench.wait(minutes(1));
    bench.run().await;
    assert!(bench.events("sla_breached").await.is_empty());
    assert_eq!(bench.events("sla_fulfilled").await.len(), 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_once_by_however_many_and_from_wherever_they_are() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.replies(&story).await;
    bench.stamp().await;
    let follow = || watch_sla::follow(&bench.desk, bench.scope(), &bench.shelf);
    let (one, two, three) = tokio::join!(follow(), follow(), follow());
    let read = [one, two, three].map(|followed| followed.unwrap().events);
    assert_eq!(read.iter().sum::<usize>(), 6, "{read:?}");
    let moments = bench.count("SELECT count(*) AS count FROM sla_moments");
    let before = moments.await;
    assert_eq!(follow().await.unwrap().events, 0);
    assert_eq!(
        bench
            .count("SELECT count(*) AS count FROM sla_moments")
            .await,
        before
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_neither_sees_nor_wakes_the_clocks_of_another() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench.promise(1, promises()).await;
    let story = bench.opens().await;
    bench.run().await;
    let other = bench.world.tenant().await;
    bench.at(utc("2026-11-17T09:30:00"));
    let scope = interdesk_domain::scope::TenantScope::new(other);
    let transaction = bench.desk.database.begin(scope).await.unwrap();
    let timer = Timer {
        id: bench.desk.id(),
        tenant_id: other,
        kind: TimerKind::SlaWake,
        subject_id: story.at.episode.0,
        due_at: bench.desk.now(),
    };
    let context = interdesk_flow::Context::system(None, None);
    let wake = watch_sla::wake(
        &bench.desk,
        &transaction,
        scope,
        &timer,
        &bench.shelf,
        &context,
    )
    .await;
    assert!(wake.unwrap().is_empty());
    let clocks = interdesk_store::sla::list_clocks(&transaction, scope, &[story.at.episode]).await;
    assert!(clocks.unwrap().is_empty());
    transaction.commit().await.unwrap();
    assert!(bench.events("sla_breached").await.is_empty());
    bench.run().await;
    assert_eq!(
        bench.events("sla_breached").await.len(),
        1,
        "its own tenant is told"
    );
}
