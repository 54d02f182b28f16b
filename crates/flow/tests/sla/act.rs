//! Steps act once, within the hours of those who are told.

use crate::bench::*;
use crate::clocks::berlin_workdays;
use interdesk_domain::agent::Presence;
use interdesk_domain::event::Event;
use interdesk_domain::permission::Role;
use interdesk_domain::sla::Clock;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_the_breach_and_a_step_after_it_come_in_order_and_each_acts_once() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let boss = bench
        .world
        .person(bench.tenant, Role::Supervisor, Presence::Online, 0)
        .await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 3_600_000, "hours": "calendar",
            "steps": [
                { "name": "soon", "at": { "percent": 75 }, "actions": [
                    { "do": "raise_priority", "to": 5 },
                    { "do": "notify", "who": "agent", "by": "in_app" },
                    { "do": "tag", "tag": "urgent" }] },
                { "name": "late", "at": "breach", "actions": [
                    { "do": "notify", "who": "supervisor", "by": "in_app" },
                    { "do": "notify", "who": "team", "by": "webhook" }] },
                { "name": "very late", "at": { "after": 600_000 }, "actions": [
                    { "do": "reassign" }] }] }]),
        )
        .await;
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.run().await;
    bench.at(utc("2026-11-17T09:45:00"));
    bench.run().await;
    let warned = bench.events("sla_warned").await;
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0].occurred_at, utc("2026-11-17T09:45:00"));
    assert_eq!(bench.events("priority_changed").await.len(), 1);
    let tagged = bench.count(
        "SELECT count(*) AS count FROM conversations WHERE tags = '{urgent}' AND priority = 5",
    );
    assert_eq!(tagged.await, 1);

    bench.at(utc("2026-11-17T10:15:00"));
    bench.run().await;
    bench.run().await;
    let log = ["sla_warned", "sla_breached", "sla_stepped"];
    let mut counts = Vec::new();
    for kind in log {
        counts.push(bench.events(kind).await.len());
    }
    assert_eq!(counts, [1, 1, 2], "each once");
    let told = bench.events("notification_made").await;
    let whom: Vec<_> = told
        .iter()
        .filter_map(|one| match one.event {
            Event::NotificationMade { agent, .. } => agent,
            _ => None,
        })
        .collect();
    assert_eq!(
        whom,
        [story.agent, boss.agent],
        "the agent, then the supervisor; no address, no call"
    );
    let acted = bench.count("SELECT count(*) AS count FROM sla_actions");
    assert_eq!(acted.await, 4, "soon, breach, late, very late");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_is_told_when_their_hours_begin() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T18:00:00"));
    bench
        .hours(1, 1, utc("2026-11-01T00:00:00"), berlin_workdays())
        .await;
    let id = uuid::Uuid::from_u128(1);
    let set = format!("UPDATE agents SET schedule_id = '{id}'");
    bench.world.test.execute_as_owner(&set).await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 60_000, "hours": "calendar",
            "steps": [{ "name": "late", "at": "breach", "actions": [
                { "do": "notify", "who": "team", "by": "in_app" }] }] }]),
        )
        .await;
    let story = bench.opens().await;
    bench.run().await;
    bench.wait(minutes(1));
    bench.run().await;
    let told = bench.events("notification_made").await;
    assert_eq!(told.len(), 1);
    // Wednesday, 09:00 in Berlin.
    let morning = utc("2026-11-18T08:00:00");
    assert!(matches!(told[0].event, Event::NotificationMade { due_at, .. } if due_at == morning));
    let list = |now| {
        let (desk, scope) = (bench.desk.clone(), bench.scope());
        async move {
            let transaction = desk.database.begin(scope).await.unwrap();
            let list = interdesk_store::notifications::list_of_agent;
            let found = list(&transaction, scope, story.agent, now, true, None, 10)
                .await
                .unwrap();
            transaction.rollback().await.unwrap();
            found.len()
        }
    };
    assert_eq!(list(bench.desk.now()).await, 0, "not in the evening");
    assert_eq!(list(morning).await, 1);
    assert!(
        bench
            .run_of(&story, Clock::FirstReply)
            .await
            .breached_at
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_work_is_let_as_old_as_the_next_step_of_its_ladder_asks() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    let ladder = json!({ "ladder": [
        { "after_seconds": 60, "relax": "language" },
        { "after_seconds": 3600, "relax": "all_skills" }] });
    let kind = interdesk_domain::policy::PolicyKind::Queue;
    bench
        .policy(kind, bench.queue.0, 1, bench.desk.now(), ladder)
        .await;
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 600_000, "hours": "calendar",
            "steps": [{ "name": "soon", "at": { "percent": 50 }, "actions": [
                { "do": "widen_ladder" }, { "do": "reassign" }] }] }]),
        )
        .await;
    bench.opens().await;
    bench.run().await;
    bench.wait(minutes(5));
    bench.run().await;
    let entered = bench.count(
        "SELECT count(*) AS count FROM work_items
         WHERE entered_at = '2026-11-17T08:05:00Z' AND queued_at = '2026-11-17T09:00:00Z'",
    );
    assert_eq!(entered.await, 1, "an hour before now");
    assert_eq!(bench.events("ladder_widened").await.len(), 1);
    let nothing = bench.count(
        "SELECT count(*) AS count FROM sla_actions WHERE done -> 1 #>> '{outcome,became}' = 'nothing'",
    );
    assert_eq!(
        nothing.await,
        1,
        "nobody has it, so there is nobody to take it from"
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_taken_from_an_agent_who_is_late_and_waits_for_others() {
    let bench = Bench::fresh().await;
    bench.at(utc("2026-11-17T09:00:00"));
    bench
        .promise(
            1,
            json!([{ "clock": "first_reply", "within_ms": 600_000, "hours": "calendar",
            "steps": [{ "name": "late", "at": "breach", "actions": [{ "do": "reassign" }] }] }]),
        )
        .await;
    let story = bench.opens().await;
    bench.takes(&story).await;
    bench.run().await;
    bench.wait(minutes(10));
    bench.run().await;
    let waits = bench.count(
        "SELECT count(*) AS count FROM work_items w JOIN conversations c ON c.id = w.conversation_id
         WHERE w.state = 'queued' AND w.epoch = 2 AND c.assignee_id IS NULL",
    );
    assert_eq!(waits.await, 1);
    let free = bench.count("SELECT count(*) AS count FROM agent_loads WHERE load = 0");
    assert_eq!(free.await, 1, "the agent has room again");
    assert_eq!(
        bench.runs(&story, Clock::QueueWait).await.len(),
        2,
        "it waits anew"
    );
    bench.prove().await;
}
