//! Every clock starts, pauses and ends by what the log tells; the named cases come out exactly.

use crate::bench::*;
use interdesk_domain::event::{Actor, Event};
use interdesk_domain::sla::{Clock, End, Outcome, State};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_clock_of_an_episode_starts_pauses_and_is_fulfilled_by_what_happens() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let story = bench.opens().await;
    bench.follow().await;
    for clock in [
        Clock::FirstReply,
        Clock::RequesterWait,
        Clock::AgentWork,
        Clock::TotalResolution,
        Clock::QueueWait,
    ] {
        let run = bench.run_of(&story, clock).await;
        assert_eq!(run.started_at, utc("2026-11-17T09:00:00"), "{clock:?}");
        assert!(run.counting_since.is_some(), "{clock:?}");
    }
    bench.wait(minutes(2));
    let _offer = bench.takes(&story).await;
    bench.follow().await;
    let waited = bench.run_of(&story, Clock::QueueWait).await;
    assert_eq!(
        (waited.counted_ms, waited.ended_how),
        (120_000, Some(End::Fulfilled))
    );
    assert_eq!(waited.agent_id, Some(story.agent));
    assert_eq!(
        bench.run_of(&story, Clock::TimeToAccept).await.counted_ms,
        0
    );

    bench.wait(minutes(3));
    bench.replies(&story).await;
    bench.follow().await;
    let first = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!(
        (first.counted_ms, first.ended_how),
        (300_000, Some(End::Fulfilled))
    );
    assert!(first.team_id.is_some(), "the agent's team had it");
    let work = bench.run_of(&story, Clock::AgentWork).await;
    assert_eq!(work.paused_in, Some(State::WaitingForCustomer));
    let pausable = bench.run_of(&story, Clock::PausableUpdate).await;
    assert_eq!(pausable.paused_in, Some(State::WaitingForCustomer));
    let periodic = bench.run_of(&story, Clock::PeriodicUpdate).await;
    assert!(periodic.counting_since.is_some());

    bench.wait(minutes(60));
    bench.writes(&story).await;
    bench.follow().await;
    let next = bench.run_of(&story, Clock::NextReply).await;
    assert_eq!(next.started_at, utc("2026-11-17T10:05:00"));
    bench.wait(minutes(4));
    let held = Event::ConversationHeld {
        conversation: story.at.conversation,
    };
    bench.say(&story, Actor::Agent(story.agent), held).await;
    bench.follow().await;
    let requester = bench.run_of(&story, Clock::RequesterWait).await;
    assert!(
        requester.counting_since.is_some(),
        "a hold counts for the requester"
    );
    let work = bench.run_of(&story, Clock::AgentWork).await;
    assert_eq!(work.paused_in, Some(State::OnHold));

    // The customer's words end the hold, and a reply that is in time fulfils the next reply.
    bench.wait(minutes(1));
    bench.writes(&story).await;
    bench.follow().await;
    assert!(
        bench
            .run_of(&story, Clock::AgentWork)
            .await
            .counting_since
            .is_some()
    );
    bench.replies(&story).await;
    bench.wait(minutes(10));
    bench.resolves(&story).await;
    bench.follow().await;
    let next = bench.run_of(&story, Clock::NextReply).await;
    assert_eq!(
        (next.counted_ms, next.ended_how),
        (300_000, Some(End::Fulfilled))
    );
    let total = bench.run_of(&story, Clock::TotalResolution).await;
    assert_eq!(
        (total.counted_ms, total.ended_how),
        (80 * 60_000, Some(End::Fulfilled))
    );
    assert_eq!(
        bench.run_of(&story, Clock::AgentWork).await.counted_ms,
        9 * 60_000
    );
    let updates = bench.runs(&story, Clock::PeriodicUpdate).await;
    assert_eq!(updates.len(), 2);
    assert_eq!(updates[1].ended_how, Some(End::Stopped));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_changes_under_way_counts_960_1333_minutes() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-16T00:00:00"));
    let week = |spans: [(u16, u16); 2]| json!({ "zone": "UTC", "week": spans.map(|(from, to)| json!({ "from": from, "to": to })) });
    let began = utc("2026-11-01T00:00:00");
    bench
        .hours(1, 1, began, week([(3600, 4440), (5040, 5880)]))
        .await;
    bench
        .hours(2, 1, began, week([(3780, 4350), (5220, 5790)]))
        .await;
    bench.queue_hours(1).await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 60_000_000, "hours": "business" }]),
        )
        .await;
    bench.at(utc("2026-11-17T17:01:38"));
    let story = bench.opens().await;
    bench.follow().await;
    bench.at(utc("2026-11-18T19:01:25"));
    bench.queue_hours(2).await;
    bench.at(utc("2026-11-18T19:01:46"));
    bench.replies(&story).await;
    bench.run().await;
    let first = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!(
        (first.counted_ms, first.outcome),
        (57_608_000, Outcome::Met)
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn friday_16_30_and_an_hour_is_due_on_monday_09_30_and_broken_at_that_moment() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-20T12:00:00"));
    bench
        .hours(1, 1, utc("2026-11-01T00:00:00"), berlin_workdays())
        .await;
    bench.queue_hours(1).await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 3_600_000, "hours": "business" }]),
        )
        .await;
    // 16:30 in Berlin.
    bench.at(utc("2026-11-20T15:30:00"));
    let story = bench.opens().await;
    bench.run().await;
    let due = utc("2026-11-23T08:30:00");
    assert_eq!(
        bench.run_of(&story, Clock::FirstReply).await.deadline,
        Some(due)
    );
    let deadline = bench.count(
        "SELECT count(*) AS count FROM work_items WHERE sla_deadline = '2026-11-23T08:30:00Z'",
    );
    assert_eq!(deadline.await, 1, "routing knows it");
    bench.at(due - chrono::Duration::milliseconds(1));
    bench.run().await;
    assert_eq!(
        bench.outcome(&story, Clock::FirstReply).await,
        Outcome::Open
    );
    bench.at(due + minutes(61));
    bench.run().await;
    let first = bench.run_of(&story, Clock::FirstReply).await;
    assert_eq!(
        (first.outcome, first.breached_at),
        (Outcome::Breached, Some(due))
    );
    let told = bench.events("sla_breached").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].occurred_at, due,
        "the computed time, an hour late or not"
    );
    bench.prove().await;
}

