//! What a merge means for clocks: those of the merged one end without a verdict, those of the other go on.

use crate::bench::*;
use interdesk_domain::event::{Actor, Event};
use interdesk_domain::sla::{Clock, End, Outcome, Party};
use serde_json::json;

/// Tells of a merge in both conversations, as the flow does.
async fn merges(bench: &Bench, story: &Story, into: &Story, unanswered: bool) {
    let told = Event::ConversationMerged {
        conversation: story.at.conversation,
        into: into.at.conversation,
        episode: story.at.episode,
        unanswered,
    };
    let by = Actor::Agent(into.agent);
    bench.say(into, by, told.clone()).await;
    let cancelled = Event::WorkItemCancelled {
        conversation: story.at.conversation,
        work_item: story.at.work_item,
        queue: bench.queue,
    };
    bench.say(story, by, cancelled).await;
    bench.say(story, by, told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_stops_the_clocks_of_one_and_asks_the_other_to_answer_for_both() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let targets = json!([
        { "clock": "first_reply", "within_ms": 600_000, "hours": "calendar" },
        { "clock": "next_reply", "within_ms": 600_000, "hours": "calendar" },
        { "clock": "total_resolution", "within_ms": 3_600_000, "hours": "calendar" }
    ]);
    bench.promise(1, targets).await;
    let (goes_on, merged) = (bench.opens().await, bench.opens().await);
    bench.takes(&goes_on).await;
    bench.replies(&goes_on).await;
    bench.follow().await;
    bench.wait(minutes(5));
    merges(&bench, &merged, &goes_on, true).await;
    bench.follow().await;
    for run in bench.clocks(&merged).await {
        assert_eq!(run.ended_how, Some(End::Stopped), "{:?}", run.clock);
    }
    let first = bench.run_of(&merged, Clock::FirstReply).await;
    assert_eq!((first.counted_ms, first.breached_at), (300_000, None));
    let next = bench.run_of(&goes_on, Clock::NextReply).await;
    assert_eq!(next.started_at, utc("2026-11-17T09:05:00"));

    // An answer by the merged thread is one of the conversation that goes on.
    bench.wait(minutes(2));
    let answered = Event::MessageThreaded {
        conversation: goes_on.at.conversation,
        thread: merged.at.conversation,
        message: bench.desk.id(),
        inbox: merged.inbox,
        by: Party::Agent,
    };
    bench
        .say(&goes_on, Actor::Agent(goes_on.agent), answered)
        .await;
    bench.follow().await;
    let outcome = bench.outcome(&goes_on, Clock::NextReply).await;
    assert_eq!(outcome, Outcome::Met);
    let total = bench.run_of(&goes_on, Clock::TotalResolution).await;
    assert!(total.ended_at.is_none(), "the matter is not over");

    // Whatever is due later is nobody's who is gone.
    bench.wait(minutes(120));
    bench.run().await;
    let breached = bench.events("sla_breached").await;
    let of_merged = |envelope: &interdesk_domain::event::Envelope| {
        envelope.aggregate.id == merged.at.conversation.0
    };
    assert!(!breached.iter().any(of_merged), "{breached:?}");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_merge_gives_the_clock_back_to_who_is_owed_an_answer() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let targets = json!([{ "clock": "next_reply", "within_ms": 600_000, "hours": "calendar" }]);
    bench.promise(1, targets).await;
    let (goes_on, merged) = (bench.opens().await, bench.opens().await);
    bench.takes(&goes_on).await;
    bench.replies(&goes_on).await;
    merges(&bench, &merged, &goes_on, true).await;
    bench.wait(minutes(5));
    let (conversation, from) = (merged.at.conversation, goes_on.at.conversation);
    let undone = |unanswered| Event::ConversationUnmerged {
        conversation,
        from,
        unanswered,
    };
    let by = Actor::Agent(goes_on.agent);
    let episode = bench.desk.id();
    let reopened = Event::ConversationReopened {
        conversation,
        episode,
        number: 2,
    };
    bench.say(&merged, by, reopened).await;
    bench.say(&merged, by, undone(true)).await;
    bench.say(&goes_on, by, undone(false)).await;
    bench.follow().await;
    let next = bench.run_of(&goes_on, Clock::NextReply).await;
    assert_eq!(
        next.ended_how,
        Some(End::Stopped),
        "there is nothing to answer"
    );
    let first = bench.runs(&merged, Clock::FirstReply).await;
    let began = first.iter().map(|run| run.started_at).max();
    assert_eq!(began, Some(utc("2026-11-17T09:05:00")));
    bench.wait(minutes(60));
    bench.run().await;
    bench.prove().await;
}