pub(crate) fn berlin_workdays() -> serde_json::Value {
    let days = (1..=5).map(|day| json!({ "from": day * 1440 + 540, "to": day * 1440 + 1020 }));
    json!({ "zone": "Europe/Berlin", "week": days.collect::<Vec<_>>() })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_reply_of_an_episode_starts_at_reopen_and_update_clocks_never_beat_it() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.follow().await;
    assert!(
        bench.runs(&story, Clock::PeriodicUpdate).await.is_empty(),
        "no reply, no update"
    );
    bench.replies(&story).await;
    bench.resolves(&story).await;
    bench.wait(minutes(30));
    let episode = bench.desk.id();
    let reopened = Event::ConversationReopened {
        conversation: story.at.conversation,
        episode,
        number: 2,
    };
    let customer = Actor::Contact(story.at.contact);
    bench.say(&story, customer, reopened).await;
    bench.writes(&story).await;
    bench.follow().await;
    let firsts = bench.runs(&story, Clock::FirstReply).await;
    assert_eq!(firsts.len(), 2, "each episode has its own");
    let second = firsts.iter().find(|one| one.episode_id == episode).unwrap();
    assert_eq!(second.started_at, utc("2026-11-17T09:30:00"));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_word_is_the_customers_and_the_resolution_stops_the_next_reply_for_good() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench
        .promise(
            1,
            json!([{ "clock": "next_reply", "within_ms": 600_000, "hours": "calendar" }]),
        )
        .await;
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.replies(&story).await;
    bench.writes(&story).await;
    bench.wait(minutes(15));
    bench.run().await;
    bench.resolves(&story).await;
    bench.run().await;
    let next = bench.run_of(&story, Clock::NextReply).await;
    assert_eq!(
        (next.outcome, next.ended_how),
        (Outcome::Breached, Some(End::Fulfilled))
    );
    assert_eq!(next.counted_ms, 15 * 60_000);
    // Long after, nothing has changed: what was missed is frozen.
    bench.wait(minutes(1000));
    bench.run().await;
    assert_eq!(bench.run_of(&story, Clock::NextReply).await, next);
    bench.prove().await;
}
